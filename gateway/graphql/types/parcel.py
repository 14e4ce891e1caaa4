"""Parcels of an order."""

from datetime import datetime
from typing import Self

import strawberry

from domain.editing import revision_of
from domain.order.fulfillment import parcel_parts
from gateway.graphql.types.media import as_gid
from projections.sales.views import ParcelView


@strawberry.type(description="Pieces of one line in a parcel.")
class ParcelLine:
    variant_id: strawberry.ID
    quantity: int


@strawberry.type(description="Pieces of an order that a carrier has.")
class Parcel:
    number: int = strawberry.field(description="1 for the order's first parcel.")
    lines: list[ParcelLine]
    carrier: str | None
    tracking_number: str | None
    revision: str = strawberry.field(description="What an editor saw: send it as `expectedRevision` with a correction.")
    shipped_at: datetime

    @classmethod
    def of(cls, view: ParcelView) -> Self:
        return cls(
            number=view.number,
            lines=[ParcelLine(variant_id=as_gid(line.variant_id), quantity=line.quantity) for line in view.lines],
            carrier=view.carrier,
            tracking_number=view.tracking_number,
            revision=revision_of(parcel_parts(view.carrier, view.tracking_number)),
            shipped_at=view.shipped_at,
        )
