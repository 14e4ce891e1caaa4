"""REST routes of GraphQL operations: one line in ``routes.toml`` each.

A route runs its operation in this process on the public schema. Rules, errors and answers are therefore GraphQL's own.
"""

import re
import tomllib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
)
from starlette.responses import JSONResponse, Response

from domain.kernel import InvalidInput
from gateway.api.command_request import (
    CONSISTENCY_HEADER,
    CommandRequest,
    GatewayServices,
    RequestInfo,
    RequestKey,
    request_info,
)
from gateway.graphql.context import OneRequestContext
from gateway.graphql.schema import build_schema
from gateway.problem_details import Problem, problem_of_code
from gateway.rest.dependencies import KEY_HEADER, check_key
from gateway.rest.examples import body_example
from gateway.rest.json_bodies import UnreadableBody, json_object
from gateway.rest.parameters import (
    FILTER,
    Part,
    argument_of,
    arguments_of,
    header_of,
    names_in,
    parameter_of,
    parts_of,
    path_parameter,
    query_variables,
    typed,
    variable_type,
)
from gateway.rest.selections import Selections, is_required

TABLE = Path(__file__).with_name("routes.toml")
PAGE = "{ hasNextPage endCursor }"
OPEN = frozenset({"register", "logIn", "refreshToken", "logOut"})
"""Mutations that need no log-in."""
OWN_FIELDS = frozenset({"commandId", "clientMutationId"})
"""Fields of inputs that headers replace."""

CONSISTENCY = "The consistencyToken of a change. The request waits until it can be read."
IDEMPOTENCY = "A key that you choose for this request. A repeat with it changes nothing."
BEARER = [{"bearer": list[str]()}]

VALUE_ERROR = re.compile(
    r"Variable '\$(?P<variable>\w+)' has invalid value(?: at (?P<path>\S+))?: (?P<why>.+)", re.DOTALL
)

Build = Callable[[Request], Awaitable[dict[str, Any]]]
"""Returns an operation's variables."""


