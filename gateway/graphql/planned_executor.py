"""Runs queries by their plans, and everything else as graphql-core does."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from weakref import ReferenceType, WeakKeyDictionary, ref

import msgspec
from graphql import (
    DocumentNode,
    ExecutionResult,
    FragmentSpreadNode,
    GraphQLSchema,
    Location,
    OperationType,
    Source,
    VariableNode,
    get_argument_values,
    located_error,
)
from graphql.execution.collect_fields import collect_fields
from graphql.execution.executor import CollectedErrors
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from gateway.graphql.arguments import walk
from gateway.graphql.derived import Asked, asking
from gateway.graphql.leaves import Irregular
from gateway.graphql.planner import NotPlannable, Planner
from gateway.graphql.plans import ObjectPlan, ResolvedField
from gateway.graphql.quick_variables import QuickVariables

CACHED_FIELDS_MAX = 400
"""Fields of the largest plan that is kept. A field takes about 1 kB; larger plans are made for each run."""
PLANS_OF_TEXT_MAX = 4
"""Plans that are kept for one text. Operations and the variables of ``@include`` and ``@skip`` make different plans."""


@dataclass(frozen=True, slots=True)
class OperationPlan:
    """The plan of a query, and what its fields need."""

    root: ObjectPlan
    asked: Asked


_Work = Callable[[], Coroutine[Any, Any, None]]
_Conditions = tuple[object, ...]
"""The values of the variables of ``@include`` and ``@skip``."""


@dataclass(slots=True)
class PlanCounts:
    """How queries of a schema were run since the process started."""

    made: int = 0
    """Plans that were made; other runs used a kept one."""
    planned: int = 0
    unplannable: Counter[str] = field(default_factory=Counter)
    """Queries that graphql-core ran because no plan can carry them, by the reason of :class:`NotPlannable`."""
    irregular: Counter[str] = field(default_factory=Counter)
    """Queries that graphql-core repeated to report a failure exactly, by the reason of :class:`Irregular`."""


class _KnownOperation:
    """A query that was run before."""

    def __init__(self, executor: "PlannedExecutor") -> None:
        self.variables = QuickVariables(executor.schema, executor.operation.variable_definitions or ())
        self._conditions = tuple(sorted(_condition_variables(executor)))
        self.plans: dict[_Conditions, OperationPlan | NotPlannable] = {}

    def conditions(self, values: Mapping[str, Any]) -> _Conditions:
        return tuple([values.get(name) for name in self._conditions])


class PlansOfText:
    """The operations of one text, by the name that a request gives. A text has a bounded number of them."""

    def __init__(self) -> None:
        self.operations: dict[str | None, _KnownOperation] = {}

    def keep(self, operation: _KnownOperation, conditions: _Conditions, plan: OperationPlan | NotPlannable) -> None:
        if sum(len(each.plans) for each in self.operations.values()) >= PLANS_OF_TEXT_MAX:
            oldest = next(each for each in self.operations.values() if each.plans)
            oldest.plans.pop(next(iter(oldest.plans)))
        operation.plans[conditions] = plan


class PlanCache:
    """The plans of one schema. They live as long as somebody holds them, and are bounded by the cache of documents."""

    def __init__(self) -> None:
        self.counts = PlanCounts()
        # Weak on both sides: plans refer to nodes of the text, and would keep it.
        self._by_text: WeakKeyDictionary[Source, ReferenceType[PlansOfText]] = WeakKeyDictionary()

    def hold(self, document: DocumentNode) -> "PlansOfText":
        """Return the plans of a new document. They are forgotten once the caller forgets them."""
        plans = PlansOfText()
        if document.loc is not None:
            # An equal text that is still in memory must not stay the key.
            self._by_text.pop(document.loc.source, None)
            self._by_text[document.loc.source] = ref(plans)
        return plans

    def _held(self, location: Location | None) -> "PlansOfText | None":
        reference = None if location is None else self._by_text.get(location.source)
        return None if reference is None else reference()

    def plan(self, executor: "PlannedExecutor", name: str | None = None) -> OperationPlan | NotPlannable:
        """Return the plan of an executor's operation, or why plans cannot carry it.

        Args:
            executor: has the operation and its variables.
            name: the name that the request gives, if any.
        """
        known = self._held(executor.operation.loc)
        if known is None:
            return executor.make_plan()[0]
        operation = known.operations.get(name)
        if operation is None:
            operation = known.operations[name] = _KnownOperation(executor)
        conditions = operation.conditions(executor.variable_values.coerced)
        if conditions in operation.plans:
            return operation.plans[conditions]
        plan, fields = executor.make_plan()
        self.counts.made += 1
        if fields <= CACHED_FIELDS_MAX:
            known.keep(operation, conditions, plan)
        return plan

    def operation(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        plans: PlansOfText,
        name: str | None,
        variables: Any,
        context: object,
    ) -> Callable[[], Awaitable[ExecutionResult]] | None:
        """Return what runs an operation by its plan. None if graphql-core must run it, or reject its variables.

        Args:
            schema: the schema.
            document: the text's document.
            plans: its plans, from :meth:`hold`.
            name: the name that the request gives, if any.
            variables: the request's.
            context: the context of resolvers.
        """

        def build() -> Any:
            return PlannedExecutor.build(
                schema, document, context_value=context, raw_variable_values=variables, operation_name=name
            )

        operation = plans.operations.get(name)
        values = None if operation is None else operation.variables.coerce(variables)
        if operation is not None and values is not None:
            conditions = operation.conditions(values)
            if conditions in operation.plans:
                plan = operation.plans[conditions]
                if isinstance(plan, NotPlannable):
                    return None
                return partial(_run, plan, _Run(context, values, build), self.counts)
        executor = build()
        if not isinstance(executor, PlannedExecutor) or executor.operation.operation is not OperationType.QUERY:
            return None
        plan = self.plan(executor, name)
        return None if isinstance(plan, NotPlannable) else partial(_run, plan, _run_of(executor), self.counts)


_caches: WeakKeyDictionary[GraphQLSchema, PlanCache] = WeakKeyDictionary()


def plan_cache(schema: GraphQLSchema) -> PlanCache:
    """Return the plans of a schema."""
    cache = _caches.get(schema)
    if cache is None:
        cache = _caches[schema] = PlanCache()
    return cache


class PlannedExecutor(StrawberryGraphQLCoreExecutionContext):
    """graphql-core's executor, with plans for queries. The answers are the same."""

    def execute_operation(self, serially: bool | None = None) -> Any:  # noqa: FBT001 - as graphql-core calls it
        middleware = self.middleware_manager
        if self.operation.operation is not OperationType.QUERY or (middleware and middleware.middlewares):
            return super().execute_operation(serially)
        cache = plan_cache(self.schema)
        plan = cache.plan(self, self.operation.name.value if self.operation.name else None)
        if isinstance(plan, NotPlannable):
            cache.counts.unplannable[plan.reason] += 1
            return super().execute_operation(serially)
        return self._run(plan, cache.counts)

    async def _run(self, plan: OperationPlan, counts: PlanCounts) -> ExecutionResult:
        result = await _run(plan, _run_of(self), counts)
        # For callers that know no structs.
        return ExecutionResult(msgspec.to_builtins(result.data), result.errors)

    def make_plan(self) -> tuple[OperationPlan | NotPlannable, int]:
        """Return the operation's plan, or why there is none, and the number of its fields."""

        def collect(type: Any, details: list[Any]) -> Any:
            return self.collect_subfields(type, details)[0]

        planner = Planner(collect, self.variable_values, self.schema._strawberry_schema)  # type: ignore[attr-defined]  # noqa: SLF001
        root = self.schema.query_type
        assert root is not None
        fields = collect_fields(self.schema, self.fragments, self.variable_values, root, self.operation)[0]
        try:
            return OperationPlan(planner.plan(root, fields), planner.asked), planner.fields
        except NotPlannable as error:
            # Without the frames, which refer to the whole run.
            return NotPlannable(error.reason), 0
        except RecursionError:
            return NotPlannable("depth"), 0

    async def execute_without_plan(self) -> ExecutionResult:
        """Run the operation as graphql-core does."""
        self.collected_errors = CollectedErrors()
        result: Any = super().execute_operation()
        complete: ExecutionResult = await result if isinstance(result, Awaitable) else result
        return complete


