"""What the agents of a generation's steps share: when they work, how they ask outside, and how they end."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from commands.generation import FailStep, ProgressStep
from consumers.agents.outside_calls import OUTSIDE_CALLS, GivenUp, call_with_retries
from consumers.ports import Aggregates, Consumer, OutsideAnswers, React, reaction_id
from domain.generation.aggregate import GENERATION
from domain.generation.events import Step, StepStarted
from domain.kernel import Clock, DomainError, DomainEvent
from domain.text import cleaned
from infra.retry import RetryPolicy
from schemas.envelope import Envelope
from schemas.topics import EVENTS

T = TypeVar("T")

logger = logging.getLogger(__name__)


class StepOver(Exception):
    """The step ended while it was worked on: it was cancelled, timed out or started again. Nobody waits for a result."""


@dataclass(frozen=True, slots=True)
class StepPorts:
    """What every step agent needs."""

    aggregates: Aggregates
    answers: OutsideAnswers
    react: React
    clock: Clock
    retries: RetryPolicy = OUTSIDE_CALLS


class StepAgent(Consumer, ABC):
    """Does one step of a generation when that step starts.

    Safe to redeliver: a step that has its result, or has ended, is left alone before anybody is asked; every answer from
    outside is recorded when it comes, so that a crash in between asks nobody twice; and the command ids come from the
    event. A step that ends meanwhile asks nobody any more.
    """

    name: ClassVar[str]
    step: ClassVar[Step]
    topic = EVENTS
    handles: ClassVar[frozenset[type[DomainEvent]]] = frozenset({StepStarted})

    def __init__(self, ports: StepPorts) -> None:
        self._aggregates = ports.aggregates
        self._answers = ports.answers
        self._react = ports.react
        self._clock = ports.clock
        self._retries = ports.retries

    @abstractmethod
    async def work(self, envelope: Envelope, event: StepStarted) -> object:
        """Do the step and return the command that records its result and ends it.

        Called again after a crash; what it asks through :meth:`ask_once` is answered from memory then.

        Raises:
            GivenUp: the step fails with that reason; what was made before is kept.
            StepOver: its result is not wanted any more.
        """

    async def __call__(self, envelope: Envelope) -> None:
        event = envelope.event
        if not isinstance(event, StepStarted) or event.step is not self.step:
            return
        if await self._react.outcome(envelope, self.name):
            return
        try:
            await self._require_wanted(event)
            command = await self.work(envelope, event)
        except StepOver:
            logger.info("The result of step %s of %s is not wanted any more", self.step, event.originator_id)
            return
        except GivenUp as given_up:
            command = FailStep(
                generation_id=event.originator_id, step=self.step, attempt=event.attempt, reason=given_up.reason
            )
        await self._react(command, cause=envelope, name=self.name)

    async def tell(self, envelope: Envelope, event: StepStarted, *, item: str, total: int, message: str) -> None:
        """Tell the merchant that one of ``total`` parts of the step is done; telling the same ``item`` again is harmless."""
        progress = ProgressStep(
            generation_id=event.originator_id,
            step=self.step,
            attempt=event.attempt,
            item=item,
            total=total,
            message=message,
        )
        try:
            await self._react(progress, cause=envelope, name=f"{self.name}:{item}")
        except DomainError as refusal:
            # The step is over; the next question finds out, or the last command is refused likewise.
            logger.info("Progress was not wanted: %s", refusal)

    async def ask_once(
        self,
        envelope: Envelope,
        event: StepStarted,
        model: type[T],
        ask: Callable[[], Awaitable[T]],
        *,
        who: str,
        part: str = "",
    ) -> T:
        """Return the recorded answer to this part of the step, or ask outside within the step's time and record it.

        Args:
            envelope: the step's start.
            event: what is in it.
            model: any type pydantic can validate; how the answer is stored and read back.
            ask: the outside call; it raises ``Transient`` for an outage.
            who: who is asked, in the merchant's words.
            part: what is asked for, where the step asks more than once.

        Raises:
            GivenUp: nobody answered in time; nothing is recorded.
            StepOver: nobody was asked, or not again.
        """

        async def ask_if_wanted() -> T:
            await self._require_wanted(event)
            return await ask()

        answer = await self._answers.once(
            reaction_id(envelope, f"{self.name}:{part}" if part else self.name),
            model,
            lambda: call_with_retries(
                ask_if_wanted, who=who, clock=self._clock, deadline=event.deadline, policy=self._retries
            ),
        )
        # Here, and not in each adapter: suppliers and models write what they like, and all of it comes through here.
        return cleaned(answer)

    async def _require_wanted(self, event: StepStarted) -> None:
        generation = await self._aggregates.get(GENERATION, event.originator_id)
        if not generation.runs_attempt(self.step, event.attempt):
            raise StepOver
