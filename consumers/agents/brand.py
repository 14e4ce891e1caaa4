"""The brand agent: from a niche to a name, a look and a voice."""

import logging
from typing import ClassVar

from commands.generation import FailStep, ProgressStep
from commands.store import AdoptBrand
from consumers.dependencies import Aggregates, Answers, Consumer, Dispatch
from consumers.stepwork import GivenUp, attempt_outside
from domain.generation.aggregate import GENERATION
from domain.generation.events import Step, StepStarted
from domain.ids import derived
from domain.kernel import Clock, DomainError, DomainEvent
from domain.store.aggregate import STORE
from domain.store.brand import BrandProposal
from domain.store.ports import BrandBrief, BrandWriter
from schemas.envelope import Envelope
from schemas.topics import EVENTS

NAME = "brand-agent"

log = logging.getLogger(__name__)


class BrandAgent(Consumer):
    """Gives a store a brand when its brand step starts.

    Safe to redeliver: a step that has its brand, or has ended, is left alone before anybody is asked; the proposal is
    recorded, so that a crash in between asks nobody twice; and the command ids come from the event.
    """

    name = NAME
    topic = EVENTS
    handles: ClassVar[frozenset[type[DomainEvent]]] = frozenset({StepStarted})

    def __init__(
        self, writer: BrandWriter, aggregates: Aggregates, answers: Answers, dispatch: Dispatch, clock: Clock
    ) -> None:
        self._writer = writer
        self._aggregates = aggregates
        self._answers = answers
        self._dispatch = dispatch
        self._clock = clock

    async def __call__(self, envelope: Envelope) -> None:
        event = envelope.event
        if not isinstance(event, StepStarted) or event.step is not Step.BRAND:
            return
        if await self._dispatch.outcome(envelope, NAME):
            return
        generation = await self._aggregates.get(GENERATION, event.originator_id)
        if not generation.is_running(Step.BRAND, event.attempt):
            return
        command: AdoptBrand | FailStep
        try:
            proposal = await self._answers.once(derived(envelope.id, NAME), BrandProposal, lambda: self._propose(event))
        except GivenUp as given_up:
            command = FailStep(
                generation_id=event.originator_id, step=Step.BRAND, attempt=event.attempt, reason=given_up.reason
            )
        else:
            await self._tell(envelope, event, proposal)
            command = AdoptBrand(generation_id=event.originator_id, attempt=event.attempt, proposal=proposal)
        await self._dispatch(command, cause=envelope, name=NAME)

    async def _propose(self, event: StepStarted) -> BrandProposal:
        store = await self._aggregates.get(STORE, event.store_id)
        # The attempt is in the seed: a step that runs again comes to another brand.
        brief = BrandBrief(
            niche=store.niche, preferences=store.preferences, seed=f"{event.originator_id}:{event.attempt}"
        )
        return await attempt_outside(
            lambda: self._writer.propose(brief), who="the brand writer", clock=self._clock, deadline=event.deadline
        )

    async def _tell(self, envelope: Envelope, event: StepStarted, proposal: BrandProposal) -> None:
        names = [f"“{option.name}”" for option in proposal.options]
        progress = ProgressStep(
            generation_id=event.originator_id,
            step=Step.BRAND,
            attempt=event.attempt,
            item="names",
            total=2,
            message=f"Weighed {len(names)} names: {', '.join(names[:-1])} and {names[-1]}",
        )
        try:
            await self._dispatch(progress, cause=envelope, name=f"{NAME}:names")
        except DomainError as refusal:
            # The step was cancelled meanwhile; the last command is refused likewise, which ends it.
            log.info("Progress was not wanted: %s", refusal)
