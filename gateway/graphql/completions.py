"""Completions: how the values of a type become a part of an answer, for all values of a list at once."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain, islice
from typing import Any, NamedTuple

from graphql.pyutils import Path, UndefinedType

from gateway.graphql.leaves import Irregular
from gateway.graphql.plans import Complete, Read, Run


class Completion(NamedTuple):
    """How values of a type are completed: by a plain read, or within a run."""

    read: Read | None
    complete: Complete
    rows: Read | None = None
    """Completes lists of rows instead of lists of objects; None if objects are needed."""
    awaits: bool = False
    """Whether there are resolvers below that are awaited."""


def nullable_completion(inner: Completion, *, nullable: bool) -> Completion:
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

    return Completion(None if plain is None else read, complete_, rows, awaits)


def _check_classes(values: list[Any], *, nullable: bool) -> bool:
    """Whether one of the values is None. Raises Irregular for an error, or for a None that is not allowed."""
    classes = set(map(type, values))
    has_null = type(None) in classes
    if has_null and not nullable:
        raise Irregular("null")
    if any(map(_has_no_values, classes)):
        raise Irregular
    return has_null


@lru_cache(maxsize=1024)
def _has_no_values(each: type) -> bool:
    return issubclass(each, Exception | UndefinedType)


def list_completion(item: Completion) -> Completion:
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

    return Completion(None if plain is None else read, complete_, None if rows is None else read_rows, awaits)


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
    if isinstance(value, list):
        return value
    if not isinstance(value, tuple):
        raise Irregular
    return list(value)
