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


class BrandIdentity(Value):
    """A complete brand."""

    name: str
    logo: Logo
    palette: Palette
    fonts: FontPair
    voice: Voice


class BrandProposal(Value):
    """A store's brand and why it was chosen."""

    brand: BrandIdentity
    options: Annotated[list[NameOption], Field(min_length=5, max_length=5)]
    """The five names that were compared, the chosen one among them."""
    reason: str
    """Why this name and not the others, for the merchant to read."""
    written_by: str
    """The author: ``house`` (rules) or the model's name."""
