"""The schema, and its text."""

from functools import cache
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.extensions import (
    AddValidationRules,
    MaxAliasesLimiter,
    MaxTokensLimiter,
    QueryDepthLimiter,
    ValidationCache,
)
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.graphql import OperationType

from gateway.graphql.errors import ShowErrors
from gateway.graphql.mutations.accounts import AccountMutations
from gateway.graphql.mutations.products import ProductMutations
from gateway.graphql.mutations.stores import StoreMutations
from gateway.graphql.operations import RememberParsed
from gateway.graphql.past import ClosePast
from gateway.graphql.queries.root import Query
from gateway.graphql.scalars import SCALARS
from gateway.graphql.subscriptions import Subscription

DEPTH_MAX = 14
"""Deepest nesting of a query; every connection takes three levels."""
ALIASES_MAX = 30
TOKENS_MAX = 4000
"""Longest query, in words and signs."""
REMEMBERED = 64
"""Queries whose parsing and validation is remembered, which is a fifth of answering one. The longest takes 2.4 MB."""

# One set for all operations: what is remembered of a query is remembered together with the rules it was held against.
_LIMITS = [*QueryDepthLimiter(DEPTH_MAX).validation_rules, *MaxAliasesLimiter(ALIASES_MAX).validation_rules]


@strawberry.type(description="What can be changed. Each answers userErrors when it was refused; then nothing changed.")
class Mutation(AccountMutations, StoreMutations, ProductMutations):
    pass


ANSWERED_ONCE = frozenset({OperationType.QUERY, OperationType.MUTATION})


class Schema(strawberry.Schema):
    """Our schema; errors are logged where they are given a number, once."""

    async def execute(self, *args: Any, **more: Any) -> ExecutionResult:
        """Run what has one answer. A subscription has many, which are streamed; run here it would break in the middle."""
        more["allowed_operation_types"] = ANSWERED_ONCE.intersection(more.get("allowed_operation_types", ANSWERED_ONCE))
        return await super().execute(*args, **more)

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Leave logging to ``gateway.graphql.errors``: what a client did wrong is no error of ours."""


@cache
def build_schema() -> Schema:
    """Return the schema with its limits."""
    return Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        config=StrawberryConfig(scalar_map=SCALARS),
        extensions=[
            # Made anew for every operation: extensions keep state of the operation they are in.
            ShowErrors,
            ClosePast,
            lambda: MaxTokensLimiter(TOKENS_MAX),
            lambda: AddValidationRules(_LIMITS),
            lambda: RememberParsed(REMEMBERED),
            lambda: ValidationCache(REMEMBERED),
        ],
    )


def sdl() -> str:
    """Return the schema in GraphQL's definition language, as ``schemas/schema.graphql`` holds it."""
    return build_schema().as_str().rstrip() + "\n"
