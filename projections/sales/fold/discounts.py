"""How events of discount codes change the rows of the sales read model."""

from uuid import UUID

from domain.discount.events import (
    DiscountCodeCreated,
    DiscountCodePaused,
    DiscountCodeResumed,
    DiscountUsed,
    DiscountUseReleased,
    DiscountUseReserved,
)
from projections.engine.tables import Folds, as_json
from projections.sales.rows import SalesRows
from projections.sales.tables.offers import DiscountRow

DISCOUNT_FOLDS: Folds[SalesRows] = Folds()


@DISCOUNT_FOLDS.on(DiscountCodeCreated)
def discount_code_created(rows: SalesRows, event: DiscountCodeCreated, _: UUID) -> None:
    rows.discounts[event.originator_id] = DiscountRow(
        id=event.originator_id,
        store_id=event.store_id,
        code=event.code,
        terms=as_json(event.terms),
        paused=False,
        reserved=0,
        used=0,
        created_at=event.occurred_at,
        updated_at=event.occurred_at,
    )


@DISCOUNT_FOLDS.on(DiscountCodePaused, discounts="originator_id")
def discount_code_paused(rows: SalesRows, event: DiscountCodePaused, _: UUID) -> None:
    discount = rows.discounts[event.originator_id]
    discount.paused, discount.updated_at = True, event.occurred_at


@DISCOUNT_FOLDS.on(DiscountCodeResumed, discounts="originator_id")
def discount_code_resumed(rows: SalesRows, event: DiscountCodeResumed, _: UUID) -> None:
    discount = rows.discounts[event.originator_id]
    discount.paused, discount.updated_at = False, event.occurred_at


@DISCOUNT_FOLDS.on(DiscountUseReserved, discounts="originator_id")
def discount_use_reserved(rows: SalesRows, event: DiscountUseReserved, _: UUID) -> None:
    discount = rows.discounts[event.originator_id]
    discount.reserved, discount.updated_at = discount.reserved + 1, event.occurred_at


@DISCOUNT_FOLDS.on(DiscountUseReleased, discounts="originator_id")
def discount_use_released(rows: SalesRows, event: DiscountUseReleased, _: UUID) -> None:
    discount = rows.discounts[event.originator_id]
    discount.reserved, discount.updated_at = discount.reserved - 1, event.occurred_at


@DISCOUNT_FOLDS.on(DiscountUsed, discounts="originator_id")
def discount_used(rows: SalesRows, event: DiscountUsed, _: UUID) -> None:
    discount = rows.discounts[event.originator_id]
    discount.reserved, discount.used, discount.updated_at = discount.reserved - 1, discount.used + 1, event.occurred_at
