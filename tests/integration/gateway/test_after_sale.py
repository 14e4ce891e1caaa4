"""After the sale through the API: refunds, parcels, cancellation, and the ledger that follows from them."""

import csv
import io
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from commands.disputes import RecordDispute, RecordPayout
from commands.order import OpenPaymentSession, RecordPayment
from commands.owed_fees import RecordFeePayment
from commands.ports import Context
from commands.purchasing import RecordSourcing, RecordSupplierOrder
from commands.refunds import RecordRefund
from commands.returns import RequestReturn
from domain.kernel import InvalidInput
from domain.merchant.events import SupplierProvider
from domain.money import Money
from domain.order.after_sale.dispute_events import DisputeStatus
from domain.order.after_sale.return_events import ReturnedPieces
from domain.order.after_sale.state import RefundStatus
from domain.order.disputes import DisputeReport
from domain.order.refund_ports import RefundAnswer
from domain.payout.aggregate import PayoutReport, PayoutStatus
from infra.log.ledger import check_ledger
from projections.reading.scope import SYSTEM, MerchantScope
from projections.sales.dispute_queries import disputes_near_deadline
from projections.sales.owed_fees import bill_as_csv, owed_fees, owed_fees_of
from projections.sales.unfinished_queries import unfinished_in_store
from tests.integration.gateway.test_mutations import change
from tests.integration.gateway.test_queries import an_order
from tests.support.platforms.dashboard import a_dashboard
from tests.support.platforms.gateway import PASSWORD, Merchant, Platform

REFUND = "order { status refunded refundable refunds { id status amount feeRefund reason lines { quantity } } }"


POLICY = "> **Template, not legal advice.** Check it.\n\n## Returns\n\nSend goods back within {returns.days}."


@pytest.fixture
async def store_id(platform: Platform, owner: Merchant) -> UUID:
    return await platform.stocked_store(owner, refund_policy=POLICY)


@pytest.fixture
async def order_id(platform: Platform, owner: Merchant, store_id: UUID) -> UUID:
    id = await an_order(platform, owner, store_id)
    await platform.send(RecordPayment(order_id=id, paid=Money(minor=5800), fee=Money(minor=290), intent_id=f"pi_{id}"))
    return id


async def succeed(platform: Platform, order_id: UUID, refund: dict[str, Any], minor: int) -> None:
    """Let the provider carry out a refund."""
    answer = RefundAnswer(
        refund_id=UUID(refund["id"]),
        external_id=f"re_{refund['id']}",
        intent_id=f"pi_{order_id}",
        amount=Money(minor=minor),
        status=RefundStatus.SUCCEEDED,
    )
    await platform.send(RecordRefund(order_id=order_id, answer=answer))


async def test_a_part_of_an_order_is_refunded_and_then_the_rest(
    platform: Platform, owner: Merchant, stranger: Merchant, order_id: UUID
) -> None:
    part = await change(
        platform, owner, "refundOrder", REFUND, orderId=str(order_id), amount="8.00", reason=" Late  parcel "
    )
    (refund,) = part["order"]["refunds"]
    assert (refund["status"], refund["amount"], refund["feeRefund"], refund["reason"]) == (
        "REQUESTED",
        "8.00",
        "0.40",
        "Late parcel",
    )
    assert (part["order"]["refunded"], part["order"]["refundable"]) == ("0.00", "50.00")
    await succeed(platform, order_id, refund, 800)
    too_much = await change(platform, owner, "refundOrder", REFUND, orderId=str(order_id), amount="50.01")
    assert too_much["userErrors"][0]["code"] == "REFUND_TOO_LARGE"
    assert too_much["userErrors"][0]["field"] == "amount"
    foreign = await change(platform, stranger, "refundOrder", REFUND, orderId=str(order_id))
    assert foreign["userErrors"][0]["code"] == "NOT_FOUND"
    rest = await change(platform, owner, "refundOrder", REFUND, orderId=str(order_id), restock=True)
    (asked,) = [each for each in rest["order"]["refunds"] if each["status"] == "REQUESTED"]
    await succeed(platform, order_id, asked, 5000)
    order = await platform.ask(
        "query ($id: ID!) { order(id: $id) { status refunded refundable } }", {"id": str(order_id)}, by=owner
    )
    assert order == {"status": "REFUNDED", "refunded": "58.00", "refundable": "0.00"}


