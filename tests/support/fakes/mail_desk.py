"""A store with one order, in memory, and the writer of its mails."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

from domain.kernel import DomainEvent
from domain.mail.events import MailKind
from domain.mail.ports import Mail
from domain.money import Money
from domain.order.after_sale.events import (
    RefundedPieces,
    RefundSucceeded,
)
from domain.order.after_sale.state import RefundStatus
from domain.order.delivery import ArrivalWindow
from domain.order.events import (
    OrderFulfilled,
    OrderPaid,
    OrderStatus,
    WithdrawalReceived,
    WithdrawnLine,
)
from domain.store.events import Preferences, StoreStatus
from domain.store.taxes import OrderTax, TaxKind
from projections.catalog.views import BrandResult, PageVersionView, ProductView, StoreView, VariantView
from projections.merchants.views import BusinessIdentityView, MerchantView
from projections.sales.views import DisputeView, OrderLineView, OrderView, RefundView, StockNoticeView
from schemas.envelope import Envelope
from storefront.mail.sources import MailSources
from storefront.mail.writer import StoreMailWriter
from tests.support.builders.samples import brand
from tests.support.fakes.event_log import FixedClock
from tests.support.fakes.vault import MemoryPersonalData

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SECRET = b"s" * 32


class MailDesk:
    """One store with one order, and its mail writer."""

    def __init__(self) -> None:
        self.store_id, self.order_id, self.merchant_id, self.shopper_id = uuid4(), uuid4(), uuid4(), uuid4()
        self.personal = MemoryPersonalData()
        self.clock = FixedClock(NOW)
        self.shows_order = True
        self.known: OrderView | None = None
        self.disputed: DisputeView | None = None
        self.versions: dict[tuple[UUID, int], PageVersionView] = {}
        self.writer = StoreMailWriter(
            MailSources(
                queries=self,
                personal=self.personal,
                clock=self.clock,
                secrets=(SECRET,),
                scheme="https",
                public_domain="shops.example",
                dashboard_url="https://zyenta.example/dashboard",
                mail_domain="shops.example",
                sandbox=True,
            )
        )

    async def store(self, store_id: UUID) -> StoreView | None:
        return StoreView(
            id=self.store_id,
            merchant_id=self.merchant_id,
            name="Neon Haven",
            slug="neon-haven",
            description=None,
            niche="Neon lamps",
            status=StoreStatus.ACTIVE,
            approved=True,
            preferences=Preferences(),
            brand=BrandResult(
                identity=brand(),
                options=[],
                reason="",
                written_by="house",
                generation_id=uuid4(),
                attempt=1,
            ),
            scouting=None,
            custom_domain=None,
            created_at=NOW,
            updated_at=NOW,
            published_at=NOW,
            currency="USD",
            contact_email="hello@neonhaven.example",
        )

    async def stock_notice(self, store_id: UUID, notice_id: UUID) -> StockNoticeView | None:
        return None

    async def products_by_ids(self, store_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, ProductView]:
        return {}

    async def variants(self, store_id: UUID, product_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[VariantView]]:
        return {}

    async def order(self, store_id: UUID, order_id: UUID) -> OrderView | None:
        if not self.shows_order:
            return None
        if self.known is not None:
            return self.known
        address = json.dumps({"line1": "Main St 1", "city": "Portland", "postcode": "97201", "country": "US"})
        line = OrderLineView(
            product_id=uuid4(),
            variant_id=uuid4(),
            title='Lamp <img src="https://evil.example/x.png">',
            variant_title="Violet",
            quantity=2,
            unit_price=Money(minor=1700),
        )
        return OrderView(
            id=self.order_id,
            store_id=self.store_id,
            number="ZY-7Q2M4K",
            status=OrderStatus.PAID,
            lines=(line,),
            subtotal=Money(minor=3400),
            shipping=Money(minor=0),
            tax=Money(minor=0),
            taxes=OrderTax(kind=TaxKind.INCLUDED, basis_points=1900, amount=Money(minor=543)),
            total=Money(minor=3400),
            items=2,
            shopper_id=self.shopper_id,
            shopper_name=await self.personal.seal(self.shopper_id, "Anna <b>Prüfer</b>"),
            shopper_email=await self.personal.seal(self.shopper_id, "anna@example.com"),
            shipping_address=await self.personal.seal(self.shopper_id, address),
            payment_provider="sandbox",
            session_id=None,
            page_account_id=None,
            intent_id="pi_1",
            paid=Money(minor=3400),
            platform_fee=Money(minor=170),
            payment_failure=None,
            unmatched_payments=(),
            cancel_reason=None,
            carrier=None,
            tracking_number=None,
            arrival=ArrivalWindow(earliest=date(2026, 12, 5), latest=date(2026, 12, 10)),
            pages=(),
            placed_at=NOW,
            paid_at=NOW,
            fulfilled_at=None,
            cancelled_at=None,
            updated_at=NOW,
        )

    async def dispute(self, order_id: UUID, dispute_id: str) -> DisputeView | None:
        return self.disputed

    async def merchant(self, merchant_id: UUID) -> MerchantView | None:
        return None

    async def page_version(self, store_id: UUID, page_id: UUID, number: int) -> PageVersionView | None:
        return self.versions.get((page_id, number))

    async def business_identity(self, store: StoreView) -> BusinessIdentityView | None:
        return None

    def envelope(self, event: DomainEvent) -> Envelope:
        return Envelope(
            id=UUID(int=7),
            position=1,
            tenant=self.store_id,
            correlation_id=uuid4(),
            causation_id=None,
            recorded_at=NOW,
            traceparent=None,
            event=event,
            hash=bytes(32),
        )

    async def paid(self, kind: MailKind, *, fee: int = 170, fee_is_owed: bool = False) -> Mail | None:
        event = OrderPaid(
            originator_id=self.order_id,
            originator_version=2,
            occurred_at=NOW,
            intent_id="pi_1",
            amount=Money(minor=3400),
            platform_fee=Money(minor=fee),
            fee_is_owed=fee_is_owed,
        )
        return await self.writer.write(kind, self.envelope(event))

    async def withdrawn(self, kind: MailKind, deadline: date | None = None) -> Mail | None:
        self.known = order = await self.order(self.store_id, self.order_id)
        assert order is not None
        event = WithdrawalReceived(
            originator_id=self.order_id,
            originator_version=4,
            occurred_at=NOW,
            number=1,
            lines=[WithdrawnLine(variant_id=order.lines[0].variant_id, quantity=1)],
            name=await self.personal.seal(self.shopper_id, "Anna <b>Prüfer</b>"),
            email=await self.personal.seal(self.shopper_id, "other@example.com"),
            deadline=deadline,
            is_late=deadline is not None,
        )
        return await self.writer.write(kind, self.envelope(event))

    async def shipped(self) -> Mail | None:
        event = OrderFulfilled(
            originator_id=self.order_id, originator_version=3, occurred_at=NOW, carrier="UPS", tracking_number="1Z 9"
        )
        return await self.writer.write(MailKind.ORDER_SHIPPED, self.envelope(event))

    async def refunded(self, *, reason: str = "", lines: tuple[RefundedPieces, ...] = ()) -> Mail | None:
        """Return the mail about a refund of ten dollars."""
        refund = RefundView(
            id=uuid4(),
            intent_id="pi_1",
            external_id="re_1",
            amount=Money(minor=1000),
            fee_refund=Money(minor=50),
            status=RefundStatus.SUCCEEDED,
            lines=lines,
            shipping=Money(minor=300),
            reason=reason,
            failure=None,
            requested_here=True,
            requested_at=NOW,
            succeeded_at=NOW,
            failed_at=None,
        )
        order = await self.order(self.store_id, self.order_id)
        assert order is not None
        self.known = replace(order, refunds=(refund,))
        event = RefundSucceeded(
            originator_id=self.order_id,
            originator_version=4,
            occurred_at=NOW,
            refund_id=refund.id,
            external_id="re_1",
            intent_id="pi_1",
            amount=refund.amount,
            fee_refund=refund.fee_refund,
        )
        return await self.writer.write(MailKind.ORDER_REFUNDED, self.envelope(event))
