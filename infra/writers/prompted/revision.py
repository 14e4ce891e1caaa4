"""The reviser with a language model: texts by key in, changed texts by key out, held against the texts they come from."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import BaseModel, Field, JsonValue

from domain.draft.ports import RevisedField, Reviser, Revision, RevisionBrief
from domain.editing import WORDED, EditField
from infra.writers.brandkit.wishes import wished_looks
from infra.writers.copykit.claims import Evidence, supported_part
from infra.writers.prompted.client import OUTAGES, ModelClient, Prompt, fall_back
from infra.writers.prompted.copy import held_to

LONGEST_TEXT = 8_000
REVISED = WORDED | {EditField.TONE}


class RevisedText(BaseModel):
    """A changed text."""

    key: Annotated[str, Field(max_length=60)]
    text: Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]


class RevisionIdea(BaseModel):
    """The answer that the model must give."""

    revised: Annotated[list[RevisedText], Field(max_length=60)]
    note: Annotated[str, Field(max_length=300)]

    def texts(self) -> list[str]:
        """Return all of its texts, to hold them against the facts."""
        return [one.text for one in self.revised]


class PromptedReviser:
    """Implements ``domain.draft.ports.Reviser``. The rules take over during an outage of the model.

    Args:
        client: the model.
        fallback: revises if no model gives a usable answer; None if only models may write.
        prompt: the system prompt, ``infra/writers/prompted/prompts/revise.v1.md``.
    """

    def __init__(self, client: ModelClient, fallback: Reviser | None, *, prompt: Prompt) -> None:
        self._client, self._fallback, self._prompt = client, fallback, prompt

    async def revise(self, brief: RevisionBrief) -> Revision:
        """Return the texts that the model changed, without sentences that the present texts do not support."""
        values = {name: value for name, value in brief.values.items() if name in REVISED}
        texts = {key: text for name, value in values.items() for key, text in _flat(name, value)}
        evidence = Evidence.of([*texts.values(), brief.niche], names=[brief.store_name])
        data = {
            "wish": brief.hint,
            "texts": texts,
            "of": brief.what,
            "shop": {"name": brief.store_name, "niche": brief.niche, "tone": list(brief.tone)},
        }
        try:
            answer = await self._client.structured(
                self._prompt,
                data,
                held_to(RevisionIdea, evidence),
                idempotency_key=f"revise:{hashlib.sha256(f'{brief.seed}|{brief.hint}'.encode()).hexdigest()[:32]}",
            )
        except OUTAGES as outage:
            return await fall_back(self._fallback, outage, what="Drafts").revise(brief)
        idea: RevisionIdea = answer.value
        changed = {one.key: _supported(one, texts, evidence) for one in idea.revised if one.key in texts}
        fields = [RevisedField(field=name, value=_rebuilt(name, value, changed)) for name, value in values.items()]
        looks, _ = wished_looks(brief.values, brief.hint, name=brief.store_name)
        fields += [RevisedField(field=name, value=value) for name, value in looks.items()]
        return Revision(fields=fields, note=" ".join(idea.note.split()) or None, written_by=answer.model)


def _flat(key: str, value: JsonValue) -> Iterator[tuple[str, str]]:
    """Yield the texts of a value by key: ``DESCRIPTION.features.0``."""
    match value:
        case str() if value:
            yield key, value
        case dict():
            for name, part in value.items():
                yield from _flat(f"{key}.{name}", part)
        case list():
            for number, part in enumerate(value):
                yield from _flat(f"{key}.{number}", part)
        case _:
            return


def _rebuilt(key: str, value: JsonValue, changed: Mapping[str, str]) -> JsonValue:
    match value:
        case str():
            return changed.get(key, value)
        case dict():
            return {name: _rebuilt(f"{key}.{name}", part, changed) for name, part in value.items()}
        case list():
            return [_rebuilt(f"{key}.{number}", part, changed) for number, part in enumerate(value)]
        case _:
            return value


def _supported(one: RevisedText, texts: Mapping[str, str], evidence: Evidence) -> str:
    """Return a changed text without what the present texts do not state; the present one if nothing is left."""
    kept = "\n".join(supported_part(line, evidence) if line.strip() else line for line in one.text.split("\n"))
    return kept.strip() or texts[one.key]
