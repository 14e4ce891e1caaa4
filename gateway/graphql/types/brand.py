"""A store's brand, and what the agents report about choosing it and its products."""

from typing import Self

import strawberry

from domain.merchant.events import SupplierProvider
from domain.store.brand import Availability, HeroKind, Mood, Section
from gateway.graphql.types.media import as_gid
from projections.catalog.views import BrandResult, ScoutingResult


@strawberry.type(description="A brand's colors, as #rrggbb. Text colors have WCAG AA contrast with their backgrounds.")
class Palette:
    primary: str
    secondary: str
    accent: str
    background: str
    surface: str
    text: str
    on_primary: str = strawberry.field(description="Text color on primary.")
    on_accent: str = strawberry.field(description="Text color on accent.")


@strawberry.type(description="Font families. The storefront serves the font files itself.")
class FontPair:
    heading: str
    body: str


@strawberry.type(description="A logo and the idea behind it.")
class Logo:
    concept: str
    svg: str = strawberry.field(description="A complete SVG document, without scripts or external references.")


@strawberry.type(description="The brand's tone of voice.")
class Voice:
    tone: list[str]
    tagline: str
    story: str


@strawberry.type(description="The layout of the storefront, drawn with the brand.")
class Look:
    mood: Mood
    hero: HeroKind = strawberry.field(description="What the top of the home page shows.")
    sections: list[Section] = strawberry.field(description="The parts of the home page below the hero.")


@strawberry.type(description="A brand name that the agent considered.")
class NameOption:
    name: str
    domain: str
    availability: Availability
    rationale: str


@strawberry.type(description="A store's brand and why it was chosen.")
class BrandIdentity:
    name: str
    logo: Logo
    colors: Palette
    fonts: FontPair
    voice: Voice
    look: Look | None = strawberry.field(
        description="Null for brands of earlier releases, whose fonts and colors decide the layout."
    )
    options: list[NameOption] = strawberry.field(description="The five names that the agent considered.")
    reason: str = strawberry.field(description="Why the agent chose this name.")
    written_by: str = strawberry.field(
        description="Who wrote it: `house` for the built-in writer, or the name of a language model."
    )

    @classmethod
    def of(cls, result: BrandResult) -> Self:
        brand = result.identity
        return cls(
            name=brand.name,
            logo=Logo(**brand.logo.model_dump()),
            colors=Palette(**brand.palette.model_dump()),
            fonts=FontPair(**brand.fonts.model_dump()),
            voice=Voice(tone=list(brand.voice.tone), tagline=brand.voice.tagline, story=brand.voice.story),
            look=None if brand.look is None else Look(**brand.look.model_dump()),
            options=[
                NameOption(name=one.name, domain=one.domain, availability=one.availability, rationale=one.rationale)
                for one in result.options
            ],
            reason=result.reason,
            written_by=result.written_by,
        )


@strawberry.type(description="What one supplier contributed to the scouting.")
class SupplierReport:
    provider: SupplierProvider
    candidates: int
    error: str | None


@strawberry.type(description="How many candidates were not imported for one reason.")
class Rejection:
    reason: str = strawberry.field(description="Such as NO_PHOTO, TOO_SLOW, DOES_NOT_FIT or SAME_THING.")
    count: int


@strawberry.type(description="The result of the latest scouting.")
class Scouting:
    keywords: list[str]
    suppliers: list[SupplierReport]
    candidates: int
    duplicates: int
    fitting: int | None = strawberry.field(
        description="Different candidates that fit the niche, whether they can be sold or not. "
        "Null for scoutings before fit was measured."
    )
    rejected: list[Rejection] = strawberry.field(
        description="Why candidates were not imported. Each candidate counts once. Empty for older scoutings."
    )
    product_ids: list[strawberry.ID]

    @classmethod
    def of(cls, result: ScoutingResult) -> Self:
        return cls(
            keywords=list(result.keywords),
            suppliers=[
                SupplierReport(provider=one.provider, candidates=one.candidates, error=one.error)
                for one in result.suppliers
            ],
            candidates=result.candidates,
            duplicates=result.duplicates,
            fitting=result.fitting,
            rejected=[Rejection(reason=reason, count=count) for reason, count in result.rejected.items()],
            product_ids=[as_gid(id) for id in result.product_ids],
        )
