"""Old versions are lifted as they are read; code behind the registry sees current versions only."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.inbox.aggregate import INBOX
from domain.inbox.events import SubjectKind, WebhookReceived, WebhookSubject
from domain.money import Money
from domain.order.events import OrderPaid, OrderPlaced
from schemas.registry import EVENTS, UndecodableEvent, UnknownEvent, decode, encode, lift
from schemas.upcasters import UPCASTERS, Upcaster
from tests.support.builders.samples import NOON


def money_with_currency(body: dict[str, Any]) -> dict[str, Any]:
    """Version 0 to "0b": the amount was a bare number of cents."""
    body["amount"] = {"minor": body.pop("cents"), "currency": "USD"}
    return body


def fee_beside_amount(body: dict[str, Any]) -> dict[str, Any]:
    """Version "0b" to 1: there was no fee."""
    return {**body, "platform_fee": {"minor": 0, "currency": body["amount"]["currency"]}}


OLD = {
    "order.order_settled.v0": Upcaster("order.order_settled.v0b", money_with_currency),
    "order.order_settled.v0b": Upcaster("order.order_paid.v1", fee_beside_amount),
    "order.order_vanished.v1": Upcaster("order.order_gone.v1", lambda body: body),
}
ORDER = UUID(int=7)
BODY = json.dumps(
    {
        "originator_id": str(ORDER),
        "originator_version": 3,
        "occurred_at": "2026-11-23T12:00:00Z",
        "intent_id": "pi_1",
        "cents": 2990,
    }
).encode()


def test_an_old_event_is_lifted_through_every_version_to_the_current_one() -> None:
    event = decode("order.order_settled.v0", BODY, upcasters=OLD)
    assert isinstance(event, OrderPaid)
    assert (event.originator_id, event.amount, event.platform_fee) == (ORDER, Money(minor=2990), Money(minor=0))


def test_a_current_event_is_passed_on_as_it_is() -> None:
    body = b'{ "spaces": "are kept" }'
    assert lift("order.order_paid.v1", body, upcasters=OLD) == ("order.order_paid.v1", body)


@pytest.mark.parametrize("name", ["order.order_paid.v2", "order.order_vanished.v1"])
def test_an_event_of_no_version_is_unknown_and_not_undecodable(name: str) -> None:
    with pytest.raises(UnknownEvent):
        decode(name, BODY, upcasters=OLD)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"{}", b"\xff"])
def test_a_body_that_its_upcaster_cannot_lift_is_undecodable(body: bytes) -> None:
    with pytest.raises(UndecodableEvent):
        decode("order.order_settled.v0", body, upcasters=OLD)


def test_what_is_lifted_must_fit_the_class() -> None:
    wrong = {"order.order_settled.v0": Upcaster(OrderPlaced.wire_name, lambda body: body)}
    with pytest.raises(UndecodableEvent):
        decode("order.order_settled.v0", BODY, upcasters=wrong)


def test_every_chain_of_upcasters_ends_at_an_event() -> None:
    for name in UPCASTERS:
        seen, current = {name}, UPCASTERS[name].to
        while current in UPCASTERS:
            assert current not in seen, f"the upcasters of {name} go in circles"
            seen.add(current)
            current = UPCASTERS[current].to
        assert current in EVENTS
        assert name not in EVENTS


V1 = Path(__file__).parents[3] / "schemas" / "samples" / "inbox.webhook_received.v1.json"


def test_a_webhook_of_version_1_is_about_its_store() -> None:
    body = V1.read_bytes()
    received = decode("inbox.webhook_received.v1", body)
    assert isinstance(received, WebhookReceived)
    assert received.subject.kind is SubjectKind.STORE
    assert str(received.store_id) in body.decode()
    assert received.external_id == "evt_sandbox_1"


def test_a_stream_of_version_1_folds_to_an_inbox_entry() -> None:
    entry = INBOX.fold([decode("inbox.webhook_received.v1", V1.read_bytes())])
    assert entry is not None
    assert (entry.version, entry.external_id, entry.rejected) == (1, "evt_sandbox_1", False)


def test_a_webhook_about_a_merchants_account_has_no_store() -> None:
    received = WebhookReceived(
        originator_id=uuid4(),
        originator_version=1,
        occurred_at=NOON,
        source="stripe",
        external_id="evt_1",
        type="account.updated",
        subject=WebhookSubject(kind=SubjectKind.MERCHANT, id=uuid4()),
        body="{}",
    )
    assert received.store_id is None
    assert decode("inbox.webhook_received.v2", encode(received)) == received
