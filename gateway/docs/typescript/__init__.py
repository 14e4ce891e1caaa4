"""The TypeScript client: the schema's inputs and enums, each document with its variables and answer, and how to send them.

A generator of its own, on graphql-core's syntax tree: the usual generators run on Node, which a user of the platform does not
need, and the Python ones write Python. ``client.ts`` has the part that is the same for every schema.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from graphql import GraphQLSchema

from gateway.dashboard.library import library
from gateway.docs.typescript.answers import AnswerTypes, operation_of
from gateway.docs.typescript.types import declarations, field_name, input_type, quoted
from gateway.graphql.schema import build_schema

EXAMPLES = Path(__file__).parents[1] / "examples"
RUNTIME = Path(__file__).with_name("runtime.ts")
HEAD = """// The client of the Zyenta gateway. Made by “zyenta schemas export”; do not edit.
// It needs no package: fetch and WebSocket of a browser, Deno, Bun or Node 22.
"""


@cache
def client() -> str:
    """Return the client of the served schema, with the dashboard's documents and GraphiQL's examples."""
    examples = {f"examples/{path.stem[3:]}": path.read_text("utf-8") for path in sorted(EXAMPLES.glob("*.graphql"))}
    return generate(build_schema().graphql_schema, {**library(), **examples})


def generate(schema: GraphQLSchema, documents: Mapping[str, str]) -> str:
    """Return a client.

    Args:
        schema: the schema.
        documents: texts by name, such as ``orders/list``. Each has one operation.
    """
    answers = AnswerTypes(schema)
    types: list[str] = []
    constants: list[str] = []
    for name, text in documents.items():
        operation = operation_of(text)
        title = "".join(part[:1].upper() + part[1:] for part in re.split("[/_-]", name))
        variables = [
            f"{field_name(each.variable.name.value, optional=answers.may_be_left_out(each))}: "
            f"{input_type(answers.variable_type(each))}"
            for each in operation.variable_definitions or ()
        ]
        needed = "{ " + "; ".join(variables) + " }" if variables else "Record<string, never>"
        types.append(f"export type {title}Variables = {needed};")
        types.append(f"export type {title}Answer = {answers.of(text)};")
        # One constant for each, so that a bundler keeps only those that a page uses.
        constant = f"{title[:1].lower()}{title[1:]}"
        constants += [
            f"/** {name}: {text.partition(chr(10))[0].lstrip('# ')} */",
            f"export const {constant} = {quoted(text)} as unknown as Document<{title}Answer, {title}Variables>;",
        ]
    return "\n".join(
        [
            HEAD,
            *declarations(schema),
            *types,
            RUNTIME.read_text("utf-8"),
            "// The documents. The dashboard runs the same ones.",
            *constants,
            "",
        ]
    )
