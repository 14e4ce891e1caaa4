"""The schema and its SDL."""

from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import cache, cached_property
from typing import Any

import strawberry
from graphql import DocumentNode, GraphQLError, GraphQLSchema, OperationDefinitionNode
from strawberry.exceptions import MissingQueryError
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.exceptions import CannotGetOperationTypeError
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from gateway.graphql.as_of import ClosePastReadings
from gateway.graphql.context import RequestContext
from gateway.graphql.documents import AdmittedDocument, DocumentAdmission, DocumentRejected
from gateway.graphql.enums import name_allowed_values
from gateway.graphql.errors import MaskErrors, masked
from gateway.graphql.introspection import CachedIntrospection
from gateway.graphql.mutations.accounts import AccountMutations
from gateway.graphql.mutations.api_keys import ApiKeyMutations
from gateway.graphql.mutations.businesses import BusinessMutations
from gateway.graphql.mutations.closing import ClosingMutations
from gateway.graphql.mutations.credentials import CredentialMutations
from gateway.graphql.mutations.customers import CustomerMutations
from gateway.graphql.mutations.disputes import DisputeMutations
from gateway.graphql.mutations.domains import DomainMutations
from gateway.graphql.mutations.drafts import DraftMutations
from gateway.graphql.mutations.media import MediaMutations
from gateway.graphql.mutations.orders import OrderMutations
from gateway.graphql.mutations.pages import PageMutations
from gateway.graphql.mutations.passkeys import PasskeyMutations
from gateway.graphql.mutations.payments import PaymentMutations
from gateway.graphql.mutations.plans import PlanMutations
from gateway.graphql.mutations.presentation import PresentationMutations
from gateway.graphql.mutations.products import ProductMutations
from gateway.graphql.mutations.purchasing import PurchaseMutations
from gateway.graphql.mutations.refunds import RefundMutations
from gateway.graphql.mutations.returns import ReturnMutations
from gateway.graphql.mutations.second_factor import SecondFactorMutations
from gateway.graphql.mutations.selling import SellingMutations
from gateway.graphql.mutations.sign_ins import SignInMutations
from gateway.graphql.mutations.stores import StoreMutations
from gateway.graphql.mutations.suppliers import SupplierMutations
from gateway.graphql.mutations.taxes import TaxMutations
from gateway.graphql.mutations.team import TeamMutations
from gateway.graphql.planned_executor import PlannedExecutor, plan_cache
from gateway.graphql.queries.root import Query
from gateway.graphql.query_costs import Cost, QueryCosts, ReportCost
from gateway.graphql.scalars import SCALARS
from gateway.graphql.subscriptions import Subscription
from infra.web.hang_ups import must_finish


@strawberry.type(description="Mutations. A refused mutation returns userErrors and changes nothing.")
class Mutation(
    AccountMutations,
    TeamMutations,
    ApiKeyMutations,
    ClosingMutations,
    CredentialMutations,
    PasskeyMutations,
    SecondFactorMutations,
    SignInMutations,
    SupplierMutations,
    BusinessMutations,
    PaymentMutations,
    OrderMutations,
    RefundMutations,
    DisputeMutations,
    CustomerMutations,
    PlanMutations,
    ReturnMutations,
    TaxMutations,
    PurchaseMutations,
    StoreMutations,
    DraftMutations,
    SellingMutations,
    DomainMutations,
    PageMutations,
    PresentationMutations,
    ProductMutations,
    MediaMutations,
):
    pass


SINGLE_ANSWER = frozenset({OperationType.QUERY, OperationType.MUTATION})


