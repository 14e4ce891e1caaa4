"""Search phrases from a language model."""

import logging
import zlib
from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from domain.kernel import Transient
from domain.sourcing.ports import KeywordWriter
from domain.sourcing.relevance import words
from infra.writers.openai.client import OpenAiClient, as_data

logger = logging.getLogger(__name__)

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


class OpenAiKeywords:
    """Implements :class:`domain.sourcing.ports.KeywordWriter`.

    Args:
        client: the model.
        fallback: writes the phrases if the model gives no usable answer.
        prompt: the system prompt, ``infra/writers/openai/prompts/keywords.v1.md``.
    """

    def __init__(self, client: OpenAiClient, fallback: KeywordWriter, *, prompt: str) -> None:
        self._client = client
        self._fallback = fallback
        self._prompt = prompt

    async def keywords(self, niche: str, *, seed: str) -> Sequence[str]:
        """Return the model's phrases, or the fallback's if the model gives no usable answer."""
        try:
            answer = await self._client.structured(
                self._prompt,
                as_data({"niche": niche}),
                _Phrases,
                idempotency_key=f"keywords-{seed}",
                seed=zlib.crc32(seed.encode()) & 0x7FFFFFFF,
            )
        except Transient as outage:
            logger.warning("Search phrases come from the fallback writer: %s", outage)
            return await self._fallback.keywords(niche, seed=seed)
        return answer.phrases
