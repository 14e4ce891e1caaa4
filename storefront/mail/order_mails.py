"""Mails about orders: paid, sent, changed, cancelled and paid back."""

from domain.kernel import DomainEvent, Transient
from domain.mail.events import MailKind
from domain.order.after_sale.events import PaidOrderCancelled, ParcelShipped, RefundFailed, RefundSucceeded
from domain.order.after_sale.sourcing_events import LineSubstituted, OrderHeld, SupplierOrderFailed
from domain.order.events import OrderFulfilled, OrderPaid, PaymentUnmatched
from projections.sales.views import OrderView
from storefront.mail.addressing import Content, StoreMails
from storefront.mail.agreed_texts import agreed_texts
from storefront.rendering import formatting
from storefront.rendering.order_status import tracking_url


async def order_mail(event: DomainEvent, kind: MailKind, order: OrderView, mails: StoreMails) -> Content | None:
    """Return the mail about an order's event, to the shopper or to the merchant.

    Raises:
        Transient: the read model does not show the event yet.
    """
    match event:
        case PaymentUnmatched():
            subject = f"{formatting.money(event.amount)} arrived that pays for no order"
            return await mails.to_merchant(subject, order=order, payment=event)
        case OrderHeld() | SupplierOrderFailed() | LineSubstituted():
            return await _about_goods(event, order, mails)
        case OrderPaid() if kind is MailKind.ORDER_SOLD:
            subject = f"Sold: order {order.number}, {formatting.money(order.total)}"
            return await mails.to_merchant(subject, order=order, event=event)
        case OrderPaid():
            texts = await agreed_texts(order, mails.shop, mails.sources.queries)
            return await mails.to_shopper(order, f"Your order {order.number} is confirmed", texts=texts)
        case OrderFulfilled() | ParcelShipped():
            return await _shipped(event, order, mails)
        case PaidOrderCancelled():
            subject = f"Your order {order.number} was cancelled"
            return await mails.to_shopper(order, subject, reason=event.reason)
        case RefundSucceeded():
            return await _refunded(event, order, mails)
        case RefundFailed():
            subject = f"The refund of {formatting.money(event.amount)} of order {order.number} failed"
            return await mails.to_merchant(subject, order=order, failed=event)
        case _:
            raise AssertionError(f"{kind} is no mail about {event.wire_name}")


async def _about_goods(
    event: OrderHeld | SupplierOrderFailed | LineSubstituted, order: OrderView, mails: StoreMails
) -> Content | None:
    """Return the mail about buying an order's goods from suppliers."""
    match event:
        case OrderHeld():
            return await mails.to_merchant(f"Decide about order {order.number}: it is held", order=order, event=event)
        case SupplierOrderFailed():
            subject = f"Order {order.number} has no confirmed order at its supplier"
            supplier = event.provider.display_name
            return await mails.to_merchant(subject, order=order, event=event, supplier=supplier)
        case LineSubstituted():
            line = next(line for line in order.lines if line.variant_id == event.variant_id)
            return await mails.to_shopper(order, f"A change to your order {order.number}", event=event, line=line)


async def _shipped(event: OrderFulfilled | ParcelShipped, order: OrderView, mails: StoreMails) -> Content | None:
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
    return await mails.to_shopper(order, f"{what} is on its way", **facts)


async def _refunded(event: RefundSucceeded, order: OrderView, mails: StoreMails) -> Content | None:
    refund = next((refund for refund in order.refunds if refund.id == event.refund_id), None)
    if refund is None:
        raise Transient("the sales", "do not show the refund yet")
    lines = {line.variant_id: line for line in order.lines}
    goods = [(lines[line.variant_id], line.quantity) for line in refund.lines if line.variant_id in lines]
    subject = f"{formatting.money(event.amount)} of order {order.number} is on its way back to you"
    return await mails.to_shopper(order, subject, refund=refund, goods=goods)
