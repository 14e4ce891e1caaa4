"""The command that records what became of a mail."""

from dataclasses import dataclass
from uuid import UUID

from commands.ports import UnboundHandlers, Work
from domain.kernel import Clock
from domain.mail.aggregate import MAIL, record_outcome
from domain.mail.events import MailKind


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordMail:
    """Record that a mail was sent, or refused permanently."""

    mail_id: UUID
    store_id: UUID
    order_id: UUID | None
    kind: MailKind
    message_id: str
    refusal: str | None = None
    """The server's status code; None if the mail was sent."""


async def record_mail(command: RecordMail, work: Work, *, clock: Clock) -> None:
    """Append ``MailSent`` or ``MailRefused``. No-op if the mail has an outcome."""
    if not await work.is_new(MAIL, command.mail_id):
        return
    events = record_outcome(
        command.mail_id,
        store_id=command.store_id,
        order_id=command.order_id,
        kind=command.kind,
        message_id=command.message_id,
        refusal=command.refusal,
        at=clock.now(),
    )
    work.append(MAIL, command.mail_id, events, tenant=command.store_id)


HANDLERS: UnboundHandlers = {RecordMail: record_mail}
"""Each command and its handler."""
