"""Product copy and pages with a language model. The model writes; code rejects what the data does not state."""

import hashlib
import re
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, Field, StringConstraints, create_model, model_validator

from domain.calls.ports import CallRefused
from domain.product.ports import CopyBrief, ProductCopy, ProductCopywriter
from domain.product.texts import META_DESCRIPTION_MAX, META_TITLE_MAX
from domain.store.events import PageType
from domain.store.ports import PageDraft, PageWriter, StoreFacts
from infra.writers.copykit.claims import (
    Evidence,
    is_supported,
    product_evidence,
    store_evidence,
    supported_part,
    unsupported,
)
from infra.writers.copykit.description import as_markdown, tag_keywords
from infra.writers.copykit.grammar import running
from infra.writers.copykit.pages import PAGES, line
from infra.writers.copykit.scoring import measure
from infra.writers.copykit.spelling import american
from infra.writers.copykit.supplier_text import plain_text
from infra.writers.copykit.title_extras import TELLING
from infra.writers.copykit.title_words import NOISE
from infra.writers.copykit.titles import LONGEST
from infra.writers.prompted.client import OUTAGES, ModelClient, Prompt, fall_back

UNTRUE = CallRefused("The language model", "insists on claims that the data does not support")
"""Why a fallback writes: too little is left of an answer without its untrue sentences."""

IdeaT = TypeVar("IdeaT", bound=BaseModel)

SHORTEST_BODY = 10
"""Characters of a section that is worth its heading after untrue sentences are dropped."""
FEWEST_SECTIONS = 3
_PLAIN = r"^[^\n\r<>\[\]`*_#{}\\]*$"
_TOO_LONG_FOR_AN_ANSWER = 6000
"""Characters of a supplier's description that are sent. Longer texts repeat themselves and cost money."""


def plain(least: int, most: int) -> Any:
    """Return the constraints of a plain text of one line, in characters."""
    return StringConstraints(strip_whitespace=True, min_length=least, max_length=most, pattern=_PLAIN)


class CopyIdea(BaseModel):
    """The answer that the model must give. The model receives the message of each rule that its answer breaks."""

    title: Annotated[str, plain(TELLING, LONGEST)]
    opening: Annotated[str, plain(60, 900)]
    features: Annotated[list[Annotated[str, plain(3, 200)]], Field(min_length=1, max_length=6)]
    benefits: Annotated[list[Annotated[str, plain(10, 200)]], Field(min_length=2, max_length=4)]
    call_to_action: Annotated[str, plain(8, 140)]
    meta_title: Annotated[str, plain(10, META_TITLE_MAX)]
    meta_description: Annotated[str, plain(50, META_DESCRIPTION_MAX)]

    @model_validator(mode="after")
    def _is_calm(self) -> "CopyIdea":
        for field in ("title", "meta_title"):
            if noise := NOISE.search(getattr(self, field)):
                raise ValueError(f"{field} has {noise.group()!r} in it, which is supplier's noise; leave it out")
        return self

    def texts(self) -> list[str]:
        """Return all of its texts, to hold them against the facts."""
        rest = (self.opening, self.call_to_action, self.meta_title, self.meta_description)
        return [self.title, *self.features, *self.benefits, *rest]


class Section(BaseModel):
    """A heading and its text."""

    heading: Annotated[str, plain(3, 80)]
    body: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=10, max_length=1500, pattern=_PLAIN.replace(r"\n\r", "")),
    ]


class PageIdea(BaseModel):
    """The answer for a page."""

    sections: Annotated[list[Section], Field(min_length=3, max_length=16)]

    def texts(self) -> list[str]:
        """Return all of its texts, to hold them against the facts."""
        return [text for section in self.sections for text in (section.heading, section.body)]


class AboutIdea(PageIdea):
    """The answer for an about page."""

    sections: Annotated[list[Section], Field(min_length=3, max_length=6)]


class FaqIdea(PageIdea):
    """The answer for the questions and answers."""

    sections: Annotated[list[Section], Field(min_length=8, max_length=16)]


