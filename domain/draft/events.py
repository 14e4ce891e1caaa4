"""Events of a draft."""

from enum import StrEnum
from uuid import UUID

from pydantic import JsonValue

from domain.editing import EditField
from domain.ids import derived
from domain.kernel import DomainEvent, Value


class TargetKind(StrEnum):
    """The things that a draft can change."""

    BRAND = "BRAND"
    PRODUCT = "PRODUCT"
    PAGE = "PAGE"
    COLLECTION = "COLLECTION"
    CATEGORY = "CATEGORY"
    """The page of a category."""
    IMAGE = "IMAGE"


def category_id(store_id: UUID, category: str) -> UUID:
    """Return the id of a category as a draft's target.

    Args:
        store_id: of the store.
        category: the category's own slug.
    """
    return derived(store_id, "category", category)


class DraftTarget(Value):
    """What a draft would change."""

    kind: TargetKind
    id: UUID
    """Of the store for a brand, from :func:`category_id` for a category, else of the thing itself."""
    category: str | None = None
    """The category's own slug; null for other targets."""

    def stream(self, store_id: UUID) -> UUID:
        """Return the stream whose events change the target."""
        return self.id if self.kind in {TargetKind.PRODUCT, TargetKind.IMAGE} else store_id


class FieldChange(Value):
    """A proposed value, beside the one that the draft's maker saw."""

    field: EditField
    base: JsonValue
    """The live value when the draft was made. If the live value is another now, the proposal is out of date."""
    proposed: JsonValue


class DraftRequested(DomainEvent, wire_name="draft.draft_requested.v1"):
    """A merchant asked for a proposal. Nothing that shoppers see changes."""

    store_id: UUID
    merchant_id: UUID
    target: DraftTarget
    fields: list[EditField] = []
    """The fields that may change; empty for all of the target."""
    hint: str | None = None
    """The merchant's wish in plain words, such as ``warmer``."""


class DraftProposed(DomainEvent, wire_name="draft.draft_proposed.v1"):
    """An agent proposed values. The merchant decides."""

    changes: list[FieldChange]
    """At least one; fields that stay as they are have none."""
    written_by: str
    """``house`` or a model's name."""
    call_id: UUID | None = None
    """The recorded call whose answer is the proposal; null if no outside service was asked."""
    cost_microdollars: int | None = 0
    """In millionths of a US dollar; null if it is not known."""
    note: str | None = None
    """For the merchant: what became of the hint, in a sentence."""


class DraftFailed(DomainEvent, wire_name="draft.draft_failed.v1"):
    """No proposal could be made."""

    reason: str
    """For the merchant: what went wrong, and what to do."""
    call_id: UUID | None = None
    """The recorded call that gave nothing usable; null if there was none."""
    cost_microdollars: int | None = 0
    """In millionths of a US dollar; null if it is not known."""


class FollowedField(Value):
    """A field that was changed by the acceptance of another one."""

    field: EditField
    fingerprint: str
    """Of its live value from now on, in hexadecimal digits."""


class DraftAccepted(DomainEvent, wire_name="draft.draft_accepted.v1"):
    """The merchant accepted some fields. The target's own events in the same commit changed them."""

    fields: list[EditField]
    target_version: int
    """The version of the target's stream after the change."""
    accepted_by: UUID
    """The person who accepted them: the store's owner, or somebody with a role in the store."""
    followed: list[FollowedField] = []
    """The draft's other fields whose live value this acceptance changed too, as a story follows a new name. They stay up to
    date."""


class DraftDropped(DomainEvent, wire_name="draft.draft_dropped.v1"):
    """The merchant dropped the draft, or what was left of it."""


DraftEvent = DraftRequested | DraftProposed | DraftFailed | DraftAccepted | DraftDropped