async def test_an_order_is_sent_in_parcels(platform: Platform, owner: Merchant, order_id: UUID) -> None:
    lines = (
        await platform.ask(
            "query ($id: ID!) { order(id: $id) { lines { variantId quantity } } }", {"id": str(order_id)}, by=owner
        )
    )["lines"]
    (line,) = lines
    selection = "order { status parcels { number carrier trackingNumber lines { quantity } } }"
    one = [{"variantId": line["variantId"], "quantity": 1}]
    ids = {"orderId": str(order_id)}
    first = await change(platform, owner, "fulfilOrder", selection, **ids, lines=one, carrier="DHL")
    assert first["order"]["status"] == "PARTLY_FULFILLED"
    rest = await change(platform, owner, "fulfilOrder", selection, **ids, carrier="UPS", trackingNumber="1Z")
    assert rest["order"]["status"] == "FULFILLED"
    fixed = await change(platform, owner, "fulfilOrder", selection, **ids, parcel=1, trackingNumber="77")
    assert [(each["number"], each["carrier"], each["trackingNumber"]) for each in fixed["order"]["parcels"]] == [
        (1, "DHL", "77"),
        (2, "UPS", "1Z"),
    ]
    assert sum(each["lines"][0]["quantity"] for each in fixed["order"]["parcels"]) == line["quantity"]
    both = await change(platform, owner, "fulfilOrder", selection, **ids, parcel=1, lines=one)
    assert both["userErrors"][0]["field"] == "parcel"
    none = await change(platform, owner, "fulfilOrder", selection, **ids, lines=one)
    assert none["userErrors"][0]["code"] == "ORDER_NOT_OPEN"


async def test_a_paid_order_is_cancelled_and_refunded(platform: Platform, owner: Merchant, order_id: UUID) -> None:
    selection = "order { status cancelReason refundable refunds { status amount reason } }"
    cancelled = await change(platform, owner, "cancelOrder", selection, orderId=str(order_id), reason="Sold out")
    assert cancelled["order"] == {
        "status": "CANCELLED",
        "cancelReason": "Sold out",
        "refundable": "0.00",
        "refunds": [{"status": "REQUESTED", "amount": "58.00", "reason": "Sold out"}],
    }


async def test_the_ledger_has_every_movement_and_a_statement_as_csv(
    platform: Platform, owner: Merchant, stranger: Merchant, store_id: UUID, order_id: UUID
) -> None:
    part = await change(platform, owner, "refundOrder", REFUND, orderId=str(order_id), amount="8.00")
    await succeed(platform, order_id, part["order"]["refunds"][0], 800)
    dispute = DisputeReport(
        dispute_id="=du_1",
        intent_id=f"pi_{order_id}",
        amount=Money(minor=5000),
        reason="fraudulent",
        status=DisputeStatus.NEEDS_RESPONSE,
        evidence_due=platform.clock.now() + timedelta(days=2),
        movements=1,
        taken=Money(minor=5000),
        fee=Money(minor=1500),
    )
    await platform.send(RecordDispute(order_id=order_id, report=dispute))
    payout = PayoutReport(
        payout_id="po_1", amount=Money(minor=100), arrival_on=date(2026, 11, 30), status=PayoutStatus.PAID
    )
    await platform.send(RecordPayout(merchant_id=owner.id, report=payout))
    query = "query ($id: ID!) { store(id: $id) { balances { account amount } statement(month: %s) { kind amount fee net } } }"
    month = f"{platform.clock.now():%Y-%m}"
    store = await platform.ask(query % f'"{month}"', {"id": str(store_id)}, by=owner)
    assert {each["account"]: each["amount"] for each in store["balances"]} == {
        "BALANCE": "-17.50",
        "SALES": "-58.00",
        "REFUNDS": "8.00",
        "PLATFORM_FEES": "2.50",
        "DISPUTES": "50.00",
        "DISPUTE_FEES": "15.00",
    }
    assert store["statement"] == [
        {"kind": "CHARGE", "amount": "58.00", "fee": "2.90", "net": "55.10"},
        {"kind": "REFUND", "amount": "-8.00", "fee": "-0.40", "net": "-7.60"},
        {"kind": "DISPUTE", "amount": "-50.00", "fee": "15.00", "net": "-65.00"},
    ]
    page = "query ($id: ID!) { store(id: $id) { statement(month: %s, first: 2%s) { kind cursor } } }"
    first = (await platform.ask(page % (f'"{month}"', ""), {"id": str(store_id)}, by=owner))["statement"]
    following = page % (f'"{month}"', f', after: "{first[-1]["cursor"]}"')
    rest = (await platform.ask(following, {"id": str(store_id)}, by=owner))["statement"]
    assert [entry["kind"] for entry in [*first, *rest]] == ["CHARGE", "REFUND", "DISPUTE"]
    refused = await platform.post(page % (f'"{month}"', ', after: "abc"'), {"id": str(store_id)}, by=owner)
    assert "Use a `cursor` of an entry" in refused["errors"][0]["message"]
    await _check_disputes_and_payouts(platform, owner, stranger, store_id)
    answer = await platform.call("GET", f"/stores/{store_id}/statements/{month}", by=owner)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["kind"], row["net"]) for row in rows] == [
        ("CHARGE", "55.10"),
        ("REFUND", "-7.60"),
        ("DISPUTE", "-65.00"),
        ("TOTAL", "-17.50"),
    ]
    assert rows[2]["reference"] == "'=du_1"
    everything = (await platform.call("GET", f"/statements/{month}", by=owner)).text
    assert "PAYOUT" in everything
    assert "TOTAL" not in (await platform.call("GET", f"/statements/{month}", by=stranger)).text
    foreign = await platform.call("GET", f"/stores/{store_id}/statements/{month}", by=stranger)
    assert foreign.status_code == 404
    for wrong in ("2026-13", "2026", "x", "2026-1１"):
        assert (await platform.call("GET", f"/statements/{wrong}", by=owner)).status_code == 422


