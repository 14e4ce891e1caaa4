"""Makes palettes from schemes: varied by the seed, inside sRGB, with text that is always readable."""

import re
from collections.abc import Sequence
from dataclasses import replace

from coloraide import Color

from domain.store.brand import Palette
from infra.writers.brandkit.schemes import Lch, Scheme
from infra.writers.brandkit.seeded_random import SeededRandom

READABLE = 4.5
"""WCAG 2.1 AA for text."""
_MARGIN = 0.06
"""Added to every ratio, so that rounding to eight bits cannot fall below it."""
_HARMONIES = ("split", "complement", "triad", "analogous")

_COLOR_WORDS: dict[str, Lch] = {
    # Words of merchants that CSS does not have, or for which it has a harsher color.
    "sage": (0.70, 0.05, 145),
    "mustard": (0.74, 0.14, 85),
    "terracotta": (0.58, 0.13, 40),
    "rust": (0.50, 0.13, 40),
    "blush": (0.84, 0.06, 20),
    "cream": (0.95, 0.03, 90),
    "emerald": (0.55, 0.13, 160),
    "burgundy": (0.38, 0.12, 15),
    "charcoal": (0.33, 0.01, 260),
    "gold": (0.76, 0.13, 85),
    "copper": (0.60, 0.11, 48),
    "mint": (0.86, 0.09, 165),
    "peach": (0.85, 0.09, 50),
    "lilac": (0.76, 0.09, 310),
    "red": (0.54, 0.20, 27),
    "green": (0.50, 0.13, 148),
    "blue": (0.48, 0.17, 262),
    "pink": (0.68, 0.19, 355),
    "purple": (0.46, 0.17, 300),
    "orange": (0.70, 0.18, 50),
    "yellow": (0.86, 0.17, 95),
    "brown": (0.42, 0.07, 55),
    "teal": (0.50, 0.09, 190),
    "turquoise": (0.74, 0.12, 190),
}
_DARK_WORDS = frozenset({"black", "dark", "night", "midnight", "noir"})
_LIGHT_WORDS = frozenset({"white", "light", "bright", "ivory", "cream", "pastel"})


def contrast(one: str, other: str) -> float:
    """Return the WCAG 2.1 contrast ratio of two colors, 1 to 21."""
    return float(Color(one).contrast(Color(other)))


def color_distance(one: str, other: str) -> float:
    """Return how unlike two colors look: their distance in OKLab, 0 to about 1."""
    return float(Color(one).delta_e(Color(other), method="ok"))


def tune(scheme: Scheme, rng: SeededRandom, wishes: Sequence[str] = ()) -> Palette:
    """Return a palette near ``scheme``, moved towards the merchant's colors.

    Args:
        scheme: the anchors.
        rng: turns the hues by a few degrees, so that two stores on one scheme differ.
        wishes: colors as merchants write them: ``navy``, ``#ff8800``, ``dark green``. Unknown words are ignored.
    """
    turn = rng.near(0, 9)
    scheme = replace(
        scheme,
        primary=_vary(scheme.primary, turn, rng),
        secondary=_vary(scheme.secondary, turn, rng),
        accent=_vary(scheme.accent, turn / 2, rng),
    )
    return _assemble(_apply_preferences(scheme, wishes, rng))


def from_anchors(primary: str, secondary: str, accent: str, *, dark: bool) -> Palette:
    """Return a readable palette around three colors in ``#rrggbb``, such as a model's."""
    main = _lch(primary)
    ground = (min(0.03 if dark else 0.012, main[1] * 0.15), main[2])
    return _assemble(Scheme(main, _lch(secondary), _lch(accent), ground, dark))


def prefers_dark(wishes: Sequence[str]) -> bool | None:
    """Return True if the merchant's colors ask for a dark store, False for a light one, None for neither."""
    words = {word for wish in wishes for word in re.findall(r"[a-z]+", wish.lower())}
    if words & _DARK_WORDS:
        return True
    return False if words & _LIGHT_WORDS else None


def _assemble(scheme: Scheme) -> Palette:
    chroma, hue = scheme.ground
    if scheme.dark:
        background, surface = hex_color((0.165, chroma, hue)), hex_color((0.235, chroma * 1.15, hue))
        ink = hex_color((0.95, min(chroma, 0.012), hue))
    else:
        background, surface = hex_color((0.98, chroma * 0.7, hue)), hex_color((0.94, chroma * 1.5, hue))
        ink = hex_color((0.24, min(0.035, chroma * 2), scheme.primary[2]))
    grounds = (background, surface)
    # Links and prices are set in the primary color, on both grounds.
    primary = _readable(scheme.primary, grounds, READABLE, darker=not scheme.dark)
    return Palette(
        primary=primary,
        secondary=_readable(scheme.secondary, grounds, 1.6, darker=not scheme.dark),
        accent=(accent := _readable(scheme.accent, grounds, 1.3, darker=not scheme.dark)),
        background=background,
        surface=surface,
        text=_readable(_lch(ink), grounds, 7.0, darker=not scheme.dark),
        on_primary=_text_on(primary, scheme),
        on_accent=_text_on(accent, scheme),
    )


