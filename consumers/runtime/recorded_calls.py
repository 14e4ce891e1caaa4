"""Outside calls of a generation, each made once, kept with its answer, and recorded in the log with what it used."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from commands.calls import RecordCall
from consumers.ports import OutsideAnswers, React, reaction_id
from domain.calls.aggregate import call_id
from domain.calls.context import CallContext
from schemas.envelope import Envelope

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AnsweredCall(Generic[T]):
    """A recorded call with its answer."""

    value: T
    call_id: UUID
    cost: int | None
    """In millionths of a US dollar; None if it is not known."""


class RecordedCalls:
    """Makes calls once. Safe to redeliver: the answer and the event have ids derived from the handled event."""

    def __init__(self, answers: OutsideAnswers, react: React) -> None:
        self._answers = answers
        self._react = react

    async def once(
        self,
        envelope: Envelope,
        name: str,
        model: type[T],
        ask: Callable[[], Awaitable[T]],
        *,
        context: CallContext,
    ) -> T:
        """Return the recorded answer of a call; make the call and record it if there is none. See :meth:`call`."""
        return (await self.call(envelope, name, model, ask, context=context)).value

    async def call(
        self,
        envelope: Envelope,
        name: str,
        model: type[T],
        ask: Callable[[], Awaitable[T]],
        *,
        context: CallContext,
    ) -> "AnsweredCall[T]":
        """Return the recorded answer of a call, and what it cost; make the call and record it if there is none.

        Args:
            envelope: the handled event.
            name: the consumer, and the part of its reaction.
            model: any type that pydantic can validate; the answer is stored and read as this.
            ask: the outside call.
            context: the part of a generation that the call is made for.
        """
        key = reaction_id(envelope, name)
        answer = await self._answers.once(key, model, ask, context=context)
        if answer.use is not None:
            record = RecordCall(context=context, answer_id=key, answer_sha256=answer.sha256, use=answer.use)
            await self._react(record, cause=envelope, name=f"{name}:call")
        cost = None if answer.use is None else answer.use.cost_microdollars
        return AnsweredCall(answer.value, call_id(key), cost)
