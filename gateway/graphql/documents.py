"""Admission of GraphQL documents: parses, measures and validates each text once, and caches valid documents."""

from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from graphql import DocumentNode, GraphQLError, GraphQLSchema, GraphQLSyntaxError, parse, validate
from strawberry.exceptions import MissingQueryError

from domain.team.permissions import Permission
from gateway.auth.errors import Unauthenticated
from gateway.graphql.answer_size import AnswerMeter
from gateway.graphql.budgets import ANONYMOUS, AUTHENTICATED, Budget, Measure, TooLarge, check_text, check_variables
from gateway.graphql.context import RequestContext
from gateway.graphql.errors import without_suggestions
from gateway.graphql.key_scopes import check_key, permissions_of
from gateway.graphql.limits import DocumentMeter
from gateway.graphql.parsing import check_single
from gateway.graphql.planned_executor import PlansOfText, plan_cache
from gateway.graphql.quick_validation import is_surely_valid
from gateway.graphql.quota_cache import Quota, QuotaCache
from gateway.graphql.shapes import SharedDocument, shape_of, shared_document

ERRORS_MAX = 5
"""Maximum validation errors. Each may search the schema for similar names."""
TOKEN_BYTES = 600
"""Measured memory of one token of a parsed document."""
_MEGABYTE = 1_000_000


IntegerValues = tuple[tuple[str, int], ...]
"""The variables of a request that are integers, in the order of their names."""


@dataclass(frozen=True, slots=True)
class AdmittedDocument:
    """A valid document and its measure."""

    document: DocumentNode
    measure: Measure
    answer_max: float
    """Fields of the answer if every page size from a variable has its maximum."""
    is_decided: bool
    """Whether it has a single operation, so that a request need not name it."""
    plans: PlansOfText
    """Held here, so that plans are dropped with the document."""
    fits: list[Budget]
    """The budgets that text and measure are known to be within."""
    permissions: frozenset[Permission]
    """What its root fields need of an API key."""
    costs: dict[IntegerValues, int] = field(default_factory=dict)
    """What it costs, by the integers in its variables; see :mod:`gateway.graphql.query_costs`."""


@dataclass(slots=True)
class _OfShape:
    """What is kept for a shape."""

    first: AdmittedDocument
    """The first text's document."""
    shared: SharedDocument | None = None
    """Made when a second text of the shape comes, like ``admitted``."""
    admitted: AdmittedDocument | None = None


@dataclass(frozen=True, slots=True)
class SharedQuery:
    """A text's query as the document of its shape."""

    admitted: AdmittedDocument
    variables: dict[str, Any]
    """The request's variables and the text's literals."""