async def _run(plan: OperationPlan, run: "_Run", counts: PlanCounts) -> ExecutionResult:
    """Run an operation by its plan."""
    try:
        with asking(plan.asked):
            data = await run.answer(plan.root)
    except (Irregular, ExceptionGroup) as failure:
        if isinstance(failure, ExceptionGroup) and failure.split(Irregular)[1] is not None:
            raise
        counts.irregular[_reason_of(failure)] += 1
        return await run.executor.execute_without_plan()
    counts.planned += 1
    return ExecutionResult(data, run.errors)


def _reason_of(failure: Irregular | ExceptionGroup[Any]) -> str:
    while isinstance(failure, ExceptionGroup):
        failure = failure.exceptions[0]
    return failure.reason


class _Info:
    """graphql-core's info, which is made only for a resolver that wants more than the context."""

    __slots__ = ("_field", "_path", "_run", "context")

    def __init__(self, run: "_Run", field: ResolvedField, path: Path) -> None:
        self.context = run.context
        self._run, self._field, self._path = run, field, path

    def __getattr__(self, name: str) -> Any:
        field = self._field
        info = self._run.executor.build_resolve_info(field.definition, field.nodes, field.parent, self._path)
        return getattr(info, name)


class _Run:
    """Implements :class:`gateway.graphql.plans.Run`: one execution.

    A task runs one resolver after the other: the first of those that became ready, while new tasks run the others. A query
    with one resolver per level therefore needs no task at all.

    Args:
        context: the context of resolvers.
        values: the coerced variables.
        build: returns graphql-core's executor of the same operation, which few runs need.
    """

    def __init__(self, context: object, values: Mapping[str, Any], build: Callable[[], PlannedExecutor]) -> None:
        self.context = context
        self.values = values
        self._build = build
        self._executor: PlannedExecutor | None = None
        self._ready: list[_Work] = []
        self._group: asyncio.TaskGroup | None = None

    @property
    def is_alone(self) -> bool:
        return self._group is None and not self._ready

    @property
    def executor(self) -> PlannedExecutor:
        if self._executor is None:
            self._executor = self._build()
        return self._executor

    @property
    def errors(self) -> Any:
        """The errors so far; None if there are none."""
        return None if self._executor is None else self._executor.collected_errors.errors or None

    async def answer(self, plan: ObjectPlan) -> dict[str, Any]:
        """Return the answer, once all resolvers are done.

        Raises:
            Irregular, ExceptionGroup: a resolver's answer is irregular. All other resolvers have been stopped.
        """
        answer: dict[str, Any] = plan.answers(self, [None], [None])[0]
        try:
            await self._work(await self._next())
        except BaseException as error:
            if self._group is not None:
                await self._group.__aexit__(type(error), error, error.__traceback__)
            raise
        if self._group is not None:
            await self._group.__aexit__(None, None, None)
        return answer

    async def _work(self, work: _Work | None) -> None:
        while work is not None:
            await work()
            work = await self._next()

    async def _next(self) -> _Work | None:
        """Return the first ready resolver, and give the others tasks of their own."""
        ready, self._ready = self._ready, []
        if len(ready) > 1:
            if self._group is None:
                self._group = await asyncio.TaskGroup().__aenter__()
            for each in ready[1:]:
                self._group.create_task(self._work(each))
        return ready[0] if ready else None

    def info(self, field: ResolvedField, path: Path) -> Any:
        return _Info(self, field, path)

    def arguments(self, field: ResolvedField) -> Any:
        first, executor = field.details[0], self.executor
        values = get_argument_values(
            field.definition, first.node, executor.variable_values, first.fragment_variable_values
        )
        return field.resolver.convert(values, executor.schema._strawberry_schema)  # type: ignore[attr-defined]  # noqa: SLF001

    def start(self, work: _Work) -> None:
        self._ready.append(work)

    def fail(self, field: ResolvedField, path: Path, error: Exception) -> None:
        if not field.is_nullable:
            raise Irregular("failure") from error
        self.executor.collected_errors.add(located_error(error, field.nodes, path.as_list()), path)


def _run_of(executor: PlannedExecutor) -> _Run:
    return _Run(executor.context_value, executor.variable_values.coerced, lambda: executor)


def _condition_variables(executor: PlannedExecutor) -> Iterator[str]:
    """Yield the variables that decide which fields an operation has."""
    pending: list[Any] = [executor.operation, *executor.fragment_definitions.values()]
    while pending:
        selection_set = pending.pop().selection_set
        for selection in selection_set.selections if selection_set is not None else ():
            for directive in selection.directives or ():
                yield from (part.name.value for part in walk(directive) if isinstance(part, VariableNode))
            if not isinstance(selection, FragmentSpreadNode):
                pending.append(selection)
