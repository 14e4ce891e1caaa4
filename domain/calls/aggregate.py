"""The aggregate of one call to an outside system: recorded once, never changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.calls.context import CallContext
from domain.calls.events import CallEvent, CallUse, OutsideCallRecorded
from domain.ids import derived
from domain.kernel import CorruptStream, StreamKind, first_header


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCall:
    """A call with its answer's digest."""

    id: UUID
    version: int
    answer_sha256: str


def call_id(answer_id: UUID) -> UUID:
    """Return the id of the call that has this recorded answer."""
    return derived(answer_id, "call")


def record_call(
    context: CallContext, *, answer_id: UUID, answer_sha256: str, use: CallUse, at: datetime
) -> Sequence[CallEvent]:
    """Return the event that records a call."""
    return (
        OutsideCallRecorded(
            **first_header(call_id(answer_id), at),
            generation_id=context.generation_id,
            store_id=context.store_id,
            merchant_id=context.merchant_id,
            step=context.step,
            attempt=context.attempt,
            part=context.part,
            answer_id=answer_id,
            answer_sha256=answer_sha256,
            use=use,
        ),
    )


def evolve(call: RecordedCall | None, event: CallEvent) -> RecordedCall:
    """Apply one recorded event. A call has exactly one."""
    if call is not None:
        raise CorruptStream(event)
    return RecordedCall(id=event.originator_id, version=event.originator_version, answer_sha256=event.answer_sha256)


CALL = StreamKind("call", RecordedCall, evolve)