class DocumentRejected(Exception):
    """A document cannot run. Retrying does not help."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__(errors)
        self.errors = errors


class IntrospectionDisabled(GraphQLError):
    """The installation does not show its schema. Retrying does not help."""

    def __init__(self) -> None:
        super().__init__(
            "This installation switched introspection off. Use its documents, or ask its operator for the schema.",
            extensions={"code": "INTROSPECTION_DISABLED"},
        )


class DocumentAdmission:
    """Decides which documents may run.

    Args:
        schema: the schema to validate documents against.
    """

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._meter = DocumentMeter(schema)
        self._answers = AnswerMeter(schema)
        self._cache: QuotaCache[AdmittedDocument] = QuotaCache(
            total=Quota(entries=256, weight=64 * _MEGABYTE),
            share=Quota(entries=64, weight=16 * _MEGABYTE),
            anonymous_share=Quota(entries=32, weight=4 * _MEGABYTE),
        )
        self._shapes: QuotaCache[_OfShape] = QuotaCache(
            total=Quota(entries=256, weight=32 * _MEGABYTE),
            share=Quota(entries=64, weight=8 * _MEGABYTE),
            anonymous_share=Quota(entries=32, weight=2 * _MEGABYTE),
        )

    def knows(self, query: str) -> bool:
        """Whether a text is cached, so that it needs no shape."""
        return query in self._cache

    def shared(
        self,
        query: str,
        context: RequestContext,
        *,
        operation_name: str | None,
        variables: dict[str, Any] | None,
    ) -> SharedQuery | None:
        """Return a query by the document of its shape. None if :meth:`admit` must decide.

        An error has positions in the text: after an error, run the text's own document.
        """
        owner = context.merchant_or_none()
        if context.key_scopes() is not None:
            return None
        shape = shape_of(query)
        if shape is None or operation_name not in {None, shape.name}:
            return None
        known = self._shapes.get(shape.key, owner)
        if known is None:
            return None
        if known.shared is None or known.admitted is None:
            known.shared = shared_document(self._schema, known.first.document, shape)
            known.admitted = replace(
                known.first,
                document=known.shared.document,
                answer_max=self._answers.measure(known.shared.document, None),
                plans=plan_cache(self._schema).hold(known.shared.document),
                costs={},
            )
        values = known.shared.values(shape.literals)
        if values is None:
            return None
        budget, complete = ANONYMOUS if owner is None else AUTHENTICATED, {**(variables or {}), **values}
        try:
            check_text(query, budget)
            check_variables(variables, budget)
            known.admitted.measure.check(budget)
            self._check_answer(known.admitted, complete, budget)
        except TooLarge:
            return None
        return SharedQuery(known.admitted, complete)

    def admit(
        self, query: str | None, context: object, *, operation_name: str | None = None, variables: object = None
    ) -> AdmittedDocument:
        """Parse a document, and check that it is valid and within the caller's budget.

        Raises:
            DocumentRejected: the document is invalid or too large.
            MissingQueryError: the text is empty.
            UndecidedOperation: the document has several operations and none is named.
        """
        if not query:
            raise MissingQueryError
        owner = context.merchant_or_none() if isinstance(context, RequestContext) else None
        budget = ANONYMOUS if owner is None else AUTHENTICATED
        is_shown = not isinstance(context, RequestContext) or context.deps.introspection
        try:
            check_variables(variables, budget)
            admitted = self._admit(query, owner, budget, operation_name)
            if admitted.measure.introspections and not is_shown:
                raise IntrospectionDisabled
            if owner is not None and isinstance(context, RequestContext):
                check_key(admitted.permissions, context.key_scopes())
            self._check_answer(admitted, variables, budget)
        except TooLarge as error:
            if owner is not None:
                raise DocumentRejected([error]) from error
            if isinstance(context, RequestContext) and context.has_credentials:
                # The access token has expired. With a new one, the document may be within the budget.
                refusal = Unauthenticated()
                raise DocumentRejected([GraphQLError(str(refusal), original_error=refusal)]) from error
            raise DocumentRejected([TooLarge(f"{error.message} Logged-in callers have higher limits.")]) from error
        except DocumentRejected as rejection:
            if is_shown:
                raise
            raise DocumentRejected([without_suggestions(error) for error in rejection.errors]) from rejection
        except GraphQLError as error:
            raise DocumentRejected([error]) from error
        return admitted

    def _admit(self, query: str, owner: UUID | None, budget: Budget, operation_name: str | None) -> AdmittedDocument:
        admitted = self._cache.get(query, owner)
        if admitted is not None and budget in admitted.fits:
            if operation_name is None and not admitted.is_decided:
                check_single(admitted.document)
            return admitted
        check_text(query, budget)
        if admitted is not None:
            _check_decided(admitted.document, operation_name)
            admitted.measure.check(budget)
            admitted.fits.append(budget)
            return admitted
        document = _parse(query, budget)
        _check_decided(document, operation_name)
        measure = self._meter.measure(document, budget)
        admitted = AdmittedDocument(
            document,
            measure,
            answer_max=self._answers.measure(document, None),
            is_decided=measure.operations == 1,
            plans=plan_cache(self._schema).hold(document),
            fits=[budget],
            permissions=permissions_of(document),
        )
        weight = len(query) + _token_count(document) * TOKEN_BYTES
        if is_surely_valid(self._schema, document):
            shape = shape_of(query)
            if shape is not None:
                self._shapes.put(shape.key, _OfShape(admitted), weight, owner)
        elif errors := validate(self._schema, document, max_errors=ERRORS_MAX):
            raise DocumentRejected(errors)
        self._cache.put(query, admitted, weight, owner)
        return admitted

    def _check_answer(self, admitted: AdmittedDocument, variables: object, budget: Budget) -> None:
        """Raise TooLarge if a document's answer may exceed the budget."""
        if admitted.answer_max > budget.answer:
            fields = self._answers.measure(admitted.document, variables if isinstance(variables, dict) else {})
            if fields > budget.answer:
                raise TooLarge(
                    f"The answer may have {fields:,.0f} fields; at most {budget.answer:,} are allowed. "
                    "Ask for smaller pages or fewer levels."
                )


def _check_decided(document: DocumentNode, operation_name: str | None) -> None:
    if operation_name is None:
        check_single(document)


def _token_count(document: DocumentNode) -> int:
    count, token = 0, document.loc.start_token if document.loc is not None else None
    while token is not None:
        count, token = count + 1, token.next
    return count


def _parse(query: str, budget: Budget) -> DocumentNode:
    try:
        return parse(query, max_tokens=budget.tokens)
    except GraphQLSyntaxError as error:
        if error.message.endswith("tokens. Parsing aborted."):
            raise TooLarge(
                f"The document has more than {budget.tokens:,} words and punctuation marks. Send a shorter document."
            ) from error
        raise
    except RecursionError as error:
        raise TooLarge(f"The document nests too deeply. Use at most {budget.levels} levels.") from error