class RestContext(OneRequestContext):
    """The context of a REST request. Its idempotency key is a header."""

    is_documented = True
    """Whether OpenAPI names the parts of the schema that errors name, so that they need not be hidden."""

    def __init__(self, services: GatewayServices, info: RequestInfo, key: str | None) -> None:
        super().__init__(services, info)
        self.key = key

    async def begin(self, command_id: UUID | None) -> CommandRequest:
        if self.key is None:
            return await super().begin(command_id)
        return CommandRequest.begin(
            self.services,
            await self.visitor(),
            RequestKey(KEY_HEADER, self.key),
            traceparent=self.request_info.traceparent,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The routes by operation."""

    entities: frozenset[str]
    without: Mapping[str, frozenset[str]]
    queries: Mapping[str, str]
    """Path of fields by route."""
    mutations: Mapping[str, str]
    """Route by mutation."""
    elsewhere: Mapping[str, str]
    """By mutation without a line: the route that a module has for it, or why it has none."""


@cache
def table() -> Table:
    """Return the table of routes."""
    read = tomllib.loads(TABLE.read_text("utf-8"))
    return Table(
        entities=frozenset(read["entities"]),
        without={name: frozenset(fields) for name, fields in read["without"].items()},
        queries=read["queries"],
        mutations=read["mutations"],
        elsewhere=read["elsewhere"],
    )


@dataclass(frozen=True, slots=True)
class Operations:
    """All routes of the table."""

    router: APIRouter
    components: Mapping[str, dict[str, Any]]
    """What the routes' descriptions refer to, for the OpenAPI document."""
    documents: Mapping[str, str]
    """The GraphQL document by route."""


@cache
def operations() -> Operations:
    """Return the routes of the table."""
    schema, routes = build_schema()._schema, table()  # noqa: SLF001 - the library has no public name for it
    selections = Selections(routes.entities, routes.without)
    router, documents = APIRouter(), dict[str, str]()
    for route, fields in routes.queries.items():
        documents[route] = _add_query(router, schema, selections, route, fields.split("."))
    for mutation, route in routes.mutations.items():
        documents[route] = _add_mutation(router, schema, selections, route, mutation)
    return Operations(router, selections.schemas, documents)


def _add_query(
    router: APIRouter, schema: GraphQLSchema, selections: Selections, route: str, fields: Sequence[str]
) -> str:
    method, path = route.split(" ")
    declared, parts = dict[str, Any](), dict[str, Part]()
    objects: dict[str, Any] = {}
    opened, parameters = "", list[dict[str, Any]]()
    type, field = schema.query_type, None
    for number, name in enumerate(fields):
        assert isinstance(type, GraphQLObjectType)
        field = type.fields[name]
        arguments = arguments_of(field, path if number == 0 else "", last=number == len(fields) - 1)
        declared |= {parameter: variable_type(argument) for parameter, argument in arguments.items()}
        own_parts = parts_of(field)
        given = {part.argument: field.args[part.argument].type for part in own_parts.values()}
        parts, objects = parts | own_parts, objects | given
        names = {parameter: argument_of(parameter, field) for parameter in arguments} | {each: each for each in given}
        inner = ", ".join(f"{argument}: ${variable}" for variable, argument in names.items())
        opened += f"{{ {name}{f'({inner})' if inner else ''} "
        described: dict[str, GraphQLArgument | GraphQLInputField] = {
            **arguments,
            **{parameter: part.field for parameter, part in own_parts.items()},
        }
        parameters += [parameter_of(selections, parameter, each, path) for parameter, each in described.items()]
        type = get_named_type(field.type)
    assert field is not None
    selection, body, take = _shape(selections, field)
    variables = ", ".join(f"${name}: {type}" for name, type in {**declared, **objects}.items())
    document = f"query{f'({variables})' if variables else ''} {opened}{selection}{' }' * len(fields)}"

    async def variables_of(request: Request) -> dict[str, Any]:
        return query_variables(request, declared, parts)

    router.add_api_route(
        path,
        _endpoint(document, variables_of, lambda data: take(_at(data, fields))),
        methods=[method],
        summary=_summary(field, fields[-1]),
        tags=[path.split("/")[1]],
        response_class=JSONResponse,
        responses={200: {"description": "The answer.", "content": {"application/json": {"schema": body}}}},
        openapi_extra={"parameters": [*parameters, header_of(CONSISTENCY_HEADER, CONSISTENCY)], "security": BEARER},
        operation_id="_".join(name.removesuffix("Connection") for name in fields),
    )
    return document


def _shape(selections: Selections, field: GraphQLField) -> tuple[str, dict[str, Any], Callable[[Any], Any]]:
    """Return a field's selection, the schema of the answer, and what makes the answer of the field's value."""
    type = get_nullable_type(field.type)
    named = get_named_type(type)
    if isinstance(named, GraphQLObjectType) and named.name.endswith("Connection"):
        node = named.fields["nodes"].type
        items = selections.answer_schema(node)
        page = {"hasNextPage": {"type": "boolean"}, "endCursor": {"type": ["string", "null"]}}
        body = {"type": "object", "properties": {"items": items, **page}, "required": ["items", *page]}
        return (
            f"{{ nodes {selections.text(node)} pageInfo {PAGE} }}",
            body,
            lambda value: {"items": value["nodes"], **value["pageInfo"]},
        )
    text = selections.text(type)
    if isinstance(type, GraphQLList):
        body = {"type": "object", "properties": {"items": selections.answer_schema(field.type)}, "required": ["items"]}
        return text, body, lambda value: {"items": value}
    return text, selections.answer_schema(type), lambda value: value


def _add_mutation(router: APIRouter, schema: GraphQLSchema, selections: Selections, route: str, mutation: str) -> str:
    method, path = route.split(" ")
    assert schema.mutation_type is not None
    field = schema.mutation_type.fields[mutation]
    input_type = get_nullable_type(field.args["input"].type)
    payload = get_named_type(field.type)
    assert isinstance(input_type, GraphQLInputObjectType)
    assert isinstance(payload, GraphQLObjectType)
    in_path = {name: input_type.fields[name] for name in names_in(path)}
    in_body = {name: each for name, each in input_type.fields.items() if name not in in_path and name not in OWN_FIELDS}
    document = (
        f"mutation($input: {input_type.name}!) {{ {mutation}(input: $input) {selections.text(payload, top=True)} }}"
    )
    shown = selections.object_schema(payload, top=True)
    for name in ("userErrors", "clientMutationId"):
        shown["properties"].pop(name)
        shown["required"].remove(name)

    async def variables_of(request: Request) -> dict[str, Any]:
        body = await json_object(request, may_be_missing=not any(map(is_required, in_body.values())))
        for name in body.keys() - in_body.keys():
            raise InvalidInput(name[:80], f"Unknown field {name[:80]!r}. Use: {', '.join(in_body) or 'no field'}.")
        for name, each in in_body.items():
            if is_required(each) and body.get(name) is None:
                raise InvalidInput(name, f"{name} is missing. Send it in the body.")
        path_values = {name: typed(request.path_params[name], each.type) for name, each in in_path.items()}
        return {"input": {**body, **path_values}}

    status = 200 if mutation in OPEN else 202
    parameters = [path_parameter(selections, name, each) for name, each in in_path.items()]
    parameters.append(header_of("Idempotency-Key", IDEMPOTENCY))
    body = {}
    if in_body:
        content = {
            "application/json": {"schema": selections.body_schema(in_body), "example": body_example(in_body, mutation)}
        }
        body["requestBody"] = {"required": any(map(is_required, in_body.values())), "content": content}
    router.add_api_route(
        path,
        _endpoint(document, variables_of, lambda data: _changed(data[mutation]), status=status),
        methods=[method],
        status_code=status,
        summary=_summary(field, mutation),
        tags=[path.split("/")[1]],
        response_class=JSONResponse,
        responses={
            status: {"description": "The change.", "content": {"application/json": {"schema": shown}}},
        },
        openapi_extra={"parameters": parameters, **body} | ({} if mutation in OPEN else {"security": BEARER}),
        operation_id=mutation,
    )
    return document


class Refused(Exception):
    """A mutation's first user error."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(error["message"])
        self.error = error


def _changed(payload: dict[str, Any]) -> dict[str, Any]:
    """Return a mutation's answer.

    Raises:
        Refused: the payload has user errors.
    """
    errors = payload.pop("userErrors")
    payload.pop("clientMutationId")
    if errors:
        raise Refused(errors[0])
    return payload


def _endpoint(
    document: str, variables_of: Build, take: Callable[[Any], Any], *, status: int = 200
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        services: GatewayServices = request.app.state.gateway
        key = check_key(request.headers.get(KEY_HEADER))
        context = RestContext(services, request_info(request, behind_proxy=services.deps.behind_proxy), key)
        try:
            variables = await variables_of(request)
        except UnreadableBody as error:
            return error.problem.response()
        result = await build_schema().execute(document, variable_values=variables, context_value=context)
        if result.errors:
            return _problem(result.errors[0]).response()
        try:
            body = take(result.data)
        except Refused as refusal:
            return problem_of_code(
                refusal.error["code"], refusal.error["message"], field=refusal.error["field"]
            ).response()
        if body is None:
            return problem_of_code("NOT_FOUND", "There is nothing at this address yet.").response()
        token = body.get("consistencyToken") if isinstance(body, dict) else None
        return JSONResponse(body, status_code=status, headers={CONSISTENCY_HEADER: token} if token else None)

    return endpoint


def _problem(error: Any) -> Problem:
    extensions = dict(error.extensions or {})
    code = extensions.get("code", "INTERNAL")
    if code == "INVALID_QUERY" and error.path is None:
        # A value that GraphQL could not read as its type. The document itself is the gateway's.
        found = VALUE_ERROR.match(error.message)
        if found is not None:
            path = re.findall(r"\w+", found["path"] or "")
            is_whole = found["variable"] in {"input", FILTER} and path
            field = ".".join(path if is_whole else [found["variable"], *path])
            return problem_of_code("INVALID_INPUT", f"Invalid {field}: {found['why']}", field=field)
    return problem_of_code(code, error.message, field=extensions.get("field"), retry_after=extensions.get("retryAfter"))


def _at(data: Any, fields: Sequence[str]) -> Any:
    for name in fields:
        data = None if data is None else data[name]
    return data


def _summary(field: GraphQLField, name: str) -> str:
    words = re.sub(r"(?<!^)([A-Z])", lambda found: f" {found[1].lower()}", name).capitalize()
    return words if field.description is None else field.description.split(". ")[0].rstrip(".")
