"""Events of a discount code. Each code of each store has one stream, which decides its last use."""

from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime

from domain.kernel import DomainEvent, Value
from domain.money import Money


class DiscountKind(StrEnum):
    """What a code takes off."""

    PERCENTAGE = "PERCENTAGE"
    """A share of the goods' price."""
    AMOUNT = "AMOUNT"
    """A fixed amount, at most the goods' price."""
    FREE_SHIPPING = "FREE_SHIPPING"
    """The price of the delivery."""


class DiscountTerms(Value):
    """What a code takes off, when, and how often."""

    kind: DiscountKind
    basis_points: int | None = None
    """The share of a percentage, 1,000 for 10 %; null for other kinds."""
    amount: Money | None = None
    """The fixed amount; null for other kinds."""
    starts_at: AwareDatetime | None = None
    """From when it counts; null for at once."""
    ends_at: AwareDatetime | None = None
    """From when it no longer counts; null for no end."""
    minimum: Money | None = None
    """The least price of all goods in the order; null for none."""
    most_uses: int | None = None
    """How many orders may use it; null for any number."""
    most_uses_per_shopper: int | None = None
    """How many orders of one e-mail address may use it; null for any number."""
    product_ids: list[UUID] = []
    """The products that it takes something off; empty for all."""


class DiscountCodeCreated(DomainEvent, wire_name="discount.discount_code_created.v1"):
    """The merchant created a discount code."""

    store_id: UUID
    code: str
    """In its normal form: capital letters and digits."""
    terms: DiscountTerms


class DiscountCodePaused(DomainEvent, wire_name="discount.discount_code_paused.v1"):
    """The code cannot be used for now. Orders that reserved a use keep it."""


class DiscountCodeResumed(DomainEvent, wire_name="discount.discount_code_resumed.v1"):
    """A paused code can be used again."""


class DiscountUseReserved(DomainEvent, wire_name="discount.discount_use_reserved.v1"):
    """An order that waits for its payment reserved a use."""

    order_id: UUID
    shopper: str | None = None
    """Random name of the shopper, which erasure cuts off from the person; null for a code without a limit per shopper.
    In older events a keyed digest of the e-mail address."""


class DiscountUseReleased(DomainEvent, wire_name="discount.discount_use_released.v1"):
    """The order was cancelled before payment, so another one may have its use."""

    order_id: UUID


class DiscountUsed(DomainEvent, wire_name="discount.discount_used.v1"):
    """The order was paid; its use counts."""

    order_id: UUID


DiscountEvent = (
    DiscountCodeCreated
    | DiscountCodePaused
    | DiscountCodeResumed
    | DiscountUseReserved
    | DiscountUseReleased
    | DiscountUsed
)
