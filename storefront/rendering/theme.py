"""The look of a brand: readable colors, fonts, mood, and the order of its home page."""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType

from domain.kernel import Value
from domain.store.brand import BrandIdentity, HeroKind, Mood, Palette, Section
from storefront.rendering.color import AA_GRAPHIC, contrast, is_dark, luminance, mix, on, readable
from storefront.rendering.fonts import Family, family

FONTS_BASE = "/static/fonts"


DEFAULT_SECTIONS = (Section.CATEGORIES, Section.FEATURED, Section.STORY, Section.PROMISES)
"""The home page of brands without a look."""
LIGHT_SERIFS = frozenset({Mood.ATELIER, Mood.ALMANAC})
"""Moods that set serif headings in the regular weight; ``GALLERY`` sets all of them so."""

TECHNICAL = frozenset({"Orbitron", "Rajdhani", "Bebas Neue", "Oswald", "Space Grotesk", "Syne"})
LOUD = frozenset(
    {
        "bold",
        "edgy",
        "futuristic",
        "technical",
        "energetic",
        "daring",
        "electric",
        "fast",
        "sharp",
        "rebellious",
        "gritty",
    }
)
CALM = frozenset(
    {"calm", "elegant", "refined", "quiet", "poetic", "serene", "timeless", "minimal", "considered", "luxurious"}
)


class MoodWords(Value):
    """What a mood calls parts of pages."""

    shop: str
    """The button that leads to all products."""
    about: str
    featured: str
    story: str
    story_names_store: bool = False
    """Whether the store's name follows ``story``."""
    details: str
    """The heading above a product's description."""


@cache
def _mood_words() -> Mapping[Mood, MoodWords]:
    text = Path(__file__).with_name("mood_words.toml").read_text("utf-8")
    return {Mood(mood): MoodWords(**words) for mood, words in tomllib.loads(text).items()}


@dataclass(frozen=True, slots=True)
class Theme:
    """What a brand's stylesheet is made of."""

    mood: Mood
    hero: HeroKind
    sections: tuple[Section, ...]
    """Of the home page, below its hero."""
    dark: bool
    heading: Family
    body: Family
    colors: Mapping[str, str]
    """CSS custom property (without ``--``) to ``#rrggbb``."""
    version: str
    """Changes when the look changes; part of the stylesheet's address, so that browsers may cache it permanently."""

    @property
    def name(self) -> str:
        """The mood as templates and stylesheets are named."""
        return self.mood.lower()

    @property
    def words(self) -> "MoodWords":
        """The words that the mood uses for parts of pages."""
        return _mood_words()[self.mood]

    @property
    def heading_weight(self) -> int:
        """The font weight of headings."""
        if self.mood is Mood.GALLERY or (self.mood in LIGHT_SERIFS and self.heading.is_serif):
            return 400
        return self.heading.bold if self.heading.weights else 600

    def css(self) -> str:
        """Return the brand's stylesheet."""
        faces = {self.heading.name: self.heading, self.body.name: self.body}
        variables = "".join(f"--{name}:{value};" for name, value in self.colors.items())
        return (
            "\n".join(face.faces(FONTS_BASE) for face in faces.values())
            + f"\n:root{{color-scheme:{'dark' if self.dark else 'light'};{variables}"
            + f"--font-heading:{self.heading.css()};--font-body:{self.body.css()};"
            + f"--heading-weight:{self.heading_weight};--bold:{self.body.bold if self.body.weights else 600};"
            + f"--heading-scale:{self.heading.scale / self.body.scale:.3f};--body-scale:{self.body.scale};}}\n"
        )

    def preloads(self, *, bold: bool) -> list[str]:
        """Return the addresses of the font files that the first view needs.

        Args:
            bold: whether prices, buttons and labels come first. A browser learns of their weight from the styles only, a
                round trip later. A page with a large photo leaves it the room.
        """
        wanted = [(self.body, 400), (self.heading, self.heading_weight)]
        wanted += [(self.body, self.body.bold)] if bold and self.body.weights else []
        files = [(face.slug, weight) for face, weight in wanted if face.weights]
        return [f"{FONTS_BASE}/{slug}/{weight}.woff2" for slug, weight in dict.fromkeys(files)]


