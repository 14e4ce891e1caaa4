"""Marks, palettes and names of brands."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from infra.writers.brandkit.domains import clean_name, domain_label
from infra.writers.brandkit.marks import MARKS, draw
from infra.writers.brandkit.palette import contrast, from_anchors, tune
from infra.writers.brandkit.schemes import SCHEMES
from infra.writers.brandkit.seeded_random import SeededRandom
from infra.writers.brandkit.sound import is_unsuitable, pronounceability
from tests.support.examples import drawn

hexes = st.from_regex(r"\A#[0-9a-f]{6}\Z")


@pytest.mark.parametrize("symbol", sorted(MARKS))
def test_every_mark_draws_in_schemes_of_all_kinds(symbol: str) -> None:
    for n, scheme in enumerate(list(SCHEMES.values())[len(symbol) % 5 :: 5]):
        palette = tune(scheme, SeededRandom(symbol, str(n)))
        shows, svg, spot = draw(symbol, palette, SeededRandom(str(n)), name=f"{chr(65 + n % 26)}rk & Co")
        ET.fromstring(svg)
        assert shows
        assert spot in palette.model_dump().values()
        assert spot not in {palette.primary, palette.on_primary}
        used = {part[:7] for part in svg.split('"') if part.startswith("#")}
        assert used <= set(palette.model_dump().values())
        # Whatever is drawn with carries the mark on both grounds.
        assert all(contrast(palette.primary, ground) >= 4.5 for ground in (palette.background, palette.surface))


@settings(max_examples=drawn(60), deadline=None)
@given(primary=hexes, secondary=hexes, accent=hexes, dark=st.booleans())
def test_any_three_colors_become_a_readable_palette(primary: str, secondary: str, accent: str, dark: bool) -> None:
    palette = from_anchors(primary, secondary, accent, dark=dark)
    for text, ground in (
        (palette.text, palette.background),
        (palette.text, palette.surface),
        (palette.primary, palette.background),
        (palette.on_primary, palette.primary),
        (palette.on_accent, palette.accent),
    ):
        assert contrast(text, ground) >= 4.5


@settings(max_examples=drawn(40), deadline=None)
@example(wishes=["#808080"])
@example(wishes=["grey", "#111111", "white"])
@given(wishes=st.lists(st.one_of(hexes, st.sampled_from(["navy", "Dark Green", "black", "pastel pink", "gold", "?"]))))
def test_any_preferred_colors_become_a_readable_palette(wishes: list[str]) -> None:
    palette = tune(SCHEMES["sage"], SeededRandom("1"), wishes)
    assert contrast(palette.text, palette.background) >= 4.5
    assert contrast(palette.on_primary, palette.primary) >= 4.5
    assert contrast(palette.on_accent, palette.accent) >= 4.5


@pytest.mark.parametrize(
    "name", ["Pen & Island", "Peniston", "Shitake House", "Ikea", "Nike", "Aaardvark", "Klmnrst", "Ab"]
)
def test_unsuitable_names_are_rejected(name: str) -> None:
    assert is_unsuitable(name) == (name != "Pen & Island")


@pytest.mark.parametrize(
    "name", ["Moss & Mortar", "Night Parlour", "Cocktail Hour", "Title House", "Hello Attic", "Canvas"]
)
def test_good_names_pass(name: str) -> None:
    assert not is_unsuitable(name)


def test_easy_names_score_above_hard_ones() -> None:
    assert pronounceability("Marlow") > pronounceability("Strngthsk")


def test_a_name_becomes_a_domain_label() -> None:
    assert domain_label("Moss & Mortar") == "mossandmortar"
    assert domain_label("Lápiz House") == "lapizhouse"
    assert domain_label("Straße & Łódź") == "strasseandlodz"
    assert domain_label("日本") == "riben"
    assert domain_label("!!!") == "store"


def test_a_merchants_name_is_cleaned() -> None:
    assert clean_name(" My\u0000  <Shop> ") == "My Shop"
    assert clean_name("***") == ""
    assert len(clean_name("x" * 300)) == 48
