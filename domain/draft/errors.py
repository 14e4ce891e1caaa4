"""Refusals of a draft."""

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

from domain.editing import EditField
from domain.kernel import DomainError


class DraftNotOpen(DomainError):
    """The draft has no proposal that waits for a decision."""

    code: ClassVar[str] = "DRAFT_NOT_OPEN"

    def __init__(self, draft_id: UUID, status: str) -> None:
        what_to_do = "Wait until it is made." if status == "REQUESTED" else "Ask for a new draft."
        super().__init__(f"Draft {draft_id} is {status}. {what_to_do}")
        self.status = status


class DraftOutOfDate(DomainError):
    """Some fields were changed after the draft was made. The draft never replaces newer work."""

    code: ClassVar[str] = "DRAFT_OUT_OF_DATE"
    field = "fields"

    def __init__(self, fields: Sequence[EditField], current: Sequence[EditField]) -> None:
        names = ", ".join(fields)
        rest = f"Accept the others by name ({', '.join(current)}), or ask" if current else "Ask"
        super().__init__(f"fields {names} changed after the draft was made. {rest} for a new draft.")
        self.fields = tuple(fields)


class TooManyDrafts(DomainError):
    """The store has as many drafts that wait as it may have."""

    code: ClassVar[str] = "TOO_MANY_DRAFTS"

    def __init__(self, waiting: int, most: int, *, asked: int) -> None:
        super().__init__(
            f"{waiting} drafts of the store wait, and this asks for {asked} more; {most} is the most. Accept or drop some "
            "(acceptDraft, dropDraft)."
        )