def theme_of(brand: BrandIdentity) -> Theme:
    """Return the look of a brand; equal brands look the same."""
    heading, body = family(brand.fonts.heading), family(brand.fonts.body)
    colors = derive_colors(brand.palette)
    dark = is_dark(brand.palette.background)
    look = brand.look
    mood = mood_of(brand, dark=dark) if look is None else look.mood
    digest = hashlib.sha256(f"{mood.lower()}|{heading.name}|{body.name}|{sorted(colors.items())}".encode()).hexdigest()
    return Theme(
        mood=mood,
        hero=HeroKind.PRODUCT if look is None else look.hero,
        sections=DEFAULT_SECTIONS if look is None else tuple(look.sections),
        dark=dark,
        heading=heading,
        body=body,
        colors=colors,
        version=digest[:12],
    )


def mood_of(brand: BrandIdentity, *, dark: bool) -> Mood:
    """Return the mood of a brand without a look: its typeface decides first, then the background, then the tone of voice."""
    heading = family(brand.fonts.heading)
    if heading.is_serif:
        return Mood.ATELIER
    tone = {word.lower() for word in brand.voice.tone}
    if heading.name in TECHNICAL and (dark or heading.name not in {"Space Grotesk", "Syne"} or tone & LOUD):
        return Mood.SIGNAL
    if dark and not tone & CALM:
        return Mood.SIGNAL
    if heading.name == "Raleway" and tone & CALM:
        return Mood.ATELIER
    return Mood.STUDIO


@lru_cache(maxsize=1_000)
def derive_colors(palette: Palette) -> Mapping[str, str]:
    """Return the palette and the colors derived from it, each text color readable on its ground.

    A brand ensures contrast on its background only. This function ensures it for every other pair.
    """
    ground, surface = palette.background, palette.surface
    if contrast(palette.text, surface) < 4.5:
        # Running text is not readable on such a surface: a tint of the background replaces it.
        surface = mix(ground, palette.text, 0.05)
    text = readable(palette.text, [ground, surface])
    tint = mix(ground, palette.primary, 0.10)
    while contrast(text, tint) < 7 and contrast(text, tint) < contrast(text, ground) - 0.5:
        tint = mix(tint, ground, 0.5)
    grounds = [ground, surface, tint]
    bad, good = ("#ff8a80", "#7bd88f") if is_dark(ground) else ("#b3261e", "#1b6e3c")
    deep = mix(palette.primary, "#000000", 0.35) if luminance(palette.primary) > 0.02 else palette.primary
    colors = {
        "bg": ground,
        "surface": surface,
        "ground": palette.surface,
        "text": text,
        "muted": readable(mix(text, ground, 0.36), grounds),
        "line": mix(ground, text, 0.14),
        "edge": readable(mix(text, ground, 0.55), grounds, least=AA_GRAPHIC),
        "tint": tint,
        "primary": palette.primary,
        "on-primary": on(palette.primary, palette.on_primary, palette.background, palette.text),
        "primary-ink": readable(palette.primary, grounds),
        "primary-deep": deep,
        "on-primary-deep": on(deep, palette.on_primary, palette.background),
        "secondary": palette.secondary,
        "on-secondary": on(palette.secondary, palette.text, palette.background),
        "secondary-ink": readable(palette.secondary, grounds),
        "accent": palette.accent,
        "on-accent": on(palette.accent, palette.on_accent, palette.text, palette.background),
        "accent-ink": readable(palette.accent, grounds),
        "focus": readable(palette.accent, grounds, least=AA_GRAPHIC),
        "danger": readable(bad, grounds),
        "success": readable(good, grounds),
    }
    return MappingProxyType(colors)
