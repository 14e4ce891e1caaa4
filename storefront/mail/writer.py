"""Writes a store's mails: text and HTML, in the store's colors and fonts, without remote content."""

from urllib.parse import urlsplit

from domain.cart.link import CartLinkRequested
from domain.kernel import DomainEvent, Transient
from domain.mail.aggregate import mail_id
from domain.mail.events import MailKind
from domain.mail.ports import Mail
from domain.merchant.identity import open_identity
from domain.order.after_sale.dispute_events import DisputeEvent
from domain.order.after_sale.return_events import ReturnEvent
from domain.order.dispute_reasons import reason_in_words
from domain.order.events import WithdrawalReceived
from domain.store.domain_events import DomainFailed, DomainProofLost
from domain.store.legal_text import ShopDetails
from domain.store.return_policy import ReturnPolicy
from infra.web.countries import country_name
from projections.catalog.views import StoreView
from schemas.envelope import Envelope
from storefront.mail.addressing import Content, StoreMails
from storefront.mail.dispute_mails import ABOUT_DISPUTES, dispute_mail
from storefront.mail.domain_facts import domain_facts
from storefront.mail.order_mails import order_mail
from storefront.mail.return_mails import return_mail, withdrawal_mail
from storefront.mail.sources import MailSources
from storefront.mail.stock_notices import NOTICE_MAILS, notice_mail
from storefront.mail.templates import mail_templates
from storefront.mail.text_form import text_form
from storefront.rendering import formatting
from storefront.rendering.theme import theme_of

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
        mails = StoreMails(sources=self._sources, store=store, shop=await self._shop(store))
        content = await _content(kind, envelope.event, mails)
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
            "shop": mails.shop,
            "origin": mails.origin,
            "sandbox": self._sources.sandbox,
            "subject": content.subject,
            **content.facts,
        }
        return Mail(
            message_id=f"{mail_id(envelope.id, kind).hex}@{self._sources.mail_domain}",
            sender_name=shop_name,
            recipient=content.recipient,
            reply_to=None if kind in TO_MERCHANT else mails.shop.email,
            unsubscribe_url=content.unsubscribe_url,
            subject=content.subject,
            text=text_form(self._templates.get_template(f"mail/{name}.txt").render(context)),
            html=self._templates.get_template(f"mail/{name}.html").render(context),
            at=envelope.recorded_at,
        )

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


async def _content(kind: MailKind, event: DomainEvent, mails: StoreMails) -> Content | None:
    if isinstance(event, CartLinkRequested):
        return await _cart_link(event, mails)
    if kind in NOTICE_MAILS:
        return await _stock_notice(kind, event, mails)
    if isinstance(event, DomainProofLost | DomainFailed):
        subject, facts = domain_facts(mails.store.id, event)
        return await mails.to_merchant(subject, **facts)
    order = await mails.order(event.originator_id)
    if isinstance(event, ReturnEvent):
        return await return_mail(kind, event, order, mails)
    if isinstance(event, WithdrawalReceived):
        return await withdrawal_mail(kind, event, order, mails)
    if kind in ABOUT_DISPUTES and isinstance(event, DisputeEvent):
        return await dispute_mail(event, order, mails)
    return await order_mail(event, kind, order, mails)


async def _cart_link(event: CartLinkRequested, mails: StoreMails) -> Content | None:
    email = await mails.sources.personal.open(event.email)
    if email is None:
        return None
    url = f"{mails.origin}/cart/link/{mails.signers.cart_link.seal(event.cart_key.hex, at=event.occurred_at)}"
    return Content(recipient=email, subject="Your cart on another device", facts={"cart_url": url})


async def _stock_notice(kind: MailKind, event: DomainEvent, mails: StoreMails) -> Content | None:
    mail = await notice_mail(
        kind,
        mails.store,
        event.originator_id,
        queries=mails.sources.queries,
        personal=mails.sources.personal,
        signer=mails.signers.stock_notice,
        origin=mails.origin,
    )
    if mail is None:
        return None
    return Content(
        recipient=mail.recipient, subject=mail.subject, facts=mail.facts, unsubscribe_url=mail.unsubscribe_url
    )


def host_of(address: str) -> str:
    """Return the host of ``host:port``, for the right side of message ids."""
    return urlsplit(f"//{address}").hostname or "localhost"
