"""Evidence is assembled from what was recorded, and says what is missing."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from domain.money import Money
from domain.order.evidence.assembly import AcceptedPage, Moment, OrderFacts, SentParcel, SoldLine, assemble
from domain.order.evidence.fields import ADVICE, HELPFUL, TEXT_MAX, TOTAL_MAX, EvidenceField, EvidenceSource, gaps

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
FACTS = OrderFacts(
    number="ZY-7Q2M4K",
    shop="Neon Haven",
    placed_at=AT,
    total=Money(minor=3400),
    lines=[
        SoldLine(
            title="Lamp", variant_title="Violet", quantity=2, unit_price=Money(minor=1700), description="It glows."
        )
    ],
    shopper_name="Ada Shopper",
    shopper_email="ada@shopper.example",
    address=["Main St 1", "97201", "Portland", "US"],
    pages=[
        AcceptedPage(title="Terms", number=3, written_at=AT, content="The terms.", is_refund_policy=False),
        AcceptedPage(
            title="Refunds",
            number=1,
            written_at=AT,
            content="## Returns\n\n**14 days**, [here](/x).\n> (\\*)",
            is_refund_policy=True,
        ),
    ],
    parcels=[SentParcel(number=1, carrier="DHL", tracking_number="77", sent_at=AT + timedelta(days=1))],
    delivered_on=date(2026, 11, 5),
    moments=[Moment(at=AT + timedelta(minutes=5), what="The shopper paid $34.00.")],
)


def texts(facts: OrderFacts, edits: dict[EvidenceField, str] | None = None) -> dict[EvidenceField, str]:
    return {each.field: each.text for each in assemble(facts, edits or {})}


def test_the_record_tells_the_order_of_events_with_the_terms_accepted() -> None:
    accepted = "Terms (version 3 of 2026-11-01), Refunds (version 1 of 2026-11-01)."
    assert texts(FACTS)[EvidenceField.RECORD].splitlines() == [
        "Order ZY-7Q2M4K at Neon Haven, $34.00. All times are UTC.",
        f"2026-11-01 12:00: The shopper placed the order and accepted: {accepted}",
        "2026-11-01 12:05: The shopper paid $34.00.",
        "2026-11-02 12:00: Parcel 1 was sent with DHL, tracking number 77.",
        "2026-11-05: The shopper had the whole order.",
    ]


def test_goods_address_tracking_and_policy_have_their_own_fields() -> None:
    found = texts(FACTS)
    assert found[EvidenceField.PRODUCT_DESCRIPTION] == "2 x Lamp, Violet, $17.00 each\nIt glows."
    assert found[EvidenceField.SHIPPING_ADDRESS] == "Main St 1\n97201\nPortland\nUS"
    assert found[EvidenceField.SHIPPING_TRACKING_NUMBER] == "77"
    assert found[EvidenceField.SHIPPING_DATE] == "2026-11-02"
    assert found[EvidenceField.REFUND_POLICY] == "Returns\n\n14 days, here.\n(*)", "no Markdown"
    assert EvidenceField.REFUND_REFUSAL not in found


def test_the_merchants_words_replace_what_was_recorded_and_an_empty_text_leaves_it_out() -> None:
    edits = {EvidenceField.SHIPPING_CARRIER: " UPS ", EvidenceField.CUSTOMER_EMAIL: "", EvidenceField.RECORD: "Mine."}
    evidence = {each.field: each for each in assemble(FACTS, edits)}
    carrier = evidence[EvidenceField.SHIPPING_CARRIER]
    assert (carrier.text, carrier.source) == ("UPS", EvidenceSource.MERCHANT)
    assert EvidenceField.CUSTOMER_EMAIL not in evidence
    assert evidence[EvidenceField.RECORD].text == "Mine."
    assert evidence[EvidenceField.SHIPPING_DATE].source is EvidenceSource.LOG


def test_an_order_without_parcel_lacks_what_banks_ask_for() -> None:
    sent = replace(FACTS, parcels=())
    missing = gaps("product_not_received", texts(sent))
    assert [gap.field for gap in missing] == [
        EvidenceField.SHIPPING_CARRIER,
        EvidenceField.SHIPPING_TRACKING_NUMBER,
        EvidenceField.SHIPPING_DATE,
    ]
    assert gaps("product_not_received", texts(FACTS)) == ()


def test_each_reason_asks_for_its_own_parts() -> None:
    assert [gap.field for gap in gaps("duplicate", texts(FACTS))] == [EvidenceField.DUPLICATE_EXPLANATION]
    assert [gap.field for gap in gaps("credit_not_processed", texts(FACTS))] == [EvidenceField.REFUND_REFUSAL]
    assert gaps("a reason that Stripe adds next year", texts(FACTS)) == ()
    assert set(ADVICE) == set(EvidenceField)
    assert all(len(fields) == len(set(fields)) for fields in HELPFUL.values())


def test_an_erased_shopper_leaves_gaps_and_no_lines() -> None:
    erased = replace(FACTS, shopper_name=None, shopper_email=None, address=())
    names = {gap.field for gap in gaps("fraudulent", texts(erased))}
    assert names == {EvidenceField.CUSTOMER_NAME, EvidenceField.CUSTOMER_EMAIL, EvidenceField.SHIPPING_ADDRESS}


@pytest.mark.parametrize("size", [TEXT_MAX, TEXT_MAX + 1])
def test_long_texts_fit_the_providers_limits(size: int) -> None:
    edits = dict.fromkeys(EvidenceField, "x" * size)
    found = texts(FACTS, edits)
    assert max(map(len, found.values())) == TEXT_MAX
    assert sum(map(len, found.values())) == TOTAL_MAX
