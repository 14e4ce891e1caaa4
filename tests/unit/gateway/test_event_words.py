"""Every event that the log may hold has words for people."""

from collections.abc import Sequence
from uuid import uuid4

import pytest

from domain.mail.events import MailKind
from domain.merchant.events import SupplierProvider
from gateway.api.event_words import EventSource, event_words, name_in, title_and_message, words_of
from gateway.code_names import MAILS, SUPPLIERS
from schemas.contracts.sampling import sample_of
from schemas.envelope import RawEvent
from schemas.registry import EVENTS
from tests.support.builders.records import raw


def raw_sample(wire_name: str, **changes: object) -> RawEvent:
    kind = EVENTS[wire_name]
    return raw(kind.model_validate({**sample_of(kind), **changes}), tenant=uuid4())


def test_every_type_has_words_and_no_words_are_left_over() -> None:
    assert set(event_words()) == {wire_name.rpartition(".")[0] for wire_name in EVENTS}


def test_every_event_has_a_title_and_one_sentence() -> None:
    words = {wire_name: title_and_message(raw_sample(wire_name)) for wire_name in EVENTS}
    wrong = {
        wire_name: (title, message)
        for wire_name, (title, message) in words.items()
        if not (title[0].isupper() and len(title) <= 40 and message.endswith("."))
        or title.endswith(".")
        or "{" in title + message
    }
    assert wrong == {}


def test_progress_says_how_much_is_done() -> None:
    progress = raw_sample("generation.step_progressed.v1", step="images", done=12, total=15, message="Cut out “Lamp”")
    assert title_and_message(progress) == ("Photos: 12 of 15", "Cut out “Lamp”.")


def test_an_event_names_its_page_category_domain_or_kind_of_mail() -> None:
    named = {
        ("store.page_written.v1", "title", "Contact"): "Contact",
        ("store.category_described.v1", "title", "Tea cups"): "Tea cups",
        ("store.domain_verified.v1", "name", "shop.example.com"): "shop.example.com",
        ("mail.mail_sent.v1", "kind", "ORDER_CONFIRMED"): "order confirmed",
        ("mail.mail_refused.v1", "kind", "EMAIL_TO_CONFIRM"): "address to confirm",
        ("merchant.supplier_connected.v1", "provider", "CJ_DROPSHIPPING"): "CJ Dropshipping",
    }
    assert {one: name_in(raw_sample(one[0], **{one[1]: one[2]})) for one in named} == named
    assert name_in(raw_sample("store.store_published.v1")) is None


def test_a_name_is_a_field_of_its_event_and_no_personal_data() -> None:
    for wire_name, kind in EVENTS.items():
        field = words_of(wire_name).name
        assert not field or "Sealed" not in str(kind.model_fields[field].annotation), wire_name


def test_every_kind_of_mail_that_has_words_of_its_own_exists() -> None:
    assert set(MAILS) <= set(MailKind)
    assert set(SUPPLIERS) == set(SupplierProvider)


def test_an_event_of_a_newer_release_has_the_words_of_its_name() -> None:
    paid = EVENTS["order.order_paid.v1"]
    newer = raw(paid.model_validate(sample_of(paid)), tenant=uuid4(), type="order.order_gilded.v1")
    assert title_and_message(newer) == ("Order gilded", "")
    assert words_of("order.order_paid.v9").title == "Order paid"


@pytest.mark.parametrize(
    ("source", "names"),
    [
        (EventSource.AGENT, ["generation.step_progressed.v1", "media.image_processed.v1"]),
        (EventSource.SHOPPER, ["order.order_placed.v1", "order.return_requested.v1"]),
        (EventSource.PAYMENTS, ["order.dispute_opened.v1", "order.refund_succeeded.v1"]),
        (EventSource.SUPPLIER, ["order.supplier_order_placed.v1"]),
    ],
)
def test_an_event_without_a_person_says_who_caused_it(source: EventSource, names: Sequence[str]) -> None:
    assert {words_of(name).by for name in names} == {source}
