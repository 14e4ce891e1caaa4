"""The parts of a brand. A brand writer creates the whole brand, and ``BrandGenerated`` carries it."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.kernel import Value

HexColor = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]
"""Lower-case sRGB, ``#rrggbb``."""


class Availability(StrEnum):
    """A registry's answer about a domain name."""

    FREE = "FREE"
    TAKEN = "TAKEN"
    UNKNOWN = "UNKNOWN"
    """The registry did not answer clearly; the answer is never guessed."""


class NameOption(Value):
    """One proposed name."""

    name: str
    domain: str
    """The domain that was checked, ``neonhaven.com``."""
    availability: Availability
    rationale: str
    """Why the name suits the niche, in one sentence."""


class Palette(Value):
    """Six colors and two derived text colors. Text on background, on primary and on accent reaches WCAG 2.1 AA (4.5:1)."""

    primary: HexColor
    secondary: HexColor
    accent: HexColor
    background: HexColor
    surface: HexColor
    text: HexColor
    on_primary: HexColor = "#ffffff"
    """Text on ``primary``, derived from it."""
    on_accent: HexColor = "#ffffff"
    """Text on ``accent``, derived from it."""


class FontPair(Value):
    """Two font families that the storefront serves (OFL-1.1, from Fontsource)."""

    heading: str
    body: str


class Logo(Value):
    """A drawn mark and the idea behind it."""

    concept: str
    """The idea in a sentence or two; also a prompt for an image model."""
    svg: str
    """A complete SVG document without scripts, references or external fonts."""


class Voice(Value):
    """How the brand speaks."""

    tone: Annotated[list[str], Field(min_length=1)]
    """Adjectives, the strongest first: ``["playful", "knowing"]``."""
    tagline: str
    story: str
    """Two to four sentences: the brand's origin and values."""


class Mood(StrEnum):
    """The ways a storefront is laid out."""

    ATELIER = "ATELIER"
    """Editorial: serif headlines, hairlines, wide margins, square corners."""
    STUDIO = "STUDIO"
    """Friendly: round shapes, tinted panels, pill buttons."""
    SIGNAL = "SIGNAL"
    """Technical: dense grid, capitals, cut corners, lit edges."""
    GALLERY = "GALLERY"
    """Quiet: wide white space, small type, large pictures without frames."""
    MARKET = "MARKET"
    """Loud: thick outlines, hard shadows, blocks of color."""
    ALMANAC = "ALMANAC"
    """Classic: centered headings, a deep colored head, framed pictures."""


class HeroKind(StrEnum):
    """What the top of a home page shows."""

    PRODUCT = "PRODUCT"
    """The best products, one of them large."""
    CATEGORY = "CATEGORY"
    """The store's categories as tiles."""
    ROOM = "ROOM"
    """Several products side by side on one shelf."""


class Section(StrEnum):
    """The parts of a home page below its hero."""

    CATEGORIES = "CATEGORIES"
    FEATURED = "FEATURED"
    STORY = "STORY"
    PROMISES = "PROMISES"
    """Delivery, returns, payment and contact."""


class Look(Value):
    """The layout of a storefront, drawn with its brand."""

    mood: Mood
    hero: HeroKind
    sections: Annotated[list[Section], Field(min_length=1)]
    """The parts of the home page below its hero, from top to bottom."""


class BrandIdentity(Value):
    """A complete brand."""

    name: str
    logo: Logo
    palette: Palette
    fonts: FontPair
    voice: Voice
    look: Annotated[Look | None, Field(exclude_if=lambda look: look is None)] = None
    """Null in brands of earlier releases: fonts, colors and tone decide their mood."""


class BrandProposal(Value):
    """A store's brand and why it was chosen."""

    brand: BrandIdentity
    options: Annotated[list[NameOption], Field(min_length=5, max_length=5)]
    """The five names that were compared, the chosen one among them."""
    reason: str
    """Why this name and not the others, for the merchant to read."""
    written_by: str
    """The author: ``house`` (rules) or the model's name."""
