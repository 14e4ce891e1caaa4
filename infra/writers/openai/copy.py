"""Product copy and pages with a language model. The model writes; code rejects what the data does not state."""

import hashlib
import logging
import re
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints, create_model, model_validator

from domain.kernel import Transient
from domain.product.aggregate import META_DESCRIPTION_MAX, META_TITLE_MAX
from domain.product.ports import CopyBrief, ProductCopy, ProductCopywriter
from domain.store.events import PageType
from domain.store.ports import PageDraft, PageWriter, StoreFacts
from infra.writers.copykit.description import as_markdown, tag_keywords
from infra.writers.copykit.grammar import running
from infra.writers.copykit.lexicon import lexicon
from infra.writers.copykit.pages import PAGES, line
from infra.writers.copykit.scoring import measure
from infra.writers.copykit.supplier_text import plain_text
from infra.writers.copykit.titles import LONGEST, NOISE, SHORTEST
from infra.writers.openai.client import OpenAiClient, as_data

logger = logging.getLogger(__name__)

_UNTRUE = re.compile(
    r"(?i)\bwarrant(?:y|ies)\b|\bguarantee[ds]?\b|\bfree (?:shipping|delivery|returns)\b|\bships? (?:in|within)\b|"
    r"\bmoney[- ]back\b|\bbest[- ]?sell\w+|\baward\b|\bcertified\b|\b\d+ ?% off\b|\bdiscount\w*|[$€£]\s?\d|"
    r"\bsince (?:18|19|20)\d\d\b|\best(?:ablished|\.)\b|\bfounded\b|\bfamily[- ](?:owned|run)\b|"
    r"\b\d[\d,.]* (?:happy )?customers\b"
)
"""Claims that the merchant did not make and would be liable for."""
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_PLAIN = r"^[^\n\r<>\[\]`*_#{}\\]*$"
_TOO_LONG_FOR_AN_ANSWER = 6000
"""Characters of a supplier's description that are sent. Longer texts repeat themselves and cost money."""


def _text(least: int, most: int) -> Any:
    return StringConstraints(strip_whitespace=True, min_length=least, max_length=most, pattern=_PLAIN)


class CopyIdea(BaseModel):
    """The answer that the model must give. The model receives the message of each rule that its answer breaks."""

    title: Annotated[str, _text(SHORTEST, LONGEST)]
    opening: Annotated[str, _text(60, 900)]
    features: Annotated[list[Annotated[str, _text(3, 200)]], Field(min_length=1, max_length=6)]
    benefits: Annotated[list[Annotated[str, _text(10, 200)]], Field(min_length=2, max_length=4)]
    call_to_action: Annotated[str, _text(8, 140)]
    meta_title: Annotated[str, _text(10, META_TITLE_MAX)]
    meta_description: Annotated[str, _text(50, META_DESCRIPTION_MAX)]

    @model_validator(mode="after")
    def _is_calm(self) -> "CopyIdea":
        for field in ("title", "meta_title"):
            if noise := NOISE.search(getattr(self, field)):
                raise ValueError(f"{field} has {noise.group()!r} in it, which is supplier's noise; leave it out")
        return self

    def words(self) -> str:
        """Return all of its text, to check it against the source."""
        rest = (self.opening, self.call_to_action, self.meta_title, self.meta_description)
        return "\n".join((self.title, *self.features, *self.benefits, *rest))


class Section(BaseModel):
    """A heading and its text."""

    heading: Annotated[str, _text(3, 80)]
    body: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=10, max_length=1500, pattern=_PLAIN.replace(r"\n\r", "")),
    ]


class PageIdea(BaseModel):
    """The answer for a page."""

    sections: Annotated[list[Section], Field(min_length=3, max_length=16)]

    def words(self) -> str:
        """Return all of its text, to check it against the source."""
        return "\n".join(f"{section.heading}\n{section.body}" for section in self.sections)


class AboutIdea(PageIdea):
    """The answer for an about page."""

    sections: Annotated[list[Section], Field(min_length=3, max_length=6)]


class FaqIdea(PageIdea):
    """The answer for the questions and answers."""

    sections: Annotated[list[Section], Field(min_length=8, max_length=16)]


_IDEAS: dict[PageType, type[PageIdea]] = {PageType.ABOUT: AboutIdea, PageType.FAQ: FaqIdea}
"""The pages that a model may write. Legal pages always come from templates."""


class OpenAiCopywriter:
    """Implements ``domain.product.ports.ProductCopywriter``. Uses the fallback during an outage of the model.

    Args:
        client: the model.
        fallback: writes the copy if the model gives no usable answer.
        prompt: the system prompt, ``infra/writers/openai/prompts/copy.v1.md``.
    """

    def __init__(self, client: OpenAiClient, fallback: ProductCopywriter, *, prompt: str) -> None:
        self._client = client
        self._fallback = fallback
        self._prompt = prompt

    async def write(self, brief: CopyBrief) -> ProductCopy:
        """Return the model's copy, or the fallback's if the model gives no usable answer."""
        data = _brief_data(brief)
        try:
            idea = await self._client.structured(
                self._prompt,
                as_data(data),
                _bound_to_source(CopyIdea, _source(data), materials=True),
                idempotency_key=f"copy:{_digest(brief.seed, brief.original_title)}",
                seed=_number(brief.seed),
            )
        except Transient as outage:
            logger.warning("A product's copy comes from the fallback writer: %s", outage)
            return await self._fallback.write(brief)
        description = as_markdown(idea.opening, idea.features, idea.benefits, idea.call_to_action)
        return ProductCopy(
            title=idea.title,
            description=description,
            features=idea.features,
            benefits=idea.benefits,
            call_to_action=idea.call_to_action,
            meta_title=idea.meta_title,
            meta_description=idea.meta_description,
            scores=measure(description, [running(idea.title), *tag_keywords(brief)]),
            written_by=self._client.model,
        )


