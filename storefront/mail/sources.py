"""What a store's mails are written from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from domain.kernel import Clock
from domain.privacy import PersonalData
from projections.catalog.views import StoreView
from projections.merchants.views import BusinessIdentityView, MerchantView
from projections.sales.views import DisputeView, OrderView
from storefront.mail.agreed_texts import PageVersions
from storefront.mail.stock_notices import NoticeMailQueries


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
