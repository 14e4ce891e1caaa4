"""The merchant's edit of a store's brand and contact."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import pytest

from commands.brand import EditStore, UseBrandOption
from commands.store import ArchiveStore
from domain.kernel import DomainEvent, InvalidInput, NotFound
from domain.order.events import OrderPlaced
from domain.store.aggregate import STORE
from domain.store.errors import StoreNotReady
from domain.store.events import BrandEdited, ContactChanged
from infra.writers.brandkit.palette import READABLE, contrast
from tests.support.platforms.write_side import Platform, kinds


async def edit(platform: Platform, **parts: Any) -> Sequence[DomainEvent]:
    return await platform.do(EditStore(store_id=platform.store_id, merchant_id=platform.merchant_id, **parts))


async def edited(platform: Platform, **parts: Any) -> BrandEdited:
    (event,) = await edit(platform, **parts)
    assert isinstance(event, BrandEdited)
    return event


async def test_texts_are_edited_alone_and_a_repeat_changes_nothing(platform: Platform) -> None:
    await platform.publish()
    event = await edited(platform, tagline="  Lamps that\u00a0wait ", tone=["calm", "dry", "calm"])
    assert event.fields == ["TAGLINE", "TONE"]
    assert (event.brand.voice.tagline, event.brand.voice.tone) == ("Lamps that wait", ["calm", "dry"])
    assert event.brand.voice.story == "It began with a lamp. It went on."
    assert await edit(platform, tagline="Lamps that wait", tone=["calm", "dry"]) == []


async def test_texts_that_name_the_store_follow_its_name_and_a_live_address_stays(platform: Platform) -> None:
    await platform.publish()
    await edited(platform, story="Neon Haven began with a lamp. Neon Havens are many.")
    event = await edited(platform, name="Glow & Co")
    assert event.fields == ["NAME", "STORY"]
    assert event.brand.voice.story == "Glow & Co began with a lamp. Neon Havens are many."
    assert event.slug == "neon-haven"


async def test_an_address_follows_the_name_before_the_first_publication(platform: Platform) -> None:
    await platform.request()
    await platform.brand()
    events = await edit(platform, name="Glow Den")
    assert kinds(events) == ["SlugReserved", "BrandEdited"]
    assert isinstance(events[1], BrandEdited)
    assert events[1].slug == "glow-den"
    assert (await platform.get(STORE, platform.store_id)).slug == "glow-den"


async def test_colors_are_moved_until_text_is_readable(platform: Platform) -> None:
    await platform.publish()
    for parts in ({"primary": "#FFFF00"}, {"dark": True}, {"primary": "#101010", "accent": "#0000ff", "dark": True}):
        palette = (await edited(platform, **parts)).brand.palette
        for one, other in (
            (palette.text, palette.background),
            (palette.primary, palette.background),
            (palette.primary, palette.surface),
            (palette.on_primary, palette.primary),
            (palette.on_accent, palette.accent),
        ):
            assert contrast(one, other) >= READABLE


async def test_fonts_and_logo_come_from_what_storefronts_have(platform: Platform) -> None:
    await platform.publish()
    event = await edited(platform, heading_font="lora", logo_symbol="leaf", primary="#14532d")
    assert event.fields == ["COLORS", "FONTS", "LOGO"]
    assert (event.brand.fonts.heading, event.brand.fonts.body) == ("Lora", "Nunito Sans")
    assert event.brand.palette.primary in event.brand.logo.svg


async def test_the_contact_is_changed_and_removed(platform: Platform) -> None:
    await platform.publish()
    (event,) = await edit(platform, contact_email="hello@neonhaven.example")
    assert isinstance(event, ContactChanged)
    assert await edit(platform, contact_email="hello@neonhaven.example") == []
    (event,) = await edit(platform, clear_contact_email=True)
    assert isinstance(event, ContactChanged)
    assert event.contact_email is None


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "…"}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"name": "Two\nlines"}, "name"),
        ({"name": "Nike Corner"}, "name"),
        ({"name": "Cheap Cigarettes"}, "name"),
        ({"name": "Ne\u202eon"}, "name"),
        ({"tagline": ""}, "tagline"),
        ({"story": "x" * 1201}, "story"),
        ({"tone": []}, "tone"),
        ({"primary": "navy"}, "primary"),
        ({"heading_font": "Comic Sans"}, "heading_font"),
        ({"logo_symbol": "skull"}, "logo_symbol"),
    ],
)
async def test_a_part_that_cannot_be_is_refused_by_field(platform: Platform, parts: dict[str, Any], field: str) -> None:
    await platform.publish()
    before = len(platform.log.raw)
    with pytest.raises(InvalidInput) as refusal:
        await edit(platform, **parts)
    assert refusal.value.field == field
    assert len(platform.log.raw) == before


async def test_a_store_takes_another_of_the_names_that_were_weighed(platform: Platform) -> None:
    await platform.publish()
    use = UseBrandOption(store_id=platform.store_id, merchant_id=platform.merchant_id, name="Glow Den")
    (event,) = await platform.do(use)
    assert isinstance(event, BrandEdited)
    assert (event.brand.name, event.fields) == ("Glow Den", ["NAME"])
    assert await platform.do(use) == []
    with pytest.raises(InvalidInput, match="Volt Nest"):
        await platform.send(
            UseBrandOption(store_id=platform.store_id, merchant_id=platform.merchant_id, name="Something Else")
        )


async def test_another_merchants_store_an_archived_one_and_one_without_a_brand_are_refused(platform: Platform) -> None:
    await platform.request()
    with pytest.raises(StoreNotReady, match="no brand"):
        await edit(platform, name="Glow Den")
    await platform.brand()
    with pytest.raises(NotFound):
        await platform.send(EditStore(store_id=platform.store_id, merchant_id=uuid4(), name="Glow Den"))
    await platform.send(ArchiveStore(store_id=platform.store_id, merchant_id=platform.merchant_id))
    with pytest.raises(StoreNotReady, match="ARCHIVED"):
        await edit(platform, name="Glow Den")


async def test_an_order_keeps_the_name_it_was_placed_under(platform: Platform) -> None:
    order_id = await platform.order_a_lamp()
    await edited(platform, name="Glow Den")
    (placed,) = [event for event in platform.log.events if isinstance(event, OrderPlaced)]
    assert (placed.originator_id, placed.store_name) == (order_id, "Neon Haven")
