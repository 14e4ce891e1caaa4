"""Types whose plain fields are read from a view when a client asks for them, and the columns that this needs.

A plan says which fields an operation asks for (:func:`asked_for`). Queries then read only the columns of these fields.
Without a plan, everything is read.
"""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, ClassVar, TypeVar

from projections.reading.columns import Only, ViewColumns

D = TypeVar("D", bound="Derived")

Asked = Mapping[str, Only]
"""The attributes of views that an operation needs, by the name of the GraphQL type."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a field's value comes from."""

    get: Callable[[Any], Any]
    """Returns the value for an object."""
    needs: Only
    """Attributes of the object's view."""
    attribute: str | None = None
    """The attribute that the value is or is converted from."""
    convert: Callable[[Any], Any] | None = None
    of_rows: Callable[[list[Any]], list[Any]] | None = None
    """Returns the same values from many rows, if there is a faster way."""
    rows: Callable[[Any], list[Any] | None] | None = None
    """Returns the rows of a list of objects for an object. None if they were not read from rows."""


@dataclass(frozen=True, slots=True)
class Getter:
    """How a plain field is read from many objects."""

    values: Callable[[list[Any]], list[Any]]
    """Returns the value of each object, or of each row of their views."""
    of_row: bool = False
    """Whether ``values`` takes rows."""
    column: str | None = None
    """The column whose values are returned as they are; of an identifier or an enumeration, the one that is converted."""
    is_converted: bool = False
    """Whether ``values`` converts what the column has."""
    members: Mapping[Any, Any] | None = None
    """The members of the enumeration, by what the column has."""
    rows: Callable[[Any], list[Any] | None] | None = None
    """See :attr:`Source.rows`."""


def each(get: Callable[[Any], Any], convert: Callable[[Any], Any] | None = None) -> Callable[[list[Any]], list[Any]]:
    """Return a function that gets a value of each source, and converts those that are not None."""
    if convert is None:
        return lambda sources: list(map(get, sources))
    return lambda sources: [None if value is None else convert(value) for value in map(get, sources)]


def of_view(name: str, convert: Callable[[Any], Any] | None = None) -> Source:
    """Return the source of a field that is one attribute of the view. A converted None stays None."""
    get = attrgetter(f"view.{name}")
    if convert is None:
        return Source(get, frozenset({name}), name)

    def read(one: Any) -> Any:
        value = get(one)
        return None if value is None else convert(value)

    return Source(read, frozenset({name}), name, convert)


def derived(get: Callable[[Any], Any], *needs: str) -> Source:
    """Return the source of a field that is computed from an object's view.

    Args:
        get: returns the value.
        needs: the attributes of the view that ``get`` or a resolver reads.
    """
    return Source(get, frozenset(needs))


def resolved(*needs: str) -> Source:
    """Return the source of a field with a resolver that reads these attributes of the view."""
    return derived(_no_value, *needs)


def _no_value(_one: object) -> None:
    raise AssertionError("a resolver returns this field's value")


class Derived:
    """Base of types whose plain fields are derived from ``view``, an attribute of every object.

    A field without an entry in ``sources`` is the view's attribute of the same name, and a resolver without one needs the
    whole view.
    """

    sources: ClassVar[Mapping[str, Source]] = {}
    columns: ClassVar[ViewColumns[Any] | None] = None
    """How attributes of the view are read from rows. None if the view is not read from rows."""
    view: Any
    reading: Any

    def __getattr__(self, name: str) -> Any:
        # Called only for names that are not set: those of plain fields.
        if name in {"view", "reading"} or name not in type(self).__annotations__:
            raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}")
        return self.source(name).get(self)

    @classmethod
    def source(cls, name: str) -> Source:
        """Return the source of a plain field."""
        return cls.sources.get(name) or of_view(name)

    @classmethod
    def getter(cls, name: str) -> Getter:
        """Return how a plain field is read from many objects: straight from their rows if possible."""
        source = cls.source(name)
        if source.of_rows is not None:
            return Getter(source.of_rows, of_row=True)
        if cls.columns is None or source.attribute is None:
            return Getter(each(source.get), rows=source.rows)
        attribute = cls.columns.attributes[source.attribute]
        get = each(attribute.read, source.convert)
        if source.convert is None and attribute.read_all is not None:
            get = attribute.read_all
        members = attribute.members if source.convert is None else None
        is_plain = source.convert is None and attribute.is_plain
        if members is None and not is_plain and (source.convert is not str or attribute.columns != (source.attribute,)):
            return Getter(get, of_row=True)
        (name,) = attribute.columns
        return Getter(get, of_row=True, column=name, is_converted=not is_plain, members=members)

    @classmethod
    def needs(cls, name: str, *, has_resolver: bool) -> Only:
        """Return the attributes of the view that a field needs."""
        known = cls.sources.get(name)
        if known is not None:
            return known.needs
        return None if has_resolver else frozenset({name})


def made(cls: type[D], view: object, reading: object = None) -> D:
    """Return an object of a view. Its plain fields are derived from the view when they are read."""
    one = object.__new__(cls)
    one.view = view
    one.reading = reading
    return one


_asked: ContextVar[Asked] = ContextVar("asked", default={})  # noqa: B039 - nothing changes it


class asking:  # noqa: N801 - used like a function, and a generator would take four times as long
    """Declares what the current operation asks for."""

    __slots__ = ("_asked", "_token")

    def __init__(self, asked: Asked) -> None:
        self._asked = asked

    def __enter__(self) -> None:
        self._token = _asked.set(self._asked)

    def __exit__(self, *_failure: object) -> None:
        _asked.reset(self._token)


def asked_for(type_name: str) -> Only:
    """Return the attributes that the current operation needs of a type's views. None if it may need all."""
    return _asked.get().get(type_name)
