"""The storefront is readable in every palette."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.store.brand import BrandIdentity, FontPair, HeroKind, Look, Mood, Palette, Section
from storefront.rendering.color import contrast, on, readable
from storefront.rendering.fonts import COMMON, FAMILIES, FURTHER, ranges_of
from storefront.rendering.renderer import PACKAGE
from storefront.rendering.stylesheets import shortened
from storefront.rendering.theme import DEFAULT_SECTIONS, derive_colors, theme_of
from tests.support.platforms.storefront import BRAND

FIRST_ROUND_TRIP = 14_000
"""Bytes, with room for headers, that a new connection brings before it must wait for an answer (RFC 6928)."""

color = st.integers(0, 0xFFFFFF).map(lambda value: f"#{value:06x}")


def palette_of(**colors: str) -> Palette:
    return BRAND.palette.model_copy(update=colors)


def brand(heading: str, *tone: str, **colors: str) -> BrandIdentity:
    return BRAND.model_copy(
        update={
            "fonts": FontPair(heading=heading, body="Inter"),
            "palette": palette_of(**colors),
            "voice": BRAND.voice.model_copy(update={"tone": list(tone) or ["plain"]}),
        }
    )


@given(primary=color, secondary=color, accent=color, background=color, surface=color, text=color)
def test_buttons_and_badges_are_readable_in_any_palette(**colors: str) -> None:
    derived = derive_colors(Palette(**colors))
    for ground in ("primary", "accent", "secondary", "primary-deep"):
        assert contrast(derived[f"on-{ground}"], derived[ground]) >= 4.5


@given(primary=color, secondary=color, accent=color)
def test_text_is_readable_on_background_surface_and_tint(**colors: str) -> None:
    for ground, surface, text in (("#fbf8f2", "#f1ebdf", "#22261f"), ("#0d0b1a", "#1a1630", "#f1eefc")):
        derived = derive_colors(palette_of(background=ground, surface=surface, text=text, **colors))
        for ink in ("text", "muted", "primary-ink", "accent-ink", "secondary-ink", "danger", "success"):
            for under in ("bg", "surface", "tint"):
                assert contrast(derived[ink], derived[under]) >= 4.5, (ink, under)
        for edge in ("edge", "focus"):
            assert contrast(derived[edge], derived["bg"]) >= 3, edge


def test_a_surface_without_readable_text_is_replaced() -> None:
    derived = derive_colors(palette_of(background="#ffffff", surface="#777777", text="#222222"))
    assert contrast(derived["text"], derived["surface"]) >= 7
    assert derived["ground"] == "#777777"


def test_a_readable_color_is_unchanged() -> None:
    assert readable("#1b4332", ["#ffffff"]) == "#1b4332"
    assert on("#1b4332", "#ffffff") == "#ffffff"


@pytest.mark.parametrize(
    ("look", "mood"),
    [
        (brand("Playfair Display", "bold"), Mood.ATELIER),
        (brand("Orbitron", "plain", background="#0d0b1a", text="#ffffff"), Mood.SIGNAL),
        (brand("Bebas Neue"), Mood.SIGNAL),
        (brand("Poppins", "playful"), Mood.STUDIO),
        (brand("Poppins", "sharp", background="#101010", text="#ffffff"), Mood.SIGNAL),
        (brand("Space Grotesk", "calm"), Mood.STUDIO),
        (brand("Raleway", "elegant"), Mood.ATELIER),
    ],
)
def test_typeface_background_and_tone_choose_the_mood(look: BrandIdentity, mood: Mood) -> None:
    assert theme_of(look).mood is mood


def test_a_look_decides_whatever_the_typeface() -> None:
    look = Look(mood=Mood.MARKET, hero=HeroKind.ROOM, sections=[Section.FEATURED, Section.STORY])
    theme = theme_of(BRAND.model_copy(update={"look": look}))
    assert (theme.mood, theme.hero, theme.sections) == (Mood.MARKET, HeroKind.ROOM, (Section.FEATURED, Section.STORY))


def test_a_brand_of_an_earlier_release_looks_as_before() -> None:
    theme = theme_of(BRAND)
    assert (theme.mood, theme.hero, theme.sections) == (Mood.ATELIER, HeroKind.PRODUCT, DEFAULT_SECTIONS)
    assert "look" not in BRAND.model_dump()


@pytest.mark.parametrize("mood", Mood)
def test_every_mood_has_its_stylesheet_and_its_words(mood: Mood) -> None:
    look = Look(mood=mood, hero=HeroKind.PRODUCT, sections=list(Section))
    theme = theme_of(BRAND.model_copy(update={"look": look}))
    assert (PACKAGE / "static" / "css" / f"{theme.name}.css").stat().st_size < 10_000
    assert theme.words.shop


def test_the_same_brand_looks_the_same_and_another_differs() -> None:
    assert theme_of(BRAND) == theme_of(BRAND)
    assert theme_of(BRAND).version != theme_of(brand("Lora")).version


def test_every_font_of_a_stylesheet_has_its_file_and_license() -> None:
    fonts = PACKAGE / "static" / "fonts"
    for family in FAMILIES.values():
        assert (fonts / family.slug / "LICENSE.txt").read_text().count("SIL Open Font License") >= 1
        for weight in family.weights:
            for part, _ in family.parts():
                assert (fonts / family.slug / f"{weight}{part}.woff2").read_bytes()[:4] == b"wOF2"
            if family.is_split:
                size = (fonts / family.slug / f"{weight}.woff2").stat().st_size
                assert size < FIRST_ROUND_TRIP, f"{family.name} {weight} has {size} bytes"


def test_a_letter_is_in_one_file_of_a_font() -> None:
    assert ranges_of(frozenset({0x41, 0x42, 0x43, 0x45})) == "U+41-43,U+45"
    assert not COMMON & FURTHER
    assert not {ord(letter) for letter in "\u2068\u2069\u200e\u200d"} & FURTHER, "a file for what has no picture"
    assert {ord(letter) for letter in "Aé€’"} <= COMMON
    assert {ord(letter) for letter in "Łř"} <= FURTHER


def test_an_unknown_font_falls_back_to_the_system_font() -> None:
    theme = theme_of(brand("Comic Sans MS"))
    assert "Comic" not in theme.css()
    assert theme.preloads(bold=True) == [f"/static/fonts/inter/{weight}.woff2" for weight in (400, 600)]


def test_a_shortened_stylesheet_keeps_what_needs_its_spaces() -> None:
    css = b'/* A\n{ comment } */\n.a > b ,\n.c { margin: calc(1px + 2px) auto;\n  font: 1rem "Times New Roman"; }\n\n@media (min-width: 2rem) {\n  a { b: c; }\n}\n'
    assert (
        shortened(css)
        == b'.a > b , .c{margin: calc(1px + 2px) auto;font: 1rem "Times New Roman"}@media (min-width: 2rem){a{b: c}}'
    )


def test_the_stylesheet_names_the_fonts_and_colors() -> None:
    css = theme_of(BRAND).css()
    assert 'url("/static/fonts/fraunces/400.woff2")' in css
    assert "--primary:#3f5d43;" in css
    assert "color-scheme:light" in css


@pytest.mark.parametrize(
    ("mood", "weight"), [(Mood.ATELIER, 400), (Mood.GALLERY, 400), (Mood.STUDIO, 600), (Mood.MARKET, 600)]
)
def test_a_page_preloads_the_weight_that_its_headings_have(mood: Mood, weight: int) -> None:
    theme = replace(theme_of(brand("Fraunces")), mood=mood)
    assert f"--heading-weight:{weight};" in theme.css()
    assert [file for file in theme.preloads(bold=False) if "fraunces" in file] == [
        f"/static/fonts/fraunces/{weight}.woff2"
    ]
