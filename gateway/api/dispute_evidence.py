"""Evidence of a dispute: read from the read models, sealed for the log."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from commands.disputes import EditDisputeEvidence, SubmitDisputeEvidence
from commands.ports import Receipt
from domain.kernel import InvalidInput
from domain.mail.events import MailKind
from domain.merchant.identity import open_identity
from domain.order.after_sale.dispute_events import EvidenceStatus
from domain.order.after_sale.state import RefundStatus
from domain.order.evidence.assembly import AcceptedPage, Moment, OrderFacts, SentParcel, SoldLine, assemble
from domain.order.evidence.fields import TEXT_MAX, EvidenceField, EvidenceGap, EvidenceSource, EvidenceText, gaps
from domain.privacy import PersonalData, Sealed
from domain.shipping.town_lines import address_lines
from domain.store.events import PageType
from domain.store.legal_text import ShopDetails, published
from domain.store.return_policy import ReturnPolicy
from domain.text import check_readable, clean_text
from gateway.api.command_request import CommandRequest
from gateway.api.evidence_files import keeper_of
from infra.web.countries import country_name
from projections.catalog import queries as catalog_queries
from projections.catalog.views import PageVersionView, StoreView
from projections.merchants import queries as merchants_queries
from projections.reading.paging import Reader
from projections.reading.scope import MerchantScope, Scope
from projections.sales import queries as sales_queries
from projections.sales.views import DisputeView, OrderMailView, OrderView, ReturnView

TO_SHOPPER: Mapping[MailKind, str] = {
    MailKind.ORDER_CONFIRMED: "A mail confirmed the order to the shopper.",
    MailKind.ORDER_SHIPPED: "A mail told the shopper that a parcel was sent.",
    MailKind.ORDER_CANCELLED: "A mail told the shopper that the order was cancelled.",
    MailKind.ORDER_REFUNDED: "A mail told the shopper about the refund.",
    MailKind.ORDER_SUBSTITUTED: "A mail told the shopper that other goods are sent instead.",
    MailKind.RETURN_REQUESTED: "A mail confirmed to the shopper that they asked for a return.",
    MailKind.RETURN_APPROVED: "A mail told the shopper where to send the return.",
    MailKind.RETURN_DECLINED: "A mail told the shopper that the return was declined, and why.",
    MailKind.RETURN_RECEIVED: "A mail told the shopper that the returned goods arrived.",
    MailKind.REPLACEMENT_SENT: "A mail told the shopper that a replacement was sent.",
    MailKind.WITHDRAWAL_RECEIVED: "A mail confirmed the withdrawal to the shopper.",
}
"""Mails that the shopper got, as the record names them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The evidence of a dispute: what was submitted, else what would be."""

    status: EvidenceStatus
    edition: int
    texts: Sequence[EvidenceText]
    gaps: Sequence[EvidenceGap]
    submitted_at: datetime | None
    refusal: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceReads:
    """The databases that evidence is read from."""

    now: Reader
    sold: Reader
    """The read models as of the order."""
    scope: Scope
    personal: PersonalData


async def evidence_of(dispute: DisputeView, order: OrderView, reads: EvidenceReads) -> Evidence:
    """Return a dispute's evidence. Submitted evidence is shown as it was sent."""
    texts: Sequence[EvidenceText]
    if dispute.evidence_status in {EvidenceStatus.SUBMITTED, EvidenceStatus.ACCEPTED}:
        sent = await _opened(dispute.evidence, reads.personal)
        own = await _opened(dispute.evidence_edits, reads.personal)
        texts = [
            EvidenceText(
                field=field, text=text, source=EvidenceSource.MERCHANT if own.get(field) == text else EvidenceSource.LOG
            )
            for field, text in sent.items()
        ]
    else:
        texts = assemble(await _facts(order, reads), await _opened(dispute.evidence_edits, reads.personal))
    return Evidence(
        status=dispute.evidence_status,
        edition=dispute.evidence_edition,
        texts=texts,
        gaps=gaps(dispute.reason, {each.field: each.text for each in texts}),
        submitted_at=dispute.evidence_at,
        refusal=dispute.evidence_refusal,
    )


