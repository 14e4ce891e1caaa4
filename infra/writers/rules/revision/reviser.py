"""Follows the wishes of ``wishes.toml`` in texts of a store, and says what it cannot follow."""

import math
import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from functools import cache, partial
from pathlib import Path

from pydantic import JsonValue

from domain.draft.ports import RevisedField, Revision, RevisionBrief
from domain.editing import WORDED, EditField
from domain.kernel import Value
from domain.text import fold
from infra.writers.brandkit.wishes import wished_looks

HOUSE = "house"
_LOOKS = {EditField.COLORS: "the colors", EditField.FONTS: "the fonts", EditField.LOGO: "the logo"}
_SENTENCE = re.compile(r"(?<=[.!?…])\s+")
_WORD = re.compile(r"[^\s,;.!?“”]+")
_MARKUP = re.compile(r"^\s*(?:#|[-*+] |\d+\. |>|\||$)")
"""Lines of Markdown that are no running text. They stay as they are."""


class Wish(Value):
    """A wish that rules can follow."""

    name: str
    words: list[str]
    shorten: float = 1.0
    """The share of sentences that stay, 0 to 1."""
    drop: list[str] = []
    replace: dict[str, str] = {}


class RuleReviser:
    """Implements ``domain.draft.ports.Reviser`` without asking a service outside."""

    async def revise(self, brief: RevisionBrief) -> Revision:
        """Return the texts with the wishes followed that the rules know; no fields if they know none."""
        looks, named = wished_looks(brief.values, brief.hint, name=brief.store_name)
        followed, rest = read_hint(brief.hint, without=named)
        if not followed and not looks:
            return Revision(fields=[], note=f"Rules cannot follow “{brief.hint}”. {what_rules_can()}", written_by=HOUSE)
        fields = [
            RevisedField(field=name, value=_revised(value, followed))
            for name, value in brief.values.items()
            if name in WORDED and followed
        ]
        fields += [RevisedField(field=name, value=value) for name, value in looks.items()]
        names = [*(wish.name for wish in followed), *(_LOOKS[name] for name in looks)]
        note = f"Followed: {', '.join(names)}."
        if rest:
            note += f" Not followed: “{rest}”. {what_rules_can()}"
        return Revision(fields=fields, note=note, written_by=HOUSE)


def what_rules_can() -> str:
    """Return a sentence that says which wishes the rules can follow."""
    names = [f"“{wish.name}”" for wish in _wishes()]
    return (
        f"Rules can follow {', '.join(names[:-1])} and {names[-1]}, and for a brand the names of colors, fonts and symbols; "
        "a language model can follow any wish for texts."
    )


def read_hint(hint: str, *, without: Collection[str] = ()) -> tuple[Sequence[Wish], str]:
    """Return the wishes in a hint that rules know, and the words that are left.

    Args:
        hint: the merchant's wish.
        without: words of it that were followed already.
    """
    rest = f" {' '.join(word for word in _WORD.findall(fold(hint)) if word not in without)} "
    found: list[Wish] = []
    phrases = sorted(((word, wish) for wish in _wishes() for word in wish.words), key=lambda one: -len(one[0]))
    for phrase, wish in phrases:
        if f" {phrase} " in rest:
            rest = rest.replace(f" {phrase} ", " ")
            found.append(wish)
    known = [wish for wish in _wishes() if wish in found]
    fillers = _FILLERS | _FILLERS_OF_LOOKS if without else _FILLERS
    left = [word for word in rest.split() if word not in fillers]
    return known, " ".join(left)


_FILLERS = frozenset(
    {"and", "but", "please", "a", "an", "the", "bit", "little", "make", "it", "be", "more", "much", "with"}
)
_FILLERS_OF_LOOKS = frozenset({"in", "as", "on", "use", "color", "colors", "font", "fonts", "logo", "background"})


def _revised(value: JsonValue, wishes: Sequence[Wish]) -> JsonValue:
    if isinstance(value, str):
        return _revised_text(value, wishes)
    if isinstance(value, dict):
        return {name: _revised(part, wishes) for name, part in value.items()}
    if isinstance(value, list):
        # Items of a list are facts: each stays, in other words.
        return [
            _revised(part, [wish.model_copy(update={"shorten": 1.0, "drop": []}) for wish in wishes]) for part in value
        ]
    return value


def _revised_text(text: str, wishes: Sequence[Wish]) -> str:
    lines = [line if _MARKUP.match(line) else _revised_line(line, wishes) for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() or text


def _revised_line(line: str, wishes: Sequence[Wish]) -> str:
    sentences = _SENTENCE.split(line.strip())
    for wish in wishes:
        kept = [one for one in sentences if not any(sign in one.casefold() for sign in wish.drop)]
        # A text must not become empty: then the sentence stays.
        kept = kept or sentences[:1]
        end = max(1, math.ceil(len(kept) * wish.shorten))
        # A question stays with its answer: “Like it? Add it to your cart.”
        sentences = kept[: end + kept[end - 1].endswith("?")]
        sentences = [_replaced(one, wish.replace) for one in sentences]
    return " ".join(sentences)


def _replaced(sentence: str, replace: Mapping[str, str]) -> str:
    for phrase, other in replace.items():
        edge = r"\b" if phrase[0].isalnum() else ""
        pattern = rf"{edge}{re.escape(phrase)}{edge}"
        sentence = re.sub(pattern, partial(_cased, other), sentence, flags=re.IGNORECASE)
    return sentence


def _cased(other: str, found: re.Match[str]) -> str:
    return other[:1].upper() + other[1:] if found.group()[:1].isupper() else other


@cache
def _wishes() -> tuple[Wish, ...]:
    entries = tomllib.loads(Path(__file__).with_name("wishes.toml").read_text("utf-8"))["wish"]
    return tuple(Wish.model_validate(entry) for entry in entries)
