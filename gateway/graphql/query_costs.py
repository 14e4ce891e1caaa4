"""What operations cost, and each caller's budget for them, in the memory of the process."""

import math
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from graphql import GraphQLError, GraphQLSchema
from strawberry.extensions import SchemaExtension

from gateway.graphql.answer_size import AnswerMeter
from gateway.graphql.context import RequestContext
from gateway.graphql.documents import AdmittedDocument

CODE = "TOO_MANY_REQUESTS"
REMEMBERED_MOST = 100_000
"""The most callers that a process remembers. Above it, those with a whole budget are forgotten."""
KNOWN_MOST = 32
"""Costs that are kept for one text, by the numbers in its variables."""


PointsLeft = dict[Hashable, tuple[float, float]]
"""The points that a caller had left, and when."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """A budget: ``most`` points at once, then ``per_second``."""

    most: int
    per_second: int


PERSON = Allowance(1_000_000, 20_000)
"""The budget of a person who is logged in or sends an API key."""
NETWORK = Allowance(100_000, 2_000)
"""The budget of a network address, for requests without a valid credential."""


class Cost(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The member ``cost`` of an answer's extensions. A point is a field of the answer, estimated from the page sizes."""

    requested: int
    remaining: int
    budget: int
    restored_per_second: int


class QueryCosts:
    """Charges operations to their callers.

    Args:
        schema: determines the size of answers.
        now: seconds of a clock that never goes back.
    """

    def __init__(self, schema: GraphQLSchema, now: Callable[[], float] = time.monotonic) -> None:
        self._meter, self._now = AnswerMeter(schema), now

    def charge(
        self, admitted: AdmittedDocument, variables: Mapping[str, Any] | None, context: RequestContext
    ) -> Cost | None:
        """Charge an operation to its caller. Return its cost; None if nothing is limited.

        Raises:
            GraphQLError: the rest of the caller's budget is too small.
        """
        services = context.services
        if not services.deps.rate_factor:
            return None
        cost, owner = self.cost_of(admitted, variables or {}), context.merchant_or_none()
        allowance = NETWORK if owner is None else PERSON
        caller = owner or context.request_info.address
        return self._take(services.points_left, caller, cost, allowance, services.deps.rate_factor)

    def cost_of(self, admitted: AdmittedDocument, variables: Mapping[str, Any]) -> int:
        """Return what an operation costs."""
        known = admitted.costs
        key = tuple(sorted([(name, value) for name, value in variables.items() if type(value) is int]))
        cost = known.get(key)
        if cost is None:
            if len(known) >= KNOWN_MOST:
                known.clear()
            cost = known[key] = math.ceil(self._meter.measure(admitted.document, variables))
        return cost

    def _take(self, points: PointsLeft, caller: Hashable, cost: int, allowance: Allowance, factor: float) -> Cost:
        most, per_second, now = allowance.most * factor, allowance.per_second * factor, self._now()
        left, at = points.get(caller, (most, now))
        left = min(most, left + (now - at) * per_second)
        if cost > left:
            wait = math.ceil((cost - left) / per_second)
            raise GraphQLError(
                f"The operation costs {cost:,} points, and {left:,.0f} of your budget are left. Send it again in {wait} seconds.",
                extensions={"code": CODE, "retryAfter": wait},
            )
        if len(points) >= REMEMBERED_MOST and caller not in points:
            # Who was last charged that long ago has a whole budget again.
            whole = now - allowance.most / allowance.per_second
            for each in [each for each, (_, then) in points.items() if then <= whole]:
                del points[each]
        points[caller] = left - cost, now
        return Cost(requested=cost, remaining=int(left - cost), budget=int(most), restored_per_second=int(per_second))


class ReportCost(SchemaExtension):
    """Adds an operation's cost to the extensions of its answer."""

    def get_results(self) -> dict[str, Any]:
        cost: Cost | None = getattr(self.execution_context, "cost", None)
        return {} if cost is None else {"cost": msgspec.to_builtins(cost)}