async def edit_evidence(
    request: CommandRequest,
    order: OrderView,
    dispute_id: str,
    texts: Mapping[EvidenceField, str],
    *,
    seen: str | None = None,
) -> Receipt:
    """Keep the merchant's own texts. They replace earlier ones; a repeat of the request changes nothing.

    Raises:
        ChangedMeanwhile: the evidence was edited after the editor saw it.
        InvalidInput: a text is too long or has forbidden characters.
        NotFound, EvidenceClosed: see the command.
        RequestReused: the client sent another command under the same key.
    """
    deps = request.services.deps
    body = json.dumps({field: _checked(field, text) for field, text in texts.items()}, sort_keys=True)
    key = hashlib.blake2b(deps.secrets.current, digest_size=32, person=b"zyenta-evidence").digest()
    fingerprint = hashlib.blake2b(f"{dispute_id}\n{body}".encode(), key=key, digest_size=16).hexdigest()
    known = await request.repeated("fingerprint", fingerprint)
    if known is not None:
        return known
    command = EditDisputeEvidence(
        order_id=order.id,
        merchant_id=request.merchant_id,
        dispute_id=dispute_id,
        texts=await _seal(body, order, request.merchant_id, deps.personal),
        fingerprint=fingerprint,
        seen=seen,
    )
    return await request.send(command)


async def submit_evidence(
    request: CommandRequest, order: OrderView, dispute_id: str, evidence: Evidence | None
) -> Receipt:
    """Submit evidence as it was assembled. A repeat of the request changes nothing.

    Args:
        request: the merchant's request.
        order: the disputed order.
        dispute_id: the provider's id of the dispute.
        evidence: what was assembled; None if the read models do not show the dispute.

    Raises:
        NotFound, EvidenceClosed, EvidenceChanged: see the command.
        RequestReused: the client sent another command under the same key.
    """
    deps = request.services.deps
    known = await request.repeated("dispute_id", dispute_id)
    if known is not None:
        return known
    texts = () if evidence is None else evidence.texts
    body = json.dumps({each.field: each.text for each in texts})
    command = SubmitDisputeEvidence(
        order_id=order.id,
        merchant_id=request.merchant_id,
        dispute_id=dispute_id,
        evidence=await _seal(body, order, request.merchant_id, deps.personal),
        edition=0 if evidence is None else evidence.edition,
    )
    return await request.send(command)


async def _seal(body: str, order: OrderView, merchant_id: UUID, personal: PersonalData) -> Sealed:
    return await personal.seal(await keeper_of(order, merchant_id, personal), body)


def _checked(field: EvidenceField, text: str) -> str:
    path = f"texts.{field}"
    check_readable(path, text)
    cleaned = clean_text(text).strip()
    if len(cleaned) > TEXT_MAX:
        raise InvalidInput(path, f"{path} has {len(cleaned)} characters. Use at most {TEXT_MAX}.")
    return cleaned


async def _opened(sealed: Sealed | None, personal: PersonalData) -> Mapping[EvidenceField, str]:
    text = None if sealed is None else await personal.open(sealed)
    return {} if text is None else {EvidenceField(field): value for field, value in json.loads(text).items()}


def _address(parts: Mapping[str, str | None]) -> list[str]:
    country = parts.get("country") or ""
    return address_lines(
        (parts.get("line1"), parts.get("line2")),
        country=country,
        country_name=country_name(country),
        city=parts.get("city"),
        region=parts.get("region"),
        postcode=parts.get("postcode"),
    )


