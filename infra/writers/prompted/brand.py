"""The brand writer with a language model. The model has ideas; code checks them, draws the logo and tunes the colors."""

import hashlib
import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, StringConstraints, model_validator

from domain.store.brand import Availability, BrandIdentity, BrandProposal, Mood, NameOption, Voice
from domain.store.ports import BrandBrief, BrandWriter, DomainRegistry
from infra.writers.brandkit.domains import clean_name, describe_availability, domain_label, find_domains
from infra.writers.brandkit.fonts import PAIRS
from infra.writers.brandkit.logo import draw_logo
from infra.writers.brandkit.looks import Taste, draw_look, fonts_of
from infra.writers.brandkit.marks import MARKS
from infra.writers.brandkit.palette import from_anchors
from infra.writers.brandkit.seeded_random import SeededRandom
from infra.writers.brandkit.sound import is_unsuitable
from infra.writers.copykit.claims import Evidence, is_supported, supported_part
from infra.writers.copykit.spelling import american
from infra.writers.prompted.client import OUTAGES, ModelClient, Prompt, fall_back

_UNTRUE = re.compile(
    r"(?i)\bsince (?:18|19|20)\d\d\b|\best(?:ablished|\.)\b|\bfounded\b|\bfamily[- ](?:owned|run)\b|\bhand-?made\b|"
    r"\baward|\bcertified\b|\bmoney[- ]back\b|\bfree (?:shipping|delivery|returns)\b|\b\d[\d,.]* (?:happy )?customers\b"
)
"""Claims that the merchant did not make and would be liable for."""

MOST_READ = 8
"""Entries of each part of a niche's reading that the model is given."""


def _known_symbol(symbol: str) -> str:
    if symbol not in MARKS:
        raise ValueError(f"{symbol!r} is not one of the allowed symbols: {', '.join(sorted(MARKS))}")
    return symbol


def _known_font(font: str) -> str:
    if font not in PAIRS:
        raise ValueError(f"{font!r} is not one of the allowed heading fonts: {', '.join(sorted(PAIRS))}")
    return font


def _one_line(text: str) -> str:
    return " ".join(text.split())


_Line = Annotated[str, AfterValidator(_one_line)]


_Hex = Annotated[str, StringConstraints(to_lower=True, pattern=r"^#[0-9a-fA-F]{6}$", max_length=7)]


class NameIdea(BaseModel):
    """One name that the model proposes."""

    name: _Line = Field(min_length=2, max_length=32)
    rationale: _Line = Field(min_length=2, max_length=240)


class BrandIdea(BaseModel):
    """The answer that the model must give. The model receives the message of each rule that its answer breaks."""

    names: Annotated[list[NameIdea], Field(min_length=5, max_length=5)]
    best_name: _Line = Field(min_length=2, max_length=32)
    reason: _Line = Field(min_length=2, max_length=400)
    primary: _Hex
    secondary: _Hex
    accent: _Hex
    dark: bool
    heading_font: Annotated[
        str, AfterValidator(_known_font), Field(max_length=40, json_schema_extra={"enum": sorted(PAIRS)})
    ]
    symbol: Annotated[
        str, AfterValidator(_known_symbol), Field(max_length=40, json_schema_extra={"enum": sorted(MARKS)})
    ]
    logo_idea: _Line = Field(min_length=2, max_length=300)
    tone: Annotated[list[Annotated[_Line, Field(min_length=2, max_length=24)]], Field(min_length=3, max_length=5)]
    tagline: _Line = Field(min_length=2, max_length=80)
    story: _Line = Field(min_length=2, max_length=800)

    @model_validator(mode="after")
    def _hangs_together(self) -> "BrandIdea":
        labels = [domain_label(idea.name) for idea in self.names]
        if len(set(labels)) < len(labels):
            raise ValueError("the five names must be five different names")
        if clumsy := [idea.name for idea in self.names if is_unsuitable(idea.name)]:
            raise ValueError(f"replace these names, which are taken, unfortunate or hard to say: {', '.join(clumsy)}")
        if self.best_name not in {idea.name for idea in self.names}:
            raise ValueError(f"best_name {self.best_name!r} is not among the five names")
        for field in ("story", "tagline"):
            if claim := _UNTRUE.search(getattr(self, field)):
                raise ValueError(f"{field} claims {claim.group()!r}, which is not in the data; leave the claim out")
        return self


