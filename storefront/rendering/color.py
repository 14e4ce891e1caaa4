"""Enough colour arithmetic to derive tints that stay readable (WCAG 2.1 contrast)."""

from collections.abc import Sequence

BLACK, WHITE = "#000000", "#ffffff"
AA_TEXT = 4.5
"""Contrast of body text, WCAG 2.1 success criterion 1.4.3."""
AA_GRAPHIC = 3.0
"""Contrast of borders, icons and focus marks, 1.4.11."""


def channels(colour: str) -> tuple[int, int, int]:
    """Return red, green and blue, 0 to 255, of ``#rrggbb``."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def mix(colour: str, other: str, share: float) -> str:
    """Return ``colour`` with ``share`` (0 to 1) of ``other`` in it."""
    parts = (round(a + (b - a) * share) for a, b in zip(channels(colour), channels(other), strict=True))
    return "#" + "".join(f"{part:02x}" for part in parts)


def luminance(colour: str) -> float:
    """Return relative luminance, 0 (black) to 1 (white)."""

    def linear(value: int) -> float:
        share = value / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(value) for value in channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(colour: str, ground: str) -> float:
    """Return the contrast ratio, 1 to 21."""
    lighter, darker = sorted((luminance(colour), luminance(ground)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def is_dark(colour: str) -> bool:
    """Return whether light text suits this ground better than dark text."""
    return contrast(WHITE, colour) > contrast(BLACK, colour)


def readable(colour: str, grounds: Sequence[str], *, least: float = AA_TEXT) -> str:
    """Return ``colour``, moved towards black or white no further than it takes to be read on every ground.

    Where the grounds are so far apart that no colour reads on all, the best of black and white on the first is returned.
    """
    anchor = WHITE if is_dark(grounds[0]) else BLACK
    for step in range(21):
        candidate = mix(colour, anchor, step / 20)
        if all(contrast(candidate, ground) >= least for ground in grounds):
            return candidate
    return anchor


def on(ground: str, *preferred: str) -> str:
    """Return the first preferred colour that reads on ``ground``, else black or white."""
    for colour in preferred:
        if contrast(colour, ground) >= AA_TEXT:
            return colour
    return WHITE if is_dark(ground) else BLACK
