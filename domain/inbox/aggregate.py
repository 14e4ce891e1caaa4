"""The inbox aggregate: one webhook of an outside system, recorded once."""

from dataclasses import dataclass, replace
from uuid import UUID

from domain.inbox.events import InboxEvent, WebhookReceived, WebhookRejected
from domain.kernel import CorruptStream, StreamKind


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxEntry:
    """A webhook that was received, rejected, or both. It has its own stream, so a redelivery is harmless."""

    id: UUID
    version: int
    source: str
    external_id: str
    rejected: bool = False


def evolve_inbox(entry: InboxEntry | None, event: InboxEvent) -> InboxEntry:
    """Apply one of the two events an inbox stream can have."""
    match entry, event:
        case None, WebhookReceived() | WebhookRejected():
            return InboxEntry(
                id=event.originator_id,
                version=event.originator_version,
                source=event.source,
                external_id=event.external_id,
                rejected=isinstance(event, WebhookRejected),
            )
        case InboxEntry(rejected=False), WebhookRejected():
            return replace(entry, version=event.originator_version, rejected=True)
        case _:
            raise CorruptStream(event)


INBOX = StreamKind("inbox", InboxEntry, evolve_inbox)