class PromptedBrandWriter:
    """Implements :class:`domain.store.ports.BrandWriter`. Uses the fallback during an outage of the model.

    Args:
        client: the model.
        registry: says which domains are free.
        fallback: writes the brand if no model gives a usable answer; None if only models may write.
        prompt: the system prompt, ``infra/writers/prompted/prompts/brand.v1.md``.
    """

    def __init__(
        self, client: ModelClient, registry: DomainRegistry, *, fallback: BrandWriter | None, prompt: Prompt
    ) -> None:
        self._client = client
        self._registry = registry
        self._fallback = fallback
        self._prompt = prompt

    async def propose(self, brief: BrandBrief) -> BrandProposal:
        """Return a model's brand, or the fallback's if no model gives a usable answer."""
        try:
            answer = await self._client.structured(
                self._prompt,
                _brief_data(brief),
                BrandIdea,
                idempotency_key=f"brand:{brief.seed}",
                seed=_number(brief.seed),
            )
        except OUTAGES as outage:
            return await fall_back(self._fallback, outage, what="Brands").propose(brief)
        return await self._complete(answer.value, brief, written_by=answer.model)

    async def _complete(self, idea: BrandIdea, brief: BrandBrief, *, written_by: str) -> BrandProposal:
        names = {one.name: one.rationale for one in idea.names}
        asked = clean_name(brief.preferences.name or "")
        if asked:
            others = [name for name in names if domain_label(name) != domain_label(asked)]
            names = {asked: "The name you asked for.", **{name: names[name] for name in others[:4]}}
        domains = await find_domains(list(names), self._registry)
        options = [
            NameOption(name=name, domain=domains[name][0], availability=domains[name][1], rationale=rationale)
            for name, rationale in names.items()
        ]
        chosen, reason = _choose(options, idea, asked)
        palette = from_anchors(idea.primary, idea.secondary, idea.accent, dark=idea.dark)
        rng = SeededRandom(brief.seed, "logo")
        moods = [mood for mood in Mood if idea.heading_font in fonts_of(mood)] or list(Mood)
        taste = Taste(moods=moods, fonts=[idea.heading_font], strict=True)
        look, _ = draw_look(taste, brief.neighbors, SeededRandom(brief.seed, "look"))
        facts = Evidence.of([brief.niche, chosen, idea.best_name, brief.preferences.audience or ""])
        # The model wrote the story with its own best name.
        story = supported_part(idea.story.replace(idea.best_name, chosen), facts).strip()
        tagline = idea.tagline if is_supported(idea.tagline, facts) else f"{brief.niche[:1].upper()}{brief.niche[1:]}."
        return BrandProposal(
            brand=BrandIdentity(
                name=chosen,
                logo=draw_logo(idea.symbol, palette, rng, name=chosen, idea=idea.logo_idea),
                palette=palette,
                fonts=PAIRS[idea.heading_font],
                voice=Voice(
                    tone=idea.tone, tagline=american(tagline), story=american(story or f"{chosen} sells {brief.niche}.")
                ),
                look=look,
            ),
            options=options,
            reason=reason,
            written_by=written_by,
        )


def _choose(options: list[NameOption], idea: BrandIdea, asked: str) -> tuple[str, str]:
    """Return a name and the reason.

    It is the merchant's, else the model's best name, or one with a free domain if the best name's domain is taken.
    """
    if asked:
        own = options[0]
        return (
            own.name,
            f"“{own.name}” is the name you asked for; {describe_availability(own.domain, own.availability)}.",
        )
    best = next(option for option in options if option.name == idea.best_name)
    free = next((option for option in options if option.availability is Availability.FREE), None)
    if best.availability is Availability.TAKEN and free is not None:
        return free.name, (
            f"“{best.name}” came first, but {describe_availability(best.domain, best.availability)}; “{free.name}” is the next best, "
            f"and {describe_availability(free.domain, free.availability)}. {free.rationale}"
        )
    closing = describe_availability(best.domain, best.availability)
    return best.name, f"{idea.reason.rstrip()} {closing[:1].upper()}{closing[1:]}."


def _brief_data(brief: BrandBrief) -> dict[str, Any]:
    wishes = brief.preferences
    asked: dict[str, Any] = {
        "name": wishes.name,
        "tone": wishes.tone,
        "colours": wishes.colours,
        "audience": wishes.audience,
    }
    former = {"former_name": brief.former_name} if brief.former_name else {}
    reading = brief.reading.model_dump(include={"things", "audience", "setting", "style"}) if brief.reading else {}
    understood = {name: values[:MOST_READ] for name, values in reading.items() if values}
    return {
        "niche": brief.niche,
        **({"understood": understood} if understood else {}),
        "wishes": {key: value for key, value in asked.items() if value},
        **former,
    }


def _number(seed: str) -> int:
    """Return the seed as a number of 31 bits, which services accept."""
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4], "big") >> 1
