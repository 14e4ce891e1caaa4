"""Replays a dead letter to the consumer that gave it up; other consumers do not see it again."""

from dataclasses import dataclass
from enum import StrEnum

from commands.ports import UnknownCause
from consumers.ports import Consumer
from domain.kernel import DomainError
from schemas.envelope import from_record
from schemas.internal.deliveries import DeadLetter
from schemas.internal.provenance import Provenance
from schemas.registry import UndecodableEvent, UnknownEvent


class Result(StrEnum):
    """Outcome of a replay."""

    HANDLED = "handled"
    REFUSED = "refused"
    """The domain refused the consumer's command; retrying does not help."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Replay:
    """A replayed letter and its result."""

    letter: DeadLetter
    result: Result
    reason: str = ""
    """Why it was refused or failed."""


async def replay(letter: DeadLetter, consumer: Consumer, provenance: Provenance) -> Replay:
    """Let the consumer handle the letter's record once.

    Safe to repeat, and to run beside the consumer: command ids come from the event. The record is out of order: later
    records of its key were handled before it. A letter whose event is not in the event store fails before the consumer
    sees it, because a letter may be written by anyone with access to the topic.
    """
    try:
        raw = from_record(letter.headers, letter.value)
        envelope = raw.decode()
        if type(envelope.event) in consumer.handles:
            if not await provenance.holds(raw):
                return Replay(letter, Result.FAILED, str(UnknownCause(envelope.id, envelope.position)))
            await consumer(envelope)
    except DomainError as refusal:
        return Replay(letter, Result.REFUSED, f"{refusal.code}: {refusal}")
    except (UnknownEvent, UndecodableEvent, UnknownCause) as error:
        return Replay(letter, Result.FAILED, str(error))
    except Exception as error:  # noqa: BLE001 - the letter stays, and a person reads the reason
        return Replay(letter, Result.FAILED, f"{type(error).__name__}: {error}")
    return Replay(letter, Result.HANDLED)
