"""Serializers of leaf values for plans: usual values all at once, any other value as graphql-core does it."""

import math
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from operator import attrgetter
from typing import Any

import msgspec
from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLString,
    Undefined,
)

Serialize = Callable[[list[Any]], list[Any]]
"""Returns the completed values of many plain values. Any exception makes the answer irregular."""
_One = Callable[[Any], Any]

_INT_MAX = 2**31


class Irregular(Exception):
    """An answer that graphql-core must judge."""

    def __init__(self, reason: str = "value") -> None:
        super().__init__(reason)
        self.reason = reason
        """``value`` for one of an unusual class, ``null`` where it is not allowed, or ``failure`` of such a field."""


def leaf(type: GraphQLLeafType, *, nullable: bool) -> Serialize:
    """Return a serializer of a leaf type.

    The classes of all values decide at once which way they take: most lists have values of one class.

    Args:
        type: the type.
        nullable: whether a value may be None.
    """
    unusual = _checked(type, nullable=nullable)
    if type is GraphQLString or type is GraphQLID:
        return _by_class({str: None}, unusual, nullable=nullable)
    if type is GraphQLBoolean:
        return _by_class({bool: None}, unusual, nullable=nullable)
    if type is GraphQLInt:
        return _checked_numbers(int, lambda values: -_INT_MAX <= min(values) <= max(values) < _INT_MAX, unusual)
    if type is GraphQLFloat:
        return _checked_numbers(float, lambda values: all(map(math.isfinite, values)), unusual)
    if isinstance(type, GraphQLEnumType):
        return _names(type, unusual, nullable=nullable)
    if type.name == "Decimal":
        return _by_class({str: None, Decimal: str}, unusual, nullable=nullable)
    if type.name == "DateTime":
        return _times(unusual, nullable=nullable)
    return lambda values: [unusual(value) for value in values]


def _checked(type: GraphQLLeafType, *, nullable: bool) -> _One:
    coerce = type.coerce_output_value

    def serialize(value: Any) -> Any:
        if value is None and nullable:
            return None
        if value is None:
            raise Irregular("null")
        if value is Undefined or isinstance(value, Exception):
            raise Irregular
        try:
            result = coerce(value)
        except Exception as error:
            raise Irregular from error
        if result is None or result is Undefined:
            raise Irregular
        return result

    return serialize


def _by_class(usual: dict[type, _One | None], unusual: _One, *, nullable: bool) -> Serialize:
    """Return a serializer of values whose class says how to write them: as they are, or by a function."""
    as_they_are = {each for each, write in usual.items() if write is None} | ({type(None)} if nullable else set())

    def serialize(values: list[Any]) -> list[Any]:
        classes = set(map(type, values))
        if classes <= as_they_are:
            return values
        if len(classes) == 1 and (write := usual.get(*classes)) is not None:
            return list(map(write, values))
        return [
            value
            if value.__class__ in as_they_are
            else write(value)
            if (write := usual.get(value.__class__)) is not None
            else unusual(value)
            for value in values
        ]

    return serialize


def _checked_numbers(usual: type, are_fine: Callable[[Iterable[Any]], bool], unusual: _One) -> Serialize:
    def serialize(values: list[Any]) -> list[Any]:
        if set(map(type, values)) == {usual} and are_fine(values):
            return values
        return [value if value.__class__ is usual and are_fine((value,)) else unusual(value) for value in values]

    return serialize


def _times(unusual: _One, *, nullable: bool) -> Serialize:
    one_by_one = _by_class({datetime: datetime.isoformat}, unusual, nullable=nullable)

    def serialize(values: list[Any]) -> list[Any]:
        if set(map(type, values)) == {datetime} and set(map(_zone_of, values)) == {UTC}:
            # msgspec writes a time ten times as fast, with "Z" for UTC.
            return _read_texts(_write(values).replace(b'Z"', b'+00:00"'))
        return one_by_one(values)

    return serialize


_zone_of = attrgetter("tzinfo")
_write = msgspec.json.Encoder().encode
_read_texts = msgspec.json.Decoder(list[str]).decode


def _names(type: GraphQLEnumType, unusual: _One, *, nullable: bool) -> Serialize:
    wrapped = getattr(type, "wrapped_cls", None)
    if not isinstance(wrapped, type_of_enums):
        return _by_class({}, unusual, nullable=nullable)
    by_value = {each.value: name for name, each in reversed(type.values.items())}
    names = {member: by_value[member.value] for member in wrapped if member.value in by_value}
    # Not by equality alone: a member of a text enum equals its text.
    return _by_class(
        {wrapped: lambda value: names[value] if value in names else unusual(value)}, unusual, nullable=nullable
    )


type_of_enums = type(Enum)
