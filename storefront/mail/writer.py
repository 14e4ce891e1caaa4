"""Writes a store's mails: text and HTML, in the store's colors and fonts, without remote content."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from urllib.parse import quote, urlsplit
from uuid import UUID

from domain.cart.link import CartLinkRequested
from domain.kernel import Clock, Transient
from domain.mail.aggregate import mail_id
from domain.mail.events import MailKind
from domain.mail.ports import Mail
from domain.merchant.identity import open_identity
from domain.order.after_sale.dispute_events import (
    DisputeClosed,
    DisputeDeadlineNear,
    DisputeEvent,
    DisputeOpened,
    DisputeStatus,
    DisputeStatusChanged,
)
from domain.order.after_sale.events import PaidOrderCancelled, ParcelShipped, RefundFailed, RefundSucceeded
from domain.order.after_sale.return_events import ReplacementSent, ReturnApproved, ReturnEvent, ReturnReceived
from domain.order.after_sale.return_state import ReturnKind
from domain.order.after_sale.sourcing_events import LineSubstituted, OrderHeld, SupplierOrderFailed
from domain.order.dispute_reasons import reason_in_words
from domain.order.events import OrderFulfilled, OrderPaid, PaymentUnmatched, WithdrawalReceived
from domain.order.withdrawal import PERIOD
from domain.privacy import PersonalData
from domain.shipping.town_lines import address_lines
from domain.store.domain_events import DomainFailed, DomainProofLost
from domain.store.domains import canonical_host
from domain.store.legal_text import ShopDetails
from domain.store.return_policy import ReturnPolicy
from infra.web.countries import country_name
from projections.catalog.views import StoreView
from projections.merchants.views import BusinessIdentityView, MerchantView
from projections.sales.views import DisputeView, OrderView
from schemas.envelope import Envelope
from storefront.mail.agreed_texts import PageVersions, agreed_texts
from storefront.mail.domain_facts import domain_facts
from storefront.mail.stock_notices import NOTICE_MAILS, NoticeMailQueries, notice_mail
from storefront.mail.templates import mail_templates
from storefront.mail.text_form import text_form
from storefront.rendering import formatting
from storefront.rendering.order_status import tracking_url
from storefront.rendering.returns import business_address, return_address
from storefront.rendering.theme import theme_of
from storefront.visit.order_links import OrderLinks
from storefront.visit.signing import Signers

TO_MERCHANT = frozenset(
    {
        MailKind.ORDER_SOLD,
        MailKind.WITHDRAWAL_TO_HANDLE,
        MailKind.DISPUTE_TO_ANSWER,
        MailKind.DISPUTE_DEADLINE,
        MailKind.DISPUTE_CLOSED,
        MailKind.REFUND_FAILED,
        MailKind.PAYMENT_UNMATCHED,
        MailKind.RETURN_TO_DECIDE,
        MailKind.DOMAIN_WARNED,
        MailKind.DOMAIN_FAILED,
        MailKind.ORDER_HELD,
        MailKind.SUPPLIER_ORDER_FAILED,
    }
)

ABOUT_DISPUTES = frozenset({MailKind.DISPUTE_TO_ANSWER, MailKind.DISPUTE_DEADLINE, MailKind.DISPUTE_CLOSED})
RETURN_SUBJECTS = {
    MailKind.RETURN_REQUESTED: "Your request to return goods of order {} arrived",
    MailKind.RETURN_APPROVED: "Your return of order {} is accepted",
    MailKind.RETURN_DECLINED: "Your return of order {} was declined",
    MailKind.RETURN_RECEIVED: "Your returned goods of order {} arrived",
    MailKind.REPLACEMENT_SENT: "New goods for order {} are on their way",
}

WITHDRAWAL_SUBJECTS = {
    MailKind.RETURN_APPROVED: "Your withdrawal from order {} is accepted",
    MailKind.RETURN_DECLINED: "Your withdrawal from order {} was declined",
}


INQUIRIES = frozenset({DisputeStatus.INQUIRY, DisputeStatus.INQUIRY_UNDER_REVIEW})


class MailQueries(NoticeMailQueries, PageVersions, Protocol):
    """What mails are written from."""

    async def store(self, store_id: UUID) -> StoreView | None: ...

    async def order(self, store_id: UUID, order_id: UUID) -> OrderView | None: ...

    async def dispute(self, order_id: UUID, dispute_id: str) -> DisputeView | None: ...

    async def merchant(self, merchant_id: UUID) -> MerchantView | None: ...

    async def business_identity(self, store: StoreView) -> BusinessIdentityView | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSources:
    """Ports and narrow values that mails are made of."""

    queries: MailQueries
    personal: PersonalData
    clock: Clock
    secrets: Sequence[bytes]
    """Sign order links; the storefront's own."""
    scheme: str
    public_domain: str
    """The domain below which every store has its slug: ``localhost:8080``."""
    dashboard_url: str
    """The address of the merchant's dashboard, without a slash at the end."""
    mail_domain: str
    """The right side of message ids."""
    sandbox: bool
    """Whether no real money moves; every mail then says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Content:
    """What a template shows."""

    recipient: str
    subject: str
    facts: dict[str, Any] = field(default_factory=dict)
    unsubscribe_url: str | None = None


class StoreMailWriter:
    """Implements :class:`consumers.policies.mail.MailWriter`.

    Addresses are opened here, when a mail is about to be sent, and a forgotten shopper's do not open.
    """

    def __init__(self, sources: MailSources) -> None:
        self._sources = sources
        self._templates = mail_templates()
        self._templates.filters.update(
            money=formatting.money,
            arrival=formatting.arrival_words,
            moment=formatting.moment_words,
            date=formatting.date_words,
            reason=reason_in_words,
        )

    async def write(self, kind: MailKind, envelope: Envelope) -> Mail | None:
        store = await self._sources.queries.store(envelope.tenant)
        if store is not None and store.brand is None and isinstance(envelope.event, DomainFailed):
            # A store without a brand has no look and no address that a mail could name.
            return None
        if store is None or store.brand is None:
            raise Transient("the catalog", "does not show the store yet")
        shop = await self._shop(store)
        if isinstance(envelope.event, CartLinkRequested):
            content = await self._cart_link(envelope.event, store)
        elif kind in NOTICE_MAILS:
            content = await self._stock_notice(kind, envelope, store)
        elif isinstance(envelope.event, DomainProofLost | DomainFailed):
            subject, facts = domain_facts(store.id, envelope.event)
            content = await self._to_merchant(store, shop, subject, **facts)
        else:
            content = await self._content(kind, envelope, store, shop)
        if content is None:
            return None
        name = kind.lower()
        shop_name = store.brand.identity.name
        order = content.facts.get("order")
        if order is not None and kind not in TO_MERCHANT:
            # Shoppers know the shop by the name that they ordered from.
            shop_name = order.store_name or shop_name
        context = {
            "store": store,
            "brand": store.brand.identity,
            "shop_name": shop_name,
            "theme": theme_of(store.brand.identity),
            "shop": shop,
            "origin": self._origin(store),
            "sandbox": self._sources.sandbox,
            "subject": content.subject,
            **content.facts,
        }
        return Mail(
            message_id=f"{mail_id(envelope.id, kind).hex}@{self._sources.mail_domain}",
            sender_name=shop_name,
            recipient=content.recipient,
            reply_to=None if kind in TO_MERCHANT else shop.email,
            unsubscribe_url=content.unsubscribe_url,
            subject=content.subject,
            text=text_form(self._templates.get_template(f"mail/{name}.txt").render(context)),
            html=self._templates.get_template(f"mail/{name}.html").render(context),
            at=envelope.recorded_at,
        )

    async def _content(
        self, kind: MailKind, envelope: Envelope, store: StoreView, shop: ShopDetails
    ) -> _Content | None:
        order = await self._order(store, envelope.event.originator_id)
        if isinstance(envelope.event, PaymentUnmatched):
            subject = f"{formatting.money(envelope.event.amount)} arrived that pays for no order"
            return await self._to_merchant(store, shop, subject, order=order, payment=envelope.event)
        if isinstance(envelope.event, ReturnEvent | OrderHeld | SupplierOrderFailed | LineSubstituted):
            return await self._about_change(kind, envelope.event, store, shop, order)
        if kind in ABOUT_DISPUTES and isinstance(envelope.event, DisputeEvent):
            return await self._about_dispute(envelope.event, store, shop, order)
        match kind:
            case MailKind.ORDER_CONFIRMED:
                subject = f"Your order {order.number} is confirmed"
                texts = await agreed_texts(order, shop, self._sources.queries)
                return await self._to_shopper(store, order, subject, texts=texts)
            case MailKind.ORDER_SHIPPED:
                assert isinstance(envelope.event, OrderFulfilled | ParcelShipped)
                return await self._shipped(envelope.event, store, order)
            case MailKind.ORDER_CANCELLED:
                assert isinstance(envelope.event, PaidOrderCancelled)
                reason = {"reason": envelope.event.reason}
                return await self._to_shopper(store, order, f"Your order {order.number} was cancelled", **reason)
            case MailKind.ORDER_SOLD:
                assert isinstance(envelope.event, OrderPaid)
                subject = f"Sold: order {order.number}, {formatting.money(order.total)}"
                return await self._to_merchant(store, shop, subject, order=order, event=envelope.event)
            case MailKind.ORDER_REFUNDED:
                assert isinstance(envelope.event, RefundSucceeded)
                return await self._refunded(envelope.event, store, order)
            case MailKind.REFUND_FAILED:
                assert isinstance(envelope.event, RefundFailed)
                subject = f"The refund of {formatting.money(envelope.event.amount)} of order {order.number} failed"
                return await self._to_merchant(store, shop, subject, order=order, failed=envelope.event)
            case _:
                return await self._withdrawal(kind, envelope, store, shop, order)

    async def _cart_link(self, event: CartLinkRequested, store: StoreView) -> _Content | None:
        email = await self._sources.personal.open(event.email)
        if email is None:
            return None
        signer = Signers(self._sources.secrets, store.id, self._sources.clock).cart_link
        url = f"{self._origin(store)}/cart/link/{signer.seal(event.cart_key.hex, at=event.occurred_at)}"
        return _Content(recipient=email, subject="Your cart on another device", facts={"cart_url": url})

    async def _stock_notice(self, kind: MailKind, envelope: Envelope, store: StoreView) -> _Content | None:
        mail = await notice_mail(
            kind,
            store,
            envelope.event.originator_id,
            queries=self._sources.queries,
            personal=self._sources.personal,
            signer=Signers(self._sources.secrets, store.id, self._sources.clock).stock_notice,
            origin=self._origin(store),
        )
        if mail is None:
            return None
        return _Content(
            recipient=mail.recipient, subject=mail.subject, facts=mail.facts, unsubscribe_url=mail.unsubscribe_url
        )

    async def _shipped(
        self, event: OrderFulfilled | ParcelShipped, store: StoreView, order: OrderView
    ) -> _Content | None:
        lines = {line.variant_id: line for line in order.lines}
        parcel = event.lines if isinstance(event, ParcelShipped) else ()
        goods = [(lines[line.variant_id], line.quantity) for line in parcel if line.variant_id in lines]
        number = event.number if isinstance(event, ParcelShipped) else 1
        if number > len(order.parcels) and isinstance(event, ParcelShipped):
            raise Transient("the sales", "do not show the parcel yet")
        sent = sum(line.quantity for each in order.parcels[:number] for line in each.lines)
        is_part = isinstance(event, ParcelShipped) and (number > 1 or sent < order.items)
        facts = {
            "carrier": event.carrier,
            "tracking_number": event.tracking_number,
            "tracking": tracking_url(event.carrier, event.tracking_number),
            "goods": goods if is_part else [],
            "parcel": number,
        }
        what = f"Parcel {number} of your order {order.number}" if is_part else f"Your order {order.number}"
        return await self._to_shopper(store, order, f"{what} is on its way", **facts)

    async def _about_dispute(
        self, event: DisputeEvent, store: StoreView, shop: ShopDetails, order: OrderView
    ) -> _Content | None:
        match event:
            case DisputeOpened() | DisputeStatusChanged():
                return await self._disputed(event, store, shop, order)
            case DisputeDeadlineNear():
                subject = f"Answer the dispute of order {order.number} by {formatting.moment_words(event.evidence_due)}"
                return await self._to_merchant(store, shop, subject, order=order, dispute=event)
            case DisputeClosed():
                return await self._decided(event, store, shop, order)
            case _:
                return None

    async def _disputed(
        self, event: DisputeOpened | DisputeStatusChanged, store: StoreView, shop: ShopDetails, order: OrderView
    ) -> _Content | None:
        dispute: DisputeOpened | DisputeView
        if isinstance(event, DisputeOpened):
            dispute = event
        else:
            view = await self._sources.queries.dispute(order.id, event.dispute_id)
            if view is None or view.status in INQUIRIES:
                raise Transient("the sales", "do not show the dispute yet")
            if view.status is not event.status:
                # It was answered or decided before this mail could go out.
                return None
            dispute = view
        subject = f"A bank disputes {formatting.money(dispute.amount)} of order {order.number}"
        return await self._to_merchant(store, shop, subject, order=order, dispute=dispute)

    async def _decided(
        self, event: DisputeClosed, store: StoreView, shop: ShopDetails, order: OrderView
    ) -> _Content | None:
        dispute = await self._sources.queries.dispute(order.id, event.dispute_id)
        if dispute is None or dispute.closed_at is None:
            raise Transient("the sales", "do not show the decision yet")
        amount = formatting.money(dispute.amount)
        subject = {
            DisputeStatus.WON: f"You won the dispute of {amount} of order {order.number}",
            DisputeStatus.LOST: f"You lost the dispute of {amount} of order {order.number}",
        }.get(event.status, f"The bank's question about order {order.number} is closed")
        return await self._to_merchant(store, shop, subject, order=order, dispute=dispute)

    async def _refunded(self, event: RefundSucceeded, store: StoreView, order: OrderView) -> _Content | None:
        refund = next((refund for refund in order.refunds if refund.id == event.refund_id), None)
        if refund is None:
            raise Transient("the sales", "do not show the refund yet")
        lines = {line.variant_id: line for line in order.lines}
        goods = [(lines[line.variant_id], line.quantity) for line in refund.lines if line.variant_id in lines]
        subject = f"{formatting.money(event.amount)} of order {order.number} is on its way back to you"
        return await self._to_shopper(store, order, subject, refund=refund, goods=goods)

    async def _about_change(
        self,
        kind: MailKind,
        event: ReturnEvent | OrderHeld | SupplierOrderFailed | LineSubstituted,
        store: StoreView,
        shop: ShopDetails,
        order: OrderView,
    ) -> _Content | None:
        """Return the content of a mail about a return, or about buying the order's goods."""
        match event:
            case OrderHeld():
                subject = f"Decide about order {order.number}: it is held"
                return await self._to_merchant(store, shop, subject, order=order, event=event)
            case SupplierOrderFailed():
                subject = f"Order {order.number} has no confirmed order at its supplier"
                supplier = event.provider.display_name
                return await self._to_merchant(store, shop, subject, order=order, event=event, supplier=supplier)
            case LineSubstituted():
                line = next(line for line in order.lines if line.variant_id == event.variant_id)
                return await self._to_shopper(
                    store, order, f"A change to your order {order.number}", event=event, line=line
                )
        facts = await self._return(event, order, shop)
        if kind is MailKind.RETURN_TO_DECIDE:
            subject = f"A shopper asks to return goods of order {order.number}"
            return await self._to_merchant(store, shop, subject, order=order, **facts)
        subjects = RETURN_SUBJECTS
        if facts["asked"].kind is ReturnKind.WITHDRAWAL:
            subjects = RETURN_SUBJECTS | WITHDRAWAL_SUBJECTS
        return await self._to_shopper(store, order, subjects[kind].format(order.number), **facts)

    async def _return(self, event: ReturnEvent, order: OrderView, shop: ShopDetails) -> dict[str, Any]:
        asked = next((each for each in order.returns if each.number == event.number), None)
        if asked is None:
            raise Transient("the sales", "do not show the return yet")
        pieces = event.lines if isinstance(event, ReturnReceived) else asked.lines
        lines = {line.variant_id: line for line in order.lines}
        facts: dict[str, Any] = {
            "asked": asked,
            "event": event,
            "goods": [(lines[line.variant_id], line.quantity) for line in pieces],
            "note": None if asked.note is None else await self._sources.personal.open(asked.note),
            "send_to": [],
            "tracking": None,
        }
        if isinstance(event, ReturnApproved):
            approved = replace(asked, address=event.address)
            facts["send_to"] = await return_address(approved, shop, self._sources.personal)
        elif isinstance(event, ReplacementSent):
            facts["tracking"] = tracking_url(event.carrier, event.tracking_number)
        return facts

    async def _withdrawal(
        self, kind: MailKind, envelope: Envelope, store: StoreView, shop: ShopDetails, order: OrderView
    ) -> _Content | None:
        event = envelope.event
        assert isinstance(event, WithdrawalReceived)
        lines = {line.variant_id: line for line in order.lines}
        facts: dict[str, Any] = {
            "order": order,
            "withdrawal": event,
            "goods": [(lines[line.variant_id], line.quantity) for line in event.lines],
            "send_to": business_address(shop),
            "pay_by": (event.occurred_at + PERIOD).date(),
        }
        if kind is MailKind.WITHDRAWAL_TO_HANDLE:
            return await self._to_merchant(store, shop, f"Withdrawal from order {order.number}", **facts)
        name, email = await self._sources.personal.open_many([event.name, event.email])
        if name is None or email is None:
            return None
        subject = f"We received your withdrawal from order {order.number}"
        return _Content(recipient=email, subject=subject, facts={**facts, "name": name, "email": email})

    async def _to_shopper(self, store: StoreView, order: OrderView, subject: str, **facts: Any) -> _Content | None:
        name, email, address = await self._sources.personal.open_many(
            [order.shopper_name, order.shopper_email, order.shipping_address]
        )
        if name is None or email is None or address is None:
            return None
        links = OrderLinks(Signers(self._sources.secrets, store.id, self._sources.clock).order_link)
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
            "name": name,
            "address": lines,
            "order_url": f"{self._origin(store)}/checkout/success/{link}",
            "withdraw_url": f"{self._origin(store)}/withdraw?order={link}",
        }
        return _Content(recipient=email, subject=subject, facts=facts)

    async def _to_merchant(self, store: StoreView, shop: ShopDetails, subject: str, **facts: Any) -> _Content | None:
        recipient = shop.email
        if recipient is None:
            merchant = await self._sources.queries.merchant(store.merchant_id)
            if merchant is None:
                raise Transient("the merchants", "do not show the owner yet")
            recipient = await self._sources.personal.open(merchant.email)
        if recipient is None:
            return None
        page = self._dashboard_page(store, facts.get("order"), facts.get("dispute"))
        return _Content(recipient=recipient, subject=subject, facts={**facts, "dashboard_page": page})

    def _dashboard_page(
        self,
        store: StoreView,
        order: OrderView | None,
        dispute: DisputeOpened | DisputeDeadlineNear | DisputeView | None,
    ) -> str:
        """Return the address of the page that a mail to the merchant is about."""
        page = f"{self._sources.dashboard_url}/stores/{store.id}"
        if order is None:
            return f"{page}/domain"
        page = f"{page}/orders/{order.id}"
        return page if dispute is None else f"{page}/disputes/{quote(dispute.dispute_id, safe='')}"

    async def _order(self, store: StoreView, order_id: UUID) -> OrderView:
        order = await self._sources.queries.order(store.id, order_id)
        if order is None:
            raise Transient("the sales", "do not show the order yet")
        return order

    async def _shop(self, store: StoreView) -> ShopDetails:
        view = await self._sources.queries.business_identity(store)
        identity = None if view is None else await open_identity(view.identity, self._sources.personal)
        return ShopDetails(
            identity=identity,
            country_name=None if identity is None else country_name(identity.country),
            contact_email=store.contact_email,
            delivery_promise_days=store.delivery_promise_days,
            returns=store.returns or ReturnPolicy(),
        )

    def _origin(self, store: StoreView) -> str:
        host = canonical_host(store.slug, store.custom_domain, platform=self._sources.public_domain)
        return f"{self._sources.scheme}://{host}"


def host_of(address: str) -> str:
    """Return the host of ``host:port``, for the right side of message ids."""
    return urlsplit(f"//{address}").hostname or "localhost"
