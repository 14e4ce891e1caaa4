"""Plans of queries: what a validated operation does, worked out once per document.

graphql-core decides for every value of every object what to do with it. A plan has decided that beforehand: plain
fields are attribute reads with a bound serializer, and only fields with resolvers get a path, an info object and a task.
A plan carries answers without surprises, and failures of nullable fields with resolvers. Any other failure raises
:class:`Irregular`; the caller then runs the query with graphql-core, which reports it exactly.
"""

import inspect
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple, Protocol

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    Node,
    Undefined,
    VariableNode,
    get_argument_values,
    is_leaf_type,
    is_object_type,
)
from graphql.pyutils import Path

from gateway.graphql.derived import Asked, Derived
from gateway.graphql.leaves import Irregular, Read, leaf
from gateway.graphql.resolvers import Resolver, resolver_of
from projections.reading.columns import Only

FieldSet = dict[str, list[Any]]
"""graphql-core's grouped field set: the nodes of each response name."""


class NotPlannable(Exception):
    """A selection that plans do not carry: introspection, or a type that is known only at run time."""


class Run(Protocol):
    """One execution of a plan."""

    def info(self, field: "ResolvedField", path: Path) -> Any:
        """Return the resolver's info object."""
        ...

    def arguments(self, field: "ResolvedField") -> dict[str, Any]:
        """Return arguments that contain variables."""
        ...

    def start(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run a resolver beside the others."""
        ...

    def fail(self, field: "ResolvedField", path: Path, error: Exception) -> None:
        """Report the failure of a field.

        Raises:
            Irregular: the field is not nullable.
        """
        ...


Complete = Callable[[Run, Any, Path], Any]
"""Returns the completed value of a resolver's result, whose own resolvers it starts."""


class _Completion(NamedTuple):
    """How values of a type are completed: by a plain read, or within a run."""

    read: Read | None
    complete: Complete


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedField:
    """A field with a resolver, or with objects that have resolvers."""

    name: str
    """The response name."""
    definition: GraphQLField
    parent: GraphQLObjectType
    details: Sequence[Any]
    nodes: list[FieldNode]
    resolver: Resolver
    arguments: Mapping[str, Any] | None
    """The resolver's arguments. None if they contain variables."""
    complete: Complete

    @property
    def is_nullable(self) -> bool:
        return not isinstance(self.definition.type, GraphQLNonNull)

    def resolve(self, run: Run, source: Any, answer: dict[str, Any], above: Path | None) -> None:
        """Put the field's value into an answer, at once or when its resolver is done."""
        path = Path(above, self.name, self.parent.name)
        answer[self.name] = None
        if self.resolver.is_async:
            run.start(partial(self._resolve_later, run, source, answer, path))
            return
        try:
            answer[self.name] = self.complete(run, _at_once(self._call(run, source, path)), path)
        except Irregular:
            raise
        except Exception as error:  # noqa: BLE001 - every failure of a resolver becomes an error of the answer
            run.fail(self, path, error)

    async def _resolve_later(self, run: Run, source: Any, answer: dict[str, Any], path: Path) -> None:
        try:
            answer[self.name] = self.complete(run, await self._call(run, source, path), path)
        except Irregular:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            run.fail(self, path, error)

    def _call(self, run: Run, source: Any, path: Path) -> Any:
        arguments = self.arguments if self.arguments is not None else run.arguments(self)
        info = run.info(self, path) if self.resolver.needs_info else None
        return self.resolver.call(source, info, arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectPlan:
    """A selection on one object type."""

    plain: tuple[tuple[str, Read], ...]
    resolved: tuple[ResolvedField, ...]
    order: tuple[str, ...]
    """All response names."""

    def read(self, source: Any) -> dict[str, Any]:
        """Return the answer for an object without resolvers."""
        try:
            return {name: read(source) for name, read in self.plain}
        except Exception as error:
            raise Irregular from error

    def answer(self, run: Run, source: Any, path: Path | None) -> dict[str, Any]:
        """Return the answer for an object. Fields of pending resolvers are filled in later."""
        if not self.resolved:
            return self.read(source)
        answer = dict.fromkeys(self.order)
        answer.update(self.read(source))
        for field_ in self.resolved:
            field_.resolve(run, source, answer, path)
        return answer


@dataclass(slots=True)
class Planner:
    """Makes the plan of one operation.

    Args:
        collect: graphql-core's collection of the fields below a field, with fragments and directives applied.
        variables: the coerced variables, for ``arguments`` without variables.
        schema: strawberry's schema, which knows how arguments are converted.
    """

    collect: Callable[[GraphQLObjectType, list[Any]], FieldSet]
    variables: Any
    schema: Any
    fields: int = field(default=0, init=False)
    """Number of planned fields, a measure of the plan's memory."""
    _asked: dict[str, Only] = field(default_factory=dict, init=False)

    @property
    def asked(self) -> Asked:
        """The attributes of views that the planned selections need."""
        return self._asked

    def plan(self, type: GraphQLObjectType, fields: FieldSet) -> ObjectPlan:
        """Return the plan of a selection.

        Raises:
            NotPlannable: graphql-core must run the query.
        """
        plain: list[tuple[str, Read]] = []
        resolved: list[ResolvedField] = []
        for name, details in fields.items():
            self.fields += 1
            part = self._field(type, name, details)
            if isinstance(part, ResolvedField):
                resolved.append(part)
            else:
                plain.append((name, part))
        return ObjectPlan(plain=tuple(plain), resolved=tuple(resolved), order=tuple(fields))

    def _field(self, type: GraphQLObjectType, name: str, details: list[Any]) -> Read | ResolvedField:
        node: FieldNode = details[0].node
        if node.name.value == "__typename":
            type_name = type.name
            return lambda _source: type_name
        definition = type.fields.get(node.name.value)
        if definition is None or definition.resolve is None:
            raise NotPlannable(node.name.value)
        python_name = definition.extensions["strawberry-definition"].python_name
        is_plain = getattr(definition.resolve, "_is_default", False) and not definition.args
        get = attrgetter(python_name)
        owner = type.extensions["strawberry-definition"].origin
        if issubclass(owner, Derived):
            self._need(type.name, owner.needs(python_name, has_resolver=not is_plain))
            if is_plain:
                get = owner.getter(python_name)
        completion = self._completion(definition.type, details, get if is_plain else None)
        if is_plain and completion.read is not None:
            return completion.read
        # A plain field whose objects have resolvers needs a path, so it counts as a resolver.
        resolver = Resolver(lambda source, _info, _arguments: get(source)) if is_plain else resolver_of(definition)
        return ResolvedField(
            name=name,
            definition=definition,
            parent=type,
            details=details,
            nodes=[detail.node for detail in details],
            resolver=resolver,
            arguments=self._constants(resolver, definition, node),
            complete=completion.complete,
        )

    def _constants(self, resolver: Resolver, definition: GraphQLField, node: FieldNode) -> Mapping[str, Any] | None:
        """Return arguments that every run has. None if there are variables, or if each run must report an error."""
        if any(_has_variable(argument) for argument in node.arguments or ()):
            return None
        try:
            return resolver.convert(get_argument_values(definition, node, self.variables), self.schema)
        except Exception:  # noqa: BLE001 - the resolver's run raises it again
            return None

    def _need(self, type_name: str, attributes: Only) -> None:
        known = self._asked.get(type_name, frozenset())
        self._asked[type_name] = None if known is None or attributes is None else known | attributes

    def _completion(self, type: GraphQLOutputType, details: list[Any], get: Read | None = None) -> _Completion:
        """Return the completion of a type's values.

        Args:
            type: the type.
            details: the field's nodes.
            get: returns the value of a source; None if the source is the value. Used by ``read`` alone.
        """
        nullable = not isinstance(type, GraphQLNonNull)
        inner: Any = type if nullable else type.of_type  # type: ignore[union-attr]
        if is_leaf_type(inner):
            read = leaf(inner, get, nullable=nullable)
            return _Completion(read, lambda _run, value, _path: read(value))
        rule = _optional if nullable else _required
        if isinstance(inner, GraphQLList):
            return _of(rule, _list(self._completion(inner.of_type, details)), get)
        if is_object_type(inner) and inner.is_type_of is None:
            plan = self.plan(inner, self.collect(inner, details))
            return _of(rule, _Completion(None if plan.resolved else plan.read, plan.answer), get)
        raise NotPlannable(str(inner))


def _at_once(result: Any) -> Any:
    """Return a resolver's result. Raises Irregular if a plain function returned a coroutine."""
    if inspect.iscoroutine(result):
        result.close()
        raise Irregular
    return result


def _has_variable(node: Node) -> bool:
    return any(isinstance(each, VariableNode) for each in walk(node))


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all nodes below it."""
    yield node
    for key in node.keys:
        below = getattr(node, key)
        for each in below if isinstance(below, tuple | list) else (below,):
            if isinstance(each, Node):
                yield from walk(each)


def _of(rule: Callable[[Any], bool], inner: _Completion, get: Read | None) -> _Completion:
    """Return a completion that answers null itself, or raises :class:`Irregular` if the rule says so."""
    plain, complete = inner

    def read(source: Any) -> Any:
        value = source if get is None else get(source)
        return None if rule(value) else plain(value)  # type: ignore[misc]

    def complete_(run: Run, value: Any, path: Path) -> Any:
        return None if rule(value) else complete(run, value, path)

    return _Completion(None if plain is None else read, complete_)


def _required(value: Any) -> bool:
    if value is None or value is Undefined or isinstance(value, Exception):
        raise Irregular
    return False


def _optional(value: Any) -> bool:
    if value is Undefined or isinstance(value, Exception):
        raise Irregular
    return value is None


def _list(item: _Completion) -> _Completion:
    plain, complete = item

    def read(value: Any) -> list[Any]:
        return [plain(each) for each in _items(value)]  # type: ignore[misc]

    def complete_(run: Run, value: Any, path: Path) -> list[Any]:
        if plain is not None:
            return [plain(each) for each in _items(value)]
        return [complete(run, each, path.add_key(place, None)) for place, each in enumerate(_items(value))]

    return _Completion(None if plain is None else read, complete_)


def _items(value: Any) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        raise Irregular
    return value
