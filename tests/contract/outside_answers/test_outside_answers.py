"""What every record of outside answers promises: PostgreSQL's, and the one in memory that unit tests trust."""

import asyncio
import hashlib
from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest
from pydantic import BaseModel

from commands.ports import OutsideAnswers
from domain.calls.context import CallContext
from domain.generation.events import Step
from domain.kernel import Transient
from domain.money import Money
from infra.adapters.postgres.outside_answers import PostgresOutsideAnswers
from schemas.internal.call_meter import current_meter
from tests.support.fakes.supply import MemoryAnswers


class Offer(BaseModel):
    """An answer with parts."""

    title: str
    price: Money


class Outside:
    """Answers each call with the next value."""

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)
        self.calls = 0

    async def ask(self) -> object:
        self.calls += 1
        await asyncio.sleep(0)
        answer = self.answers[min(self.calls, len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer


CONTEXT = CallContext(
    generation_id=uuid4(), store_id=uuid4(), merchant_id=uuid4(), step=Step.BRAND, attempt=1, part="brand"
)


async def once(answers: OutsideAnswers, key: UUID, model: type[object], outside: Outside) -> object:
    return (await answers.once(key, model, outside.ask, context=CONTEXT)).value


@pytest.fixture(params=["memory", "postgresql"])
def answers(request: pytest.FixtureRequest) -> OutsideAnswers:
    if request.param == "memory":
        return MemoryAnswers()
    return PostgresOutsideAnswers(request.getfixturevalue("pool"))


@pytest.mark.parametrize(
    ("model", "answer"),
    [
        (str, "a name"),
        (Offer, Offer(title="Vase", price=Money(minor=990))),
        (tuple[Offer, ...], (Offer(title="Vase", price=Money(minor=990)),)),
        (dict[str, int], {"seen": 3}),
        (type(None), None),
    ],
)
async def test_an_answer_is_asked_for_once_and_comes_back_equal(
    answers: OutsideAnswers, model: type[object], answer: object
) -> None:
    key, outside = uuid4(), Outside(answer, "another answer")
    assert (await once(answers, key, model, outside)) == answer
    assert (await once(answers, key, model, outside)) == answer
    assert outside.calls == 1


async def test_every_key_has_an_answer_of_its_own(answers: OutsideAnswers) -> None:
    outside = Outside("first", "second")
    keys = uuid4(), uuid4()
    assert [(await once(answers, key, object, outside)) for key in keys] == ["first", "second"]
    assert [(await once(answers, key, object, outside)) for key in keys] == ["first", "second"]


async def test_a_failed_call_leaves_the_key_free(answers: OutsideAnswers) -> None:
    key, outside = uuid4(), Outside(Transient("The supplier", "is away"), "an answer")
    with pytest.raises(Transient):
        await once(answers, key, object, outside)
    assert (await once(answers, key, object, outside)) == "an answer"
    assert outside.calls == 2


async def test_callers_at_the_same_time_get_the_same_answer(answers: OutsideAnswers) -> None:
    key, outside = uuid4(), Outside("one", "two", "three")
    got: Sequence[object] = await asyncio.gather(*(once(answers, key, object, outside) for _ in range(3)))
    assert len(set(got)) == 1
    assert (await once(answers, key, object, outside)) == got[0]


async def test_what_a_call_used_is_recorded_with_its_answer_and_a_repeat_counts_nothing(
    answers: OutsideAnswers,
) -> None:
    async def ask() -> str:
        meter = current_meter()
        assert meter.context == CONTEXT
        meter.requests, meter.prompt_tokens, meter.model = 2, 40, "a-model"
        return "an answer"

    key = uuid4()
    first = await answers.once(key, str, ask, context=CONTEXT)
    again = await answers.once(key, str, ask, context=CONTEXT)
    assert first.use is not None
    assert (first.use.requests, first.use.prompt_tokens, first.use.model) == (2, 40, "a-model")
    assert again == first
    assert first.sha256 == hashlib.sha256(b'"an answer"').hexdigest()