class Schema(strawberry.Schema):
    """The schema with admission of documents. ``gateway.graphql.errors`` logs its errors."""

    @property
    def graphql_schema(self) -> GraphQLSchema:
        """The schema as graphql-core has it."""
        return self._schema

    @cached_property
    def admission(self) -> DocumentAdmission:
        """Decides which documents may run."""
        return DocumentAdmission(self._schema)

    @cached_property
    def costs(self) -> QueryCosts:
        """Charges operations to their callers."""
        return QueryCosts(self._schema)

    @cached_property
    def texts(self) -> Counter[str]:
        """Texts that came over HTTP, by what was known of them: the text, its shape, or neither."""
        return Counter({"text": 0, "shape": 0, "no": 0})

    def planned(
        self, admitted: AdmittedDocument, name: str | None, variables: Any, context: object
    ) -> Callable[[], Awaitable[Any]] | None:
        """Return what runs an admitted query by its plan. None if :meth:`execute` must run it."""
        return plan_cache(self._schema).operation(
            self._schema, admitted.document, admitted.plans, name, variables, context
        )

    async def execute(self, query: str | None, *args: Any, **more: Any) -> ExecutionResult:
        """Run a query or a mutation. A subscription has many answers and goes through :meth:`stream`."""
        more["allowed_operation_types"] = SINGLE_ANSWER.intersection(more.get("allowed_operation_types", SINGLE_ANSWER))
        try:
            return await super().execute(query, *args, **more)
        except DocumentRejected as rejection:
            return _rejected(rejection.errors)

    async def stream(self, query: str | None, *args: Any, **more: Any) -> AsyncGenerator[Any, None]:
        """Run any operation and yield its answers."""
        try:
            return await super().stream(query, *args, **more)
        except DocumentRejected as rejection:
            return _once(_rejected(rejection.errors))
        except CannotGetOperationTypeError as error:
            return _once(_rejected([GraphQLError(error.as_http_error_reason(), original_error=error)]))
        except MissingQueryError as error:
            return _once(_rejected([GraphQLError(str(error), original_error=error)]))

    def _create_execution_context(self, query: str | None, *args: Any, **more: Any) -> ExecutionContext:
        """Admit the document before the library and the extensions use it.

        Raises:
            DocumentRejected: the document cannot run.
        """
        context = super()._create_execution_context(query, *args, **more)
        admitted = self.admission.admit(
            query,
            context.context,
            operation_name=context._provided_operation_name,  # noqa: SLF001 - its public twin guesses
            variables=context.variables,
        )
        if _changes_something(admitted.document):
            must_finish()
        context.graphql_document = admitted.document
        context.cost = self._charged(admitted, context)  # type: ignore[attr-defined]
        # Admission validated the document. With None, the library would validate it again.
        context.pre_execution_errors = []
        return context

    def _charged(self, admitted: AdmittedDocument, context: ExecutionContext) -> Cost | None:
        request = context.context
        if not isinstance(request, RequestContext):
            return None
        try:
            return self.costs.charge(admitted, context.variables, request)
        except GraphQLError as error:
            raise DocumentRejected([error]) from error

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Leave logging to ``gateway.graphql.errors``, which does not log client errors."""


def _changes_something(document: DocumentNode) -> bool:
    """Return whether one of a document's operations is a mutation."""
    operations = (each for each in document.definitions if isinstance(each, OperationDefinitionNode))
    return any(OperationType(each.operation.value) is OperationType.MUTATION for each in operations)


def _rejected(errors: list[GraphQLError]) -> PreExecutionError:
    return PreExecutionError(data=None, errors=[masked(error) for error in errors])


async def _once(result: ExecutionResult) -> AsyncGenerator[ExecutionResult, None]:
    yield result


def build_schema(*, plans: bool = True) -> Schema:
    """Return the schema, always the same object. Without plans, graphql-core runs every operation."""
    return _schema(plans=plans)


@cache
def _schema(*, plans: bool) -> Schema:
    schema = Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        config=StrawberryConfig(scalar_map=SCALARS),
        execution_context_class=PlannedExecutor if plans else None,
        # Classes, not instances: extensions have state, so each operation needs new ones.
        extensions=[MaskErrors, ClosePastReadings, CachedIntrospection, ReportCost],
    )
    name_allowed_values(schema.graphql_schema)
    return schema


def sdl() -> str:
    """Return the schema's SDL, the text of ``schemas/schema.graphql``."""
    return build_schema().as_str().rstrip() + "\n"
