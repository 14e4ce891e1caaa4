"""Folds of what happens to a niche: it is read, asked about, answered and chosen."""

import json
from typing import Any
from uuid import UUID

import pytest

from domain.generation.aggregate import generation_of, job_of
from domain.generation.events import (
    Attention,
    AttentionCode,
    CategoryCount,
    GenerationCancelled,
    GenerationEvent,
    GenerationNeedsAttention,
    GenerationStarted,
    JobStatus,
    NicheChosen,
    NicheUnderstood,
    Step,
    StepNeedsAttention,
    StepStarted,
)
from domain.kernel import DomainEvent
from domain.store.events import NicheChanged, Preferences, StoreRequested
from domain.store.niche import NicheReading
from projections.catalog import model as catalog
from projections.catalog.rows import CatalogRows
from projections.engine.decoding import DecodedEvent, EventDecoder
from projections.jobs import model as jobs
from projections.jobs.tables import GenerationRow, JobRow, JobsRows
from schemas.registry import encode
from tests.support.builders.samples import NOON

STORE, MERCHANT = UUID(int=2), UUID(int=3)
ID = generation_of(STORE)
SCOUT = job_of(ID, Step.SCOUT)
QUESTION = Attention(
    code=AttentionCode.NICHE_UNCLEAR, message="We do not know what “kichen” means.", suggestions=["kitchen tools"]
)
FEW = Attention(
    code=AttentionCode.FEW_PRODUCTS_FIT,
    message="Only 1 product fits.",
    available=[CategoryCount(category="mug", count=9)],
)


def as_read(event: DomainEvent) -> DecodedEvent:
    """Return an event as projectors read it from the log: with the fields of its class and no methods."""
    headers = [("ce_type", event.wire_name.encode()), ("ce_tenant", str(STORE).encode())]
    read = EventDecoder({type(event)}).decode_record(headers, encode(event))
    assert read is not None
    return read


class Play:
    """A generation's events, numbered and applied one by one as from the log."""

    def __init__(self) -> None:
        self.rows, self.version = JobsRows(), 0
        requested = StoreRequested(
            originator_id=STORE,
            originator_version=1,
            occurred_at=NOON,
            merchant_id=MERCHANT,
            niche="Kichen tools",
            preferences=Preferences(),
        )
        jobs.MODEL.fold(self.rows, [as_read(requested)])
        self.add(GenerationStarted, store_id=STORE, merchant_id=MERCHANT, niche="Kichen tools")

    def add(self, kind: type[GenerationEvent], **fields: Any) -> None:
        self.version += 1
        event = kind(originator_id=ID, originator_version=self.version, occurred_at=NOON, **fields)
        jobs.MODEL.fold(self.rows, [as_read(event)])

    @property
    def generation(self) -> GenerationRow:
        return self.rows.generations[ID]

    @property
    def scout(self) -> JobRow:
        return self.rows.jobs[SCOUT]

    @property
    def last_line(self) -> tuple[str, str]:
        line = self.rows.job_logs[ID, self.version]
        return line.level, line.message


@pytest.fixture
def play() -> Play:
    return Play()


def start_scout(play: Play, attempt: int) -> None:
    play.add(StepStarted, store_id=STORE, merchant_id=MERCHANT, step=Step.SCOUT, attempt=attempt, deadline=NOON)


def loaded(column: Any) -> Any:
    return json.loads(column)


def test_a_reading_is_kept_and_logged_in_words_with_its_cautions(play: Play) -> None:
    reading = NicheReading(things=["cat toy", "cat wand"], audience=["senior cat"], style=["felt"])
    play.add(NicheUnderstood, store_id=STORE, niche="Felt cat toys", reading=reading, cautions=["Mind the mark."])
    assert play.generation.niche == "Felt cat toys"
    assert NicheReading.model_validate(loaded(play.generation.reading)) == reading
    assert loaded(play.generation.cautions) == ["Mind the mark."]
    assert play.last_line == (
        "WARNING",
        "Understood “Felt cat toys” as cat toy and cat wand, for senior cat, style: felt. Mind the mark.",
    )
    play.add(NicheUnderstood, store_id=STORE, niche="Cat toys", reading=NicheReading(things=["cat toy"]))
    assert loaded(play.generation.cautions) == [], "the latest reading counts"
    assert play.last_line == ("INFO", "Understood “Cat toys” as cat toy.")


def test_a_question_ends_the_generation_until_another_niche_is_chosen(play: Play) -> None:
    play.add(GenerationNeedsAttention, store_id=STORE, attention=QUESTION)
    assert (play.generation.status, play.generation.error) == (JobStatus.NEEDS_ATTENTION, None)
    assert Attention.model_validate(loaded(play.generation.attention)) == QUESTION
    assert play.generation.completed_at == NOON
    assert play.last_line == ("WARNING", QUESTION.message)
    play.add(NicheChosen, store_id=STORE, niche="Kitchen tools")
    assert (play.generation.status, play.generation.niche) == (JobStatus.PROCESSING, "Kitchen tools")
    assert not any((play.generation.attention, play.generation.completed_at))
    assert play.last_line == ("INFO", "You chose another niche: “Kitchen tools”.")


def test_a_step_that_asks_shows_its_question_until_it_starts_again(play: Play) -> None:
    start_scout(play, 1)
    play.add(StepNeedsAttention, step=Step.SCOUT, attempt=1, attention=FEW)
    assert (play.scout.status, play.scout.error, play.scout.message) == (JobStatus.NEEDS_ATTENTION, None, FEW.message)
    assert Attention.model_validate(loaded(play.scout.attention)) == FEW
    assert play.scout.completed_at == NOON
    assert play.last_line == ("WARNING", f"Product scouting needs your attention: {FEW.message}")
    assert str(play.generation.status) == "PROCESSING", "other steps may be running"
    play.add(GenerationNeedsAttention, store_id=STORE, step=Step.SCOUT, attention=FEW)
    assert str(play.generation.status) == "NEEDS_ATTENTION"
    assert play.last_line == ("WARNING", "Waiting for your decision. What was made is kept.")
    start_scout(play, 2)
    assert (play.scout.status, play.scout.attempt) == (JobStatus.PROCESSING, 2)
    assert not any((play.scout.attention, play.scout.completed_at, play.generation.attention))
    assert str(play.generation.status) == "PROCESSING"


def test_a_cancelled_generation_asks_nothing(play: Play) -> None:
    start_scout(play, 1)
    play.add(StepNeedsAttention, step=Step.SCOUT, attempt=1, attention=FEW)
    play.add(GenerationNeedsAttention, store_id=STORE, step=Step.SCOUT, attention=FEW)
    play.add(GenerationCancelled, store_id=STORE)
    assert play.generation.status == play.scout.status == JobStatus.CANCELLED
    assert play.generation.attention is play.scout.attention is None


@pytest.mark.parametrize(("name", "shown"), [(None, "Kitchen tools"), ("Copper & Co", "Copper & Co")])
def test_a_store_without_a_name_goes_by_its_changed_niche(name: str | None, shown: str) -> None:
    base = {"originator_id": STORE, "occurred_at": NOON}
    requested = StoreRequested(
        **base,
        originator_version=1,
        merchant_id=MERCHANT,
        niche="Kichen tools",
        preferences=Preferences(name=name),
    )
    changed = NicheChanged(**base, originator_version=2, niche="Kitchen tools")
    store = catalog.MODEL.fold(CatalogRows(), [as_read(requested), as_read(changed)]).stores[STORE]
    assert (store.niche, store.name) == ("Kitchen tools", shown)
