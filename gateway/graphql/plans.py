"""Plans of queries: what a validated operation does, worked out once per document.

graphql-core decides for every value of every object what to do with it. A plan has decided that beforehand. Plain fields
are read column by column, for all objects of a list at once. Only fields with resolvers get a path, an info object and
a task. A plan carries answers without surprises, and failures of nullable fields with resolvers. Any other failure raises
:class:`Irregular`; the caller then runs the query with graphql-core, which reports it exactly.
"""

import inspect
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice, starmap
from operator import attrgetter
from typing import Any, NamedTuple, Protocol

import msgspec
from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    is_leaf_type,
    is_object_type,
)
from graphql.pyutils import Path, UndefinedType

from gateway.graphql.arguments import Arguments, planned_arguments
from gateway.graphql.derived import Asked, Derived, Getter, each
from gateway.graphql.leaves import Irregular, leaf
from gateway.graphql.resolvers import Resolver, resolver_of
from projections.reading.columns import Only
from projections.reading.moment import read_once

Read = Callable[[list[Any]], list[Any]]
"""Returns the completed values of many sources. Any exception makes the answer irregular."""
FieldSet = dict[str, list[Any]]
"""graphql-core's grouped field set: the nodes of each response name."""


class NotPlannable(Exception):
    """A selection that plans do not carry: introspection, or a type that is known only at run time."""


class Run(Protocol):
    """One execution of a plan."""

    values: Mapping[str, Any]
    """The coerced variables."""

    @property
    def is_alone(self) -> bool:
        """Whether a single resolver is running, and no other waits."""
        ...

    def info(self, field: "ResolvedField", path: Path) -> Any:
        """Return the resolver's info object."""
        ...

    def arguments(self, field: "ResolvedField") -> Mapping[str, Any]:
        """Return the arguments of a field whose plan has none."""
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


Complete = Callable[[Run, list[Any], Sequence[Path | None]], list[Any]]
"""Returns the completed values of some results at their paths, and starts the resolvers below them."""


class _Completion(NamedTuple):
    """How values of a type are completed: by a plain read, or within a run."""

    read: Read | None
    complete: Complete
    rows: Read | None = None
    """Completes lists of rows instead of lists of objects; None if objects are needed."""
    awaits: bool = False
    """Whether there are resolvers below that are awaited."""


class PlainField(NamedTuple):
    """A field that is read without a resolver."""

    name: str
    """The response name."""
    read: Read
    of_row: bool = False
    """Whether ``read`` takes rows of the objects' views instead of the objects."""


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
    arguments: Arguments | None
    """Returns the arguments for the values of variables. None if graphql-core must convert them for every run."""
    complete: Complete
    awaits: bool
    """Whether there are resolvers below it that are awaited."""
    reads_once: bool
    """Whether it and everything below it are one SQL statement at most."""

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
            answer[self.name] = self.complete(run, [_at_once(self._call(run, source, path))], [path])[0]
        except Irregular:
            raise
        except Exception as error:  # noqa: BLE001 - every failure of a resolver becomes an error of the answer
            run.fail(self, path, error)

    async def _resolve_later(self, run: Run, source: Any, answer: dict[str, Any], path: Path) -> None:
        if self.reads_once and run.is_alone:
            read_once()
        try:
            answer[self.name] = self.complete(run, [await self._call(run, source, path)], [path])[0]
        except Irregular:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            run.fail(self, path, error)

    def _call(self, run: Run, source: Any, path: Path) -> Any:
        arguments = None if self.arguments is None else self.arguments(run.values)
        if arguments is None:
            arguments = run.arguments(self)
        info = run.info(self, path) if self.resolver.needs_info else None
        return self.resolver.call(source, info, arguments)


