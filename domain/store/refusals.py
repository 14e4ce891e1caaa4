"""What the platform does not sell. The list is data, ``refusals.toml``, with the reason for each subject."""

import tomllib
from functools import cache
from pathlib import Path

from domain.kernel import InvalidInput, Value
from domain.store.phrases import find_phrases, without_phrases
from domain.store.trademarks import marks_in

COPIES = ("replica", "fake", "copy of", "imitation", "dupe", "lookalike", "clone")
"""Words that make a niche with a trade mark one of copies."""


WAY_OUT = "Sell something else."


class Refusal(Value):
    """A subject that is not sold."""

    subject: str
    """As it stands inside a sentence: ``tobacco and vapes``."""
    reason: str
    """A sentence for the merchant."""
    words: list[str]
    unless: list[str] = []
    """Phrases with one of the words that name something else."""


def refuse_unsellable(field: str, text: str) -> None:
    """Refuse a text that asks for goods which the platform does not sell.

    Raises:
        InvalidInput: names the field, the words, the reason, and what to do.
    """
    for refusal in _refusals():
        if any(find_phrases(without_phrases(text, refusal.unless), refusal.words)):
            raise InvalidInput(
                field,
                f"{_opening(field, text)} asks for {refusal.subject}. {refusal.reason} {WAY_OUT}",
            )
    marks = marks_in(text)
    if marks and any(find_phrases(text, COPIES)):
        raise InvalidInput(
            field,
            f"{_opening(field, text)} asks for copies of branded goods (“{marks[0]}”). They infringe the rights of the brand's "
            f"owner. {WAY_OUT}",
        )


def _opening(field: str, text: str) -> str:
    return f"The niche “{text}”" if field == "niche" else f"“{text}” in {field}"


@cache
def _refusals() -> tuple[Refusal, ...]:
    entries = tomllib.loads(Path(__file__).with_name("refusals.toml").read_text("utf-8"))["refusal"]
    return tuple(Refusal.model_validate(entry) for entry in entries)
