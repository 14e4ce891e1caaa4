"""The legal texts that an order was placed under, in full, for the mail that confirms it (ADR 0096)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from domain.order.evidence.plain_text import plain_text
from domain.store.events import PageType
from domain.store.legal_text import ShopDetails, published
from projections.catalog.views import PageVersionView
from projections.sales.views import OrderView

NAMES = {PageType.TERMS_OF_SERVICE: "Terms of service", PageType.REFUND_POLICY: "Refund policy"}
"""The texts that a shopper must be able to keep. The privacy policy does not belong to the contract."""


class PageVersions(Protocol):
    """Finds versions of a store's pages."""

    async def page_version(self, store_id: UUID, page_id: UUID, number: int) -> PageVersionView | None: ...


@dataclass(frozen=True, slots=True)
class AgreedText:
    """A text of the contract."""

    name: str
    number: int
    """Its version."""
    body: str
    """Plain text."""


async def agreed_texts(order: OrderView, shop: ShopDetails, versions: PageVersions) -> Sequence[AgreedText]:
    """Return the texts that an order was placed under, filled in as shoppers saw them; empty for older orders."""
    found: list[AgreedText] = []
    for reference in order.pages:
        name = NAMES.get(reference.type)
        version = name and await versions.page_version(order.store_id, reference.page_id, reference.number)
        if name and version:
            body = plain_text(published(version.content, shop)).strip()
            found.append(AgreedText(name, reference.number, body))
    return found