async def _check_disputes_and_payouts(platform: Platform, owner: Merchant, stranger: Merchant, store_id: UUID) -> None:
    query = (
        "query ($id: ID!) { store(id: $id) { disputeRate { payments disputed percent overLine } disputes { id status "
    )
    query += "evidenceDue } orders { nodes { disputes { id amount } } } } }"
    store = await platform.ask(query, {"id": str(store_id)}, by=owner)
    assert store["disputeRate"] == {"payments": 1, "disputed": 1, "percent": "100.00", "overLine": True}
    assert [(each["id"], each["status"]) for each in store["disputes"]] == [("=du_1", "NEEDS_RESPONSE")]
    assert store["orders"]["nodes"][0]["disputes"] == [{"id": "=du_1", "amount": "50.00"}]
    order = await platform.ask(
        "query ($id: ID!) { store(id: $id) { orders { nodes { refunds { id } shopper { id } } } } }",
        {"id": str(store_id)},
        by=owner,
    )
    (order,) = order["orders"]["nodes"]
    ids = ["=du_1", "po_1", order["refunds"][0]["id"], order["shopper"]["id"], "po_2", "\0", "x" * 300]
    nodes = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
    for who, found in ((owner, ["Dispute", "Payout", "Refund", "Shopper"]), (stranger, [])):
        answer = await platform.post(nodes, {"ids": ids}, by=who)
        shown = [each and (each["__typename"], each["id"]) for each in answer["data"]["nodes"]]
        assert shown == [*zip(found, ids, strict=False), *[None] * (len(ids) - len(found))]
        assert {each["extensions"]["code"] for each in answer["errors"]} == {"NOT_FOUND"}
    me = "query { me { payouts { id status amount arrivalOn } } }"
    assert (await platform.ask(me, by=owner))["payouts"] == [
        {"id": "po_1", "status": "PAID", "amount": "1.00", "arrivalOn": "2026-11-30"}
    ]
    assert (await platform.ask(me, by=stranger))["payouts"] == []
    paged = "query { me { payoutsConnection(filter: {statuses: [PAID]}) { nodes { id } } } }"
    assert (await platform.ask(paged, by=owner))["payoutsConnection"] == {"nodes": [{"id": "po_1"}]}
    assert (await platform.ask(paged, by=stranger))["payoutsConnection"] == {"nodes": []}
    paged = "query ($id: ID!) { store(id: $id) { disputesConnection(filter: {statuses: [%s]}) { nodes { id } } } }"
    for status, expected in (("NEEDS_RESPONSE", [{"id": "=du_1"}]), ("WON", [])):
        store = await platform.ask(paged % status, {"id": str(store_id)}, by=owner)
        assert store["disputesConnection"]["nodes"] == expected


async def test_the_ledger_check_is_clean_and_finds_a_read_model_that_lacks_an_event(
    platform: Platform, order_id: UUID
) -> None:
    clean = await check_ledger(platform.log, platform.deps.reader, catch_up_seconds=0)
    assert clean.differences == ()
    assert clean.entries > 0
    twice = RecordPayment(order_id=order_id, paid=Money(minor=5800), fee=Money(minor=290), intent_id="pi_twice")
    await platform.bus.dispatch(twice, Context(command_id=uuid4(), correlation_id=uuid4()))
    behind = await check_ledger(platform.log, platform.deps.reader, catch_up_seconds=0)
    accounts = ["BALANCE", "PLATFORM_FEES", "UNMATCHED"]
    sums = [each for each in behind.differences if " only the log has " not in each]
    assert [difference.split(", ")[1].split(" ")[0] for difference in sums] == [*accounts, *accounts]
    named = [each for each in behind.differences if each not in sums]
    assert [each.split("UNMATCHED_CHARGE pi_twice, ")[1].split(" ")[0] for each in named] == [
        "BALANCE",
        "UNMATCHED",
        "PLATFORM_FEES",
        "BALANCE",
    ]
    await platform.barrier.catch_up()
    assert (await check_ledger(platform.log, platform.deps.reader, catch_up_seconds=0)).differences == ()


