"""What a brand is made of. Written once by a brand writer, carried whole in ``BrandGenerated``."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.kernel import Value

HexColor = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]
"""Lower-case sRGB, ``#rrggbb``."""


class Availability(StrEnum):
    """What a registry says of a domain name."""

    FREE = "FREE"
    TAKEN = "TAKEN"
    UNKNOWN = "UNKNOWN"
    """It could not be asked, or did not answer clearly. Said so, never guessed."""


class NameOption(Value):
    """One proposed name."""

    name: str
    domain: str
    """The domain that was asked for, ``neonhaven.com``."""
    availability: Availability
    rationale: str
    """Why it suits the niche, in one sentence."""


class Palette(Value):
    """Six colours. Each ``on`` pair reaches WCAG 2.1 AA, 4.5:1: text on background, muted on background,
    white or ``background`` on primary (whichever is ``on_primary``).
    """

    primary: HexColor
    secondary: HexColor
    accent: HexColor
    background: HexColor
    surface: HexColor
    text: HexColor
    on_primary: HexColor = "#ffffff"
    """Text on ``primary``: derived, so not one of the six."""
    on_accent: HexColor = "#ffffff"
    """Text on ``accent``."""


class FontPair(Value):
    """Two families that the storefront serves itself (OFL-1.1 through Fontsource)."""

    heading: str
    body: str


class Logo(Value):
    """A drawn mark and the idea behind it."""

    concept: str
    """The idea in a sentence or two; also the prompt an image model would get."""
    svg: str
    """A whole SVG document without scripts, references or fonts of others."""


class Voice(Value):
    """How the brand speaks."""

    tone: Annotated[list[str], Field(min_length=1)]
    """Adjectives, the strongest first: ``["playful", "knowing"]``."""
    tagline: str
    story: str
    """Two to four sentences: where the brand comes from and what it stands for."""


class BrandIdentity(Value):
    """A brand, complete."""

    name: str
    logo: Logo
    palette: Palette
    fonts: FontPair
    voice: Voice


class BrandProposal(Value):
    """What a brand writer hands over: the brand, and how it came to it."""

    brand: BrandIdentity
    options: Annotated[list[NameOption], Field(min_length=5, max_length=5)]
    """The five names that were weighed, the chosen one among them."""
    reason: str
    """Why this name and not the others, for the merchant to read."""
    written_by: str
    """``house`` or the model's name; provenance."""
