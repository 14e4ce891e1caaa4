"""Search phrases from a language model."""

import zlib
from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from domain.sourcing.ports import KeywordWriter
from domain.sourcing.relevance import words
from infra.writers.prompted.client import OUTAGES, ModelClient, Prompt, fall_back

FEWEST, MOST = 20, 30


class _Phrases(BaseModel):
    model_config = ConfigDict(extra="forbid")

    phrases: Annotated[list[Annotated[str, Field(max_length=60)]], Field(min_length=FEWEST, max_length=60)]

    @field_validator("phrases")
    @classmethod
    def _all_different(cls, phrases: list[str]) -> list[str]:
        different: dict[tuple[str, ...], str] = {}
        for phrase in (" ".join(phrase.lower().split()) for phrase in phrases):
            if words(phrase):
                different.setdefault(tuple(sorted(words(phrase))), phrase)
        kept = list(different.values())
        if len(kept) < FEWEST:
            raise ValueError(f"only {len(kept)} of the phrases are different from one another; {FEWEST} are needed")
        return kept[:MOST]


class PromptedKeywords:
    """Implements :class:`domain.sourcing.ports.KeywordWriter`.

    Args:
        client: the model.
        fallback: writes the phrases if the model gives no usable answer.
        prompt: the system prompt, ``infra/writers/prompted/prompts/keywords.v1.md``.
    """

    def __init__(self, client: ModelClient, fallback: KeywordWriter, *, prompt: Prompt) -> None:
        self._client = client
        self._fallback = fallback
        self._prompt = prompt

    async def keywords(self, niche: str, *, seed: str) -> Sequence[str]:
        """Return the model's phrases, or the fallback's if the model gives no usable answer."""
        try:
            answer = await self._client.structured(
                self._prompt,
                {"niche": niche},
                _Phrases,
                idempotency_key=f"keywords-{seed}",
                seed=zlib.crc32(seed.encode()) & 0x7FFFFFFF,
            )
        except OUTAGES as outage:
            return await fall_back(self._fallback, outage, what="Search phrases").keywords(niche, seed=seed)
        return answer.value.phrases
