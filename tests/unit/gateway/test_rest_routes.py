"""The table of REST routes: it has what GraphQL has."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import graphql
import pytest
from fastapi import FastAPI

from gateway import rest
from gateway.graphql.schema import build_schema
from gateway.rest.examples import body_example
from gateway.rest.operations import operations, table
from gateway.rest.schemas import inputs
from gateway.rest.schemas.body import Body
from gateway.rest.selections import SCALARS

SCHEMA = build_schema()._schema


@pytest.fixture(scope="module")
def described() -> Mapping[str, Any]:
    app = FastAPI()
    rest.install(app)
    return app.openapi()


def test_every_query_and_mutation_has_a_rest_route_or_a_reason() -> None:
    assert SCHEMA.query_type is not None
    assert SCHEMA.mutation_type is not None
    queries = {fields.partition(".")[0] for fields in table().queries.values()}
    known = {*queries, *table().mutations, *table().elsewhere}
    fields = {*SCHEMA.query_type.fields, *SCHEMA.mutation_type.fields}
    assert fields == known, "add a line to gateway/rest/routes.toml"


def test_routes_that_modules_have_exist(described: Mapping[str, Any]) -> None:
    for mutation, place in table().elsewhere.items():
        if place.split(" ")[0].isupper():
            method, path = place.split(" ")[:2]
            assert method.lower() in described["paths"][f"/api/v1{path}"], mutation


def test_all_documents_of_routes_are_valid_and_all_references_lead_somewhere(described: Mapping[str, Any]) -> None:
    components = operations().components
    for route, document in operations().documents.items():
        assert graphql.validate(SCHEMA, graphql.parse(document)) == [], route
    for name in re.findall(r"#/components/schemas/(\w+)", str(described)):
        assert described["components"]["schemas"][name], name
    assert components["Order"]["properties"]["lines"]
    assert "store" not in components["Order"]["properties"], "an entity is inside another one"


def test_paths_with_the_same_form_name_their_parts_alike(described: Mapping[str, Any]) -> None:
    forms: dict[str, str] = {}
    for path in described["paths"]:
        assert forms.setdefault(re.sub(r"\{\w+\}", "{}", path), path) == path


def test_every_part_of_a_path_is_described_once(described: Mapping[str, Any]) -> None:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            places = [(each["in"], each["name"].lower()) for each in operation.get("parameters", [])]
            assert len(places) == len(set(places)), (method, path)
            assert {name for where, name in places if where == "path"} == {
                name.lower() for name in re.findall(r"\{(\w+)\}", path)
            }, (method, path)


def test_fields_left_out_of_answers_exist() -> None:
    for name, fields in table().without.items():
        type = SCHEMA.type_map[name]
        assert isinstance(type, graphql.GraphQLObjectType)
        assert fields <= type.fields.keys(), name


@pytest.mark.parametrize("mutation", sorted(table().mutations))
def test_the_example_of_a_body_is_a_body_that_the_route_takes(mutation: str, described: Mapping[str, Any]) -> None:
    method, path = table().mutations[mutation].split(" ")
    assert SCHEMA.mutation_type is not None
    type = graphql.get_named_type(SCHEMA.mutation_type.fields[mutation].args["input"].type)
    body = described["paths"][f"/api/v1{path}"][method.lower()].get("requestBody")
    example = {} if body is None else body["content"]["application/json"]["example"]
    assert not body or not body["required"] or example
    in_path = {name: value for name, value in body_example(type.fields).items() if name not in example}
    graphql.utilities.coerce_input_value({**in_path, **example}, type)


@pytest.mark.parametrize(
    "body", [each for each in vars(inputs).values() if isinstance(each, type) and each.__module__ == inputs.__name__]
)
def test_the_example_of_a_body_in_a_module_fits_it(body: type[Body]) -> None:
    shown = body.model_json_schema()
    if "example" not in shown:
        assert body in {inputs.PreferencesInput, inputs.ImageInput}, "only parts of bodies have no example"
        return
    body.model_validate(shown["example"])
    assert set(shown.get("required", ())) <= shown["example"].keys()


def test_operations_are_called_as_programs_write_names(described: Mapping[str, Any]) -> None:
    names = [each["operationId"] for methods in described["paths"].values() for each in methods.values()]
    assert len(names) == len(set(names))
    assert [
        name for name in names if "api_v1" in name or not re.fullmatch(r"[a-z][A-Za-z]*(_[a-z][A-Za-z]*)*", name)
    ] == []


def schemas_of_answers(described: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each object in an answer, with the route or the name of its schema."""
    components, seen = described["components"]["schemas"], set[str]()

    def inside(where: str, schema: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
        if isinstance(schema, list):
            for each in schema:
                yield from inside(where, each)
        if not isinstance(schema, dict):
            return
        if "properties" in schema:
            yield where, schema
        name = str(schema.get("$ref", "")).rpartition("/")[2]
        if name and name not in seen:
            seen.add(name)
            yield from inside(name, components[name])
        for each in schema.values():
            yield from inside(where, each)

    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            for answer in operation["responses"].values():
                yield from inside(f"{method} {path}", answer.get("content", {}))


SHARES = {"percent", "percentage"}
"""Decimal fields that are not amounts."""


def test_every_amount_of_every_answer_is_also_an_object_with_currency_and_text(described: Mapping[str, Any]) -> None:
    amounts = 0
    for where, schema in schemas_of_answers(described):
        fields = schema["properties"]
        if "amountMinor" in fields:
            assert fields.keys() == {"amountMinor", "currency", "formatted"}, where
            assert fields["amountMinor"]["type"] == "integer", where
        for name, field in fields.items():
            forms = field.get("anyOf", [field])
            if name not in SHARES and forms[0].get("examples") == SCALARS["Decimal"]["examples"]:
                amounts += 1
                money = str(fields.get(f"{name}Money"))
                assert "#/components/schemas/Money" in money, f"{where}.{name} has no {name}Money"
    assert amounts > 50
