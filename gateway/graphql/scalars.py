"""Scalars with readable error messages, in place of the library's parser errors."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from strawberry.exceptions import StrawberryInputCoercionError
from strawberry.schema.types.base_scalars import DateTimeDefinition, DecimalDefinition
from strawberry.types.scalar import ScalarDefinition

from gateway.api.validation import amount
from gateway.graphql.types.money import MINOR_UNITS, MinorUnits


def _time(value: object) -> Any:
    assert DateTimeDefinition.parse_value is not None
    try:
        return DateTimeDefinition.parse_value(value)
    except StrawberryInputCoercionError:
        shown = str(value)[:40]
        raise StrawberryInputCoercionError(
            f"Invalid time {shown!r}. Use ISO 8601, such as 2026-11-23T12:00:00Z."
        ) from None


def _decimal(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise StrawberryInputCoercionError(f"Invalid number {str(value)[:40]!r}. Use one such as 12.50.")
    return amount(str(value))


SCALARS: Mapping[object, ScalarDefinition] = {
    datetime: replace(DateTimeDefinition, parse_value=_time),
    MinorUnits: MINOR_UNITS,
    Decimal: replace(DecimalDefinition, parse_value=_decimal),
}
"""Replacements of the library's scalars, by Python type."""
