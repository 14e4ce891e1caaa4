"""What a generation is replayed from: its events, and the recorded answers of its outside calls."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from domain.calls.events import OutsideCallRecorded
from domain.generation.aggregate import GENERATION
from domain.generation.events import GenerationStarted, Step
from domain.kernel import DomainError, NotFound
from infra.adapters.postgres.settled_log import SettledLog
from schemas.envelope import Envelope

CallKey = tuple[Step | None, int, str]
"""Step, attempt and part of a call."""


class ReplayRefused(DomainError):
    """The generation cannot be replayed: a record is missing or altered. The message names it."""

    code = "REPLAY_REFUSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """Everything that a generation was made from, read once; a replay needs nothing else."""

    generation_id: UUID
    store_id: UUID
    merchant_id: UUID
    merchant: Sequence[Envelope]
    """The merchant's own events before the generation ended."""
    store: Sequence[Envelope]
    """The events of the store's streams, in the order of the log."""
    answers: Mapping[CallKey, bytes]
    """The recorded answers as JSON."""

    def answer(self, key: CallKey) -> bytes | None:
        """Return a recorded answer; None if the call is not recorded."""
        return self.answers.get(key)


async def read_recording(log: SettledLog, pool: asyncpg.Pool, generation_id: UUID) -> Recording:
    """Return a generation's recording.

    Raises:
        NotFound: no generation has the id.
        ReplayRefused: a recorded answer is missing, or has another digest than the log says.
    """
    last = await log.last_position()
    (store_id,) = await log.tenants_of([generation_id]) or (None,)
    if store_id is None:
        raise NotFound(GENERATION.name, generation_id)
    events = [raw.decode() for raw in await log.read_tenant(store_id, last)]
    started = next((one.event for one in events if _starts(one, generation_id)), None)
    if not isinstance(started, GenerationStarted):
        raise NotFound(GENERATION.name, generation_id)
    ended = max(one.position for one in events if one.event.originator_id == generation_id)
    merchant = [raw.decode() for raw in await log.read_tenant(started.merchant_id, ended)]
    calls = [
        one.event
        for one in events
        if isinstance(one.event, OutsideCallRecorded) and one.event.generation_id == generation_id
    ]
    return Recording(
        generation_id=generation_id,
        store_id=store_id,
        merchant_id=started.merchant_id,
        merchant=merchant,
        store=[one for one in events if one.position <= ended],
        answers=await _answers(pool, calls),
    )


def _starts(envelope: Envelope, generation_id: UUID) -> bool:
    return isinstance(envelope.event, GenerationStarted) and envelope.event.originator_id == generation_id


async def _answers(pool: asyncpg.Pool, calls: Iterable[OutsideCallRecorded]) -> Mapping[CallKey, bytes]:
    by_id = {call.answer_id: call for call in calls}
    rows = await pool.fetch("select key, answer from answers where key = any ($1::uuid[])", list(by_id))
    found = {row["key"]: bytes(row["answer"]) for row in rows}
    answers: dict[CallKey, bytes] = {}
    for id, call in by_id.items():
        answer = found.get(id)
        if answer is None:
            raise ReplayRefused(f"The recorded answer of {in_words(key_of(call))} is missing (answer {id}).")
        digest = hashlib.sha256(answer).hexdigest()
        if digest != call.answer_sha256:
            raise ReplayRefused(
                f"The recorded answer of {in_words(key_of(call))} was altered: the log says SHA-256 {call.answer_sha256}, "
                f"the answer has {digest} (answer {id})."
            )
        answers[key_of(call)] = answer
    return answers


def key_of(call: OutsideCallRecorded) -> CallKey:
    """Return the key of a recorded call."""
    return call.step, call.attempt, call.part


def in_words(key: CallKey) -> str:
    """Return a call's place in its generation, for messages."""
    step, attempt, part = key
    return f"“{part}”" if step is None else f"“{part}” of step {step.value}, attempt {attempt}"