_row_of = attrgetter("view.record")


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectPlan:
    """A selection on one object type."""

    plain: tuple[PlainField, ...]
    resolved: tuple[ResolvedField, ...]
    order: tuple[str, ...]
    """All response names."""
    make: "RecordMaker"
    """Makes the answers of objects without resolvers."""

    @property
    def awaits(self) -> bool:
        """Whether it has resolvers that are awaited, at any depth."""
        return any(field_.resolver.is_async or field_.awaits for field_ in self.resolved)

    @property
    def needs_rows_only(self) -> bool:
        """Whether all fields are read from rows."""
        return bool(self.plain) and not self.resolved and all(field_.of_row for field_ in self.plain)

    def read(self, sources: list[Any]) -> list[Any]:
        """Return the answers for some objects without resolvers."""
        # Directives may leave a selection without fields.
        return self.make(self._columns(sources)) if self.plain else [{} for _ in sources]

    def read_rows(self, rows: list[Any]) -> list[Any]:
        """Return the answers for objects of some rows, if the plan needs no more of them."""
        return self.make(_columns(self.plain, rows, rows))

    def _columns(self, sources: list[Any]) -> list[list[Any]]:
        rows = list(map(_row_of, sources)) if any(field_.of_row for field_ in self.plain) else []
        return _columns(self.plain, sources, rows)

    def answers(self, run: Run, sources: list[Any], paths: Sequence[Path | None]) -> list[Any]:
        """Return the answers for some objects. Fields of pending resolvers are filled in later."""
        if not self.resolved:
            return self.read(sources)
        answers = [dict.fromkeys(self.order) for _ in sources]
        for field_, column in zip(self.plain, self._columns(sources), strict=True):
            for answer, value in zip(answers, column, strict=True):
                answer[field_.name] = value
        for source, answer, path in zip(sources, answers, paths, strict=True):
            for resolved in self.resolved:
                resolved.resolve(run, source, answer, path)
        return answers


def _columns(fields: Sequence[PlainField], sources: list[Any], rows: list[Any]) -> list[list[Any]]:
    """Return the completed values of each field, for all objects."""
    try:
        return [field_.read(rows if field_.of_row else sources) for field_ in fields]
    except Exception as error:
        raise Irregular from error


class RecordMaker:
    """Makes answers of columns. Answers of plans that are used again are structs, which JSON writers take as objects.

    A struct is made and written in a fraction of a dictionary's time, but its class takes some microseconds to make.
    """

    USES_OF_DICTIONARIES = 2

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._uses = 0
        self._struct: Callable[..., Any] | None = None

    def __call__(self, columns: list[list[Any]]) -> list[Any]:
        """Return one answer per row of the columns."""
        if self._struct is not None:
            return list(starmap(self._struct, zip(*columns, strict=True)))
        self._uses += 1
        if self._uses > self.USES_OF_DICTIONARIES:
            fields = {f"f{n}": name for n, name in enumerate(self._names)}
            self._struct = msgspec.defstruct("Answer", list(fields), rename=fields, gc=False)
        return [dict(zip(self._names, values, strict=True)) for values in zip(*columns, strict=True)]


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
        plain: list[PlainField] = []
        resolved: list[ResolvedField] = []
        for name, details in fields.items():
            self.fields += 1
            part = self._field(type, name, details)
            if isinstance(part, ResolvedField):
                resolved.append(part)
            else:
                plain.append(part)
        return ObjectPlan(
            plain=tuple(plain),
            resolved=tuple(resolved),
            order=tuple(fields),
            make=RecordMaker([part.name for part in plain]),
        )

    def _field(self, type: GraphQLObjectType, name: str, details: list[Any]) -> PlainField | ResolvedField:
        node: FieldNode = details[0].node
        if node.name.value == "__typename":
            type_name = type.name
            # Objects and rows are equally good: the names are counted only.
            of_row = _has_columns(type)
            return PlainField(name, lambda sources: [type_name] * len(sources), of_row)
        definition = type.fields.get(node.name.value)
        if definition is None or definition.resolve is None:
            raise NotPlannable(node.name.value)
        python_name = definition.extensions["strawberry-definition"].python_name
        is_plain = getattr(definition.resolve, "_is_default", False) and not definition.args
        owner = type.extensions["strawberry-definition"].origin
        getter = Getter(each(attrgetter(python_name)))
        if issubclass(owner, Derived):
            self._need(type.name, owner.needs(python_name, has_resolver=not is_plain))
            if is_plain:
                getter = owner.getter(python_name)
        completion = self._completion(definition.type, details)
        if is_plain and completion.read is not None:
            return PlainField(name, _from(getter, completion.read, completion.rows), getter.of_row)
        # A plain field whose objects have resolvers needs a path, so it counts as a resolver.
        resolver = Resolver(lambda source, _info, _arguments: getattr(source, python_name))
        if not is_plain:
            resolver = resolver_of(definition)
        return ResolvedField(
            name=name,
            definition=definition,
            parent=type,
            details=details,
            nodes=[detail.node for detail in details],
            resolver=resolver,
            arguments=planned_arguments(resolver, definition, node, self.variables, self.schema),
            complete=completion.complete,
            awaits=completion.awaits,
            reads_once=resolver.is_one_statement and not completion.awaits,
        )

    def _need(self, type_name: str, attributes: Only) -> None:
        known = self._asked.get(type_name, frozenset())
        self._asked[type_name] = None if known is None or attributes is None else known | attributes

    def _completion(self, type: GraphQLOutputType, details: list[Any]) -> _Completion:
        """Return the completion of a type's values."""
        nullable = not isinstance(type, GraphQLNonNull)
        inner: Any = type if nullable else type.of_type  # type: ignore[union-attr]
        if is_leaf_type(inner):
            serialize = leaf(inner, nullable=nullable)
            return _Completion(serialize, lambda _run, values, _paths: serialize(values))
        if isinstance(inner, GraphQLList):
            return _nullable(_list(self._completion(inner.of_type, details)), nullable=nullable)
        if is_object_type(inner) and inner.is_type_of is None:
            plan = self.plan(inner, self.collect(inner, details))
            completion = _Completion(
                None if plan.resolved else plan.read,
                plan.answers,
                plan.read_rows if plan.needs_rows_only else None,
                plan.awaits,
            )
            return _nullable(completion, nullable=nullable)
        raise NotPlannable(str(inner))


