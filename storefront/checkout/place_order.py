"""Places an order, opens its payment page, and cancels it. A form makes one order, however often it is sent."""

import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from uuid import UUID

from commands.checkout import CartLine, PlaceOrder
from commands.order import CancelOrder, OpenPaymentSession
from commands.ports import CommandReused, Context, Receipt
from domain.cart.contents import ShopperCart
from domain.ids import derived
from domain.money import Money
from domain.order.aggregate import PAGE_AT_LEAST
from domain.order.errors import OrderNotOpen, PaymentAccountGone, PaymentsNotReady, PaymentTooLate
from domain.order.events import OrderLine, OrderStatus
from domain.order.ports import PaymentRequest, Recipient
from domain.shopper.aggregate import shopper_of
from domain.store.taxes import TaxKind
from projections.catalog.views import StoreView
from projections.reading.consistency import Stale
from projections.sales.views import OrderView
from schemas.envelope import ConsistencyToken
from storefront.checkout.address import ShopperForm
from storefront.ports import StorefrontDependencies

SHOPPER_LEFT = "The shopper called it off before payment."


@dataclass(frozen=True, slots=True)
class Placed:
    """A placed order."""

    order_id: UUID
    receipt: Receipt | None


class PageEnd(Enum):
    """What became of a payment page that was to be closed."""

    CLOSED = auto()
    """It takes no payment. So does an order without a page."""
    PAID = auto()
    """It was paid before, and its confirmation is on the way."""
    OUT_OF_REACH = auto()
    """It may be open: it is at an account or a provider that the platform no longer reaches, or it is not known where.

    A shopper can cancel all the same. The page ends by itself within the hour, and a payment until then is unmatched.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """What the shopper confirmed besides the cart and the address."""

    total: Money
    """The total that the form showed."""
    code: str = ""
    """The discount code as typed; empty for none."""
    shoppers: Sequence[str] = ()
    """The random name under which the shopper's uses of codes are counted, then keyed digests as older events have them."""