_IDEAS: dict[PageType, type[PageIdea]] = {PageType.ABOUT: AboutIdea, PageType.FAQ: FaqIdea}
"""The pages that a model may write. Legal pages always come from templates."""


class PromptedCopywriter:
    """Implements ``domain.product.ports.ProductCopywriter``. Uses the fallback during an outage of the model.

    Args:
        client: the model.
        fallback: writes the copy if no model gives a usable answer; None if only models may write.
        prompt: the system prompt, ``infra/writers/prompted/prompts/copy.v1.md``.
    """

    def __init__(self, client: ModelClient, fallback: ProductCopywriter | None, *, prompt: Prompt) -> None:
        self._client = client
        self._fallback = fallback
        self._prompt = prompt

    async def write(self, brief: CopyBrief) -> ProductCopy:
        """Return the model's copy, or the fallback's if the model gives no usable answer."""
        data, evidence = _brief_data(brief), product_evidence(brief)
        try:
            answer = await self._client.structured(
                self._prompt,
                data,
                held_to(CopyIdea, evidence),
                idempotency_key=f"copy:{digest(brief.seed, brief.original_title)}",
                seed=number(brief.seed),
            )
        except OUTAGES as outage:
            return await fall_back(self._fallback, outage, what="Product texts").write(brief)
        idea = in_american(answer.value)
        if any(unsupported(text, evidence) for text in idea.texts()):
            kept = _supported(idea, evidence)
            if kept is None:
                return await fall_back(self._fallback, UNTRUE, what="Product texts").write(brief)
            idea = kept
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
            written_by=answer.model,
        )


class PromptedPageWriter:
    """Implements ``domain.store.ports.PageWriter``: about and FAQ by the model, everything else by the fallback.

    Args:
        client: the model.
        templates: writes the legal pages and the contact page.
        fallback: writes the other pages if no model gives a usable answer; None if only models may write.
        prompt: our instructions, ``infra/writers/prompted/prompts/page.v1.md``.
    """

    def __init__(
        self, client: ModelClient, templates: PageWriter, *, fallback: PageWriter | None, prompt: Prompt
    ) -> None:
        self._client = client
        self._templates = templates
        self._fallback = fallback
        self._prompt = prompt

    async def write(self, type: PageType, facts: StoreFacts, *, seed: str) -> PageDraft:
        """Return one page; legal pages are never left to a model."""
        shape = _IDEAS.get(type)
        if shape is None:
            return await self._templates.write(type, facts, seed=seed)
        data, evidence = {"page": type.value, **facts_data(facts)}, store_evidence(facts)
        try:
            answer = await self._client.structured(
                self._prompt,
                data,
                held_to(shape, evidence),
                idempotency_key=f"page:{type}:{digest(seed, facts.name)}",
                seed=number(seed),
            )
        except OUTAGES as outage:
            return await fall_back(self._fallback, outage, what="Pages").write(type, facts, seed=seed)
        sections = [
            section.model_copy(update={"body": body})
            for section in in_american(answer.value).sections
            if is_supported(section.heading, evidence)
            and len(body := supported_part(section.body, evidence).strip()) >= SHORTEST_BODY
        ]
        if len(sections) < FEWEST_SECTIONS:
            return await fall_back(self._fallback, UNTRUE, what="Pages").write(type, facts, seed=seed)
        page, name = PAGES[type], line(facts.name)
        tagline = line(facts.brand.voice.tagline)
        opening = f"> {tagline}\n\n" if type is PageType.ABOUT and tagline else ""
        content = opening + "\n\n".join(f"## {one.heading}\n\n{_paragraphs(one.body)}" for one in sections) + "\n"
        return PageDraft(
            type=type,
            title=page.title.format(name=name),
            slug=page.slug,
            content=content,
            scores=measure(content, [name, line(facts.niche).casefold()]),
            written_by=answer.model,
        )


