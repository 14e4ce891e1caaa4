"""The font families that the storefront serves (SIL OFL 1.1, from Fontsource; licenses beside the files)."""

from dataclasses import dataclass
from functools import cache
from itertools import groupby

SERIF = 'Georgia, "Times New Roman", serif'
SANS = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
NARROW = '"Arial Narrow", "Helvetica Neue", Arial, sans-serif'

COMMON = frozenset(range(0x20, 0x7F)) | frozenset(
    map(ord, "\u00a0\u2009\u202f£©«®°·»×–—‘’“”„•…€−™ÄÉÖÜßàáâäåæçèéêëíîïñóôöøúüœ")
)
"""The letters of a font file that a first view loads."""
UNSEEN = frozenset({*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF})
"""Characters that only direct text, such as the isolates around a shop's own words. They have no picture in any font."""
FURTHER = frozenset({*range(0xA0, 0x250), *range(0x2B0, 0x370), *range(0x2000, 0x2300), 0xFFFD}) - COMMON - UNSEEN
"""The letters of the file beside it, which browsers load for a page that has one of them."""


@dataclass(frozen=True, slots=True)
class Family:
    """A font family: its folder, its weights, and the fallback that browsers show until it is loaded."""

    name: str
    slug: str
    fallback: str
    weights: tuple[int, ...] = (400, 600)
    scale: float = 1.0
    """Factor on sizes: at the same size some typefaces look larger than others."""
    is_split: bool = True
    """Whether each file is two, see ``infra/setup/font_subsets.py``. Some licenses reserve the name for whole files."""

    @property
    def bold(self) -> int:
        """The heaviest weight; a browser would have to fake a heavier one."""
        return self.weights[-1]

    @property
    def is_serif(self) -> bool:
        return self.fallback == SERIF

    def css(self) -> str:
        """Return the family as a CSS value."""
        return f'"{self.name}", {self.fallback}'

    def faces(self, base: str) -> str:
        """Return the ``@font-face`` rules; ``base`` is the address of the fonts folder.

        ``optional``: a font that comes late waits for the next page, because a swap would move what people read. Pages
        preload their fonts, and browsers keep them.
        """
        return "\n".join(
            f'@font-face{{font-family:"{self.name}";font-style:normal;font-weight:{weight};font-display:optional;'
            f'src:url("{base}/{self.slug}/{weight}{part}.woff2") format("woff2"){letters}}}'
            for weight in self.weights
            for part, letters in self.parts()
        )

    def parts(self) -> list[tuple[str, str]]:
        """Return how the names of a weight's files end, each with the CSS of its letters."""
        if not self.is_split:
            return [("", "")]
        # The later rule goes first where both have a letter, so it names exactly what the earlier one lacks.
        return [("", ""), ("-further", f";unicode-range:{ranges_of(FURTHER)}")]


@cache
def ranges_of(codes: frozenset[int]) -> str:
    """Return code points as CSS and fonttools write them: ``U+20-7E,U+A9``."""
    runs = groupby(enumerate(sorted(codes)), lambda numbered: numbered[1] - numbered[0])
    ends = [(run[0][1], run[-1][1]) for run in (list(group) for _, group in runs)]
    return ",".join(f"U+{first:X}" + (f"-{last:X}" if last > first else "") for first, last in ends)


_FAMILIES = (
    Family("Bebas Neue", "bebas-neue", NARROW, (400,), 1.3),
    Family("DM Sans", "dm-sans", SANS),
    Family("DM Serif Display", "dm-serif-display", SERIF, (400,)),
    Family("Fraunces", "fraunces", SERIF),
    Family("Inter", "inter", SANS),
    Family("Lato", "lato", SANS, (400, 700), is_split=False),
    Family("Lora", "lora", SERIF, is_split=False),
    Family("Manrope", "manrope", SANS),
    Family("Merriweather", "merriweather", SERIF, is_split=False),
    Family("Montserrat", "montserrat", SANS),
    Family("Nunito Sans", "nunito-sans", SANS),
    Family("Open Sans", "open-sans", SANS),
    Family("Orbitron", "orbitron", SANS, scale=0.88),
    Family("Oswald", "oswald", NARROW, scale=1.06),
    Family("Playfair Display", "playfair-display", SERIF, is_split=False),
    Family("Poppins", "poppins", SANS),
    Family("Rajdhani", "rajdhani", NARROW, scale=1.125),
    Family("Raleway", "raleway", SANS, is_split=False),
    Family("Source Sans 3", "source-sans-3", SANS, scale=1.06),
    Family("Space Grotesk", "space-grotesk", SANS),
    Family("Syne", "syne", SANS, scale=0.95),
    Family("Work Sans", "work-sans", SANS),
)

FAMILIES = {family.name: family for family in _FAMILIES}


def family(name: str) -> Family:
    """Return the family of a name; the system's sans serif if the storefront does not serve it."""
    return FAMILIES.get(name) or Family("system-ui", "", SANS, ())