OF_BOOK = "update ledger_postings set {} where book = $1 and kind = 'CHARGE' and account = '{}'"
BREAKS = {
    "an amount": OF_BOOK.format("minor = minor + 1", "SALES"),
    "a lost posting": "delete from ledger_postings where book = $1 and account = 'SALES'",
    "a posting twice": "insert into ledger_postings (stream_id, version, line, book, kind, reference, account, minor, currency, at) "
    "select stream_id, version, 9, book, kind, reference, account, minor, currency, at from ledger_postings "
    "where book = $1 and account = 'SALES'",
    "a kept balance": "update ledger_balances set minor = minor + 1 where book = $1 and account = 'SALES'",
    "a lost balance": "delete from ledger_balances where book = $1 and account = 'SALES'",
    "two errors that cancel out": "update ledger_postings set minor = minor + case account when 'SALES' then 1 else -1 end "
    "where book = $1 and account in ('SALES', 'BALANCE')",
    "two amounts that changed places": "update ledger_postings p set minor = other.minor from ledger_postings other "
    "where p.book = $1 and other.book = $1 and p.account = other.account and p.stream_id <> other.stream_id "
    "and p.kind = 'CHARGE' and other.kind = 'CHARGE'",
    "another month": OF_BOOK.format("at = at - interval '1 month'", "SALES"),
    "another payment": OF_BOOK.format("reference = 'pi_other'", "SALES"),
    "another account": OF_BOOK.format("account = 'REFUNDS'", "SALES"),
    "another currency": OF_BOOK.format("currency = 'EUR'", "SALES"),
    "another kind": OF_BOOK.format("kind = 'REFUND'", "SALES"),
    "another store's book": OF_BOOK.format("book = gen_random_uuid()", "SALES"),
    "the revenue of a quarter of an hour": "update sales_periods set revenue_minor = revenue_minor + 1 "
    "where store_id = $1 and minutes = 15",
    "a lost period": "delete from sales_periods where store_id = $1 and minutes = 180",
    "the fees of a period": "update sales_periods set platform_fees_minor = 0 where store_id = $1",
}
"""What can be wrong in the tables of a store's books, and the statement that makes it so."""


async def test_the_ledger_check_names_every_break_of_the_books(
    platform: Platform, owner: Merchant, store_id: UUID, order_id: UUID
) -> None:
    cheap = await an_order(platform, owner, store_id)
    await platform.send(
        RecordPayment(order_id=cheap, paid=Money(minor=5800), fee=Money(minor=100), intent_id=f"pi_{cheap}")
    )
    part = await change(platform, owner, "refundOrder", REFUND, orderId=str(order_id), amount="8.00")
    await succeed(platform, order_id, part["order"]["refunds"][0], 800)
    pool: Any = platform.deps.reader
    reader, tables = platform.deps.reader, ("ledger_postings", "ledger_balances", "sales_periods")
    unseen = []
    async with pool.present.acquire() as db:
        for table in tables:
            await db.execute(f"create temp table kept_{table} as table {table}")
        for name, statement in BREAKS.items():
            assert not (await db.execute(statement, store_id)).endswith(" 0"), name
            found = (await check_ledger(platform.log, reader, catch_up_seconds=0)).differences
            unseen += [] if any(str(store_id) in each for each in found) else [name]
            for table in tables:
                await db.execute(f"delete from {table}")
                await db.execute(f"insert into {table} table kept_{table}")
    assert unseen == []
    assert (await check_ledger(platform.log, reader, catch_up_seconds=0)).differences == ()


EVIDENCE = "dispute { id evidence { status revision deadline submittedAt refusal texts { field text source } missing { field advice } } }"


