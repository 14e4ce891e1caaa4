"""Hands a dead letter back to the one consumer that gave it up; nobody else sees it again."""

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
    """How a replay went."""

    HANDLED = "handled"
    REFUSED = "refused"
    """The domain refused what the consumer wanted, which is an answer: trying again would not change it."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Replay:
    """One letter, replayed."""

    letter: DeadLetter
    result: Result
    reason: str = ""
    """Why it was refused or failed."""


async def replay(letter: DeadLetter, consumer: Consumer, provenance: Provenance) -> Replay:
    """Let the consumer handle the letter's record now, once.

    Safe to repeat, and beside the running consumer: its commands have ids made from the event. The record comes after
    later ones of its key, as it did for its group when it was parked. A letter whose event is not in the event store
    fails before the consumer sees it: anybody who can write to the topic can write letters.
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
    except Exception as error:  # noqa: BLE001 - whatever it is, the letter stays and a person is told
        return Replay(letter, Result.FAILED, f"{type(error).__name__}: {error}")
    return Replay(letter, Result.HANDLED)
