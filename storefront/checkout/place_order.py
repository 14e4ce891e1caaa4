"""From a cart to a payment page: one order per form, however often it is sent."""

import contextlib
from dataclasses import dataclass
from uuid import UUID

from commands.order import CancelOrder, CartLine, OpenPaymentSession, PlaceOrder
from commands.ports import CommandReused, Context, Receipt
from domain.ids import derived
from domain.order.aggregate import PAY_WITHIN
from domain.order.events import OrderLine, OrderStatus
from domain.order.ports import PaymentRequest
from projections.catalog.views import StoreView
from projections.reading.consistency import Stale
from projections.sales.queries import OrderView
from schemas.envelope import ConsistencyToken
from storefront.checkout.address import ShopperForm
from storefront.ports import StorefrontDependencies
from storefront.visit.cart import Cart

SHOPPER_LEFT = "The shopper called it off before payment."


@dataclass(frozen=True, slots=True)
class Placed:
    """An order that exists now."""

    order_id: UUID
    receipt: Receipt | None


class Checkout:
    """Places orders and opens payment pages for them."""

    def __init__(self, deps: StorefrontDependencies) -> None:
        self._deps = deps

    def order_id(self, store: StoreView, fingerprint: str) -> UUID:
        """Return the id of the order that one filled-in form makes.

        Args:
            store: whose order it is.
            fingerprint: keyed digest of the cart, the order before it, and everything typed. Sent again, the same form
                is the same order; with another address or cart it is another.
        """
        return derived(store.id, "checkout", fingerprint)

    async def place(self, store: StoreView, order_id: UUID, cart: Cart, shopper: ShopperForm) -> Placed:
        """Order what is in the cart; if this form was sent before, return the order it made.

        An unpaid order of the same cart is cancelled in its favour.

        Raises:
            CartAlreadyOrdered: an order of this cart is paid; nothing was ordered.
            DomainError: refused (sold out, not for sale, closed); nothing was ordered.
            ConcurrencyConflict: too many buy the same at this moment; nothing was ordered, and trying again helps.
        """
        command_id = derived(order_id, "place")
        # Sealing draws a nonce, so a second try would carry another payload: ask first, and let the bus settle a race.
        known = await self._deps.commands.outcome(command_id)
        if known is not None:
            return Placed(order_id, known)
        shopper_id, personal = derived(order_id, "shopper"), self._deps.personal
        command = PlaceOrder(
            order_id=order_id,
            store_id=store.id,
            lines=[CartLine(product_id=e.product_id, variant_id=e.variant_id, quantity=e.quantity) for e in cart],
            shopper_id=shopper_id,
            shopper_name=await personal.seal(shopper_id, shopper.name),
            shopper_email=await personal.seal(shopper_id, shopper.email),
            shipping_address=await personal.seal(shopper_id, shopper.address()),
            cart_id=cart.id,
        )
        try:
            receipt = await self._deps.commands.dispatch(
                command, Context(command_id=command_id, correlation_id=order_id)
            )
        except CommandReused:
            return Placed(order_id, await self._deps.commands.outcome(command_id))
        return Placed(order_id, receipt)

    async def order(self, store: StoreView, placed: Placed) -> OrderView | None:
        """Return a placed order from the read model, which is given a moment to see it; None if it needs longer."""
        if placed.receipt is not None and placed.receipt.token is not None:
            try:
                await self._deps.barrier.wait(placed.receipt.token)
            except Stale:
                return None
        return await self._deps.queries.order(store.id, placed.order_id)

    async def open_payment(self, store: StoreView, order: OrderView, *, success_url: str, cancel_url: str) -> str:
        """Return the address of the page on which an order is paid; the same page when asked again.

        Raises:
            Transient: the payment provider is out of reach; the order stands, and trying again may help.
            DomainError: it is paid or cancelled.
        """
        session = await self._deps.payments.open_session(
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
                total=order.total,
                platform_fee=order.total.basis_points(self._deps.platform_fee_basis_points),
                success_url=success_url,
                cancel_url=cancel_url,
                expires_at=order.placed_at + PAY_WITHIN,
                idempotency_key=f"checkout:{order.id}",
            )
        )
        await self._deps.commands.dispatch(
            OpenPaymentSession(order_id=order.id, provider=session.provider, session_id=session.session_id),
            Context(command_id=derived(order.id, "session", session.session_id), correlation_id=order.id),
        )
        return session.url

    async def wait_for(self, token: ConsistencyToken) -> None:
        """Give the read models a moment to see a write, and go on without it if they need longer."""
        with contextlib.suppress(Stale):
            await self._deps.barrier.wait(token)

    async def cancel(self, order_id: UUID) -> Receipt:
        """Cancel an unpaid order; what was kept for it goes back on the shelf.

        Raises:
            DomainError: it is paid.
        """
        return await self._deps.commands.dispatch(
            CancelOrder(order_id=order_id, reason=SHOPPER_LEFT),
            Context(command_id=derived(order_id, "call off"), correlation_id=order_id),
        )


def is_open(order: OrderView) -> bool:
    """Return whether an order still waits for its payment."""
    return order.status is OrderStatus.PENDING
