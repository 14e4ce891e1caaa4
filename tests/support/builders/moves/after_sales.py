"""Moves of what comes after a sale: returns, withdrawals, refunds and disputes."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from domain.fee_payment.aggregate import FEE_PAYMENT, fee_payment_stream, record_fee_payment
from domain.ids import derived
from domain.kernel import DomainEvent
from domain.money import Money
from domain.order import aggregate as orders
from domain.order.after_sale.dispute_events import DisputeStatus, EvidenceFileKind
from domain.order.after_sale.dispute_state import EvidenceFile
from domain.order.after_sale.events import RefundRequested
from domain.order.after_sale.return_events import ReturnedPieces
from domain.order.after_sale.state import RefundStatus
from domain.order.disputes import DisputeReport, record_dispute
from domain.order.events import OrderEvent, WithdrawnLine
from domain.order.evidence.files import add_file, remove_file
from domain.order.evidence.submission import (
    edit_evidence,
    record_evidence_answer,
    remind_of_deadline,
    submit_evidence,
)
from domain.order.fulfillment import deliver
from domain.order.refund_ports import RefundAnswer
from domain.order.refunds import RefundWish, record_refund, request_refund
from domain.order.returns import (
    ReturnWish,
    approve_return,
    decline_return,
    receive_return,
    refund_return,
    request_return,
    send_replacement,
)
from domain.order.withdrawal import withdraw
from domain.payout.aggregate import PAYOUT, PayoutReport, PayoutStatus, payout_stream, record_payout
from domain.product import aggregate as products
from domain.store.return_policy import REASONS, ReturnPolicy
from tests.support.builders.moves.log import HistoryLog
from tests.support.builders.moves.merchants import change_payment_account
from tests.support.builders.samples import sealed


def deliver_or_withdraw(log: HistoryLog, number: int) -> None:
    order, at = log.state(log.pick(log.orders, number)), log.at
    if number % 3 == 0:
        days = timedelta(days=number % 40)
        events = deliver(order, on=(at - days).date(), today=at.date(), at=at)
    else:
        who = sealed(order.store_id)
        asked = [WithdrawnLine(variant_id=order.lines[0].variant_id, quantity=1 + number % 2)]
        events = withdraw(order, asked if number % 5 else [], name=who, email=who, today=at.date(), at=at)
    log.append(orders.ORDER, order.store_id, events)


def change_return(log: HistoryLog, number: int) -> None:
    order, at = log.state(log.pick(log.orders, number)), log.at
    which, kind = 1 + number % 3, number // 3 % 6
    events: Sequence[DomainEvent]
    if kind <= 1:
        pieces = [ReturnedPieces(variant_id=order.lines[0].variant_id, quantity=1 + number % 2)]
        wish = ReturnWish(lines=pieces, reason=REASONS[number % 6], note=sealed(order.store_id))
        events = request_return(order, wish, policy=ReturnPolicy(), today=at.date(), at=at)
    elif kind == 2:
        address = sealed(order.store_id) if number % 2 else None
        events = approve_return(order, which, instructions="Mind the glass.", address=address, at=at)
    elif kind == 3:
        events = decline_return(order, which, reason="Used.", at=at)
    elif kind == 4:
        events = receive_return(order, which, lines=(), restock=False, at=at)
    elif number % 2:
        events = send_replacement(order, which, carrier="UPS", tracking_number=f"R{number}", at=at)
    else:
        events = refund_return(order, which, refund_id=log.new_id(), shipping=None, reason="", at=at)
    log.append(orders.ORDER, order.store_id, events)


def change_refund(log: HistoryLog, number: int) -> None:
    order, at = log.state(log.pick(log.orders, number)), log.at
    known = list(order.after.refunds)
    if number % 4 and known:
        id = known[number % len(known)]
        refund = order.after.refunds[id]
        answer = RefundAnswer(
            refund_id=id if refund.requested_here else None,
            external_id=refund.external_id or f"re_{id.hex[:12]}",
            intent_id=refund.intent_id,
            amount=refund.amount,
            status=list(RefundStatus)[number // 4 % 3],
            reason="declined",
        )
        events = record_refund(order, answer, at=at)
    elif number % 7 == 0:
        answer = RefundAnswer(
            refund_id=None,
            external_id=f"re_dash_{number}",
            intent_id=order.intent_id or f"i-{number}",
            amount=Money(minor=1 + number % 300),
            status=list(RefundStatus)[number % 3],
        )
        events = record_refund(order, answer, at=at)
    else:
        amount = None if number % 3 == 0 else Money(minor=1 + number % 900)
        events = request_refund(order, RefundWish(refund_id=log.new_id(), amount=amount, restock=True), at=at)
        for event in events:
            take_back(log, order, event)
    log.append(orders.ORDER, order.store_id, events)


def take_back(log: HistoryLog, order: Any, event: DomainEvent) -> None:
    for line in event.lines if isinstance(event, RefundRequested) else ():
        id = next(each.product_id for each in order.lines if each.variant_id == line.variant_id)
        taken = log.state(id).take_back(line.variant_id, line.quantity, order_id=order.id, at=log.at)
        log.append(products.PRODUCT, order.store_id, taken)


def report_of_bank(log: HistoryLog, number: int) -> None:
    if number % 8 == 4:
        change_payment_account(log, number)
        return
    if number % 4 == 0:
        merchant_id = log.pick(log.merchants, number // 8)
        report = PayoutReport(
            payout_id=f"po_{merchant_id.hex[:8]}_{number % 9}",
            amount=Money(minor=100 + number),
            arrival_on=log.at.date(),
            status=list(PayoutStatus)[number // 9 % 3],
            reason="account closed",
        )
        known = log.find(payout_stream(merchant_id, report.payout_id))
        log.append(PAYOUT, merchant_id, record_payout(known, report, merchant_id=merchant_id, at=log.at))
        pay_fee(log, merchant_id, f"INV-{number}", Money(minor=1 + number))
        return
    order = log.state(log.pick(log.orders, number))
    moved = number % 3
    dispute = DisputeReport(
        dispute_id=f"du_{order.id.hex[:8]}_{number % 5}",
        intent_id=order.intent_id or "pi_0",
        amount=Money(minor=500),
        reason="fraudulent",
        status=list(DisputeStatus)[number % 7],
        evidence_due=log.at + timedelta(days=2),
        movements=moved,
        taken=Money(minor=500 if moved == 1 else 0),
        fee=Money(minor=1500 if moved else 0),
    )
    log.append(orders.ORDER, order.store_id, record_dispute(order, dispute, at=log.at))
    answer_dispute(log, order.id, dispute.dispute_id, number)


def pay_fee(log: HistoryLog, merchant_id: UUID, reference: str, amount: Money) -> None:
    known = log.find(fee_payment_stream(merchant_id, reference))
    paid = record_fee_payment(known, merchant_id=merchant_id, reference=reference, amount=amount, at=log.at)
    log.append(FEE_PAYMENT, merchant_id, paid)


def answer_dispute(log: HistoryLog, order_id: UUID, dispute_id: str, number: int) -> None:
    order: Any = log.state(order_id)
    text, edition = sealed(order.store_id), order.after.disputes[dispute_id].edition
    match number // 420 % 6:
        case 0:
            events = edit_evidence(order, dispute_id, text, at=log.at)
        case 1:
            events = change_file(log, order, dispute_id, number)
        case 2 | 3:
            events = submit_evidence(order, dispute_id, text, edition=edition, at=log.at)
        case 4:
            refusal, tries = "no" if number // 2520 % 2 else None, order.after.disputes[dispute_id].attempts
            events = record_evidence_answer(order, dispute_id, tries, refusal=refusal, at=log.at)
        case _:
            events = remind_of_deadline(order, dispute_id, at=log.at + timedelta(days=1))
    log.append(orders.ORDER, order.store_id, events)


def change_file(log: HistoryLog, order: Any, dispute_id: str, number: int) -> Sequence[OrderEvent]:
    files = order.after.disputes[dispute_id].files
    if files and number % 3 == 0:
        return remove_file(order, dispute_id, next(iter(files.values())).file_id, at=log.at)
    id = derived(order.id, "file", dispute_id, str(number))
    file = EvidenceFile(file_id=id, mime_type="image/png", size_bytes=1 + number % 9000, pages=1)
    kind = list(EvidenceFileKind)[number % 2]
    return add_file(order, dispute_id, kind, file, sealed(order.store_id), at=log.at)
