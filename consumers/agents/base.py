"""The base of all step agents: when they work, how they call outside, and how they end a step."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from commands.step import FailStep, ProgressStep
from consumers.agents.outside_calls import OUTSIDE_CALLS, GivenUp, call_with_retries
from consumers.ports import Aggregates, Consumer, OutsideAnswers, React
from consumers.runtime.recorded_calls import RecordedCalls
from domain.calls.context import CallContext
from domain.generation.aggregate import GENERATION
from domain.generation.events import Step, StepStarted
from domain.kernel import Clock, DomainError, DomainEvent
from domain.text import cleaned
from infra.retry import RetryPolicy
from schemas.envelope import Envelope
from schemas.topics import EVENTS

T = TypeVar("T")

logger = logging.getLogger(__name__)


class StepEnded(Exception):
    """The step was cancelled, timed out or restarted while the agent worked on it; its result is not needed."""


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

    Safe to redeliver: the agent does nothing for a step that has its result or has ended. Each answer from outside is
    recorded when it arrives, so a crash does not repeat the call. Command ids come from the event. An agent makes no
    further outside calls once its step has ended.
    """

    name: ClassVar[str]
    step: ClassVar[Step]
    topic = EVENTS
    handles: ClassVar[frozenset[type[DomainEvent]]] = frozenset({StepStarted})

    def __init__(self, ports: StepPorts) -> None:
        self._aggregates = ports.aggregates
        self._calls = RecordedCalls(ports.answers, ports.react)
        self._react = ports.react
        self._clock = ports.clock
        self._retries = ports.retries

    @abstractmethod
    async def work(self, envelope: Envelope, event: StepStarted) -> object:
        """Do the step and return the command that records its result and ends it.

        It runs again after a crash; :meth:`ask_once` then returns the recorded answers.

        Raises:
            GivenUp: the step fails with that reason; earlier results stay.
            StepEnded: the step has ended; its result is not needed.
        """

    async def __call__(self, envelope: Envelope) -> None:
        event = envelope.event
        if not isinstance(event, StepStarted) or event.step is not self.step:
            return
        if await self._react.outcome(envelope, self.name):
            return
        try:
            await self._require_running(event)
            command = await self.work(envelope, event)
        except StepEnded:
            logger.info("Step %s of %s has ended; its result is not needed", self.step, event.originator_id)
            return
        except GivenUp as given_up:
            command = FailStep(
                generation_id=event.originator_id, step=self.step, attempt=event.attempt, reason=given_up.reason
            )
        await self._react(command, cause=envelope, name=self.name)

    async def report(self, envelope: Envelope, event: StepStarted, *, item: str, total: int, message: str) -> None:
        """Report to the merchant that one of ``total`` parts of the step is done; no-op for an ``item`` reported before."""
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
            # The step has ended. The next outside call finds out, or the last command is refused as well.
            logger.info("Progress was refused: %s", refusal)

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
        """Return the recorded answer for this part of the step, or call outside within the step's time and record the answer.

        Args:
            envelope: the step's start.
            event: the event in the envelope.
            model: any type that pydantic can validate; the answer is stored and read as this.
            ask: the outside call; it raises ``Transient`` for an outage.
            who: who is called, in the merchant's words.
            part: names the call in a step that makes several.

        Raises:
            GivenUp: there was no answer in time; nothing is recorded.
            StepEnded: the step ended before an attempt.
        """

        async def ask_if_running() -> T:
            await self._require_running(event)
            return await ask()

        answer = await self._calls.once(
            envelope,
            f"{self.name}:{part}" if part else self.name,
            model,
            lambda: call_with_retries(
                ask_if_running, who=who, clock=self._clock, deadline=event.deadline, policy=self._retries
            ),
            context=call_context(event, part or self.step.value),
        )
        # Cleaned here and not in each adapter: all text of suppliers and models passes here.
        return cleaned(answer)

    async def _require_running(self, event: StepStarted) -> None:
        generation = await self._aggregates.get(GENERATION, event.originator_id)
        if not generation.runs_attempt(self.step, event.attempt):
            raise StepEnded


def call_context(event: StepStarted, part: str) -> CallContext:
    """Return what a call of a step is made for."""
    return CallContext(
        generation_id=event.originator_id,
        store_id=event.store_id,
        merchant_id=event.merchant_id,
        step=event.step,
        attempt=event.attempt,
        part=part,
    )
