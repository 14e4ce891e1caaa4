"""The rule writer's texts of category pages."""

from datetime import UTC, datetime

from domain.store.ports import StoreFacts
from infra.writers.rules.copy.categories import RuleCategoryWriter
from tests.support.builders.samples import proposal


def facts(niche: str = "Desk lamps") -> StoreFacts:
    return StoreFacts(
        name="Neon Haven",
        host="neon-haven.localhost",
        niche=niche,
        brand=proposal().brand,
        contact_email=None,
        products=["Desk Mats"],
        price_range=None,
        shipping_days=None,
        effective_on=datetime(2026, 11, 23, tzinfo=UTC),
    )


NAMES = {
    "desk-mats": "Desk Mats",
    "usb-hubs": "USB hubs",
    "baby": "Baby",
    "more": "More",
    "under-20": "Under $20",
    "ours": "Our Favorites",
    "more-in-kitchen": "More in kitchen",
}


async def test_every_kind_of_goods_gets_a_text_and_leftovers_get_none() -> None:
    drafts = {draft.category: draft for draft in await RuleCategoryWriter().describe(NAMES, facts(), seed="1")}
    assert drafts.keys() == {"desk-mats", "usb-hubs", "baby"}
    assert drafts["desk-mats"].title == "Desk Mats"
    assert "desk mats" in drafts["desk-mats"].text.lower()
    assert "USB hubs" in drafts["usb-hubs"].text
    assert "baby goods" in drafts["baby"].text.lower()
    assert len({draft.text for draft in drafts.values()}) == 3
    assert not any("{" in draft.text for draft in drafts.values())


async def test_the_same_seed_gives_the_same_texts() -> None:
    writer = RuleCategoryWriter()
    first = await writer.describe(NAMES, facts(), seed="1")
    assert first == await writer.describe(NAMES, facts(), seed="1")
    assert first != await writer.describe(NAMES, facts(), seed="2")


async def test_goods_that_are_a_mass_are_one_and_activities_are_not_for_sale() -> None:
    names = {"barware": "Barware", "skin-care": "Skin Care", "yoga": "Yoga"}
    for seed in map(str, range(8)):
        drafts = {
            draft.category: draft.text for draft in await RuleCategoryWriter().describe(names, facts(), seed=seed)
        }
        assert "arware have" not in drafts["barware"]
        assert "are the barware" not in drafts["barware"]
        assert "care goods" not in drafts["skin-care"]
        assert "yoga goods" in drafts["yoga"].lower()