async def test_a_merchant_reads_edits_and_submits_the_evidence_of_a_dispute(
    platform: Platform, owner: Merchant, stranger: Merchant, store_id: UUID, order_id: UUID
) -> None:
    due = platform.clock.now() + timedelta(days=2)
    dispute = DisputeReport(
        dispute_id="du_1",
        intent_id=f"pi_{order_id}",
        amount=Money(minor=5800),
        reason="product_not_received",
        status=DisputeStatus.NEEDS_RESPONSE,
        evidence_due=due,
        movements=0,
        taken=Money(minor=0),
        fee=Money(minor=0),
    )
    await platform.send(RecordDispute(order_id=order_id, report=dispute))
    assert (order_id, "du_1") in await _near(platform)
    lines = "query ($id: ID!) { order(id: $id) { lines { productId title product { description } } } }"
    (sold,) = (await platform.ask(lines, {"id": str(order_id)}, by=owner))["lines"]
    await change(
        platform, owner, "editProduct", "product { id }", productId=sold["productId"], description="Another lamp."
    )
    query = "query ($id: ID!) { order(id: $id) { disputes { evidence { status revision texts { field text source } missing { field } } } } }"
    (shown,) = (await platform.ask(query, {"id": str(order_id)}, by=owner))["disputes"]
    texts = {each["field"]: each["text"] for each in shown["evidence"]["texts"]}
    assert shown["evidence"]["status"] == "NOT_SUBMITTED"
    assert sold["product"]["description"] in texts["PRODUCT_DESCRIPTION"], "as it was sold"
    assert "Another lamp." not in texts["PRODUCT_DESCRIPTION"]
    assert "The shopper paid $58.00." in texts["RECORD"]
    assert texts["REFUND_POLICY"] == "Returns\n\nSend goods back within 14 days.", "as the shopper read it"
    assert [each["field"] for each in shown["evidence"]["missing"]] == [
        "SHIPPING_CARRIER",
        "SHIPPING_TRACKING_NUMBER",
        "SHIPPING_DATE",
    ]
    about = {"orderId": str(order_id), "disputeId": "du_1"}
    own = [{"field": "SHIPPING_CARRIER", "text": " DHL "}, {"field": "CUSTOMER_EMAIL", "text": ""}]
    key = str(uuid4())
    for _ in range(2):
        edited = await change(platform, owner, "editDisputeEvidence", EVIDENCE, **about, texts=own, commandId=key)
        evidence = edited["dispute"]["evidence"]
        assert {"field": "SHIPPING_CARRIER", "text": "DHL", "source": "MERCHANT"} in evidence["texts"]
        assert "CUSTOMER_EMAIL" not in {each["field"] for each in evidence["texts"]}
    other = [*own, {"field": "SHIPPING_TRACKING_NUMBER", "text": "1Z"}]
    for seen, codes in ((shown["evidence"]["revision"], ["CHANGED_MEANWHILE"]), (evidence["revision"], [])):
        later = await change(
            platform, owner, "editDisputeEvidence", EVIDENCE, **about, texts=other, expectedRevision=seen
        )
        assert [error["code"] for error in later["userErrors"]] == codes
    evidence = later["dispute"]["evidence"]
    foreign = await change(platform, stranger, "submitDisputeEvidence", EVIDENCE, **about)
    assert foreign["userErrors"][0]["code"] == "NOT_FOUND"
    unknown = await change(platform, owner, "submitDisputeEvidence", EVIDENCE, **about | {"disputeId": "du_2"})
    assert unknown["userErrors"][0]["code"] == "NOT_FOUND"
    key = str(uuid4())
    for _ in range(2):
        sent = await change(platform, owner, "submitDisputeEvidence", EVIDENCE, **about, commandId=key)
        assert not sent["userErrors"], sent
        assert sent["dispute"]["evidence"]["status"] == "SUBMITTED"
        assert sent["dispute"]["evidence"]["texts"] == evidence["texts"]
    again = await change(platform, owner, "submitDisputeEvidence", EVIDENCE, **about)
    assert again["userErrors"][0]["code"] == "EVIDENCE_CLOSED"
    assert (order_id, "du_1") not in await _near(platform)


async def _near(platform: Platform) -> tuple[tuple[UUID, str], ...]:
    now, soon = platform.clock.now(), timedelta(days=3)
    return await disputes_near_deadline(
        platform.deps.reader, after=now, before=now + soon, opened_before=now, scope=SYSTEM
    )


RETURNS = (
    "order { returns { number kind status reason note address instructions declineReason refundId "
    "lines { quantity } received { quantity restock } } refunds { amount reason } }"
)


