"""Decisions and refusals of a store, its niche and its address."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from uuid import uuid4

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.ids import slug_stream
from domain.kernel import CorruptStream, InvalidInput
from domain.store.aggregate import STORE, Store, evolve, request_store
from domain.store.errors import PageNotFound, StoreNotReady
from domain.store.events import (
    BrandGenerated,
    CopyScores,
    DeliveryPromised,
    PageRetitled,
    PageType,
    PageWritten,
    Preferences,
    SlugReserved,
    StoreApproved,
    StoreArchived,
    StoreEvent,
    StorePaused,
    StorePublished,
    StoreReadyForReview,
    StoreRequested,
    StoreStatus,
)
from domain.store.generated import mark_ready, record_brand, record_scouting
from domain.store.niche import NICHE_MAX, clean_niche
from domain.store.page_writing import edit_page, write_page
from domain.store.ports import PageDraft
from domain.store.settings import promise_delivery
from domain.store.slugs import SLUG, reserve_slug, slugify
from tests.support.builders.samples import NOON, proposal

ID, MERCHANT_ID, GENERATION_ID = uuid4(), uuid4(), uuid4()


def fold(events: Sequence[StoreEvent], store: Store | None = None) -> Store:
    folded = STORE.fold(events, store)
    assert folded is not None
    return folded


def requested() -> Store:
    return fold(
        request_store(ID, merchant_id=MERCHANT_ID, niche="Desk lamps", preferences=Preferences(tone="dry"), at=NOON)
    )


def in_review() -> Store:
    store = requested()
    return fold(mark_ready(store, GENERATION_ID, at=NOON), store)


def approved() -> Store:
    store = in_review()
    return fold(store.approve(at=NOON), store)


def published() -> Store:
    store = approved()
    return fold(store.publish(at=NOON), store)


def gone() -> Store:
    store = requested()
    return fold(store.archive(at=NOON), store)


def head(store: Store) -> dict[str, object]:
    return {"originator_id": ID, "originator_version": store.version + 1, "occurred_at": NOON}


def write(store: Store, slug: str = "about", title: str = "About") -> Sequence[StoreEvent]:
    return write_page(
        store,
        uuid4(),
        PageDraft(
            type=PageType.ABOUT,
            title=title,
            slug=slug,
            content="Words",
            scores=CopyScores(),
            written_by="house",
        ),
        at=NOON,
    )


def test_a_request_keeps_the_niche_with_its_white_space_in_order() -> None:
    events = request_store(
        ID, merchant_id=MERCHANT_ID, niche="  Ceramic   planters ", preferences=Preferences(), at=NOON
    )
    assert events == (
        StoreRequested(
            originator_id=ID,
            originator_version=1,
            occurred_at=NOON,
            merchant_id=MERCHANT_ID,
            niche="Ceramic planters",
            preferences=Preferences(),
        ),
    )


@pytest.mark.parametrize(
    "niche", ["", "   ", "x" * (NICHE_MAX + 1), "lamp\x00s", "tab\there", "bell\x07", "\ud800", "\n", "\u200b", "!!!"]
)
def test_an_invalid_niche_is_refused_and_names_the_field(niche: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        clean_niche(niche)
    assert refusal.value.field == "niche"


@for_all(st.text(max_size=200))
def test_a_clean_niche_is_short_printable_and_stays_clean(niche: str) -> None:
    try:
        cleaned = clean_niche(niche)
    except InvalidInput:
        return
    assert 1 <= len(cleaned) <= NICHE_MAX
    assert clean_niche(cleaned) == cleaned
    assert not any(unicodedata.category(letter) == "Cc" for letter in cleaned)


@for_all(st.text(max_size=120), st.integers(1, 63))
def test_a_slug_is_a_host_label(text: str, most: int) -> None:
    slug = slugify(text, fallback="x", most=most)
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", slug)
    assert len(slug) <= most
    assert "--" not in slug
    assert slugify(slug, fallback="x", most=most) == slug


@pytest.mark.parametrize(
    ("text", "slug"),
    [("Neon Haven!", "neon-haven"), ("Café Über", "cafe-uber"), ("日本", "riben"), ("!!!", "store"), ("", "store")],
)
def test_a_slug_is_made_of_what_can_be_typed(text: str, slug: str) -> None:
    assert slugify(text) == slug


def test_a_slug_has_one_owner() -> None:
    (event,) = reserve_slug("neon-haven", ID, at=NOON)
    assert event == SlugReserved(
        originator_id=slug_stream("neon-haven"),
        originator_version=1,
        occurred_at=NOON,
        slug="neon-haven",
        store_id=ID,
    )
    owner = SLUG.fold([event])
    assert owner is not None
    assert owner.store_id == ID
    with pytest.raises(CorruptStream):
        SLUG.fold([event], owner)


def test_a_brand_is_adopted_completely() -> None:
    store = requested()
    expected = proposal("Neon Haven")
    events = record_brand(store, expected, generation_id=GENERATION_ID, attempt=2, slug="neon-haven", at=NOON)
    assert events == (
        BrandGenerated(
            **head(store),
            generation_id=GENERATION_ID,
            attempt=2,
            brand=expected.brand,
            options=expected.options,
            reason=expected.reason,
            slug="neon-haven",
            written_by="house",
        ),
    )
    assert (fold(events, store).slug, fold(events, store).brand) == ("neon-haven", expected.brand)


def test_a_later_scouting_takes_the_place_of_the_earlier_one_and_remembers_it() -> None:
    store = requested()
    first, second = [uuid4()], [uuid4(), uuid4()]
    for attempt, ids in enumerate((first, second), 1):
        store = fold(
            record_scouting(
                store,
                generation_id=GENERATION_ID,
                attempt=attempt,
                keywords=["lamp"],
                suppliers=[],
                duplicates=0,
                product_ids=ids,
                at=NOON,
            ),
            store,
        )
    assert (store.product_ids, store.former_product_ids) == (tuple(second), tuple(first))


def test_two_pages_cannot_share_an_address() -> None:
    store = requested()
    store = fold(write(store), store)
    with pytest.raises(InvalidInput) as refusal:
        write(store)
    assert refusal.value.field == "slug"


def test_a_page_needs_a_title() -> None:
    with pytest.raises(InvalidInput) as refusal:
        write(requested(), title="  ")
    assert refusal.value.field == "title"


def test_an_edited_page_keeps_its_kind_and_address() -> None:
    store = requested()
    store = fold(write(store), store)
    (page_id,) = store.pages
    events = edit_page(store, page_id, title=None, content="New words", scores=CopyScores(words=2), at=NOON)
    assert events == (
        PageWritten(
            **head(store),
            page_id=page_id,
            type=PageType.ABOUT,
            title="About",
            slug="about",
            content="New words",
            scores=CopyScores(words=2),
            written_by="merchant",
        ),
    )


def test_a_new_title_leaves_the_text_of_a_page_as_it_is() -> None:
    store = requested()
    store = fold(write(store), store)
    (page_id,) = store.pages
    events = edit_page(store, page_id, title=" Who we are ", content=None, scores=CopyScores(), at=NOON)
    assert events == (PageRetitled(**head(store), page_id=page_id, title="Who we are"),)
    store = fold(events, store)
    assert (store.pages[page_id].title, store.pages[page_id].by_merchant) == ("Who we are", True)
    assert edit_page(store, page_id, title="Who we are", content=None, scores=CopyScores(), at=NOON) == ()
    with pytest.raises(InvalidInput) as refusal:
        edit_page(store, page_id, title="  ", content=None, scores=CopyScores(), at=NOON)
    assert refusal.value.field == "title"
    archived = fold(store.archive(at=NOON), store)
    with pytest.raises(StoreNotReady):
        edit_page(archived, page_id, title="Late", content=None, scores=CopyScores(), at=NOON)


@pytest.mark.parametrize("content", ["", "  "])
def test_an_edited_page_needs_text(content: str) -> None:
    store = requested()
    store = fold(write(store), store)
    with pytest.raises(InvalidInput) as refusal:
        edit_page(store, next(iter(store.pages)), title="T", content=content, scores=CopyScores(), at=NOON)
    assert refusal.value.field == "content"


def test_a_page_that_is_not_there_cannot_be_edited() -> None:
    with pytest.raises(PageNotFound):
        edit_page(requested(), uuid4(), title=None, content="x", scores=CopyScores(), at=NOON)


def test_a_store_goes_from_review_to_shoppers_and_back() -> None:
    store = requested()
    assert mark_ready(store, GENERATION_ID, at=NOON) == (
        StoreReadyForReview(**head(store), generation_id=GENERATION_ID),
    )
    store = in_review()
    assert mark_ready(store, GENERATION_ID, at=NOON) == ()
    assert store.approve(at=NOON) == (StoreApproved(**head(store)),)
    store = approved()
    assert store.approve(at=NOON) == ()
    assert store.publish(at=NOON) == (StorePublished(**head(store)),)
    store = published()
    assert store.publish(at=NOON) == ()
    assert store.pause(at=NOON) == (StorePaused(**head(store)),)
    store = fold(store.pause(at=NOON), store)
    assert store.pause(at=NOON) == ()
    assert store.publish(at=NOON) == (StorePublished(**head(store)),)
    assert store.archive(at=NOON) == (StoreArchived(**head(store)),)


def test_what_comes_too_early_or_too_late_is_refused() -> None:
    attempts: list[Callable[[], object]] = [
        lambda: requested().approve(at=NOON),
        lambda: requested().publish(at=NOON),
        lambda: in_review().publish(at=NOON),
        lambda: approved().pause(at=NOON),
        lambda: gone().approve(at=NOON),
        lambda: gone().publish(at=NOON),
        lambda: gone().pause(at=NOON),
        lambda: write(gone()),
        lambda: record_brand(gone(), proposal(), generation_id=GENERATION_ID, attempt=1, slug="s", at=NOON),
    ]
    for refused in attempts:
        with pytest.raises(StoreNotReady):
            refused()


def test_the_refusal_of_an_approval_says_what_helps() -> None:
    with pytest.raises(StoreNotReady, match="if that has failed or was cancelled, run its step again"):
        requested().approve(at=NOON)
    with pytest.raises(StoreNotReady, match="Request a new store instead"):
        gone().approve(at=NOON)


def test_archiving_twice_is_archiving() -> None:
    store = gone()
    assert store.status is StoreStatus.ARCHIVED
    assert store.archive(at=NOON) == ()
    assert mark_ready(store, GENERATION_ID, at=NOON) == ()


def test_events_without_a_beginning_are_corrupt() -> None:
    with pytest.raises(CorruptStream):
        evolve(None, StorePaused(originator_id=ID, originator_version=1, occurred_at=NOON))


def test_a_delivery_promise_is_kept_once_with_its_time_zone() -> None:
    store = published()
    assert (store.delivery_promise_days, store.time_zone) == (30, "UTC")
    events = promise_delivery(store, 21, time_zone="Europe/Berlin", at=NOON)
    assert events == (DeliveryPromised(**head(store), days=21, time_zone="Europe/Berlin"),)
    promised = fold(events, store)
    assert (promised.delivery_promise_days, promised.time_zone) == (21, "Europe/Berlin")
    assert promise_delivery(promised, 21, time_zone="Europe/Berlin", at=NOON) == ()


@pytest.mark.parametrize(
    ("days", "time_zone", "field"), [(0, "UTC", "days"), (121, "UTC", "days"), (20, "Middle/Earth", "time_zone")]
)
def test_an_impossible_delivery_promise_names_its_field(days: int, time_zone: str, field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        promise_delivery(published(), days, time_zone=time_zone, at=NOON)
    assert refusal.value.field == field
