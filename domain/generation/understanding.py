"""What follows from a niche and its reading: a question for the merchant, or cautions.

A niche is data. Addresses, program code and instructions are recognized so that the merchant gets a plain question.
"""

import re
import unicodedata
from collections.abc import Sequence

from domain.generation.events import Attention, AttentionCode
from domain.store.events import Preferences
from domain.store.niche import NicheReading
from domain.store.phrases import words_of
from domain.store.trademarks import devices_in, find_mark_in_name, marks_in

_ADDRESS = re.compile(
    r"(?i)\b(?:https?:|www\.|[\w-]+\.(?:com|net|org|io|shop|store|co|de|uk|fr|cn|ru|info|biz|app|dev)\b)|\S+@\S+\.\S+"
)
_CODE = re.compile(
    r"(?i)<[/!a-z]|[{}`\\]|\$\(|--|;\s*--|/\*|\b(?:drop|alter|create|truncate)\s+table\b|\bselect\b.+\bfrom\b|\binsert\s+into\b|"
    r"\bunion\s+(?:all\s+)?select\b|\bdelete\s+from\b|\bor\s+1\s*=\s*1\b|'\s*or\s+'|\bjavascript:|\bfunction\s*\(|\bimport\s+os\b|"
    r"\bsudo\s|\brm\s+-|=\s*['\"]"
)
_INSTRUCTION = re.compile(
    r"(?i)\b(?:ignore|disregard|forget|override|bypass)\b.*\b(?:instruction|prompt|rule|above|previous|before|everything|command)|"
    r"\b(?:system|developer|initial)\s+(?:prompt|message|instruction)|\byou\s+are\s+(?:now|a|an)\b|\bact\s+as\b|\bpretend\b|"
    r"\b(?:reveal|print|output|repeat|show|tell|return|respond|reply|answer|write)\s+(?:me\s+|us\s+|with\s+)?(?:your|the|a|an|only|all|me)\b|"
    r"\bjailbreak|\bas\s+an\s+ai\b|\b(?:assistant|user|system)\s*:"
)
_FOREIGN = re.compile(
    r"(?i)\b(?:für|fuer|und|mit|der|das|aus|zum|zur|eine|pour|avec|les|des|aux|une|para|con|los|las|del|per|gli|della|delle|voor|"
    r"het|een|van|och|för|dla)\b"
)
"""Small words of other languages. Some are English names too, so they count only beside words that are not understood."""
EXAMPLE = "Say it in a few words, such as “toys for senior cats” or “ceramic planters”."


def question_before_reading(niche: str) -> Attention | None:
    """Return the question about a niche that no reader needs to see; None if it can be read."""
    if sum(letter.isalpha() for letter in niche) < 2:
        return _ask(
            AttentionCode.NICHE_UNCLEAR,
            f"The niche “{niche}” is too short to understand. What will the store sell? {EXAMPLE}",
        )
    if _ADDRESS.search(niche):
        return _ask(
            AttentionCode.NICHE_NAMES_NO_GOODS,
            f"The niche “{niche}” looks like a web or email address, and addresses are not read. What will the store sell? {EXAMPLE}",
        )
    if _CODE.search(niche):
        return _ask(
            AttentionCode.NICHE_NAMES_NO_GOODS,
            f"The niche “{niche}” looks like program code. What will the store sell? {EXAMPLE}",
        )
    if _INSTRUCTION.search(niche):
        return _ask(
            AttentionCode.NICHE_NAMES_NO_GOODS,
            f"The niche “{niche}” reads like an instruction, not like goods. What will the store sell? {EXAMPLE}",
        )
    if not _is_latin(niche):
        return _ask(
            AttentionCode.NICHE_NOT_ENGLISH,
            f"The niche “{niche}” is not in English. The store's texts are in English, so write it in English too, such as “cat toys”.",
        )
    return None