def _has_columns(type: GraphQLObjectType) -> bool:
    owner = type.extensions["strawberry-definition"].origin
    return issubclass(owner, Derived) and owner.columns is not None


def _from(getter: Getter, read: Read, read_rows: Read | None) -> Read:
    """Return a read that gets the values of sources first."""
    rows_of = getter.rows
    if rows_of is None or read_rows is None:
        return lambda sources: read(getter.values(sources))

    def read_through_rows(sources: list[Any]) -> list[Any]:
        rows = [rows_of(source) for source in sources]
        return read(getter.values(sources)) if None in rows else read_rows(rows)

    return read_through_rows


def _at_once(result: Any) -> Any:
    """Return a resolver's result. Raises Irregular if a plain function returned a coroutine."""
    if inspect.iscoroutine(result):
        result.close()
        raise Irregular
    return result


def _nullable(inner: _Completion, *, nullable: bool) -> _Completion:
    """Return a completion that answers null itself if the type is nullable, and else raises :class:`Irregular`."""
    plain, complete, rows, awaits = inner

    def read(values: list[Any]) -> list[Any]:
        if not _check_classes(values, nullable=nullable):
            return plain(values)  # type: ignore[misc]
        completed = iter(plain([value for value in values if value is not None]))  # type: ignore[misc]
        return [None if value is None else next(completed) for value in values]

    def complete_(run: Run, values: list[Any], paths: Sequence[Path | None]) -> list[Any]:
        if not _check_classes(values, nullable=nullable):
            return complete(run, values, paths)
        present = [(value, path) for value, path in zip(values, paths, strict=True) if value is not None]
        completed = iter(complete(run, [value for value, _ in present], [path for _, path in present]))
        return [None if value is None else next(completed) for value in values]

    return _Completion(None if plain is None else read, complete_, rows, awaits)


def _check_classes(values: list[Any], *, nullable: bool) -> bool:
    """Whether one of the values is None. Raises Irregular for an error, or for a None that is not allowed."""
    classes = set(map(type, values))
    has_null = type(None) in classes
    if (has_null and not nullable) or any(issubclass(each, _NO_VALUES) for each in classes):
        raise Irregular
    return has_null


_NO_VALUES = (Exception, UndefinedType)


def _list(item: _Completion) -> _Completion:
    plain, complete, rows, awaits = item

    def read(lists: list[Any]) -> list[list[Any]]:
        return _split(plain, lists)  # type: ignore[arg-type]

    def read_rows(lists: list[Any]) -> list[list[Any]]:
        return _split(rows, lists)  # type: ignore[arg-type]

    def complete_(run: Run, lists: list[Any], paths: Sequence[Path | None]) -> list[Any]:
        if plain is not None:
            return _split(plain, lists)
        items = [_items(each) for each in lists]
        places = [Path(path, n, None) for each, path in zip(items, paths, strict=True) for n in range(len(each))]
        return _parts(complete(run, list(chain.from_iterable(items)), places), items)

    return _Completion(None if plain is None else read, complete_, None if rows is None else read_rows, awaits)


def _split(read: Read, lists: list[Any]) -> list[list[Any]]:
    """Read the items of all lists at once, and return one list for each."""
    items = [_items(each) for each in lists]
    if len(items) == 1:
        return [read(items[0])]
    return _parts(read(list(chain.from_iterable(items))), items)


def _parts(completed: list[Any], items: list[list[Any]]) -> list[list[Any]]:
    """Return the completed values as one list for each list of items."""
    remaining = iter(completed)
    return [list(islice(remaining, len(each))) for each in items]


def _items(value: Any) -> list[Any]:
    if value.__class__ is list:
        return value
    if not isinstance(value, list | tuple):
        raise Irregular
    return list(value)