class OpenAiPageWriter:
    """Implements ``domain.store.ports.PageWriter``: about and FAQ by the model, everything else by the fallback.

    Args:
        client: the model.
        fallback: writes the legal pages, the contact page, and whatever the model does not.
        prompt: our instructions, ``infra/writers/openai/prompts/page.v1.md``.
    """

    def __init__(self, client: OpenAiClient, fallback: PageWriter, *, prompt: str) -> None:
        self._client = client
        self._fallback = fallback
        self._prompt = prompt

    async def write(self, type: PageType, facts: StoreFacts, *, seed: str) -> PageDraft:
        """Return one page; legal pages are never left to a model."""
        shape = _IDEAS.get(type)
        if shape is None:
            return await self._fallback.write(type, facts, seed=seed)
        data = _facts_data(type, facts)
        try:
            idea = await self._client.structured(
                self._prompt,
                as_data(data),
                # 14 days to withdraw: the only number that comes from the prompt.
                _bound_to_source(shape, f"{_source(data)} 14", materials=False),
                idempotency_key=f"page:{type}:{_digest(seed, facts.name)}",
                seed=_number(seed),
            )
        except Transient as outage:
            logger.warning("The %s page comes from the fallback writer: %s", type, outage)
            return await self._fallback.write(type, facts, seed=seed)
        page, name = PAGES[type], line(facts.name)
        tagline = line(facts.brand.voice.tagline)
        opening = f"> {tagline}\n\n" if type is PageType.ABOUT and tagline else ""
        content = opening + "\n\n".join(f"## {one.heading}\n\n{_paragraphs(one.body)}" for one in idea.sections) + "\n"
        return PageDraft(
            type=type,
            title=page.title.format(name=name),
            slug=page.slug,
            content=content,
            scores=measure(content, [name, line(facts.niche).casefold()]),
            written_by=self._client.model,
        )


def _bound_to_source(shape: type[Any], source: str, *, materials: bool) -> Any:
    """Return the model class with a further rule: the text may state only claims, numbers and materials of its source."""
    known_numbers = set(_NUMBER.findall(source))
    known_words = set(re.findall(r"[a-z]+", source.casefold()))

    def check(idea: Any) -> Any:
        words = idea.words()
        if claim := _UNTRUE.search(words):
            raise ValueError(f"the text claims {claim.group()!r}, which is not in the data; leave the claim out")
        if invented := [number for number in _NUMBER.findall(words) if number not in known_numbers]:
            raise ValueError(f"these numbers are not in the data: {', '.join(sorted(set(invented)))}; leave them out")
        if materials and (made_of := _materials_in(words) - known_words):
            raise ValueError(f"these materials are not in the data: {', '.join(sorted(made_of))}; leave them out")
        return idea

    # A subclass per source, since validators of pydantic see the answer only.
    return create_model(
        shape.__name__,
        __base__=shape,
        __validators__={"held_to_its_source": model_validator(mode="after")(check)},  # type: ignore[dict-item]
    )


def _materials_in(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", text.casefold())) & lexicon().words["materials"]


def _brief_data(brief: CopyBrief) -> dict[str, Any]:
    voice = brief.brand.voice
    return {
        "listing": {
            "title": brief.original_title[:500],
            "description": plain_text(brief.original_description)[:_TOO_LONG_FOR_AN_ANSWER],
            "category": brief.category[:200],
            "tags": [tag[:60] for tag in brief.tags[:20]],
            "variants": [option[:80] for option in brief.options[:30]],
        },
        "niche": brief.niche,
        "brand": {"name": brief.brand.name, "tone": voice.tone, "tagline": voice.tagline},
        "seed": brief.seed,
    }


def _facts_data(type: PageType, facts: StoreFacts) -> dict[str, Any]:
    voice = facts.brand.voice
    low_high = facts.price_range
    return {
        "page": type.value,
        "store": {
            "name": facts.name,
            "host": facts.host,
            "niche": facts.niche,
            "contact_email": facts.contact_email,
            "sells": list(facts.products[:20]),
            "prices": None if low_high is None else {"lowest": str(low_high[0]), "highest": str(low_high[1])},
            "days_from_order_to_delivery": None if facts.shipping_days is None else list(facts.shipping_days),
        },
        "brand": {"tone": voice.tone, "tagline": voice.tagline, "story": voice.story},
    }


def _source(data: dict[str, Any]) -> str:
    """Return the text that an answer may use: all data without the seed."""
    return " ".join(_leaves({key: value for key, value in data.items() if key != "seed"}))


def _leaves(node: Any) -> Sequence[str]:
    if isinstance(node, dict):
        return [text for value in node.values() for text in _leaves(value)]
    if isinstance(node, list):
        return [text for value in node for text in _leaves(value)]
    return [str(node)]


def _paragraphs(body: str) -> str:
    return "\n\n".join(" ".join(part.split()) for part in re.split(r"\n\s*\n", body) if part.strip())


def _digest(*parts: str) -> str:
    return hashlib.sha256("|".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _number(seed: str) -> int:
    return int.from_bytes(hashlib.sha256(seed.encode("utf-8", "surrogatepass")).digest()[:4], "big") >> 1
