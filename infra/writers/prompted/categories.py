"""Texts of category pages with a language model. The model writes; code rejects what the data does not state."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, Field

from domain.store.ports import CategoryDraft, CategoryWriter, StoreFacts
from infra.writers.copykit.claims import store_evidence, supported_part
from infra.writers.copykit.pages import line
from infra.writers.prompted.client import OUTAGES, ModelClient, Prompt, fall_back
from infra.writers.prompted.copy import SHORTEST_BODY, digest, facts_data, held_to, in_american, number, plain

CATEGORIES_MOST = 40
"""Categories of one request; the others get the fallback's texts."""


class CategoryText(BaseModel):
    """The text of one category."""

    key: Annotated[str, Field(min_length=1, max_length=120)]
    text: Annotated[str, plain(20, 600)]


class CategoriesIdea(BaseModel):
    """The answer that the model must give."""

    categories: Annotated[list[CategoryText], Field(max_length=CATEGORIES_MOST)]

    def texts(self) -> list[str]:
        """Return all of its texts, to hold them against the facts."""
        return [one.text for one in self.categories]


class PromptedCategoryWriter:
    """Implements :class:`domain.store.ports.CategoryWriter` with a model.

    Args:
        client: the model.
        fallback: writes what no model gives a usable text for; None if only models may write.
        prompt: our instructions, ``infra/writers/prompted/prompts/categories.v1.md``.
    """

    def __init__(self, client: ModelClient, fallback: CategoryWriter | None, *, prompt: Prompt) -> None:
        self._client, self._fallback, self._prompt = client, fallback, prompt

    async def describe(self, names: Mapping[str, str], facts: StoreFacts, *, seed: str) -> list[CategoryDraft]:
        """Return the model's texts, and the fallback's for categories without a usable one."""
        asked = {key: line(name, 80) for key, name in list(names.items())[:CATEGORIES_MOST]}
        evidence = store_evidence(facts)
        data = {**facts_data(facts), "categories": [{"key": key, "name": name} for key, name in asked.items()]}
        try:
            answer = await self._client.structured(
                self._prompt,
                data,
                held_to(CategoriesIdea, evidence),
                idempotency_key=f"categories:{digest(seed, facts.name, *asked)}",
                seed=number(seed),
            )
        except OUTAGES as outage:
            return await fall_back(self._fallback, outage, what="Category pages").describe(names, facts, seed=seed)
        written: dict[str, CategoryDraft] = {}
        for one in in_american(answer.value).categories:
            text = supported_part(one.text, evidence).strip()
            if one.key in asked and len(text) >= SHORTEST_BODY:
                title = asked[one.key]
                written[one.key] = CategoryDraft(category=one.key, title=title, text=text, written_by=answer.model)
        rest = {key: name for key, name in names.items() if key not in written}
        others = [] if self._fallback is None else await self._fallback.describe(rest, facts, seed=seed)
        return [*written.values(), *others]
