"""Questions about a niche: who is asked, how the answer starts the generation, and what is refused."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from commands.generation import StartGeneration, UnderstandNiche
from commands.step import AskForAttention
from commands.store import RequestStore
from domain.generation.aggregate import generation_of, job_of
from domain.generation.events import AttentionCode, CategoryCount, Step
from domain.store.events import Preferences
from infra.writers.rules.niche.reader import read_niche
from tests.support.platforms.gateway import Merchant, Platform

NONSENSE = "Blorptastic fnarg"
GENERATION = (
    "id niche status error completedAt attention { code message suggestions available { category count } }"
    " understanding { things audience style unknown readBy cautions question { code message suggestions } }"
    " jobs { step status attention { code } } store { niche status }"
)
ANSWERS: dict[str, dict[str, Any]] = {
    "correctNiche": {"things": ["Cat toys"], "audience": ["senior cats"]},
    "chooseNiche": {"niche": "Ceramic planters"},
    "continueGeneration": {},
}


async def read_again(platform: Platform, store_id: UUID, niche: str) -> None:
    """Record the reading of a niche, as the generation policy does."""
    await platform.send(
        UnderstandNiche(
            generation_id=generation_of(store_id), store_id=store_id, niche=niche, reading=read_niche(niche)
        )
    )


async def a_reading(platform: Platform, owner: Merchant, niche: str) -> UUID:
    """Request a store, have its niche read, and return the store's id."""
    store_id = uuid4()
    await platform.send(RequestStore(store_id=store_id, merchant_id=owner.id, niche=niche, preferences=Preferences()))
    await read_again(platform, store_id, niche)
    return store_id


async def generation(platform: Platform, by: Merchant, store_id: UUID) -> Any:
    query = f"query ($id: ID!) {{ generation(id: $id) {{ {GENERATION} }} }}"
    return await platform.ask(query, {"id": str(generation_of(store_id))}, by=by)


async def answer(platform: Platform, by: Merchant, store_id: UUID, name: str, **input: Any) -> Any:
    """Send a mutation that answers a question about the niche."""
    kind = {"continueGeneration": "Generation"}.get(name, name[0].upper() + name[1:])
    query = (
        f"mutation ($input: {kind}Input!) {{ {name}(input: $input)"
        f" {{ generation {{ {GENERATION} }} userErrors {{ code field message }} }} }}"
    )
    return await platform.ask(query, {"input": {"generationId": str(generation_of(store_id)), **input}}, by=by)


def codes(payload: Any) -> list[tuple[str, str | None]]:
    return [(error["code"], error["field"]) for error in payload["userErrors"]]


def statuses(shown: Any) -> dict[str, str]:
    return {job["step"]: job["status"] for job in shown["jobs"]}


async def test_a_niche_of_nonsense_waits_for_the_merchant_and_starts_no_step(
    platform: Platform, owner: Merchant
) -> None:
    store_id = await a_reading(platform, owner, NONSENSE)
    shown = await generation(platform, owner, store_id)
    assert (shown["status"], shown["error"]) == ("NEEDS_ATTENTION", None)
    assert shown["completedAt"] is not None
    assert shown["attention"]["code"] == "NICHE_UNCLEAR"
    assert "fnarg" in shown["attention"]["message"]
    assert shown["attention"]["available"] == []
    assert shown["understanding"]["question"] == {
        name: shown["attention"][name] for name in ("code", "message", "suggestions")
    }
    assert "fnarg" in shown["understanding"]["unknown"]
    assert set(statuses(shown).values()) == {"PENDING"}


async def test_a_corrected_niche_starts_the_generation(platform: Platform, owner: Merchant) -> None:
    store_id = await a_reading(platform, owner, NONSENSE)
    payload = await answer(platform, owner, store_id, "correctNiche", **ANSWERS["correctNiche"])
    assert payload["userErrors"] == []
    shown = payload["generation"]
    assert (shown["status"], shown["attention"], shown["completedAt"]) == ("PROCESSING", None, None)
    understanding = shown["understanding"]
    assert (understanding["question"], understanding["unknown"]) == (None, [])
    assert (understanding["things"][0], understanding["audience"]) == ("cat toys", ["senior cats"])
    assert len(understanding["things"]) > 1, "narrower kinds are added"
    assert understanding["readBy"] == "merchant"
    assert statuses(shown)["BRAND"] == statuses(shown)["SCOUT"] == "PROCESSING"
    assert shown["niche"] == shown["store"]["niche"] == "Cat toys for senior cats"


async def test_a_chosen_niche_is_read_and_starts_the_generation(platform: Platform, owner: Merchant) -> None:
    store_id = await a_reading(platform, owner, NONSENSE)
    payload = await answer(platform, owner, store_id, "chooseNiche", niche="  Ceramic   planters ")
    assert payload["userErrors"] == []
    shown = payload["generation"]
    assert (shown["status"], shown["attention"]) == ("PROCESSING", None)
    assert shown["niche"] == shown["store"]["niche"] == "Ceramic planters"
    assert set(statuses(shown).values()) == {"PENDING"}
    await read_again(platform, store_id, NONSENSE)
    late = await generation(platform, owner, store_id)
    assert late["status"] == "PROCESSING", "a late reading of the former niche asks nothing"
    await read_again(platform, store_id, "Ceramic planters")
    shown = await generation(platform, owner, store_id)
    assert "planter" in shown["understanding"]["things"]
    assert statuses(shown)["BRAND"] == statuses(shown)["SCOUT"] == "PROCESSING"


