"""What lists are filtered by: one input object for each list. What they are sorted by is in :mod:`.sorts`.

``statuses`` always stands for the statuses of the list's entries.
"""

from collections.abc import Sequence

import strawberry

from domain.draft.aggregate import DraftStatus
from domain.generation.events import JobStatus
from domain.kernel import InvalidInput
from domain.media.events import MediaType
from domain.order.after_sale.dispute_events import DisputeStatus
from domain.order.events import OrderStatus
from domain.payout.aggregate import PayoutStatus
from domain.product.events import ProductStatus
from domain.store.events import StoreStatus
from projections.catalog.views import ImageState

ANY = "Null or empty for any."
REPLACED = strawberry.argument(deprecation_reason="Use filter.")


@strawberry.input(description="Which stores a list has.")
class StoreFilter:
    statuses: list[StoreStatus] | None = strawberry.field(default=None, description=ANY)


@strawberry.input(description="Which products a list has: those that fit everything that is set.")
class ProductFilter:
    statuses: list[ProductStatus] | None = strawberry.field(default=None, description=ANY)
    category: str | None = strawberry.field(default=None, description="The category's name.")
    search: str | None = strawberry.field(default=None, description="Words to search for; see `products`.")


@strawberry.input(description="Which media files a list has: those that fit everything that is set.")
class MediaFilter:
    types: list[MediaType] | None = strawberry.field(default=None, description=ANY)
    statuses: list[ImageState] | None = strawberry.field(
        default=None, description="Null for those that the studio has finished."
    )


@strawberry.input(description="Which orders a list has: those that fit everything that is set.")
class OrderFilter:
    statuses: list[OrderStatus] | None = strawberry.field(default=None, description=ANY)
    withdrawn: bool | None = strawberry.field(
        default=None, description="With a withdrawal, or without one. Null for any."
    )
    needs_attention: bool = strawberry.field(default=False, description="Only orders that wait for your decision.")
    to_ship: bool = strawberry.field(
        default=False,
        description="Only orders whose standing is PAID or PARTLY_SENT. One that was given back as a whole is not among them.",
    )
    refund_owed: bool = strawberry.field(
        default=False,
        description="Only orders that owe the shopper money that is not on its way back; see `refundDue`.",
    )
    refunds_overdue: bool = strawberry.field(
        default=False,
        description="Only orders with a refund of which the payment provider has not said for five days how it ended.",
    )
    number: str | None = strawberry.field(
        default=None, description="Only orders with this number, in any case and with or without `ZY-`."
    )


@strawberry.input(description="Which discount codes a list has.")
class DiscountFilter:
    paused: bool | None = strawberry.field(default=None, description="Paused, or in use. Null for any.")


@strawberry.input(description="Which disputes a list has.")
class DisputeFilter:
    statuses: list[DisputeStatus] | None = strawberry.field(default=None, description=ANY)


@strawberry.input(description="Which payouts a list has.")
class PayoutFilter:
    statuses: list[PayoutStatus] | None = strawberry.field(default=None, description=ANY)


@strawberry.input(description="Which categories a list has.")
class CategoryFilter:
    product_statuses: list[ProductStatus] | None = strawberry.field(
        default=None, description="Categories of products in these statuses, which are counted. " + ANY
    )


@strawberry.input(description="Which drafts a list has.")
class DraftFilter:
    statuses: list[DraftStatus] | None = strawberry.field(default=None, description=ANY)


@strawberry.input(description="Which events a store's history has.")
class StoreEventFilter:
    subject_kinds: list[str] | None = strawberry.field(
        default=None, description="What they are about: `store`, `product`, `media`, `order`, ... " + ANY
    )
    highlights: bool = strawberry.field(
        default=False,
        description="Leave out bookkeeping, such as reservations of stock beside an order, and all but the newest of "
        "several reports of progress in a row.",
    )


@strawberry.input(description="Which generations a list has: those that fit everything that is set.")
class GenerationFilter:
    statuses: list[JobStatus] | None = strawberry.field(default=None, description=ANY)
    store_id: strawberry.ID | None = strawberry.field(default=None, description="Only those of one store.")


def check_replaced(given: object, replaced: Sequence[object]) -> None:
    """Check that a list is not filtered in the old way and the new way at once.

    Args:
        given: the filter; None if the list has none.
        replaced: the arguments that the filter replaces, each as false as its default.

    Raises:
        InvalidInput: there are both.
    """
    if given is not None and any(replaced):
        raise InvalidInput("filter", "filter replaces the other arguments. Use filter only.")
