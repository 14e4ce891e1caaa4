"""A preview link opens one store or one draft of it, for a week."""

from datetime import timedelta
from uuid import UUID

import pytest

from infra.web.preview_links import PREVIEW_AGE, Preview, PreviewGone, PreviewLinks
from tests.support.fakes.event_log import FixedClock

SHOP, OTHER, DRAFT = UUID(int=1), UUID(int=2), UUID(int=3)
NEW, FORMER = b"n" * 16, b"f" * 16


@pytest.mark.parametrize("preview", [Preview(SHOP, None), Preview(SHOP, DRAFT)])
def test_a_link_opens_what_it_was_made_for_and_is_safe_in_an_address(preview: Preview) -> None:
    links = PreviewLinks([NEW], FixedClock())
    token = links.token(preview)
    assert links.open(token, store_id=SHOP) == preview
    assert all(letter.isalnum() or letter in "-_." for letter in token)


def test_a_link_opens_until_its_week_is_over() -> None:
    clock = FixedClock()
    links = PreviewLinks([NEW], clock)
    token = links.token(Preview(SHOP, DRAFT))
    clock.at += PREVIEW_AGE
    assert links.open(token, store_id=SHOP).draft_id == DRAFT
    clock.at += timedelta(seconds=1)
    with pytest.raises(PreviewGone):
        links.open(token, store_id=SHOP)


def test_a_link_of_another_store_a_guess_and_a_changed_one_open_nothing() -> None:
    links = PreviewLinks([NEW], FixedClock())
    token = links.token(Preview(SHOP, DRAFT))
    with pytest.raises(PreviewGone):
        links.open(token, store_id=OTHER)
    payload, _, signature = token.rpartition(".")
    foreign = PreviewLinks([FORMER], FixedClock()).token(Preview(SHOP, DRAFT))
    guesses = ["", ".", "x", payload, f"{payload}.", f".{signature}", f"{payload[:-1]}A.{signature}", foreign, "ü" * 50]
    for guess in guesses:
        with pytest.raises(PreviewGone):
            links.open(guess, store_id=SHOP)


def test_a_link_outlives_a_rotation_of_secrets() -> None:
    token = PreviewLinks([FORMER], FixedClock()).token(Preview(SHOP, None))
    assert PreviewLinks([NEW, FORMER], FixedClock()).open(token, store_id=SHOP) == Preview(SHOP, None)
    with pytest.raises(ValueError, match="16 bytes"):
        PreviewLinks([b"short"], FixedClock())
