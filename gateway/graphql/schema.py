"""The schema, and its text."""

from collections.abc import AsyncGenerator
from functools import cache, cached_property
from typing import Any

import strawberry
from graphql import DocumentNode, GraphQLError
from strawberry.exceptions import MissingQueryError
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.exceptions import CannotGetOperationTypeError
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from gateway.graphql.as_of import ClosePastReadings
from gateway.graphql.documents import DocumentAdmission, DocumentRejected
from gateway.graphql.errors import MaskErrors, masked
from gateway.graphql.introspection import CachedIntrospection
from gateway.graphql.mutations.accounts import AccountMutations
from gateway.graphql.mutations.media import MediaMutations
from gateway.graphql.mutations.orders import OrderMutations
from gateway.graphql.mutations.pages import PageMutations
from gateway.graphql.mutations.products import ProductMutations
from gateway.graphql.mutations.stores import StoreMutations
from gateway.graphql.mutations.suppliers import SupplierMutations
from gateway.graphql.queries.root import Query
from gateway.graphql.scalars import SCALARS
from gateway.graphql.subscriptions import Subscription


@strawberry.type(description="Mutations. A refused mutation returns userErrors and changes nothing.")
class Mutation(
    AccountMutations,
    SupplierMutations,
    OrderMutations,
    StoreMutations,
    PageMutations,
    ProductMutations,
    MediaMutations,
):
    pass


ANSWERED_ONCE = frozenset({OperationType.QUERY, OperationType.MUTATION})


class Schema(strawberry.Schema):
    """Our schema; errors are logged where they are given a number, once."""

    @cached_property
    def admission(self) -> DocumentAdmission:
        """Decides which documents may run."""
        return DocumentAdmission(self._schema)

    async def execute(self, query: str | None, *args: Any, **more: Any) -> ExecutionResult:
        """Run what has one answer. A subscription has many, which are streamed; run here it would break in the middle."""
        more["allowed_operation_types"] = ANSWERED_ONCE.intersection(more.get("allowed_operation_types", ANSWERED_ONCE))
        try:
            return await super().execute(query, *args, **more)
        except DocumentRejected as rejection:
            return _rejected(rejection.errors)

    async def stream(self, query: str | None, *args: Any, **more: Any) -> AsyncGenerator[Any, None]:
        """Run any operation, and yield its answers."""
        try:
            return await super().stream(query, *args, **more)
        except DocumentRejected as rejection:
            return _once(_rejected(rejection.errors))
        except CannotGetOperationTypeError as error:
            return _once(_rejected([GraphQLError(error.as_http_error_reason(), original_error=error)]))
        except MissingQueryError as error:
            return _once(_rejected([GraphQLError(str(error), original_error=error)]))

    def _create_execution_context(self, query: str | None, *args: Any, **more: Any) -> ExecutionContext:
        """Admit the document before the library or any extension looks at it.

        Raises:
            DocumentRejected: the document cannot run.
        """
        context = super()._create_execution_context(query, *args, **more)
        document: DocumentNode = self.admission.admit(
            query,
            context.context,
            operation_name=context._provided_operation_name,  # noqa: SLF001 - its public twin guesses
            variables=context.variables,
        )
        context.graphql_document = document
        # Validated: None would make the library validate it again.
        context.pre_execution_errors = []
        return context

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Leave logging to ``gateway.graphql.errors``: what a client did wrong is no error of ours."""


def _rejected(errors: list[GraphQLError]) -> PreExecutionError:
    return PreExecutionError(data=None, errors=[masked(error) for error in errors])


async def _once(result: ExecutionResult) -> AsyncGenerator[ExecutionResult, None]:
    yield result


@cache
def build_schema() -> Schema:
    """Return the schema."""
    return Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        config=StrawberryConfig(scalar_map=SCALARS),
        # Made anew for every operation: extensions keep state of the operation they are in.
        extensions=[MaskErrors, ClosePastReadings, CachedIntrospection],
    )


def sdl() -> str:
    """Return the schema in GraphQL's definition language, as ``schemas/schema.graphql`` holds it."""
    return build_schema().as_str().rstrip() + "\n"
