"""Plans of queries: what a validated operation does, worked out once per document.

graphql-core decides for every value of every object what to do with it. A plan has decided that beforehand. Plain fields
are read column by column, for all objects of a list at once. Only fields with resolvers get a path, an info object and
a task. A plan carries answers without surprises, and failures of nullable fields with resolvers. Any other failure raises
:class:`Irregular`; the caller then runs the query with graphql-core, which reports it exactly.
"""

import inspect
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import starmap
from operator import attrgetter
from typing import Any, NamedTuple, Protocol

import msgspec
from graphql import FieldNode, GraphQLField, GraphQLNonNull, GraphQLObjectType
from graphql.pyutils import Path

from gateway.graphql.arguments import Arguments
from gateway.graphql.leaves import Irregular
from gateway.graphql.resolvers import Resolver
from projections.reading.moment import read_once

Read = Callable[[list[Any]], list[Any]]
"""Returns the completed values of many sources. Any exception makes the answer irregular."""


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
    """Whether it and everything below it are one SQL statement at most; see ``Resolver.unless`` for an exception."""

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
            result = _at_once(self._call(run, source, path, self._arguments(run)))
            answer[self.name] = self.complete(run, [result], [path])[0]
        except Irregular:
            raise
        except Exception as error:  # noqa: BLE001 - every failure of a resolver becomes an error of the answer
            run.fail(self, path, error)

    async def _resolve_later(self, run: Run, source: Any, answer: dict[str, Any], path: Path) -> None:
        try:
            arguments = self._arguments(run)
            if self.reads_once and run.is_alone and not self.resolver.unless(**arguments):
                read_once()
            result = await self._call(run, source, path, arguments)
            answer[self.name] = self.complete(run, [result], [path])[0]
        except Irregular:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            run.fail(self, path, error)

    def _arguments(self, run: Run) -> Mapping[str, Any]:
        arguments = None if self.arguments is None else self.arguments(run.values)
        return run.arguments(self) if arguments is None else arguments

    def _call(self, run: Run, source: Any, path: Path, arguments: Mapping[str, Any]) -> Any:
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
        if self.plain:
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
    except Irregular:
        raise
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


def _at_once(result: Any) -> Any:
    """Return a resolver's result. Raises Irregular if a plain function returned a coroutine."""
    if inspect.iscoroutine(result):
        result.close()
        raise Irregular
    return result
