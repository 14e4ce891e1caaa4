"""Runs documents for the gateway's own pages: the same admission, plans, limits and errors as over HTTP."""

from collections.abc import Mapping
from typing import Any

import msgspec
from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    get_named_type,
    parse,
    type_from_ast,
)
from starlette.requests import Request

from domain.team.permissions import permissions
from gateway.api.command_request import GatewayServices, RequestInfo, request_info
from gateway.graphql.as_of import with_past_readings
from gateway.graphql.context import OneRequestContext
from gateway.graphql.direct import answer_bytes
from gateway.graphql.documents import DocumentRejected
from gateway.graphql.errors import masked
from gateway.graphql.schema import Schema


class InProcessDocuments:
    """Runs documents over the public schema without HTTP in between.

    Args:
        schema: the public schema.
        services: the gateway's services.
    """

    def __init__(self, schema: Schema, services: GatewayServices) -> None:
        self._schema, self._services = schema, services
        self._inputs: dict[str, frozenset[str]] = {}

    def input_fields(self, document: str) -> frozenset[str]:
        """Return the fields of the document's variable ``$input``. Empty if it has none."""
        known = self._inputs.get(document)
        if known is None:
            known = self._inputs[document] = input_fields(self._schema.graphql_schema, document)
        return known

    def role_of(self, document: str) -> str:
        """Return the weakest role in a store that may run a document's mutation."""
        (operation,) = (each for each in parse(document).definitions if isinstance(each, OperationDefinitionNode))
        (field,) = (each for each in operation.selection_set.selections if isinstance(each, FieldNode))
        return permissions().field("Mutation", field.name.value).role.value

    async def run(
        self,
        document: str,
        variables: Mapping[str, Any],
        *,
        request: Request,
        access_token: str | None,
        consistency: str | None = None,
    ) -> dict[str, Any]:
        """Run a query or a mutation. Return the answer as a client over HTTP has it, with ``data`` and ``errors``.

        Args:
            document: its text.
            variables: JSON values.
            request: the browser's request; its network address counts for rate limits.
            access_token: whose document it is. None for documents without log-in.
            consistency: tokens that the read models must have reached.
        """
        info = request_info(request, behind_proxy=self._services.deps.behind_proxy)
        context = OneRequestContext(
            self._services,
            RequestInfo(
                address=info.address,
                authorization=None if access_token is None else f"Bearer {access_token}",
                consistency=consistency,
                traceparent=info.traceparent,
                user_agent=info.user_agent,
            ),
        )
        context.request = request
        given = dict(variables)
        try:
            admitted = self._schema.admission.admit(document, context, operation_name=None, variables=given)
        except DocumentRejected as rejection:
            return _as_json(None, [masked(error) for error in rejection.errors])
        planned = self._schema.planned(admitted, None, given, context)
        if planned is not None:
            result = await with_past_readings(planned)
            return _as_json(result.data, [masked(error) for error in result.errors or ()])
        executed = await self._schema.execute(document, variable_values=given, context_value=context)
        return _as_json(executed.data, list(executed.errors or ()))


def input_fields(schema: GraphQLSchema, document: str) -> frozenset[str]:
    """Return the fields of a document's variable ``$input``. Empty if it has none."""
    for definition in parse(document).definitions:
        variables = definition.variable_definitions if isinstance(definition, OperationDefinitionNode) else None
        for variable in variables or ():
            if variable.variable.name.value == "input":
                named = get_named_type(type_from_ast(schema, variable.type))
                return frozenset(named.fields) if isinstance(named, GraphQLInputObjectType) else frozenset()
    return frozenset()


def _as_json(data: Any, errors: list[GraphQLError]) -> dict[str, Any]:
    answer: dict[str, Any] = msgspec.json.decode(answer_bytes(data, errors))
    return answer