def held_to(shape: type[Any], evidence: Evidence) -> Any:
    """Return the model class with a further rule: its first answer may claim only what the evidence states.

    The model gets one chance to mend its claims. A second answer passes, and its untrue sentences are dropped afterwards:
    a model that insists on a claim would insist again.
    """
    complained = False

    def check(idea: Any) -> Any:
        nonlocal complained
        if complained:
            return idea
        if claims := [claim for text in idea.texts() for claim in unsupported(text, evidence)]:
            complained = True
            listed = "; ".join(dict.fromkeys(map(str, claims)))
            raise ValueError(f"the data does not support these claims, so leave them out: {listed}")
        return idea

    # A subclass per source, since validators of pydantic see the answer only.
    return create_model(
        shape.__name__,
        __base__=shape,
        __validators__={"held_to_its_source": model_validator(mode="after")(check)},  # type: ignore[dict-item]
    )


def _supported(idea: CopyIdea, evidence: Evidence) -> CopyIdea | None:
    """Return the copy without its untrue sentences; None if a part of it that every copy needs would be empty."""
    opening = supported_part(idea.opening, evidence).strip()
    features = [text for text in idea.features if is_supported(text, evidence)]
    benefits = [text for text in idea.benefits if is_supported(text, evidence)]
    fixed = (idea.title, idea.meta_title, idea.meta_description, idea.call_to_action)
    if not opening or not features or not benefits or not all(is_supported(text, evidence) for text in fixed):
        return None
    return idea.model_copy(update={"opening": opening, "features": features, "benefits": benefits})


def in_american(idea: IdeaT) -> IdeaT:
    """Return an answer in the store's one spelling of English."""
    return idea.model_copy(update={name: _spelled(getattr(idea, name)) for name in type(idea).model_fields})


def _spelled(value: Any) -> Any:
    if isinstance(value, list):
        return [_spelled(one) for one in value]
    if isinstance(value, BaseModel):
        return value.model_copy(update={name: _spelled(getattr(value, name)) for name in type(value).model_fields})
    return american(value) if isinstance(value, str) else value


def _brief_data(brief: CopyBrief) -> dict[str, Any]:
    voice = brief.brand.voice
    return {
        "listing": {
            "title": brief.original_title[:500],
            "description": plain_text(brief.original_description)[:_TOO_LONG_FOR_AN_ANSWER],
            "category": brief.category[:200],
            "tags": [tag[:60] for tag in brief.tags[:20]],
            "variants": [option[:80] for option in brief.options[:30]],
            "attributes": {name[:100]: value[:500] for name, value in list(brief.attributes.items())[:40]},
        },
        "niche": brief.niche,
        "brand": {"name": brief.brand.name, "tone": voice.tone, "tagline": voice.tagline},
        "seed": brief.seed,
    }


def facts_data(facts: StoreFacts) -> dict[str, Any]:
    """Return a store's facts as a model reads them."""
    voice = facts.brand.voice
    low_high = facts.price_range
    return {
        "store": {
            "name": facts.name,
            "host": facts.host,
            "niche": facts.niche,
            "contact_email": facts.contact_email,
            "sells": list(facts.products[:20]),
            "number_of_products": facts.product_count or None,
            "prices": None if low_high is None else {"lowest": str(low_high[0]), "highest": str(low_high[1])},
            "days_from_order_to_delivery": None if facts.shipping_days is None else list(facts.shipping_days),
        },
        "brand": {"tone": voice.tone, "tagline": voice.tagline, "story": voice.story},
    }


def _paragraphs(body: str) -> str:
    return "\n\n".join(" ".join(part.split()) for part in re.split(r"\n\s*\n", body) if part.strip())


def digest(*parts: str) -> str:
    """Return the digest of texts, for idempotency keys."""
    return hashlib.sha256("|".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def number(seed: str) -> int:
    """Return a seed as models take it, 31 bits."""
    return int.from_bytes(hashlib.sha256(seed.encode("utf-8", "surrogatepass")).digest()[:4], "big") >> 1