def question_about(niche: str, reading: NicheReading) -> Attention | None:
    """Return what the merchant must answer before anything is made; None if the niche is clear."""
    unread = question_before_reading(niche)
    if unread is not None:
        return unread
    about_mark = _about_mark(niche, reading)
    if about_mark is not None:
        return about_mark
    if reading.unknown and _looks_foreign(niche, reading):
        return _ask(
            AttentionCode.NICHE_NOT_ENGLISH,
            f"The niche “{niche}” does not look like English. The store's texts are in English, so write it in English too, such as “cat toys”.",
        )
    if reading.unknown:
        return _ask(AttentionCode.NICHE_UNCLEAR, _about_unknown(reading), reading.suggestions)
    if not reading.things:
        hint = f"Did you mean {_quoted(reading.suggestions)}?" if reading.suggestions else EXAMPLE
        return _ask(
            AttentionCode.NICHE_NAMES_NO_GOODS,
            f"The niche “{niche}” does not say which goods the store will sell. {hint}",
            reading.suggestions,
        )
    if len(reading.separate) > 1:
        return _ask(
            AttentionCode.TWO_NICHES,
            f"{_quoted(reading.separate, 'and')} rarely share a store. Choose one of them, or go on with all of them.",
            reading.separate,
        )
    return None


def cautions_of(niche: str, preferences: Preferences) -> Sequence[str]:
    """Return what the merchant should be careful about."""
    cautions = [
        f"“{_as_written(mark, niche)}” is a trade mark. You may say that goods fit it. Do not say that its maker makes them, and do not use its logo."
        for mark in devices_in(niche)
    ]
    cautions += [
        f"“{_as_written(mark, niche)}” is a trade mark. Sell only genuine goods of that brand, and do not make the store look like the brand's own."
        for mark in marks_in(niche)
    ]
    own = find_mark_in_name(preferences.name or "")
    if own is not None:
        cautions.append(
            f"The name “{preferences.name}” contains the trade mark “{own.title()}”. Choose another name unless it is yours."
        )
    return cautions


def _looks_foreign(niche: str, reading: NicheReading) -> bool:
    return bool(_FOREIGN.search(niche)) or any(not word.isascii() for word in reading.unknown)


def _about_unknown(reading: NicheReading) -> str:
    words = _quoted(reading.unknown)
    if reading.suggestions:
        return f"We do not know what {words} means. Did you mean {_quoted(reading.suggestions)}?"
    what = f"We understood {_quoted(reading.things[:3], 'and')}. " if reading.things else ""
    return f"We do not know what {words} means. {what}Say in other words what the store will sell."


def _about_mark(niche: str, reading: NicheReading) -> Attention | None:
    """Return the question about a niche that is a brand's: “Nike shoes”. Goods *for* a brand's goods are not asked about."""
    before, _, _ = niche.partition(" for ")
    marks = marks_in(before)
    if not marks:
        return None
    taken = {word for mark in marks for word in words_of(mark)} | {"and", "&", "or"}
    rest = " ".join(word for word in before.lower().split() if not set(words_of(word)) & taken)
    names = _quoted([_as_written(mark, niche) for mark in marks], "and")
    rule = f"{names} is a trade mark" if len(marks) == 1 else f"{names} are trade marks"
    way_out = f"Choose “{rest}” instead" if rest else "Choose another niche"
    return _ask(
        AttentionCode.TRADE_MARK,
        f"{rule}. Only genuine goods may be sold under that name, and suppliers rarely have them. "
        f"{way_out}{', or go on if you may sell them' if reading.things else ''}.",
        [rest] if rest else [],
    )


def _as_written(mark: str, text: str) -> str:
    """Return a mark with the capitals that a text gives it."""
    found = re.search(re.escape(mark), text, re.IGNORECASE)
    return found.group() if found else mark.title()


def _is_latin(text: str) -> bool:
    return all("LATIN" in unicodedata.name(letter, "") for letter in text if letter.isalpha())


def _quoted(texts: Sequence[str], last: str = "or") -> str:
    quoted = [f"“{text}”" for text in texts]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} {last} {quoted[-1]}"


def _ask(code: AttentionCode, message: str, suggestions: Sequence[str] = ()) -> Attention:
    return Attention(code=code, message=message, suggestions=list(suggestions))
