"""Drafts beside a live store: requested, proposed, and accepted by the target's own events."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest

from commands.brand import EditStore
from commands.draft import AcceptDraft, DropDraft, FailDraft, OfferDraft, ProposeDraft, RequestDraft
from commands.generation import ChooseNiche, UnderstandNiche
from commands.page import EditPage
from commands.ports import Commit, Context
from commands.presentation import RemoveCollection, WriteCollection
from commands.product import ArchiveProduct, EditProduct
from commands.store import ArchiveStore
from commands.unit_of_work import UnitOfWork
from domain.draft import waiting
from domain.draft.aggregate import DRAFT, Draft, DraftStatus, request_draft
from domain.draft.errors import DraftNotOpen, DraftOutOfDate, TooManyDrafts
from domain.draft.events import DraftAccepted, DraftTarget, FieldChange, TargetKind
from domain.draft.live import fingerprints_in_store, live_values
from domain.draft.waiting_events import DraftsQueued, DraftsUnqueued
from domain.editing import EditField, FieldValues, fingerprints
from domain.generation.events import Step
from domain.kernel import DomainEvent, InvalidInput, NotFound
from domain.product.aggregate import PRODUCT
from domain.product.errors import ProductIsArchived
from domain.product.texts import described, meta
from domain.store.aggregate import STORE
from domain.store.collections import BY_MERCHANT
from domain.store.errors import StoreNotReady
from domain.store.events import BrandEdited, PageRetitled, PageWritten
from domain.store.niche import NicheReading
from domain.store.texts import brand_values
from tests.support.builders.samples import brand, listing
from tests.support.platforms.write_side import Platform, kinds


async def live(platform: Platform, target: DraftTarget) -> FieldValues:
    async def events(stream: UUID) -> Sequence[DomainEvent]:
        return [event for event in platform.log.events if event.originator_id == stream]

    return await live_values(target, platform.store_id, events)


async def draft_of(platform: Platform, target: DraftTarget, **values: Any) -> UUID:
    """Request a draft and propose values, with the live ones as their bases."""
    id, now = uuid4(), await live(platform, target)
    changes = [
        FieldChange(field=EditField(name), base=now[EditField(name)], proposed=value) for name, value in values.items()
    ]
    await platform.send(
        RequestDraft(draft_id=id, store_id=platform.store_id, merchant_id=platform.merchant_id, target=target)
    )
    await platform.send(ProposeDraft(draft_id=id, changes=changes, written_by="house"))
    return id


async def accept(platform: Platform, id: UUID, *fields: str) -> Sequence[DomainEvent]:
    names = [EditField(name) for name in fields]
    return await platform.do(AcceptDraft(draft_id=id, merchant_id=platform.merchant_id, fields=names or None))


async def state(platform: Platform, id: UUID) -> Draft:
    return await platform.get(DRAFT, id)


def product(id: UUID) -> DraftTarget:
    return DraftTarget(kind=TargetKind.PRODUCT, id=id)


async def test_a_draft_changes_nothing_until_it_is_accepted_and_then_all_at_once(platform: Platform) -> None:
    (lamp,) = await platform.publish()
    before = await live(platform, product(lamp))
    text = described("Glows late.", ["USB"], ["Calm"], "Take it.")
    id = await draft_of(platform, product(lamp), TITLE="Night lamp", DESCRIPTION=text, META=meta("Night", "A lamp."))
    assert await live(platform, product(lamp)) == before
    events = await accept(platform, id)
    assert kinds(events) == ["ProductRetitled", "ProductDescribed", "ProductMetaWritten", "DraftAccepted"]
    assert await live(platform, product(lamp)) == {
        "TITLE": "Night lamp",
        "DESCRIPTION": text,
        "META": meta("Night", "A lamp."),
    }
    accepted, changed = events[-1], await platform.product(lamp)
    assert isinstance(accepted, DraftAccepted)
    assert (accepted.fields, accepted.target_version) == (["TITLE", "DESCRIPTION", "META"], changed.version)
    assert changed.by_merchant
    assert (await state(platform, id)).status is DraftStatus.ACCEPTED
    assert await accept(platform, id) == []


async def test_two_drafts_of_one_field_and_an_edit_in_between(platform: Platform) -> None:
    (lamp,) = await platform.publish()
    first = await draft_of(platform, product(lamp), TITLE="First", META=meta("First", "One."))
    second = await draft_of(platform, product(lamp), TITLE="Second", META=meta("Second", "Two."))
    await accept(platform, first, "TITLE")
    for id in (first, second):
        await platform.do(
            EditProduct(product_id=lamp, merchant_id=platform.merchant_id, meta_title="", meta_description="")
        )
        assert (await state(platform, id)).status is DraftStatus.PROPOSED
    before = len(platform.log.raw)
    with pytest.raises(DraftOutOfDate, match="TITLE"):
        await accept(platform, second)
    assert len(platform.log.raw) == before
    assert kinds(await accept(platform, second, "META")) == ["ProductMetaWritten", "DraftAccepted"]
    with pytest.raises(DraftOutOfDate, match="META"):
        await accept(platform, first, "META")
    await platform.send(DropDraft(draft_id=second, merchant_id=platform.merchant_id))
    with pytest.raises(DraftNotOpen, match="DROPPED"):
        await accept(platform, second, "TITLE")


async def test_a_page_is_drafted_by_title_and_text(platform: Platform) -> None:
    await platform.publish()
    ((page_id, page),) = (await platform.get(STORE, platform.store_id)).pages.items()
    target = DraftTarget(kind=TargetKind.PAGE, id=page_id)
    id = await draft_of(platform, target, TITLE="About the lamps", CONTENT="Warm words.")
    (retitled, _) = await accept(platform, id, "TITLE")
    assert isinstance(retitled, PageRetitled)
    (written, _) = await accept(platform, id)
    assert isinstance(written, PageWritten)
    assert (written.title, written.content, written.slug, written.written_by) == (
        "About the lamps",
        "Warm words.",
        page.slug,
        BY_MERCHANT,
    )
    late = await draft_of(platform, target, CONTENT="Warmer words.")
    await platform.send(
        EditPage(
            store_id=platform.store_id, merchant_id=platform.merchant_id, page_id=page_id, title=None, content="Mine."
        )
    )
    with pytest.raises(DraftOutOfDate, match="CONTENT"):
        await accept(platform, late)


async def test_a_brand_is_accepted_by_part_and_a_story_that_follows_the_name_stays_acceptable(
    platform: Platform,
) -> None:
    await platform.publish()
    await platform.send(
        EditStore(store_id=platform.store_id, merchant_id=platform.merchant_id, story="Neon Haven began with a lamp.")
    )
    target = DraftTarget(kind=TargetKind.BRAND, id=platform.store_id)
    other = brand_values(
        brand("Glow Den").model_copy(update={"palette": brand().palette.model_copy(update={"primary": "#14532d"})})
    )
    id = await draft_of(
        platform,
        target,
        NAME="Glow Den",
        STORY="Glow Den stays up late.",
        COLORS=other[EditField.COLORS],
        TONE=["calm"],
    )
    (event, accepted) = await accept(platform, id, "NAME", "COLORS")
    assert isinstance(event, BrandEdited)
    assert (event.brand.name, event.brand.palette.primary, event.slug) == ("Glow Den", "#14532d", "neon-haven")
    assert event.brand.voice.story == "Glow Den began with a lamp."
    assert isinstance(accepted, DraftAccepted)
    assert [one.field for one in accepted.followed] == ["STORY"]
    (event, _) = await accept(platform, id)
    assert isinstance(event, BrandEdited)
    assert (event.fields, event.brand.voice.story) == (["STORY", "TONE"], "Glow Den stays up late.")


async def test_a_collection_keeps_its_products_and_a_removed_one_is_not_found(platform: Platform) -> None:
    (lamp,) = await platform.publish()
    gifts = uuid4()
    store_id, merchant_id = platform.store_id, platform.merchant_id
    await platform.send(
        WriteCollection(
            store_id=store_id, merchant_id=merchant_id, collection_id=gifts, title="Gifts", product_ids=[lamp]
        )
    )
    target = DraftTarget(kind=TargetKind.COLLECTION, id=gifts)
    id = await draft_of(platform, target, TEXT="For friends.")
    (event, _) = await accept(platform, id)
    assert event.model_dump(include={"title", "text", "product_ids"}) == {
        "title": "Gifts",
        "text": "For friends.",
        "product_ids": [lamp],
    }
    late = await draft_of(platform, target, TITLE="Presents")
    await platform.send(RemoveCollection(store_id=store_id, merchant_id=merchant_id, collection_id=gifts))
    with pytest.raises(NotFound):
        await accept(platform, late)


async def outdated(platform: Platform, id: UUID) -> Sequence[EditField]:
    """Return the fields that people see as out of date."""
    draft = await state(platform, id)
    return draft.out_of_date(fingerprints(await live(platform, draft.target)))


async def test_an_archived_target_is_refused_and_its_draft_can_be_dropped(platform: Platform) -> None:
    lamp, shade = await platform.publish(listing("L-1"), listing("L-2", title="Mug"))
    id = await draft_of(platform, product(lamp), TITLE="Night lamp")
    other = await draft_of(platform, product(shade), TITLE="Linen shade")
    page_draft = await draft_of(
        platform, DraftTarget(kind=TargetKind.BRAND, id=platform.store_id), TAGLINE="Lamps that wait"
    )
    await platform.send(ArchiveProduct(product_id=lamp, merchant_id=platform.merchant_id))
    assert await outdated(platform, id) == ["TITLE"]
    with pytest.raises(ProductIsArchived):
        await accept(platform, id)
    with pytest.raises(ProductIsArchived):
        await platform.send(ask(platform, lamp))
    assert [await outdated(platform, each) for each in (page_draft, other)] == [[], []]
    await platform.send(ArchiveStore(store_id=platform.store_id, merchant_id=platform.merchant_id))
    assert [await outdated(platform, each) for each in (page_draft, other)] == [["TAGLINE"], ["TITLE"]]
    with pytest.raises(StoreNotReady):
        await accept(platform, page_draft)
    assert kinds(await platform.do(DropDraft(draft_id=id, merchant_id=platform.merchant_id))) == ["DraftDropped"]


async def test_an_accepted_value_obeys_the_rules_of_the_merchants_own_edit(platform: Platform) -> None:
    (lamp,) = await platform.publish()
    drafts = [
        (await draft_of(platform, product(lamp), META=meta("x" * 61, "y")), "metaTitle"),
        (await draft_of(platform, product(lamp), TITLE=" "), "title"),
        (await draft_of(platform, DraftTarget(kind=TargetKind.BRAND, id=platform.store_id), NAME="Nike House"), "name"),
    ]
    for id, field in drafts:
        before = len(platform.log.raw)
        with pytest.raises(InvalidInput) as refusal:
            await accept(platform, id)
        assert refusal.value.field == field
        assert len(platform.log.raw) == before


async def test_drafts_of_others_and_of_things_of_others_are_not_found(platform: Platform) -> None:
    (lamp,) = await platform.publish()
    id = await draft_of(platform, product(lamp), TITLE="Night lamp")
    for command in (AcceptDraft(draft_id=id, merchant_id=uuid4()), DropDraft(draft_id=id, merchant_id=uuid4())):
        with pytest.raises(NotFound):
            await platform.send(command)
    for kind in TargetKind:
        with pytest.raises(NotFound):
            await draft_of_unknown(platform, DraftTarget(kind=kind, id=uuid4()))
    with pytest.raises(InvalidInput, match="taken"):
        await platform.send(
            RequestDraft(
                draft_id=id, store_id=platform.store_id, merchant_id=platform.merchant_id, target=product(lamp)
            )
        )


async def draft_of_unknown(platform: Platform, target: DraftTarget) -> None:
    await platform.send(
        RequestDraft(draft_id=uuid4(), store_id=platform.store_id, merchant_id=platform.merchant_id, target=target)
    )


async def test_a_failed_draft_says_why_and_cannot_be_accepted(platform: Platform) -> None:
    (lamp,) = await platform.publish()
    id = uuid4()
    await platform.send(
        RequestDraft(draft_id=id, store_id=platform.store_id, merchant_id=platform.merchant_id, target=product(lamp))
    )
    with pytest.raises(DraftNotOpen, match="Wait until it is made"):
        await accept(platform, id)
    assert kinds(await platform.do(FailDraft(draft_id=id, reason="The model was away."))) == ["DraftFailed"]
    assert await platform.do(FailDraft(draft_id=id, reason="Again.")) == []
    with pytest.raises(DraftNotOpen):
        await accept(platform, id)


async def test_states_have_the_fingerprints_of_what_the_events_say(platform: Platform) -> None:
    (lamp,) = await platform.publish()
    edits: list[dict[str, Any]] = [
        {"title": "Late lamp"},
        {"description": "Glows.", "features": ["USB"], "call_to_action": "Take it."},
        {"meta_title": "Lamp", "meta_description": "It glows."},
        {"description": "Glows on."},
    ]
    for parts in edits:
        await platform.send(EditProduct(product_id=lamp, merchant_id=platform.merchant_id, **parts))
        assert (await platform.get(PRODUCT, lamp)).texts == fingerprints(await live(platform, product(lamp)))
    store = await platform.get(STORE, platform.store_id)
    for target in (
        DraftTarget(kind=TargetKind.BRAND, id=store.id),
        *(DraftTarget(kind=TargetKind.PAGE, id=id) for id in store.pages),
    ):
        assert fingerprints_in_store(target, store) == fingerprints(await live(platform, target))


async def test_a_store_has_a_bounded_number_of_drafts_that_wait(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "WAITING_MOST", 0)
    (lamp,) = await platform.publish()
    with pytest.raises(TooManyDrafts, match="0 drafts of the store wait, and this asks for 1 more"):
        await platform.send(ask(platform, lamp))
    monkeypatch.setattr(waiting, "WAITING_MOST", 3)
    first, second = [await draft_of(platform, product(lamp), TITLE=title) for title in ("Night lamp", "Late lamp")]
    assert kinds(await platform.do(ask(platform, lamp))) == ["DraftRequested", "DraftsQueued"]
    before = len(platform.log.raw)
    with pytest.raises(TooManyDrafts, match="3 drafts of the store wait, and this asks for 1 more; 3 is the most"):
        await platform.send(ask(platform, lamp))
    with pytest.raises(TooManyDrafts):
        await platform.again(Step.BRAND)
    with pytest.raises(TooManyDrafts):
        await platform.send(offer(platform, lamp))
    assert len(platform.log.raw) == before

    await accept(platform, first)
    await platform.send(DropDraft(draft_id=second, merchant_id=platform.merchant_id))
    requested, unqueued, queued = await platform.do(ask(platform, lamp))
    assert isinstance(unqueued, DraftsUnqueued)
    assert set(unqueued.draft_ids) == {first, second}
    assert isinstance(queued, DraftsQueued)
    assert queued.draft_ids == [requested.originator_id]
    assert kinds(await platform.do(offer(platform, lamp))) == ["DraftRequested", "DraftProposed", "DraftsQueued"]


async def test_a_brand_that_an_agent_made_waits_even_if_no_place_is_left(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "WAITING_MOST", 1)
    (lamp,) = await platform.publish()
    await platform.send(ask(platform, lamp))
    reading = NicheReading(things=["lanterns"])
    ids: dict[str, Any] = {"generation_id": platform.generation_id, "niche": "Lanterns"}
    await platform.send(ChooseNiche(**ids, merchant_id=platform.merchant_id))
    await platform.send(UnderstandNiche(**ids, store_id=platform.store_id, reading=reading))
    assert (await platform.brand("Volt Nest", attempt=2)).result["draft_id"]
    with pytest.raises(TooManyDrafts, match="2 drafts of the store wait"):
        await platform.send(ask(platform, lamp))


async def test_drafts_from_before_the_count_are_decided_and_take_no_place(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "WAITING_MOST", 1)
    (lamp,) = await platform.publish()
    old, at = uuid4(), platform.clock.now()
    asked = request_draft(
        old, store_id=platform.store_id, merchant_id=platform.merchant_id, target=product(lamp), at=at
    )
    work = UnitOfWork(platform.log)
    work.append(DRAFT, old, asked, tenant=platform.store_id)
    await platform.log.commit(
        Commit(context=Context(command_id=uuid4(), correlation_id=uuid4()), digest=b"", result=None, staged=work.staged)
    )
    assert kinds(await platform.do(ask(platform, lamp))) == ["DraftRequested", "DraftsQueued"]
    assert kinds(await platform.do(DropDraft(draft_id=old, merchant_id=platform.merchant_id))) == ["DraftDropped"]


def ask(platform: Platform, product_id: UUID) -> RequestDraft:
    return RequestDraft(
        draft_id=uuid4(), store_id=platform.store_id, merchant_id=platform.merchant_id, target=product(product_id)
    )


def offer(platform: Platform, product_id: UUID) -> OfferDraft:
    return OfferDraft(
        draft_id=uuid4(),
        store_id=platform.store_id,
        target=product(product_id),
        changes=[FieldChange(field=EditField.TITLE, base="Lamp", proposed="Shelf lamp")],
        written_by="other-model",
        note="Of a rerun.",
    )