async def test_a_return_is_decided_received_and_refunded_by_the_merchant(
    platform: Platform, owner: Merchant, stranger: Merchant, store_id: UUID, order_id: UUID
) -> None:
    ids = {"orderId": str(order_id), "number": 1}
    rules = {"storeId": str(store_id), "days": 30, "reasons": ["  Too   small "], "merchantPays": True}
    shown = await change(
        platform, owner, "setReturnPolicy", "store { returnPolicy { days reasons isDefault } }", **rules
    )
    assert shown["store"]["returnPolicy"] == {"days": 30, "reasons": ["Too small"], "isDefault": False}
    short = await change(platform, owner, "setReturnPolicy", "store { id }", **rules | {"days": 3})
    assert [(each["code"], each["field"]) for each in short["userErrors"]] == [("INVALID_INPUT", "days")]
    none = await change(platform, owner, "approveReturn", RETURNS, **ids)
    assert none["userErrors"][0]["code"] == "NOT_FOUND"

    await change(platform, owner, "fulfilOrder", "order { id }", orderId=str(order_id))
    order = await platform.ask(
        "query ($id: ID!) { order(id: $id) { lines { variantId } shopper { id } } }", {"id": str(order_id)}, by=owner
    )
    variant = UUID(order["lines"][0]["variantId"])
    note = await platform.deps.personal.seal(UUID(order["shopper"]["id"]), "It pinches.")
    asked = RequestReturn(
        order_id=order_id,
        store_id=store_id,
        lines=[ReturnedPieces(variant_id=variant, quantity=2)],
        reason="Too small",
        note=note,
    )
    await platform.send(asked)
    waiting = "query ($id: ID!) { store(id: $id) { orders(needsAttention: true) { totalCount nodes { id } } } }"
    orders = (await platform.ask(waiting, {"id": str(store_id)}, by=owner))["orders"]
    assert orders == {"totalCount": 1, "nodes": [{"id": str(order_id)}]}

    foreign = await change(platform, stranger, "approveReturn", RETURNS, **ids)
    assert foreign["userErrors"][0]["code"] == "NOT_FOUND"
    where = {"address": "Dock 4\n\nKiel ", "instructions": "Use the box.", "commandId": str(uuid4())}
    for _ in range(2):
        approved = await change(platform, owner, "approveReturn", RETURNS, **ids, **where)
    (each,) = approved["order"]["returns"]
    assert (each["status"], each["note"], each["address"], each["instructions"]) == (
        "APPROVED",
        "It pinches.",
        "Dock 4\nKiel",
        "Use the box.",
    )
    late = await change(platform, owner, "declineReturn", RETURNS, **ids, reason="No")
    assert late["userErrors"][0]["code"] == "RETURN_NOT_OPEN"
    one = [{"variantId": str(variant), "quantity": 1, "restock": True}]
    received = await change(platform, owner, "receiveReturn", RETURNS, **ids, lines=one)
    assert received["order"]["returns"][0]["received"] == [{"quantity": 1, "restock": True}]
    paid = await change(platform, owner, "refundReturn", RETURNS, **ids, reason="As you asked")
    assert paid["order"]["refunds"] == [{"amount": "29.00", "reason": "As you asked"}]
    assert paid["order"]["returns"][0]["refundId"] is not None
    twice = await change(platform, owner, "refundReturn", RETURNS, **ids)
    replaced = await change(platform, owner, "replaceReturn", RETURNS, **ids)
    assert [each["userErrors"][0]["code"] for each in (twice, replaced)] == ["RETURN_NOT_OPEN"] * 2
    assert (await platform.ask(waiting, {"id": str(store_id)}, by=owner))["orders"]["totalCount"] == 0


HOLD = (
    "order { status needsAttention hold { reason message loss lines { cost stock } } costs { margin } "
    "supplierOrders { provider status attempt failure externalId } substitutes { title extraCost } refunds { amount } }"
)


