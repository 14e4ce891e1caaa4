"""Buying a paid order's goods: the supplier is asked again, then the order is placed there if the merchant wants it."""

import json
import logging
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from commands.purchasing import ListingAnswer, RecordSourcing, RecordSupplierOrder, RequestSupplierOrders
from consumers.ports import Aggregates, React
from domain.kernel import Clock, DomainError, DomainEvent, Transient
from domain.merchant.events import SupplierProvider
from domain.order.after_sale.sourcing_events import (
    HoldDecision,
    OrderReleased,
    SourcingChecked,
    SourcingCheckRequested,
    SupplierOrderRequested,
)
from domain.order.after_sale.sourcing_state import SupplierOrderStatus
from domain.order.aggregate import ORDER, Order
from domain.order.events import OrderPaid
from domain.order.fulfillment import pieces_to_send
from domain.order.goods import unsent_goods
from domain.order.purchase_ports import SupplierOrders, SupplierPurchase, TakenPurchase
from domain.order.sourcing import require_buyable
from domain.order.sourcing_errors import SupplierRefused
from domain.privacy import PersonalData
from domain.product.aggregate import PRODUCT
from domain.sourcing.listing import Listing
from domain.sourcing.ports import SupplierCatalog, SupplierCatalogs
from domain.store.aggregate import STORE
from infra.retry import RetryPolicy, retry
from schemas import topics
from schemas.envelope import Envelope
from schemas.topics import Topic

logger = logging.getLogger(__name__)

ASKING = RetryPolicy(attempts=5, first_pause=1.0, growth=3.0, longest_pause=30.0)
"""Tries of one question or order; the adapter waits for a rate limit by itself."""
REASON_MAX = 300
UNCERTAIN = "The supplier did not say whether it took the order. Try again: it takes the order once."
CHECK_WITHIN = timedelta(days=3)
"""An older payment is history that a new consumer reads; its order was bought in another way."""


