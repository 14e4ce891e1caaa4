"""Old versions of events decode as the current ones."""

from pathlib import Path
from uuid import uuid4

from domain.inbox.aggregate import INBOX
from domain.inbox.events import SubjectKind, WebhookReceived, WebhookSubject
from schemas.registry import decode, encode
from tests.support.builders.samples import NOON

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