async def test_two_niches_go_on_as_they_are_if_the_merchant_says_so(platform: Platform, owner: Merchant) -> None:
    store_id = await a_reading(platform, owner, "Cat toys and wrenches")
    asked = await generation(platform, owner, store_id)
    assert asked["attention"]["code"] == "TWO_NICHES"
    assert asked["attention"]["suggestions"] == ["cat toys", "wrenches"]
    payload = await answer(platform, owner, store_id, "continueGeneration")
    assert payload["userErrors"] == []
    shown = payload["generation"]
    assert (shown["status"], shown["attention"]) == ("PROCESSING", None)
    assert shown["understanding"]["things"] == asked["understanding"]["things"]
    assert statuses(shown)["BRAND"] == statuses(shown)["SCOUT"] == "PROCESSING"


async def test_a_generation_that_cannot_go_on_says_why(platform: Platform, owner: Merchant) -> None:
    nonsense = await a_reading(platform, owner, NONSENSE)
    question = (await generation(platform, owner, nonsense))["attention"]["message"]
    running = await a_reading(platform, owner, "Cat toys")
    before = await platform.event_count()
    unanswered = await answer(platform, owner, nonsense, "continueGeneration")
    assert codes(unanswered) == [("NICHE_UNANSWERED", None)]
    assert question in unanswered["userErrors"][0]["message"]
    assert codes(await answer(platform, owner, running, "continueGeneration")) == [("NOTHING_TO_CONTINUE", None)]
    too_early = await answer(platform, owner, running, "chooseNiche", niche="Dog toys")
    assert codes(too_early) == [("STORE_NOT_READY", None)]
    assert "cancelGeneration" in too_early["userErrors"][0]["message"]
    assert await platform.event_count() == before


async def test_another_merchant_cannot_see_or_answer_a_question(
    platform: Platform, owner: Merchant, stranger: Merchant
) -> None:
    store_id = await a_reading(platform, owner, NONSENSE)
    before = await platform.event_count()
    query = "query ($id: ID!) { generation(id: $id) { attention { message } understanding { unknown } } }"
    seen = await platform.post(query, {"id": str(generation_of(store_id))}, by=stranger)
    assert seen["data"] == {"generation": None}
    assert seen["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    job = await platform.call("GET", f"/jobs/{generation_of(store_id)}", by=stranger)
    assert (job.status_code, job.json()["code"]) == (404, "NOT_FOUND")
    for name, input in ANSWERS.items():
        payload = await answer(platform, stranger, store_id, name, **input)
        assert (codes(payload), payload["generation"]) == ([("NOT_FOUND", None)], None), name
    assert await platform.event_count() == before


@pytest.mark.parametrize(
    ("name", "input", "field", "reason", "way_out"),
    [
        ("chooseNiche", {"niche": "vape pens"}, "niche", "age check", "Sell something else."),
        ("chooseNiche", {"niche": "fake Rolex watches"}, "niche", "infringe", "Sell something else."),
        ("chooseNiche", {"niche": "x" * 121}, "niche", "121", "Use at most 120."),
        ("correctNiche", {"things": ["handguns"]}, "things", "licenses", "Sell something else."),
        ("correctNiche", {"things": []}, "things", "empty", "Name the goods that"),
        ("correctNiche", {"style": ["s" * 61]}, "style", "61", "Use at most 60."),
    ],
)
async def test_a_refused_answer_names_the_field_the_reason_and_what_to_do(
    platform: Platform, owner: Merchant, name: str, input: dict[str, Any], field: str, reason: str, way_out: str
) -> None:
    store_id = await a_reading(platform, owner, NONSENSE)
    before = await platform.event_count()
    payload = await answer(platform, owner, store_id, name, **input)
    assert codes(payload) == [("INVALID_INPUT", field)]
    message = payload["userErrors"][0]["message"]
    assert reason in message
    assert way_out in message
    assert await platform.event_count() == before


async def test_rest_jobs_show_what_a_generation_and_its_scout_ask(platform: Platform, owner: Merchant) -> None:
    store_id = uuid4()
    id = generation_of(store_id)
    await platform.send(
        RequestStore(store_id=store_id, merchant_id=owner.id, niche="Falconry hoods", preferences=Preferences())
    )
    await platform.send(StartGeneration(generation_id=id, store_id=store_id))
    path, scout_path = f"/jobs/{id}", f"/jobs/{job_of(id, Step.SCOUT)}"
    assert (await platform.call("GET", scout_path, by=owner)).json()["attention"] is None
    await platform.send(
        AskForAttention(
            generation_id=id,
            step=Step.SCOUT,
            attempt=1,
            code=AttentionCode.FEW_PRODUCTS_FIT,
            message="Only 1 product fits.",
            suggestions=["bird toys"],
            available=[CategoryCount(category="bird toy", count=12)],
        )
    )
    scout = (await platform.call("GET", scout_path, by=owner)).json()
    assert (scout["status"], scout["error"]) == ("NEEDS_ATTENTION", None)
    assert scout["attention"] == {
        "code": "FEW_PRODUCTS_FIT",
        "message": "Only 1 product fits.",
        "suggestions": ["bird toys"],
        "available": [{"category": "bird toy", "count": 12}],
    }
    unclear = generation_of(await a_reading(platform, owner, NONSENSE))
    job = (await platform.call("GET", f"/jobs/{unclear}", by=owner)).json()
    assert (job["status"], job["attention"]["code"]) == ("NEEDS_ATTENTION", "NICHE_UNCLEAR")
    assert (await platform.call("GET", path, by=owner)).json()["attention"] is None, "its brand is still running"