def _text_on(color: str, scheme: Scheme) -> str:
    hue = scheme.ground[1]
    pale, deep = hex_color((0.99, 0.005, hue)), hex_color((0.17, 0.02, hue))
    best = max((pale, deep), key=lambda text: contrast(text, color))
    # Pale text is the convention on strong colors: keep it wherever it is readable.
    if contrast(pale, color) >= READABLE + _MARGIN:
        best = pale
    if contrast(best, color) >= READABLE:
        return best
    # Of black and white one always reaches 4.58:1.
    return max(("#ffffff", "#000000"), key=lambda text: contrast(text, color))


def _readable(color: Lch, grounds: Sequence[str], ratio: float, *, darker: bool) -> str:
    """Return the color, moved in OKLCH lightness until it has the contrast ratio on all ``grounds``."""
    lightness, chroma, hue = color
    for _ in range(100):
        shown = hex_color((lightness, chroma, hue))
        if all(contrast(shown, ground) >= ratio + _MARGIN for ground in grounds):
            return shown
        lightness = max(0.0, lightness - 0.01) if darker else min(1.0, lightness + 0.01)
    return "#000000" if darker else "#ffffff"


def _vary(color: Lch, turn: float, rng: SeededRandom) -> Lch:
    lightness, chroma, hue = color
    return (lightness + rng.near(0, 0.015), chroma * rng.between(0.92, 1.08), (hue + turn) % 360)


def _apply_preferences(scheme: Scheme, wishes: Sequence[str], rng: SeededRandom) -> Scheme:
    dark = prefers_dark(wishes)
    colors = [color for color in map(parse_color, wishes) if color is not None]
    # A near-gray color sets the mood. It is the main color only if there is no other.
    vivid = [color for color in colors if color[1] >= 0.035 and color[0] < 0.93]
    leading = vivid or [color for color in colors if 0.1 < color[0] < 0.9]
    if leading:
        main = leading[0]
        harmonies = [_lch(str(c.convert("srgb").to_string(hex=True))) for c in _harmony(main, rng)]
        second = leading[1] if len(leading) > 1 else (harmonies[0][0], main[1] * 0.6, harmonies[0][2])
        third = leading[2] if len(leading) > 2 else (0.72, max(0.11, main[1] * 0.9), harmonies[-1][2])
        if len(leading) == 2:
            second, third = (second[0], second[1] * 0.5, main[2]), second
        scheme = replace(scheme, primary=main, secondary=second, accent=third, ground=(scheme.ground[0], main[2]))
    if dark is None or dark == scheme.dark:
        return scheme
    if dark:
        lifted = (max(0.74, scheme.primary[0]), scheme.primary[1], scheme.primary[2])
        return replace(scheme, primary=lifted, ground=(max(0.012, scheme.ground[0]), scheme.ground[1]), dark=True)
    return replace(scheme, ground=(min(0.012, scheme.ground[0]), scheme.ground[1]), dark=False)


def _harmony(color: Lch, rng: SeededRandom) -> list[Color]:
    harmonies = Color("oklch", list(color)).harmony(rng.pick(_HARMONIES), space="oklch")
    own = color[2] % 360
    others = [one for one in harmonies if abs((one["hue"] - own + 180) % 360 - 180) > 1]
    # A gray has no hue to turn, so its harmony is itself; any hue goes with it.
    others = others or [Color("oklch", [0.65, 0.12, rng.between(0, 360)])]
    return [one.fit("srgb", method="oklch-chroma") for one in others]


def parse_color(wish: str) -> Lch | None:
    """Return the color that a merchant's text names; None if it names none."""
    text = wish.strip().lower()
    if re.fullmatch(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})", text):
        return _lch(text)
    words = re.findall(r"[a-z]+", text)
    for name in ("".join(words), *reversed(words)):
        found = _COLOR_WORDS.get(name)
        if found is None and name and Color.match(name) is not None:
            found = _lch(name)
        if found is not None:
            lightness, chroma, hue = found
            if "dark" in words or "deep" in words:
                lightness -= 0.12
            if "light" in words or "pale" in words:
                lightness += 0.10
            return (lightness, chroma, hue)
    return None


def _lch(color: str) -> Lch:
    lightness, chroma, hue = Color(color).convert("oklch").coords(nans=False)
    return (float(lightness), float(chroma), float(hue))


def hex_color(color: Lch) -> str:
    """Return the nearest sRGB color as ``#rrggbb``."""
    fitted = Color("oklch", [min(1.0, max(0.0, color[0])), color[1], color[2]]).fit("srgb", method="oklch-chroma")
    return str(fitted.convert("srgb").to_string(hex=True, fit="clip")).lower()