async def _facts(order: OrderView, reads: EvidenceReads) -> OrderFacts:
    name, email, address = await reads.personal.open_many(
        [order.shopper_name, order.shopper_email, order.shipping_address]
    )
    parts = {} if address is None else json.loads(address)
    store = await catalog_queries.store_by_id(reads.now, order.store_id, scope=reads.scope)
    mails = await sales_queries.mails_of_order(reads.now, order.id, scope=reads.scope)
    return OrderFacts(
        number=order.number,
        shop=order.store_name or _shop_name(store),
        placed_at=order.placed_at,
        total=order.total,
        lines=await _sold_lines(order, reads),
        shopper_name=name,
        shopper_email=email,
        address=_address(parts),
        pages=await _pages(order, store, reads),
        parcels=[
            SentParcel(
                number=each.number,
                carrier=each.carrier,
                tracking_number=each.tracking_number,
                sent_at=each.shipped_at,
            )
            for each in order.parcels
        ],
        delivered_on=order.delivered_on,
        moments=_moments(order, mails),
        refunded=[
            Moment(at=each.succeeded_at, what=f"{each.amount} was refunded.")
            for each in order.refunds
            if each.status is RefundStatus.SUCCEEDED and each.succeeded_at is not None
        ],
    )


def _shop_name(store: StoreView | None) -> str:
    if store is None:
        return "the shop"
    return store.slug or "the shop" if store.brand is None else store.brand.identity.name


async def _sold_lines(order: OrderView, reads: EvidenceReads) -> list[SoldLine]:
    products = await catalog_queries.products_by_ids(
        reads.sold, {line.product_id for line in order.lines}, scope=reads.scope
    )
    return [
        SoldLine(
            title=line.title,
            variant_title=line.variant_title,
            quantity=line.quantity,
            unit_price=line.unit_price,
            description=None if (product := products.get(line.product_id)) is None else product.description,
        )
        for line in order.lines
    ]


async def _pages(order: OrderView, store: StoreView | None, reads: EvidenceReads) -> list[AcceptedPage]:
    """Return the pages that the shopper accepted, with the business and the rules of the store filled in."""
    if store is None:
        return []
    details = await _details(store, order.placed_at, reads)
    versions: list[PageVersionView] = []
    for page in order.pages:
        versions += await catalog_queries.versions_of_page(
            reads.now, page.page_id, scope=reads.scope, numbers=[page.number]
        )
    return [
        AcceptedPage(
            title=version.title,
            number=version.number,
            written_at=version.written_at,
            content=published(version.content, details),
            is_refund_policy=version.type is PageType.REFUND_POLICY,
        )
        for version in versions
    ]


async def _details(store: StoreView, at: datetime, reads: EvidenceReads) -> ShopDetails:
    """Return what the store's pages said of the business at a time."""
    scope = MerchantScope(store.merchant_id)
    view = await merchants_queries.business_identity(reads.now, store.merchant_id, scope=scope, at=at)
    identity = None if view is None else await open_identity(view.identity, reads.personal)
    return ShopDetails(
        identity=identity,
        country_name=None if identity is None else country_name(identity.country),
        contact_email=store.contact_email,
        delivery_promise_days=store.delivery_promise_days,
        returns=store.returns or ReturnPolicy(),
    )


def _moments(order: OrderView, mails: Sequence[OrderMailView]) -> list[Moment]:
    moments = [Moment(at=mail.at, what=TO_SHOPPER[mail.kind]) for mail in mails if _reached_shopper(mail)]
    if order.paid_at is not None:
        moments.append(Moment(at=order.paid_at, what=f"The shopper paid {order.paid}."))
    for withdrawal in order.withdrawals:
        pieces = sum(line.quantity for line in withdrawal.lines)
        moments.append(Moment(at=withdrawal.at, what=f"The shopper withdrew from the contract for {pieces} pieces."))
    for each in order.returns:
        moments += _moments_of_return(each)
    return moments


def _moments_of_return(each: ReturnView) -> Iterator[Moment]:
    if each.withdrawal_number is None:
        yield Moment(at=each.requested_at, what=f"The shopper asked for return {each.number}.")
    if each.decided_at is not None and each.decline_reason is not None:
        yield Moment(at=each.decided_at, what=f"The shop declined return {each.number}: {each.decline_reason}")
    if each.received_at is not None:
        yield Moment(at=each.received_at, what=f"The shop had the goods of return {each.number}.")
    if each.replaced_at is not None:
        yield Moment(at=each.replaced_at, what=f"The shop sent a replacement for return {each.number}.")


def _reached_shopper(mail: OrderMailView) -> bool:
    return mail.kind in TO_SHOPPER and mail.refusal is None
