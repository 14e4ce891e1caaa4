"""The fields that a merchant's edit or a draft can set alone, the fingerprints by which values are compared, and revisions."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Annotated, ClassVar, TypeAlias, TypeVar

from pydantic import Field, JsonValue

from domain.kernel import DomainError, InvalidInput


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
    """The text of a collection or a category's page."""
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


Seen: TypeAlias = Annotated[str | None, Field(exclude_if=lambda seen: seen is None)]
"""The revision that an editor saw; None to overwrite any. Commands without it keep their digest."""
T = TypeVar("T")
SeenValue: TypeAlias = Annotated[T | None, Field(exclude_if=lambda seen: seen is None)]
"""The single value that an editor saw, such as a role; None to overwrite any. Commands without it keep their digest."""
Parts: TypeAlias = Mapping[str, str]
"""What an editor can change, by name such as ``DELIVERY_PROMISE``, each as a fingerprint."""

NOTHING = "NOTHING"
"""The revision of what does not exist yet, so that two editors do not both state it first."""
_REVISION = re.compile(NOTHING + r"|[A-Z_]+-[0-9a-f]{12}(\.[A-Z_]+-[0-9a-f]{12})*")


class ChangedMeanwhile(DomainError):
    """Somebody else changed what the editor wants to overwrite. Read it again, then decide which value counts."""

    code: ClassVar[str] = "CHANGED_MEANWHILE"

    def __init__(self, parts: Iterable[str], *, field: str = "expectedRevision") -> None:
        names = [part.lower().replace("_", " ") for part in parts]
        listed = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
        super().__init__(
            f"Somebody else changed the {listed} after you opened it. Nothing was saved. "
            "Read it again and compare, then save with what you read last."
        )
        self.field = field


def revision_of(parts: Parts) -> str:
    """Return the revision of things as an editor sees them: a text with a short digest of each part.

    ``NOTHING`` if there are no parts.
    """
    return ".".join(f"{name}-{digest[:12]}" for name, digest in parts.items()) or NOTHING


def refuse_overwriting(seen: str | None, present: Parts, changed: Iterable[str]) -> None:
    """Refuse an edit whose editor did not see what it would overwrite. Other parts may have changed.

    Args:
        seen: the revision that the editor saw; None to overwrite any.
        present: the parts as they are.
        changed: names of the parts that the edit sets.

    Raises:
        ChangedMeanwhile: names the parts that are no longer as the editor saw them.
        InvalidInput: the text is not a revision.
    """
    if seen is None:
        return
    if not _REVISION.fullmatch(seen):
        raise InvalidInput("expectedRevision", f"Invalid revision {seen[:40]!r}. Use the `revision` that you read.")
    known = {} if seen == NOTHING else dict(part.split("-") for part in seen.split("."))
    lost = [name for name in changed if known.get(name, "") != present.get(name, "")[:12]]
    if lost:
        raise ChangedMeanwhile(lost)


def refuse_overwriting_value(seen: T | None, present: T, part: str, *, field: str) -> None:
    """Refuse to overwrite a single value that its editor did not see.

    Args:
        seen: the value that the editor saw; None to overwrite any.
        present: the value as it is.
        part: what the value is, such as ``STOCK``.
        field: the field of ``seen`` in the API.

    Raises:
        ChangedMeanwhile: names the part and the field.
    """
    if seen is not None and seen != present:
        raise ChangedMeanwhile([part], field=field)
