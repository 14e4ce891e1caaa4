"""Webhooks of payment providers that cannot be used."""

from datetime import datetime
from typing import Self

import strawberry

from gateway.graphql.types.media import as_gid
from projections.sales.views import RejectedWebhookView


@strawberry.type(
    description="A payment provider's webhook that is signed but cannot be used. Look it up at the provider."
)
class RejectedWebhook:
    source: str
    external_id: str = strawberry.field(description="The provider's id for the webhook.")
    type: str = strawberry.field(description="The provider's name for the kind of webhook.")
    order_id: strawberry.ID | None = strawberry.field(
        description="The order id that the webhook names. The order may not exist."
    )
    reason: str
    at: datetime

    @classmethod
    def of(cls, view: RejectedWebhookView) -> Self:
        return cls(
            source=view.source,
            external_id=view.external_id,
            type=view.type,
            order_id=None if view.order_id is None else as_gid(view.order_id),
            reason=view.reason,
            at=view.at,
        )
