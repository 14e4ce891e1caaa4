"""Serializers of leaf values for plans: the usual values at once, all others as graphql-core does it."""

import math
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

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

Read = Callable[[Any], Any]
"""Returns the completed value of something plain. Any exception makes the answer irregular."""

_INT_MAX = 2**31


class Irregular(Exception):
    """An answer that graphql-core must judge, such as null for a field that is not nullable."""


def leaf(type: GraphQLLeafType, get: Read | None, *, nullable: bool) -> Read:
    """Return a serializer of a leaf type.

    Args:
        type: the type.
        get: returns the value of a source; None if the source is the value.
        nullable: whether the value may be None.
    """
    other = _checked(type, nullable=nullable)
    if type is GraphQLString or type is GraphQLID:
        return _of_class(str, get, other)
    if type is GraphQLBoolean:
        return _of_class(bool, get, other)
    if type is GraphQLInt:
        return _in_range(get, other)
    if type is GraphQLFloat:
        return _finite(get, other)
    if isinstance(type, GraphQLEnumType):
        return _named(type, get, other)
    if type.name == "Decimal":
        return _decimal(get, other)
    if type.name == "DateTime":
        return _time(get, other)
    return other if get is None else lambda source: other(get(source))


def _checked(type: GraphQLLeafType, *, nullable: bool) -> Read:
    coerce = type.coerce_output_value

    def read(value: Any) -> Any:
        if value is None and nullable:
            return None
        if value is None or value is Undefined or isinstance(value, Exception):
            raise Irregular
        try:
            result = coerce(value)
        except Exception as error:
            raise Irregular from error
        if result is None or result is Undefined:
            raise Irregular
        return result

    return read


def _of_class(usual: type, get: Read | None, other: Read) -> Read:
    def read_value(value: Any) -> Any:
        return value if value.__class__ is usual else other(value)

    def read(source: Any) -> Any:
        value = get(source)  # type: ignore[misc]
        return value if value.__class__ is usual else other(value)

    return read_value if get is None else read


def _in_range(get: Read | None, other: Read) -> Read:
    def read(source: Any) -> Any:
        value = source if get is None else get(source)
        return value if value.__class__ is int and -_INT_MAX <= value < _INT_MAX else other(value)

    return read


def _finite(get: Read | None, other: Read) -> Read:
    def read(source: Any) -> Any:
        value = source if get is None else get(source)
        return value if value.__class__ is float and math.isfinite(value) else other(value)

    return read


def _named(type: GraphQLEnumType, get: Read | None, other: Read) -> Read:
    wrapped = getattr(type, "wrapped_cls", None)
    names: dict[Any, str] = {}
    if isinstance(wrapped, type_of_enums):
        by_value = {each.value: name for name, each in reversed(type.values.items())}
        names = {member: by_value[member.value] for member in wrapped if member.value in by_value}

    def read(source: Any) -> Any:
        value = source if get is None else get(source)
        # Not by equality alone: a member of a text enum equals its text.
        return names[value] if value.__class__ is wrapped and value in names else other(value)

    return read


type_of_enums = type(Enum)


def _decimal(get: Read | None, other: Read) -> Read:
    def read(source: Any) -> Any:
        value = source if get is None else get(source)
        return str(value) if value.__class__ is Decimal else value if value.__class__ is str else other(value)

    return read


def _time(get: Read | None, other: Read) -> Read:
    def read(source: Any) -> Any:
        value = source if get is None else get(source)
        return value.isoformat() if value.__class__ is datetime else other(value)

    return read
