"""Every event of an order has words in its timeline."""

from dataclasses import replace
from typing import get_args
from uuid import uuid4

import pytest

from domain.mail.events import MailKind
from domain.order.events import OrderEvent
from gateway.api.order_timeline import MomentKind, order_timeline
from projections.sales.views import OrderMailView
from schemas.contracts.sampling import sample_of
from schemas.envelope import Envelope
from tests.support.builders.samples import NOON


def envelope(event_type: type, *, position: int = 1) -> Envelope:
    return Envelope(
        id=uuid4(),
        position=position,
        tenant=uuid4(),
        correlation_id=uuid4(),
        causation_id=None,
        recorded_at=NOON,
        traceparent=None,
        event=event_type.model_validate(sample_of(event_type)),  # type: ignore[attr-defined]
        hash=b"",
    )


@pytest.mark.parametrize("event_type", get_args(OrderEvent), ids=lambda each: each.__name__)
def test_every_event_of_an_order_is_a_sentence(event_type: type) -> None:
    (moment,) = order_timeline([envelope(event_type)], [])
    assert moment.message.endswith(".")
    assert moment.message[0].isupper() or moment.message[0].isdigit() or moment.message[0] == "$"
    assert "{" not in moment.message
    assert "_" not in moment.message, "a code of a bank or a provider is not a word"


def test_a_mail_that_was_refused_says_what_to_do() -> None:
    sent = OrderMailView(kind=MailKind.ORDER_SHIPPED, refusal=None, at=NOON)
    kinds = [
        (moment.kind, moment.message, moment.detail)
        for moment in order_timeline([], [sent, replace(sent, refusal="550 5.1.1")])
    ]
    assert kinds == [
        (MomentKind.MAIL, "The shopper got a mail: order shipped.", None),
        (
            MomentKind.MAIL,
            "A mail to the shopper was refused: order shipped. Reach the person in another way.",
            "550 5.1.1",
        ),
    ]
