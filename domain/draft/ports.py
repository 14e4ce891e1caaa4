"""Ports of the makers of drafts."""

from dataclasses import dataclass
from typing import Protocol

from pydantic import JsonValue

from domain.editing import EditField, FieldValues
from domain.kernel import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionBrief:
    """Texts of a store, and the merchant's wish for them. The wish is data: it changes no rule of the writer."""

    what: str
    """What the texts belong to, for a reader: ``product``, ``page``, ``brand``, ``collection``."""
    values: FieldValues
    """The live values of the fields that may change."""
    hint: str
    niche: str
    store_name: str
    tone: tuple[str, ...] = ()
    """How the brand speaks."""
    seed: str = ""


class RevisedField(Value):
    """A field with its new value."""

    field: EditField
    value: JsonValue


class Revision(Value):
    """Texts as a reviser would have them."""

    fields: list[RevisedField]
    """Empty if the wish was not understood."""
    note: str | None = None
    """For the merchant: what became of the wish."""
    written_by: str


class Reviser(Protocol):
    """Changes texts as a merchant wishes."""

    async def revise(self, brief: RevisionBrief) -> Revision:
        """Return the texts with the wish followed, as far as it can be.

        Raises:
            Transient: the reviser cannot be reached; retrying may help.
            CallRefused: it declined; retrying cannot help.
        """
        ...