class PurchasingPolicy:
    """Asks suppliers for price, stock and freight of paid orders, and places checked orders where the store says so.

    Safe to redeliver: each reaction is a command whose id is derived from the event. A supplier takes one order for the
    event's idempotency key. It changes only after the supplier refused, so that an attempt without an answer is not bought twice.
    """

    name = "purchasing-policy"
    topic: Topic = topics.EVENTS
    handles: frozenset[type[DomainEvent]] = frozenset(
        {OrderPaid, SourcingCheckRequested, SourcingChecked, OrderReleased, SupplierOrderRequested}
    )

    def __init__(
        self,
        react: React,
        aggregates: Aggregates,
        catalogs: SupplierCatalogs,
        suppliers: Mapping[SupplierProvider, SupplierOrders],
        personal: PersonalData,
        clock: Clock,
        *,
        asking: RetryPolicy = ASKING,
    ) -> None:
        self._react, self._aggregates, self._catalogs = react, aggregates, catalogs
        self._suppliers, self._personal, self._clock, self._asking = suppliers, personal, clock, asking

    async def __call__(self, envelope: Envelope) -> None:
        event = envelope.event
        if await self._react.outcome(envelope, self.name) is not None:
            return
        match event:
            case OrderPaid() if self._clock.now() - envelope.recorded_at > CHECK_WITHIN:
                return
            case OrderPaid() | SourcingCheckRequested():
                await self._check(envelope, event.originator_id)
            case SourcingChecked():
                await self._request(envelope, event.originator_id)
            case OrderReleased(decision=HoldDecision.BUY_ANYWAY | HoldDecision.SUBSTITUTE):
                await self._request(envelope, event.originator_id)
            case SupplierOrderRequested():
                await self._place(envelope, event)
            case _:
                return

    async def _check(self, envelope: Envelope, order_id: UUID) -> None:
        order = await self._aggregates.get(ORDER, order_id)
        store = await self._aggregates.get(STORE, order.store_id)
        ids = {goods.product_id for goods in unsent_goods(order)}
        products = [await self._aggregates.get(PRODUCT, id) for id in sorted(ids)]
        answers: list[ListingAnswer] = []
        try:
            for source in sorted({product.source for product in products if product.source is not None}):
                provider, source_id = source
                catalog = await self._catalogs.of(store.merchant_id, provider)
                if catalog is not None:
                    listing = await self._ask(catalog, source_id)
                    answers.append(ListingAnswer(provider=provider, source_id=source_id, listing=listing))
        except Transient as outage:
            logger.warning("order %s is held: %s", order.id, outage)
            silence = f"The supplier did not answer, so cost and stock are unknown: {outage}"[:REASON_MAX]
            await self._react(RecordSourcing(order_id=order.id, silence=silence), cause=envelope, name=self.name)
            return
        await self._react(RecordSourcing(order_id=order.id, answers=answers), cause=envelope, name=self.name)

    async def _ask(self, catalog: SupplierCatalog, source_id: str) -> Listing | None:
        return await retry(lambda: catalog.find(source_id), self._asking)

    async def _request(self, envelope: Envelope, order_id: UUID) -> None:
        order = await self._aggregates.get(ORDER, order_id)
        if not (await self._aggregates.get(STORE, order.store_id)).orders_at_suppliers:
            return
        try:
            await self._react(RequestSupplierOrders(order_id=order_id), cause=envelope, name=self.name)
        except DomainError as refusal:
            # It was cancelled, refunded or sent in the meantime.
            logger.info("order %s is not placed at its suppliers: %s", order_id, refusal)

    async def _place(self, envelope: Envelope, asked: SupplierOrderRequested) -> None:
        order = await self._aggregates.get(ORDER, asked.originator_id)
        known = order.after.sourcing.orders[asked.provider]
        if known.status is not SupplierOrderStatus.REQUESTED or known.attempt != asked.attempt:
            return
        answer = await self._answer(order, asked)
        await self._react(answer, cause=envelope, name=self.name)

    async def _answer(self, order: Order, asked: SupplierOrderRequested) -> RecordSupplierOrder:
        """Buy the goods, and return what to record about it."""
        taken, reason, refused = None, "", False
        try:
            taken = await self._buy(order, asked)
        except DomainError as refusal:
            logger.warning("order %s was not placed at %s: %s", order.id, asked.provider, refusal)
            reason, refused = str(refusal)[:REASON_MAX], isinstance(refusal, SupplierRefused)
        except Transient as outage:
            logger.warning("order %s has no answer of %s: %s", order.id, asked.provider, outage)
            reason = f"{UNCERTAIN} {outage}"[:REASON_MAX]
        wanted = sum(line.quantity for line in asked.lines)
        return RecordSupplierOrder(
            order_id=order.id,
            provider=asked.provider,
            external_id=None if taken is None else taken.external_id,
            reason=reason,
            surplus=0 if taken is None else max(0, taken.pieces - wanted),
            refused=refused,
        )

    async def _buy(self, order: Order, asked: SupplierOrderRequested) -> TakenPurchase:
        require_buyable(order)
        if sum(line.quantity for line in asked.lines) > sum(pieces_to_send(order).values()):
            raise FewerPiecesLeft(order.number)
        supplier = self._suppliers.get(asked.provider)
        if supplier is None:
            raise UnsupportedSupplier(asked.provider)
        shopper = order.shopper
        sealed = [] if shopper is None else [shopper.name, shopper.address]
        opened = [text for text in await self._personal.open_many(sealed) if text is not None]
        if len(opened) < 2:
            raise RecipientErased(order.number)
        name, address = opened
        purchase = SupplierPurchase(
            number=order.number,
            lines=asked.lines,
            recipient=name,
            address=json.loads(address),
            idempotency_key=asked.idempotency_key,
        )
        return await self._take(supplier, purchase)

    async def _take(self, supplier: SupplierOrders, purchase: SupplierPurchase) -> TakenPurchase:
        """Order at a supplier, with retries.

        Raises:
            SupplierRefused: the supplier refused the first try that it answered, and no try was without an answer.
            RefusedAfterSilence: it refused, and may be busy with a try that it did not answer.
            Transient: it did not answer.
        """
        is_silent = False

        async def place() -> TakenPurchase:
            nonlocal is_silent
            try:
                return await supplier.place(purchase)
            except Transient:
                is_silent = True
                raise

        try:
            return await retry(place, self._asking)
        except SupplierRefused as refusal:
            if is_silent:
                raise RefusedAfterSilence(str(refusal)) from refusal
            raise


class UnsupportedSupplier(DomainError):
    """This installation cannot order at the supplier."""

    def __init__(self, provider: SupplierProvider) -> None:
        super().__init__(f"This installation cannot order at {provider.display_name}. Order there by hand.")


class FewerPiecesLeft(DomainError):
    """Pieces were refunded or sent between the request and the order at the supplier."""

    def __init__(self, number: str) -> None:
        super().__init__(f"Fewer pieces of order {number} are left to send than were to be bought. Place it again.")


class RefusedAfterSilence(DomainError):
    """The supplier refused an order after a try that it did not answer."""


class RecipientErased(DomainError):
    """The shopper's address was erased."""

    def __init__(self, number: str) -> None:
        super().__init__(f"The address of order {number} was erased on request, so nothing can be sent.")
