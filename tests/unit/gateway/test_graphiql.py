"""GraphiQL's files, examples and introspection query, without a browser."""

import hashlib
import json
import re
import tomllib

import httpx
import pytest
from fastapi import FastAPI
from graphql import get_introspection_query, parse, validate
from graphql.execution.values import get_variable_values
from graphql.language.ast import OperationDefinitionNode

from gateway import docs
from gateway.graphql.budgets import ANONYMOUS, check_text
from gateway.graphql.limits import DocumentMeter
from gateway.graphql.schema import build_schema as our_schema
from gateway.middleware import CONTENT_POLICY
from tests.support.schema import published_schema

VENDOR = docs.HERE / "vendor"
PACKAGES = tomllib.loads((VENDOR / "packages.toml").read_text("utf-8"))
SCHEMA = published_schema()
EXAMPLES = {str(example["name"]): example for example in docs.examples()}


@pytest.mark.parametrize("name", PACKAGES)
def test_vendored_files_are_those_of_the_named_release(name: str) -> None:
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (VENDOR / name).iterdir()}
    assert digests == PACKAGES[name]["sha256"]
    assert "LICENSE" in digests


def test_every_vendored_folder_is_named() -> None:
    assert {path.name for path in VENDOR.iterdir() if path.is_dir()} == set(PACKAGES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_valid_against_the_schema_and_fits_the_anonymous_budget(name: str) -> None:
    example = EXAMPLES[name]
    text = str(example["document"])
    document = parse(text)
    assert validate(SCHEMA, document) == []
    check_text(text, ANONYMOUS)
    DocumentMeter(our_schema()._schema).measure(document, ANONYMOUS).check(ANONYMOUS)
    (operation,) = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    variables = example["variables"] or {}
    assert isinstance(variables, dict)
    declared = operation.variable_definitions or ()
    assert {one.variable.name.value for one in declared} == set(variables)
    assert not isinstance(get_variable_values(SCHEMA, declared, variables), list)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_has_a_title_and_a_sentence(name: str) -> None:
    example = EXAMPLES[name]
    assert 0 < len(str(example["title"])) <= 24
    assert str(example["about"]).endswith(".")


def test_the_anonymous_budget_admits_the_introspection_queries_of_graphiql() -> None:
    # GraphiQL 3.8 asks with the options below, and with `schemaDescription` and `inputValueDeprecation` if they are on.
    for options in ({}, {"schema_description": True, "input_value_deprecation": True}):
        text = get_introspection_query(**options)
        check_text(text, ANONYMOUS)
        DocumentMeter(our_schema()._schema).measure(parse(text), ANONYMOUS).check(ANONYMOUS)


def test_the_page_loads_its_files_at_addresses_with_versions_and_forbids_eval() -> None:
    page = docs.graphiql_page()
    html = bytes(page.body).decode()
    assert html.count("?v=") == 8
    assert "{{" not in html
    (_, embedded) = html.split('id="examples">')
    assert json.loads(embedded.split("</script>")[0]) == list(EXAMPLES.values())
    assert page.headers["content-security-policy"] == CONTENT_POLICY.replace("img-src", "font-src data:; img-src")


async def test_assets_are_compressed_and_may_be_cached_permanently() -> None:
    app = FastAPI()
    app.include_router(docs.router)
    html = bytes(docs.graphiql_page().body).decode()
    (address,) = re.findall(r'"(/assets/vendor/graphiql/graphiql.min.js[^"]*)"', html)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway.localhost") as client:
        for encoding in ("br", "gzip"):
            answer = await client.get(address, headers={"accept-encoding": encoding})
            assert answer.headers["content-encoding"] == encoding
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert int(answer.headers["content-length"]) < 750_000
            assert hashlib.sha256(answer.content).hexdigest() == PACKAGES["graphiql"]["sha256"]["graphiql.min.js"]


def test_only_styles_scripts_and_pictures_are_assets() -> None:
    folder = docs.assets()
    assert "mark.svg" in folder
    for name in ("graphiql.html", "__init__.py", "vendor/graphiql/LICENSE", "examples/01-register.json", "../app.py"):
        assert name not in folder
