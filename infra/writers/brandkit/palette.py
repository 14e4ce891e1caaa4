"""Six colours from a scheme: tuned by the seed, kept inside sRGB, and readable by construction."""

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
"""Aimed for above a ratio, so that rounding to eight bits cannot fall below it."""
_HARMONIES = ("split", "complement", "triad", "analogous")

_COLOUR_WORDS: dict[str, Lch] = {
    # What merchants say and CSS does not know, or shows harsher than is meant.
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
    """Return the WCAG 2.1 contrast ratio of two colours, 1 to 21."""
    return float(Color(one).contrast(Color(other)))


def tune(scheme: Scheme, chance: SeededRandom, wishes: Sequence[str] = ()) -> Palette:
    """Return a palette near ``scheme``, bent towards the merchant's colours.

    Args:
        scheme: the anchors.
        chance: turns the hues by a few degrees, so that two stores on one scheme are siblings, not twins.
        wishes: colours as merchants write them: ``navy``, ``#ff8800``, ``dark green``; what no one knows is ignored.
    """
    turn = chance.near(0, 9)
    scheme = replace(
        scheme,
        primary=_nudged(scheme.primary, turn, chance),
        secondary=_nudged(scheme.secondary, turn, chance),
        accent=_nudged(scheme.accent, turn / 2, chance),
    )
    return _assemble(_with_wishes(scheme, wishes, chance))


def from_anchors(primary: str, secondary: str, accent: str, *, dark: bool) -> Palette:
    """Return a readable palette around three colours that somebody else chose (``#rrggbb``)."""
    main = _lch(primary)
    ground = (min(0.03 if dark else 0.012, main[1] * 0.15), main[2])
    return _assemble(Scheme(main, _lch(secondary), _lch(accent), ground, dark))


def mood_of(wishes: Sequence[str]) -> bool | None:
    """Return whether the wished colours ask for a dark store (true), a light one (false) or neither."""
    words = {word for wish in wishes for word in re.findall(r"[a-z]+", wish.lower())}
    if words & _DARK_WORDS:
        return True
    return False if words & _LIGHT_WORDS else None


def _assemble(scheme: Scheme) -> Palette:
    chroma, hue = scheme.ground
    if scheme.dark:
        background, surface = _hex((0.165, chroma, hue)), _hex((0.235, chroma * 1.15, hue))
        ink = _hex((0.95, min(chroma, 0.012), hue))
    else:
        background, surface = _hex((0.98, chroma * 0.7, hue)), _hex((0.94, chroma * 1.5, hue))
        ink = _hex((0.24, min(0.035, chroma * 2), scheme.primary[2]))
    grounds = (background, surface)
    # The primary colour also writes: links and prices stand in it on both grounds.
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


def _text_on(colour: str, scheme: Scheme) -> str:
    hue = scheme.ground[1]
    pale, deep = _hex((0.99, 0.005, hue)), _hex((0.17, 0.02, hue))
    best = max((pale, deep), key=lambda text: contrast(text, colour))
    # Pale text is the convention on strong colours: keep it wherever it is readable.
    if contrast(pale, colour) >= READABLE + _MARGIN:
        best = pale
    if contrast(best, colour) >= READABLE:
        return best
    # Of black and white one always reaches 4.58:1.
    return max(("#ffffff", "#000000"), key=lambda text: contrast(text, colour))


def _readable(colour: Lch, grounds: Sequence[str], ratio: float, *, darker: bool) -> str:
    """Return the colour, moved in OKLCH lightness until it stands out from all ``grounds``."""
    lightness, chroma, hue = colour
    for _ in range(100):
        shown = _hex((lightness, chroma, hue))
        if all(contrast(shown, ground) >= ratio + _MARGIN for ground in grounds):
            return shown
        lightness = max(0.0, lightness - 0.01) if darker else min(1.0, lightness + 0.01)
    return "#000000" if darker else "#ffffff"


def _nudged(colour: Lch, turn: float, chance: SeededRandom) -> Lch:
    lightness, chroma, hue = colour
    return (lightness + chance.near(0, 0.015), chroma * chance.between(0.92, 1.08), (hue + turn) % 360)


def _with_wishes(scheme: Scheme, wishes: Sequence[str], chance: SeededRandom) -> Scheme:
    dark = mood_of(wishes)
    colours = [colour for colour in map(_wished, wishes) if colour is not None]
    # A near-grey wish sets the mood, not the main colour, unless it is all there is.
    vivid = [colour for colour in colours if colour[1] >= 0.035 and colour[0] < 0.93]
    leading = vivid or [colour for colour in colours if 0.1 < colour[0] < 0.9]
    if leading:
        main = leading[0]
        kin = [_lch(str(c.convert("srgb").to_string(hex=True))) for c in _harmony(main, chance)]
        second = leading[1] if len(leading) > 1 else (kin[0][0], main[1] * 0.6, kin[0][2])
        third = leading[2] if len(leading) > 2 else (0.72, max(0.11, main[1] * 0.9), kin[-1][2])
        if len(leading) == 2:
            second, third = (second[0], second[1] * 0.5, main[2]), second
        scheme = replace(scheme, primary=main, secondary=second, accent=third, ground=(scheme.ground[0], main[2]))
    if dark is None or dark == scheme.dark:
        return scheme
    if dark:
        lifted = (max(0.74, scheme.primary[0]), scheme.primary[1], scheme.primary[2])
        return replace(scheme, primary=lifted, ground=(max(0.012, scheme.ground[0]), scheme.ground[1]), dark=True)
    return replace(scheme, ground=(min(0.012, scheme.ground[0]), scheme.ground[1]), dark=False)


def _harmony(colour: Lch, chance: SeededRandom) -> list[Color]:
    kin = Color("oklch", list(colour)).harmony(chance.pick(_HARMONIES), space="oklch")
    own = colour[2] % 360
    others = [one for one in kin if abs((one["hue"] - own + 180) % 360 - 180) > 1]
    # A grey has no hue to turn, so its harmony is itself; any hue goes with it.
    others = others or [Color("oklch", [0.65, 0.12, chance.between(0, 360)])]
    return [one.fit("srgb", method="oklch-chroma") for one in others]


def _wished(wish: str) -> Lch | None:
    """Return the colour a merchant means, or None if no word of theirs is one."""
    text = wish.strip().lower()
    if re.fullmatch(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})", text):
        return _lch(text)
    words = re.findall(r"[a-z]+", text)
    for name in ("".join(words), *reversed(words)):
        found = _COLOUR_WORDS.get(name)
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


def _lch(colour: str) -> Lch:
    lightness, chroma, hue = Color(colour).convert("oklch").coords(nans=False)
    return (float(lightness), float(chroma), float(hue))


def _hex(colour: Lch) -> str:
    fitted = Color("oklch", [min(1.0, max(0.0, colour[0])), colour[1], colour[2]]).fit("srgb", method="oklch-chroma")
    return str(fitted.convert("srgb").to_string(hex=True, fit="clip")).lower()
