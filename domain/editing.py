"""The fields that a merchant's edit or a draft can set alone, and the fingerprints by which two values are compared."""

import hashlib
import json
from collections.abc import Mapping
from enum import StrEnum
from typing import TypeAlias

from pydantic import JsonValue


class EditField(StrEnum):
    """A part of a store that can be set alone."""

    NAME = "NAME"
    TAGLINE = "TAGLINE"
    STORY = "STORY"
    TONE = "TONE"
    COLORS = "COLORS"
    FONTS = "FONTS"
    LOGO = "LOGO"
    LOOK = "LOOK"
    """How a storefront is laid out."""
    TITLE = "TITLE"
    DESCRIPTION = "DESCRIPTION"
    """A product's description with its features, benefits and call to action, which belong together."""
    META = "META"
    """A product's title and description for search engines."""
    CONTENT = "CONTENT"
    """The text of a page."""
    TEXT = "TEXT"
    """The text of a collection."""
    PICTURE = "PICTURE"
    """What shoppers see of an image."""


WORDED = frozenset(
    {
        EditField.TAGLINE,
        EditField.STORY,
        EditField.TITLE,
        EditField.DESCRIPTION,
        EditField.META,
        EditField.CONTENT,
        EditField.TEXT,
    }
)
"""The fields that have sentences."""

FieldValues: TypeAlias = Mapping[EditField, JsonValue]
"""Values by field."""
Fingerprints: TypeAlias = Mapping[EditField, str]
"""Fingerprints by field."""


def fingerprint(value: JsonValue) -> str:
    """Return a digest of a value, 32 hexadecimal digits: equal for equal values, whatever the order of their keys."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def fingerprints(values: FieldValues) -> Fingerprints:
    """Return the fingerprint of each value."""
    return {field: fingerprint(value) for field, value in values.items()}
