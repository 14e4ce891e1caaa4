"""The outside of a replay: recorded answers and photos. No part of it reaches a network."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TypeVar
from uuid import UUID

from pydantic import TypeAdapter

from commands.image_result import RecordImage, RejectImage
from commands.ports import Answered, answered
from consumers.agents.base import StepEnded
from consumers.agents.outside_calls import GivenUp
from consumers.ports import React
from domain.calls.context import CallContext
from domain.generation.events import GenerationCancelled, Step, StepFailed
from domain.kernel import DomainEvent
from domain.media.events import ImageProcessed, ImageProcessingRequested, ImageRejected
from domain.merchant.events import SupplierProvider
from domain.sourcing.listing import Listing
from domain.store.events import ProductsScouted
from infra.replay.recording import CallKey, Recording, ReplayRefused, in_words
from schemas import topics
from schemas.envelope import Envelope
from schemas.internal.call_meter import metered

T = TypeVar("T")

NEVER = "A replay has no network."
"""Raised by every part that would reach outside; a recorded answer comes before it."""


class RecordedAnswers:
    """Implements :class:`commands.ports.OutsideAnswers` with a recording.

    Args:
        recording: the answers.
        live: the parts of steps that are asked again instead, for a run with other writers.
    """

    def __init__(self, recording: Recording, *, live: frozenset[Step] = frozenset()) -> None:
        self._recording = recording
        self._live = live
        self._failures = _failures(recording)
        self._known: dict[UUID, bytes] = {}

    async def once(
        self, key: UUID, model: type[T], ask: Callable[[], Awaitable[T]], *, context: CallContext
    ) -> Answered[T]:
        adapter: TypeAdapter[T] = TypeAdapter(model)
        if key not in self._known:
            if context.step in self._live:
                with metered(context):
                    self._known[key] = adapter.dump_json(await ask())
            else:
                self._known[key] = self._recorded((context.step, context.attempt, context.part))
        return answered(adapter, self._known[key], None)

    def _recorded(self, key: CallKey) -> bytes:
        answer = self._recording.answer(key)
        if answer is None:
            reason = self._failures.get(key) or self._failures.get((key[0], key[1], ""))
            if reason is not None:
                raise GivenUp("the outside", reason)
            if any(isinstance(one.event, GenerationCancelled) for one in self._recording.store):
                raise StepEnded
            raise ReplayRefused(
                f"The answer of {in_words(key)} is not recorded. Generations of before calls were recorded cannot be replayed."
            )
        return answer


def _failures(recording: Recording) -> Mapping[CallKey, str]:
    """Return why calls without an answer failed: as a step's reason, or as a supplier's error."""
    failures: dict[CallKey, str] = {}
    for envelope in recording.store:
        match envelope.event:
            case StepFailed(step=step, attempt=attempt, reason=reason):
                failures[step, attempt, ""] = reason
            case ProductsScouted(attempt=attempt, suppliers=reports):
                for report in reports:
                    if report.error is not None:
                        failures[Step.SCOUT, attempt, f"search:{report.provider}"] = report.error
            case _:
                continue
    return failures


class NoCatalogs:
    """Implements :class:`domain.sourcing.ports.SupplierCatalogs`: every supplier is there, and none is searched."""

    providers = frozenset(SupplierProvider)

    async def of(self, merchant_id: UUID, provider: SupplierProvider) -> "NoCatalog":  # noqa: ARG002
        return NoCatalog(provider)


class NoCatalog:
    """Implements :class:`domain.sourcing.ports.SupplierCatalog`."""

    def __init__(self, provider: SupplierProvider) -> None:
        self.provider = provider

    async def search(self, keywords: Sequence[str], *, limit: int) -> Sequence[Listing]:  # noqa: ARG002
        raise ReplayRefused(NEVER)

    async def find(self, source_id: str) -> Listing | None:  # noqa: ARG002
        raise ReplayRefused(NEVER)


class NoOutside:
    """Stands in for writers and other systems whose answers are recorded. Any use of it is refused."""

    def __getattr__(self, name: str) -> Callable[..., Awaitable[object]]:
        async def refuse(*_: object, **__: object) -> object:
            raise ReplayRefused(f"{NEVER} ({name})")

        return refuse


class RecordedPhotos:
    """A consumer in the imager's place: gives each requested photo its recorded result.

    Args:
        events: have the results.
        react: dispatches the commands.
    """

    name = "imager"
    topic = topics.IMAGE_WORK
    handles: frozenset[type[DomainEvent]] = frozenset({ImageProcessingRequested})

    def __init__(self, events: Iterable[DomainEvent], react: React) -> None:
        self._react = react
        self._results: dict[UUID, list[ImageProcessed | ImageRejected]] = {}
        for event in events:
            if isinstance(event, ImageProcessed | ImageRejected):
                self._results.setdefault(event.originator_id, []).append(event)

    async def __call__(self, envelope: Envelope) -> None:
        event = envelope.event
        assert isinstance(event, ImageProcessingRequested)
        results = self._results.get(event.originator_id)
        if not results:
            return  # The recorded generation ended before this photo was processed.
        await self._react(_command(event, results.pop(0)), cause=envelope, name=self.name)


def _command(event: ImageProcessingRequested, result: ImageProcessed | ImageRejected) -> RecordImage | RejectImage:
    if isinstance(result, ImageRejected):
        return RejectImage(
            image_id=event.originator_id, attempt=event.attempt, reason=result.reason, message=result.message
        )
    return RecordImage(
        image_id=event.originator_id,
        attempt=event.attempt,
        renditions=result.renditions,
        source_sha256=result.source_sha256,
        source_size=(result.source_width, result.source_height),
        operations=result.operations,
        seconds=result.seconds,
        review=result.review,
        other_renditions=result.other_renditions,
    )