async def test_a_held_order_goes_on_in_one_of_three_ways_and_is_placed_by_hand(
    platform: Platform, owner: Merchant, stranger: Merchant, store_id: UUID, order_id: UUID
) -> None:
    ids = {"orderId": str(order_id)}
    kind = "setSupplierOrdering"
    shown = await change(platform, owner, kind, "store { ordersAtSuppliers }", storeId=str(store_id), enabled=True)
    assert shown["store"] == {"ordersAtSuppliers": True}

    async def decide(name: str, by: Merchant = owner, **more: Any) -> Any:
        input_type = {"substituteLines": "SubstituteLines", "refundHeldOrder": "RefundHeldOrder"}.get(name, "Purchase")
        query = f"mutation ($input: {input_type}Input!) {{ {name}(input: $input) {{ {HOLD} userErrors {{ code field }} }} }}"
        return await platform.ask(query, {"input": ids | more}, by=by)

    free = await decide("buyAnyway")
    assert free["userErrors"][0]["code"] == "ORDER_NOT_HELD"
    order = await platform.ask(
        "query ($id: ID!) { order(id: $id) { lines { variantId productId } } }", {"id": str(order_id)}, by=owner
    )
    (line,) = order["lines"]
    product = await platform.ask(
        "query ($id: ID!) { product(id: $id) { variants { id } } }", {"id": line["productId"]}, by=owner
    )
    assert product["variants"]
    await platform.send(RecordSourcing(order_id=order_id, silence="It is away."))
    waiting = await platform.ask(
        "query ($id: ID!) { order(id: $id) { needsAttention hold { reason message } } }",
        {"id": str(order_id)},
        by=owner,
    )
    assert waiting == {"needsAttention": True, "hold": {"reason": "UNREACHABLE", "message": "It is away."}}
    assert (await decide("buyAnyway", stranger))["userErrors"][0]["code"] == "NOT_FOUND"
    assert (await decide("placeSupplierOrder"))["userErrors"][0]["code"] == "NOT_TO_BE_BOUGHT"
    itself = [{"variantId": line["variantId"], "productId": line["productId"], "substituteId": line["variantId"]}]
    bad = await decide("substituteLines", lines=itself)
    assert (bad["userErrors"][0]["code"], bad["userErrors"][0]["field"]) == ("INVALID_INPUT", "lines.0.substituteId")
    again = await decide("checkSupplierAgain")
    assert again["order"]["hold"]["reason"] == "UNREACHABLE"
    others = await platform.ask(
        "query ($id: ID!) { store(id: $id) { products(first: 9) { nodes { id status variants { id } } } } }",
        {"id": str(store_id)},
        by=owner,
    )
    others = [
        one for one in others["products"]["nodes"] if one["id"] != line["productId"] and one["status"] == "ACTIVE"
    ]
    for other in others[:2]:
        # Its supplier is asked first. It is away, so other goods are chosen instead of these.
        instead = {"productId": other["id"], "substituteId": other["variants"][0]["id"]}
        chosen = await decide("substituteLines", lines=[{"variantId": line["variantId"], **instead}])
        assert (chosen["userErrors"], chosen["order"]["hold"]) == ([], None)
        assert (await decide("placeSupplierOrder"))["userErrors"][0]["code"] == "NOT_TO_BE_BOUGHT"
        await platform.send(RecordSourcing(order_id=order_id, silence="It is away again."))
    sent = await platform.ask(
        "query ($id: ID!) { order(id: $id) { hold { reason } substitutes { productId } } }",
        {"id": str(order_id)},
        by=owner,
    )
    assert sent == {"hold": {"reason": "UNREACHABLE"}, "substitutes": [{"productId": others[1]["id"]}]}
    bought = await decide("buyAnyway")
    assert (bought["order"]["needsAttention"], bought["order"]["hold"]) == (False, None)
    placed = await decide("placeSupplierOrder")
    (at_supplier,) = placed["order"]["supplierOrders"]
    assert (at_supplier["status"], at_supplier["attempt"]) == ("REQUESTED", 1)
    provider = SupplierProvider(at_supplier["provider"])
    await platform.send(RecordSupplierOrder(order_id=order_id, provider=provider, external_id=None, reason="Sold out."))
    failed = await platform.ask(
        "query ($id: ID!) { order(id: $id) { needsAttention supplierOrders { status failure } } }",
        {"id": str(order_id)},
        by=owner,
    )
    assert failed == {"needsAttention": True, "supplierOrders": [{"status": "FAILED", "failure": "Sold out."}]}
    retried = await decide("placeSupplierOrder")
    assert (retried["order"]["needsAttention"], retried["order"]["supplierOrders"][0]["attempt"]) == (False, 2)


async def test_a_fee_that_stripe_does_not_take_is_in_the_statement_and_owed_to_the_platform(
    platform: Platform, owner: Merchant, store_id: UUID
) -> None:
    id, fee = await an_order(platform, owner, store_id), Money(minor=290)
    opened = OpenPaymentSession(
        order_id=id, provider="stripe", session_id=f"cs_{id}", account_id="acct_own", owed_fee=fee
    )
    await platform.send(opened)
    before = {each.merchant_id: each.amount for each in await owed_fees(platform.deps.reader, scope=SYSTEM)}
    await platform.send(
        RecordPayment(
            order_id=id, paid=Money(minor=5800), fee=Money(minor=0), intent_id=f"pi_{id}", account_id="acct_own"
        )
    )
    part = await change(platform, owner, "refundOrder", REFUND, orderId=str(id), amount="29.00")
    await succeed(platform, id, part["order"]["refunds"][0], 2900)
    owed = {each.merchant_id: each.amount for each in await owed_fees(platform.deps.reader, scope=SYSTEM)}
    mine = await platform.ask("query { me { owedFees { amountMinor currency } } }", by=owner)
    assert mine == {"owedFees": [{"amountMinor": owed[owner.id].minor, "currency": "USD"}]}
    async with a_dashboard(platform, owner) as dashboard:
        # The page where an account is deleted says it.
        assert f"You owe the platform {owed[owner.id]} of fees." in await dashboard.get("/dashboard/account/data")
    assert owed[owner.id] - before.get(owner.id, Money(minor=0)) == Money(minor=145)
    query = "query ($id: ID!) { store(id: $id) { balances { account amount } statement(month: %s) { kind amount fee net } } }"
    store = await platform.ask(query % f'"{platform.clock.now():%Y-%m}"', {"id": str(store_id)}, by=owner)
    assert {each["account"]: each["amount"] for each in store["balances"]} == {
        "BALANCE": "29.00",
        "SALES": "-58.00",
        "REFUNDS": "29.00",
        "PLATFORM_FEES": "1.45",
        "FEES_OWED": "-1.45",
    }
    assert store["statement"] == [
        {"kind": "CHARGE", "amount": "58.00", "fee": "2.90", "net": "55.10"},
        {"kind": "REFUND", "amount": "-29.00", "fee": "-1.45", "net": "-27.55"},
    ]
    await _check_bill_and_payment(platform, owner, owed[owner.id])


