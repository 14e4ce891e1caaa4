"""The two mails of a stock notice: confirm the address, and the variant is back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from domain.kernel import Transient
from domain.mail.events import MailKind
from domain.privacy import PersonalData
from projections.catalog.views import ProductView, StoreView, VariantView
from projections.sales.views import StockNoticeView
from storefront.visit.signing import Signer

NOTICE_MAILS = frozenset({MailKind.STOCK_NOTICE_TO_CONFIRM, MailKind.BACK_IN_STOCK})


class NoticeMailQueries(Protocol):
    """What the mails are written from."""

    async def stock_notice(self, store_id: UUID, notice_id: UUID) -> StockNoticeView | None: ...

    async def products_by_ids(self, store_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, ProductView]: ...

    async def variants(self, store_id: UUID, product_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[VariantView]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeMail:
    """The recipient and what the mail says."""

    recipient: str
    subject: str
    unsubscribe_url: str
    facts: dict[str, Any]


async def notice_mail(
    kind: MailKind,
    store: StoreView,
    notice_id: UUID,
    *,
    queries: NoticeMailQueries,
    personal: PersonalData,
    signer: Signer,
    origin: str,
) -> NoticeMail | None:
    """Return a mail; None if the address was erased, or the product is gone.

    Raises:
        Transient: the read model does not show the notice yet.
    """
    notice = await queries.stock_notice(store.id, notice_id)
    if notice is None:
        raise Transient("the sales", "do not show the stock notice yet")
    email = await personal.open(notice.email)
    product = (await queries.products_by_ids(store.id, [notice.product_id])).get(notice.product_id)
    variants = (await queries.variants(store.id, [notice.product_id])).get(notice.product_id, ())
    variant = next((one for one in variants if one.id == notice.variant_id), None)
    if email is None or product is None or variant is None:
        return None
    page = f"{origin}/stock-notice/{signer.seal(notice.id.hex, at=notice.created_at)}"
    is_back = kind is MailKind.BACK_IN_STOCK
    return NoticeMail(
        recipient=email,
        subject=f"Back in stock: {product.title}" if is_back else f"Confirm: a mail when “{product.title}” is back",
        unsubscribe_url=f"{page}/stop",
        facts={
            "product": product,
            "variant": variant,
            "variant_title": variant.title if len(variants) > 1 else None,
            "product_url": f"{origin}/products/{product.slug}?variant={variant.id}",
            "notice": notice,
            "notice_url": page,
        },
    )
