"""The command that records a call to an outside system."""

from dataclasses import dataclass
from uuid import UUID

from commands.ports import UnboundHandlers, Work
from domain.calls.aggregate import CALL, call_id, record_call
from domain.calls.context import CallContext
from domain.calls.events import CallUse
from domain.kernel import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCall:
    """Record who answered a call of a generation, and what it used."""

    context: CallContext
    answer_id: UUID
    answer_sha256: str
    use: CallUse


async def record_outside_call(command: RecordCall, work: Work, *, clock: Clock) -> None:
    """Append ``OutsideCallRecorded``. No-op if the call is recorded."""
    if not await work.is_new(CALL, call_id(command.answer_id)):
        return
    events = record_call(
        command.context,
        answer_id=command.answer_id,
        answer_sha256=command.answer_sha256,
        use=command.use,
        at=clock.now(),
    )
    work.append(CALL, call_id(command.answer_id), events, tenant=command.context.store_id)


HANDLERS: UnboundHandlers = {RecordCall: record_outside_call}
"""The command and its handler."""
