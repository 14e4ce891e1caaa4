"""The recipients of a store's mails: the shopper of an order, or the merchant."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote
from uuid import UUID

from domain.kernel import Transient
from domain.order.after_sale.dispute_events import DisputeDeadlineNear, DisputeOpened
from domain.shipping.town_lines import address_lines
from domain.store.domains import canonical_host
from domain.store.legal_text import ShopDetails
from infra.web.countries import country_name
from projections.catalog.views import StoreView
from projections.sales.views import DisputeView, OrderView
from storefront.mail.sources import MailSources
from storefront.rendering.tax_words import TaxWords, tax_words
from storefront.visit.order_links import OrderLinks
from storefront.visit.signing import Signers


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a template shows."""

    recipient: str
    subject: str
    facts: dict[str, Any] = field(default_factory=dict)
    unsubscribe_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreMails:
    """The mails of one store: their recipients, and the links in them."""

    sources: MailSources
    store: StoreView
    shop: ShopDetails

    async def to_shopper(self, order: OrderView, subject: str, **facts: Any) -> Content | None:
        """Return a mail to the shopper of an order; None if the person is forgotten."""
        name, email, address = await self.sources.personal.open_many(
            [order.shopper_name, order.shopper_email, order.shipping_address]
        )
        if name is None or email is None or address is None:
            return None
        links = OrderLinks(self.signers.order_link)
        link = links.to(order.id, at=order.placed_at)
        parts = json.loads(address)
        country = parts.get("country") or ""
        lines = address_lines(
            (parts.get("line1"), parts.get("line2")),
            country=country,
            country_name=country_name(country),
            city=parts.get("city"),
            region=parts.get("region"),
            postcode=parts.get("postcode"),
        )
        facts |= {
            "order": order,
            "tax": self._tax_words(order, country or None),
            "name": name,
            "address": lines,
            "order_url": f"{self.origin}/checkout/success/{link}",
            "withdraw_url": f"{self.origin}/withdraw?order={link}",
        }
        return Content(recipient=email, subject=subject, facts=facts)

    async def to_merchant(self, subject: str, **facts: Any) -> Content | None:
        """Return a mail to the shop's address, or to its owner's; None if the owner is forgotten."""
        recipient = self.shop.email
        if recipient is None:
            merchant = await self.sources.queries.merchant(self.store.merchant_id)
            if merchant is None:
                raise Transient("the merchants", "do not show the owner yet")
            recipient = await self.sources.personal.open(merchant.email)
        if recipient is None:
            return None
        order = facts.get("order")
        if order is not None:
            facts["tax"] = self._tax_words(order, None)
        page = self._dashboard_page(order, facts.get("dispute"))
        return Content(recipient=recipient, subject=subject, facts={**facts, "dashboard_page": page})

    async def order(self, order_id: UUID) -> OrderView:
        """Return an order of the store.

        Raises:
            Transient: the read model does not show it yet.
        """
        order = await self.sources.queries.order(self.store.id, order_id)
        if order is None:
            raise Transient("the sales", "do not show the order yet")
        return order

    def _tax_words(self, order: OrderView, country: str | None) -> TaxWords:
        return tax_words(order.taxes, country=country, charges_vat=self.shop.charges_vat)

    @property
    def origin(self) -> str:
        """The address of the shop, without a slash at the end."""
        host = canonical_host(self.store.slug, self.store.custom_domain, platform=self.sources.public_domain)
        return f"{self.sources.scheme}://{host}"

    @property
    def signers(self) -> Signers:
        """What signs the links."""
        return Signers(self.sources.secrets, self.store.id, self.sources.clock)

    def _dashboard_page(
        self,
        order: OrderView | None,
        dispute: DisputeOpened | DisputeDeadlineNear | DisputeView | None,
    ) -> str:
        """Return the address of the page that a mail to the merchant is about."""
        page = f"{self.sources.dashboard_url}/stores/{self.store.id}"
        if order is None:
            return f"{page}/domain"
        page = f"{page}/orders/{order.id}"
        return page if dispute is None else f"{page}/disputes/{quote(dispute.dispute_id, safe='')}"