class Checkout:
    """Places orders, opens payment pages and cancels orders."""

    def __init__(self, deps: StorefrontDependencies) -> None:
        self._deps = deps

    def order_id(self, store: StoreView, fingerprint: str) -> UUID:
        """Return the id of the order that a form makes.

        Args:
            store: the order's store.
            fingerprint: keyed digest of the cart, the order it replaces, and all fields. The same form sent again is the
                same order; a form with another address or cart is another order.
        """
        return derived(store.id, "checkout", fingerprint)

    async def place(
        self, store: StoreView, order_id: UUID, cart: ShopperCart, shopper: ShopperForm, confirmed: Confirmed
    ) -> Placed:
        """Order the cart; if the form was sent before, return the order it made.

        The new order replaces an unpaid order of the same cart.

        Raises:
            CartAlreadyOrdered: an order of this cart is paid; nothing was ordered.
            TotalChanged: the total is another one now; nothing was ordered.
            DomainError: refused (sold out, not for sale, closed); nothing was ordered.
            ConcurrencyConflict: too many shoppers buy the same product now; nothing was ordered, and retrying helps.
        """
        command_id = derived(order_id, "place")
        # Sealing draws a nonce, so a repeated command would have another payload. Ask first; the bus decides a race.
        known = await self._deps.commands.outcome(command_id)
        if known is not None:
            return Placed(order_id, known)
        shopper_id, personal = shopper_of(order_id), self._deps.personal
        command = PlaceOrder(
            order_id=order_id,
            store_id=store.id,
            lines=[CartLine(product_id=e.product_id, variant_id=e.variant_id, quantity=e.quantity) for e in cart],
            shopper_id=shopper_id,
            shopper_name=await personal.seal(shopper_id, shopper.name),
            shopper_email=await personal.seal_address(shopper_id, store.id, shopper.email),
            shipping_address=await personal.seal(shopper_id, shopper.address()),
            cart_id=cart.id,
            country=shopper.country,
            discount_code=confirmed.code or None,
            shoppers=list(confirmed.shoppers),
            quoted=confirmed.total,
        )
        try:
            receipt = await self._deps.commands.dispatch(
                command, Context(command_id=command_id, correlation_id=order_id)
            )
        except CommandReused:
            return Placed(order_id, await self._deps.commands.outcome(command_id))
        return Placed(order_id, receipt)

    async def order(self, store: StoreView, placed: Placed) -> OrderView | None:
        """Wait shortly for the read model and return a placed order from it; None if the read model lags."""
        if placed.receipt is not None and placed.receipt.token is not None:
            try:
                await self._deps.barrier.wait(placed.receipt.token)
            except Stale:
                return None
        return await self._deps.queries.order(store.id, placed.order_id)

    async def open_payment(self, store: StoreView, order: OrderView, *, success_url: str, cancel_url: str) -> str:
        """Return the address of an order's payment page; the same page when called again.

        Raises:
            Transient: the payment provider is unreachable; the order stands, and retrying may help.
            OrderNotOpen: the order is paid or cancelled, or its page at the merchant's former account was paid a moment ago.
            PaymentTooLate: too little of the order's time is left to open its first page.
            DomainError: the merchant or the amount cannot be paid; retrying cannot help.
        """
        expires_at = order.pay_by
        if order.session_id is None and expires_at - self._deps.clock.now() < PAGE_AT_LEAST:
            raise PaymentTooLate(order.number)
        gateway = await self._deps.payments.of(store.merchant_id)
        session = await gateway.open_session(
            PaymentRequest(
                order_id=order.id,
                order_number=order.number,
                store_id=store.id,
                store_name=store.name,
                lines=tuple(
                    OrderLine(
                        product_id=line.product_id,
                        variant_id=line.variant_id,
                        title=line.title,
                        variant_title=line.variant_title,
                        quantity=line.quantity,
                        unit_price=line.unit_price,
                    )
                    for line in order.lines
                ),
                shipping=order.shipping,
                discount=None if order.discount is None else order.discount.amount,
                discount_code=None if order.discount is None else order.discount.code,
                total=order.total,
                taxes=order.taxes,
                recipient=await self._recipient(order),
                platform_fee=order.total.basis_points(self._deps.platform_fee_basis_points),
                success_url=success_url,
                cancel_url=cancel_url,
                expires_at=expires_at,
                idempotency_key=f"checkout:{order.id}",
            )
        )
        is_replaced = order.session_id not in {None, session.session_id}
        if is_replaced and await self.close_payment(store, order) is PageEnd.PAID:
            await gateway.close_session(session.session_id)
            raise OrderNotOpen(order.id, order.status, "paid")
        await self._deps.commands.dispatch(
            OpenPaymentSession(
                order_id=order.id,
                provider=session.provider,
                session_id=session.session_id,
                account_id=session.account_id,
                owed_fee=session.owed_fee,
                taken_fee=session.taken_fee,
            ),
            Context(command_id=derived(order.id, "session", session.session_id), correlation_id=order.id),
        )
        return session.url

    async def _recipient(self, order: OrderView) -> Recipient | None:
        """Return who gets the goods, if the provider needs it; None if the shopper was erased."""
        if order.taxes is None or order.taxes.kind is TaxKind.INCLUDED:
            return None
        name, address = await self._deps.personal.open_many([order.shopper_name, order.shipping_address])
        return None if name is None or address is None else Recipient(name=name, **json.loads(address))

    async def close_payment(self, store: StoreView, order: OrderView) -> PageEnd:
        """Close an order's payment page, at the merchant's account that it pays into.

        Raises:
            DomainError: the provider refused, and the page is open; retrying cannot help.
            Transient: the payment provider is unreachable; retrying may help.
        """
        if order.session_id is None:
            return PageEnd.CLOSED
        try:
            # The merchant may have connected another account since the page was opened.
            recorded = self._deps.payments.at(order.page_account_id)
            gateway = recorded or await self._deps.payments.of(store.merchant_id)
            if gateway.name != order.payment_provider:
                return PageEnd.OUT_OF_REACH
            if not await gateway.close_session(order.session_id):
                return PageEnd.PAID
        except (PaymentsNotReady, PaymentAccountGone):
            return PageEnd.OUT_OF_REACH
        return PageEnd.OUT_OF_REACH if recorded is None else PageEnd.CLOSED

    async def wait_for(self, token: ConsistencyToken) -> None:
        """Wait shortly until the read models show a write; continue if they lag."""
        with contextlib.suppress(Stale):
            await self._deps.barrier.wait(token)

    async def cancel(self, order_id: UUID, *, closed_session: str | None = None) -> Receipt:
        """Cancel an unpaid order, which releases its reserved stock.

        Args:
            order_id: the order.
            closed_session: its payment page, if :meth:`close_payment` closed it.

        Raises:
            DomainError: the order is paid.
        """
        return await self._deps.commands.dispatch(
            CancelOrder(order_id=order_id, reason=SHOPPER_LEFT, closed_session=closed_session),
            Context(command_id=derived(order_id, "call off"), correlation_id=order_id),
        )


def is_open(order: OrderView) -> bool:
    """Whether an order waits for its payment."""
    return order.status is OrderStatus.PENDING
