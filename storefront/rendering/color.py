"""Color arithmetic for tints that stay readable (contrast as in WCAG 2.1)."""

from collections.abc import Sequence

BLACK, WHITE = "#000000", "#ffffff"
AA_TEXT = 4.5
"""Contrast of body text, WCAG 2.1 success criterion 1.4.3."""
AA_GRAPHIC = 3.0
"""Contrast of borders, icons and focus marks, 1.4.11."""


def channels(color: str) -> tuple[int, int, int]:
    """Return red, green and blue, 0 to 255, of ``#rrggbb``."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def mix(color: str, other: str, share: float) -> str:
    """Return a mix of two colors; ``share`` (0 to 1) is that of ``other``."""
    parts = (round(a + (b - a) * share) for a, b in zip(channels(color), channels(other), strict=True))
    return "#" + "".join(f"{part:02x}" for part in parts)


def luminance(color: str) -> float:
    """Return relative luminance, 0 (black) to 1 (white)."""

    def linear(value: int) -> float:
        share = value / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(value) for value in channels(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(color: str, ground: str) -> float:
    """Return the contrast ratio, 1 to 21."""
    lighter, darker = sorted((luminance(color), luminance(ground)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def is_dark(color: str) -> bool:
    """Whether white text has more contrast on this ground than black text."""
    return contrast(WHITE, color) > contrast(BLACK, color)


def readable(color: str, grounds: Sequence[str], *, least: float = AA_TEXT) -> str:
    """Return ``color``, moved towards black or white only as far as every ground needs for contrast.

    If no color has enough contrast on all grounds, return black or white, whichever suits the first ground.
    """
    anchor = WHITE if is_dark(grounds[0]) else BLACK
    for step in range(21):
        candidate = mix(color, anchor, step / 20)
        if all(contrast(candidate, ground) >= least for ground in grounds):
            return candidate
    return anchor


def on(ground: str, *preferred: str) -> str:
    """Return the first preferred color that is readable on ``ground``, else black or white."""
    for color in preferred:
        if contrast(color, ground) >= AA_TEXT:
            return color
    return WHITE if is_dark(ground) else BLACK
