"""The mail aggregate: one mail because of one event, sent or refused once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.ids import derived
from domain.kernel import CorruptStream, StreamKind, first_header
from domain.mail.events import MailEvent, MailKind, MailRefused, MailSent


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMail:
    """A mail with its outcome."""

    id: UUID
    version: int
    store_id: UUID
    kind: MailKind


def mail_id(cause: UUID, kind: MailKind) -> UUID:
    """Return the id of the mail of one kind that an event leads to."""
    return derived(cause, "mail", kind)


def record_outcome(
    id: UUID,
    *,
    store_id: UUID,
    order_id: UUID | None,
    kind: MailKind,
    message_id: str,
    refusal: str | None,
    at: datetime,
) -> Sequence[MailEvent]:
    """Return the event that records a mail's outcome: sent, or refused for a reason."""
    header = first_header(id, at)
    if refusal is None:
        return (MailSent(**header, store_id=store_id, order_id=order_id, kind=kind, message_id=message_id),)
    return (
        MailRefused(**header, store_id=store_id, order_id=order_id, kind=kind, message_id=message_id, reason=refusal),
    )


def evolve(mail: SentMail | None, event: MailEvent) -> SentMail:
    """Apply one recorded event. A mail has exactly one."""
    if mail is not None:
        raise CorruptStream(event)
    return SentMail(id=event.originator_id, version=event.originator_version, store_id=event.store_id, kind=event.kind)


MAIL = StreamKind("mail", SentMail, evolve)