async def _check_bill_and_payment(platform: Platform, owner: Merchant, owed: Money) -> None:
    now = platform.clock.now()
    month = (platform.deps.reader, owner.id, now - timedelta(days=1), now + timedelta(days=1))
    for amount in (owed, owed):
        await platform.send(RecordFeePayment(merchant_id=owner.id, reference="INV-7", amount=amount))
    with pytest.raises(InvalidInput, match="another reference"):
        await platform.send(RecordFeePayment(merchant_id=owner.id, reference="INV-7", amount=Money(minor=1)))
    bill = list(csv.DictReader(io.StringIO(bill_as_csv(await owed_fees_of(*month, scope=SYSTEM)))))
    assert bill[-1]["kind"] == "TOTAL"
    assert sorted((each["kind"], each["fee"]) for each in bill) == [
        ("CHARGE", "2.90"),
        ("FEE_PAYMENT", f"-{owed.decimal}"),
        ("REFUND", "-1.45"),
        ("TOTAL", "0.00"),
    ]
    assert await platform.ask("query { me { owedFees { formatted } } }", by=owner) == {"owedFees": []}
    assert (await check_ledger(platform.log, platform.deps.reader, catch_up_seconds=0)).differences == ()


async def test_an_account_is_kept_until_nothing_goes_on_in_its_stores(
    platform: Platform, owner: Merchant, stranger: Merchant, order_id: UUID
) -> None:
    async def refused() -> str:
        answer = await change(platform, owner, "deleteAccount", "clientMutationId", password=PASSWORD)
        await platform.barrier.catch_up()
        return "".join(f"{each['code']} {each['message']}" for each in answer["userErrors"])

    first = await refused()
    assert first.startswith("ORDERS_TO_FINISH ")
    assert "has 1 order that is paid and not sent. Finish that first" in first
    dispute = DisputeReport(
        dispute_id="du_9",
        intent_id=f"pi_{order_id}",
        amount=Money(minor=5000),
        reason="fraudulent",
        status=DisputeStatus.NEEDS_RESPONSE,
        evidence_due=platform.clock.now() + timedelta(days=2),
        movements=1,
        taken=Money(minor=5000),
        fee=Money(minor=1500),
    )
    await platform.send(RecordDispute(order_id=order_id, report=dispute))
    await change(platform, owner, "fulfilOrder", "order { id }", orderId=str(order_id))
    assert "has 1 open dispute. Finish" in await refused()
    order = await platform.ask(
        "query ($id: ID!) { order(id: $id) { lines { variantId } store { id } } }", {"id": str(order_id)}, by=owner
    )
    line = ReturnedPieces(variant_id=UUID(order["lines"][0]["variantId"]), quantity=1)
    store_id = UUID(order["store"]["id"])
    await platform.send(
        RequestReturn(order_id=order_id, store_id=store_id, lines=[line], reason="Another reason", note=None)
    )
    # The state of an archived store counts too.
    await change(platform, owner, "archiveStore", "store { id }", storeId=str(store_id))
    assert "has 1 open dispute and 1 open return. Finish" in await refused()
    foreign = await unfinished_in_store(platform.deps.reader, store_id, scope=MerchantScope(stranger.id))
    assert not foreign.any
    lost = replace(dispute, status=DisputeStatus.LOST, evidence_due=None)
    await platform.send(RecordDispute(order_id=order_id, report=lost))
    assert "has 1 open return. Finish" in await refused()
    await change(platform, owner, "declineReturn", "order { id }", orderId=str(order_id), number=1, reason="Worn")
    assert await refused() == ""
    assert await platform.deps.accounts.by_id(owner.id) is None
