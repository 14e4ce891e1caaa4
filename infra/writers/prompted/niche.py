"""Readings of niches from a language model."""

import asyncio
import hashlib
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from domain.store.events import Preferences
from domain.store.niche import NicheReading
from domain.store.ports import NicheReader
from infra.writers.prompted.client import OUTAGES, ModelClient, Prompt, fall_back

SECONDS = 12.0
"""Time limit for a reading: the whole generation waits for it."""


def _plain(text: str) -> str:
    return " ".join(text.lower().split())


_Phrase = Annotated[str, AfterValidator(_plain), Field(min_length=2, max_length=60)]


class _Reading(BaseModel):
    """The answer that the model must give."""

    model_config = ConfigDict(extra="forbid")

    things: Annotated[list[_Phrase], Field(max_length=16)]
    categories: Annotated[list[_Phrase], Field(max_length=8)]
    audience: Annotated[list[_Phrase], Field(max_length=8)]
    setting: Annotated[list[_Phrase], Field(max_length=8)]
    style: Annotated[list[_Phrase], Field(max_length=8)]
    unknown: Annotated[list[Annotated[str, Field(max_length=60)]], Field(max_length=8)]
    separate: Annotated[list[_Phrase], Field(max_length=4)]
    suggestions: Annotated[list[_Phrase], Field(max_length=3)]


class PromptedNicheReader:
    """Implements :class:`domain.store.ports.NicheReader`.

    Args:
        client: the model.
        fallback: reads the niche if the model gives no usable answer in time.
        prompt: the system prompt, ``infra/writers/prompted/prompts/niche.v1.md``.
        seconds: time limit for the model, repairs included.
    """

    def __init__(self, client: ModelClient, fallback: NicheReader, *, prompt: Prompt, seconds: float = SECONDS) -> None:
        self._client = client
        self._fallback = fallback
        self._prompt = prompt
        self._seconds = seconds

    async def read(self, niche: str, *, preferences: Preferences) -> NicheReading:
        """Return the model's reading, or the fallback's if the model gives no usable answer."""
        digest = hashlib.sha256(f"{niche}\n{preferences.audience}".encode()).hexdigest()
        try:
            async with asyncio.timeout(self._seconds):
                answer = await self._client.structured(
                    self._prompt,
                    {"niche": niche, "audience": preferences.audience},
                    _Reading,
                    idempotency_key=f"niche-{digest[:32]}",
                    seed=int(digest[:8], 16) >> 1,
                )
        except (*OUTAGES, TimeoutError) as outage:
            return await fall_back(self._fallback, outage, what="Readings of niches").read(
                niche, preferences=preferences
            )
        return NicheReading(read_by=answer.model, **answer.value.model_dump())
