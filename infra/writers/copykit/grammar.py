"""English grammar for short texts: number, articles, capitals, truncation."""

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from importlib import resources
from typing import Any

_CHOICE = re.compile(r"\[([^\[\]/]*)/([^\[\]]*)\]")
_DATA: dict[str, Any] = tomllib.loads(resources.files(__package__).joinpath("grammar.toml").read_text(encoding="utf-8"))
_SMALL = frozenset(_DATA["small"])
_PROPER = frozenset(_DATA["proper"])
_ACRONYMS: dict[str, str] = {word.casefold(): word for word in _DATA["acronyms"]} | _DATA["spelled"]
_SINGULAR_S = frozenset(_DATA["singular_s"])
_MASS = frozenset(_DATA["mass"])
_ACTIVITIES = frozenset(_DATA["activities"])
_PAIRS = frozenset(_DATA["pairs"])
_SAME_PLURAL = frozenset(_DATA["same_plural"])
_AN = frozenset(_DATA["vowel_sound"])
_A = frozenset(_DATA["consonant_sound"])
_WORDLIKE = frozenset({"ram", "nas", "midi", "hepa", "hiit"})
"""Acronyms that are read as words."""
_UNIT = re.compile(
    r"^\d+([.,]\d+)?(mm|cm|m|km|g|kg|mg|ml|l|w|kw|v|a|mah|hz|khz|mhz|ghz|mp|gb|tb|mb|k|p|x|d|inch|in|ft|pcs|pack|c|db|ma|bit)?$"
    r"|^(f|e|m|ip|usb|ddr|cat|rj|r|t|gu|type)\d+([.,]\d+)?$|^\d+([.,]\d+)?x\d+([.,]\d+)?(x\d+([.,]\d+)?)?(mm|cm|m|in)?$",
    re.IGNORECASE,
)


def agree(sentence: str, *, plural: bool) -> str:
    """Replace each ``[gives/give]`` with its singular or plural form."""
    return _CHOICE.sub(lambda mark: mark.group(2 if plural else 1), sentence)


def is_plural(word: str) -> bool:
    """Whether a noun is plural, by its ending."""
    low = word.casefold()
    if low in _SINGULAR_S or low in _SAME_PLURAL or low.endswith(("ss", "us", "'s", "’s")):
        return False
    return low in _IRREGULAR_PLURALS or (low.endswith("s") and len(low) > 2)


_IRREGULAR: dict[str, str] = _DATA["irregular"]
"""Compounds follow their last part, ``bookshelf``. Compounds of the words in ``_ALONE`` do not, such as ``ottoman``."""
_ALONE = frozenset(["man", "goose", "half", "ox", "die", "elf", "hero", "person"])
_IRREGULAR_ENDING = re.compile(f"({'|'.join(f'^{word}' if word in _ALONE else word for word in _IRREGULAR)})$")
_IRREGULAR_PLURALS = frozenset(_IRREGULAR.values())


def is_small(word: str) -> bool:
    """Whether a word is written small in a title and cannot end one."""
    return word.casefold() in _SMALL


def head_of(phrase: str) -> str:
    """Return the noun that a phrase is about: ``pair`` of ``pair of shoes``, ``lamp`` of ``desk lamp with a clip``."""
    words = re.split(r"(?i)\s+(?:of|with|in|for|from|on|to)\s+|,", phrase.strip(), maxsplit=1)[0].split()
    return words[-1] if words else ""


def is_mass(phrase: str) -> bool:
    """Whether a noun phrase takes neither "a" nor a plural, by its last word: ``green tea``."""
    return head_of(phrase).casefold() in _MASS


def is_activity(word: str) -> bool:
    """Whether a word says what people do, which is not for sale: ``yoga``."""
    return word.casefold() in _ACTIVITIES


def is_pair(phrase: str) -> bool:
    """Whether one such thing is plural in English: ``scissors``."""
    return head_of(phrase).casefold() in _PAIRS


_BUNDLE = re.compile(r"(?i)(?:\S+ )?(?:set|pair|pack|box|bunch) of\b")


def indefinite(phrase: str) -> str:
    """Return a noun phrase for the first mention: ``a lamp``, ``an LED lamp``, ``yarn``, ``running shoes``."""
    if is_mass(phrase) or (is_plural(head_of(phrase)) and not _BUNDLE.match(phrase)):
        return phrase
    return f"{article(phrase)} {phrase}"


def pluralize(phrase: str) -> str:
    """Return the plural of a noun phrase; a mass noun stays as it is. ``pair of shoes`` becomes ``pairs of shoes``."""
    inner = re.match(r"(?i)^(.*?\w)(\s+(?:of|in|with|for)\s.+)$", phrase)
    if inner is not None:
        return pluralize(inner[1]) + inner[2]
    head, space, last = phrase.rpartition(" ")
    low = last.casefold()
    if low in _MASS | _SAME_PLURAL or is_plural(last):
        return phrase
    irregular = _IRREGULAR_ENDING.search(low)
    if irregular is not None:
        many = last[: irregular.start()] + _like(last[irregular.start() :], _IRREGULAR[irregular[1]])
    elif low.endswith(("s", "x", "ch", "sh")):
        many = f"{last}es"
    elif low.endswith("y") and low[-2:-1] not in set("aeiou"):
        many = f"{last[:-1]}ies"
    else:
        many = f"{last}s"
    return f"{head}{space}{many}"


def _like(model: str, word: str) -> str:
    """Return a word with the capitalization of ``model``."""
    if model.isupper():
        return word.upper()
    return word.capitalize() if model[:1].isupper() else word


def article(phrase: str) -> str:
    """Return ``a`` or ``an`` for a phrase, by the sound of its first word."""
    first = re.split(r"[\s-]", phrase.strip(), maxsplit=1)[0].strip("“\"'(")
    low = first.casefold()
    if re.match(r"^(8|11|18)(\D|$)", first) or re.match(r"^8\d*(\D|$)", first):
        return "an"
    # LED, USB, MP3: spelled out, and it is the letter's name that sounds.
    spelled_out = first.isupper() or (low in _ACRONYMS and _ACRONYMS[low].isupper())
    if spelled_out and first[:1].isalpha() and 1 < len(first) <= 5 and low not in _WORDLIKE:
        return "an" if first[0].upper() in "AEFHILMNORSX" else "a"
    if low in _A or any(low == word + "s" for word in _A):
        return "a"
    return "an" if low in _AN or low[:1] in set("aeiou") else "a"


def is_measure(word: str) -> bool:
    """Whether a word is a number, a size or a standard (``35mm``, ``4K``, ``DDR4``) rather than a model code."""
    return bool(_UNIT.match(word))


def spaced_measures(text: str) -> str:
    """Return a text with a space between number and unit, and liters as L: ``1.5 L``, ``45 x 45 cm``."""
    text = re.sub(r"(?<=\d)\s?[xX×]\s?(?=\d)", " x ", text)
    text = _JOINED.sub(lambda found: f"{found[1]} {'inch' if found[2].casefold() == 'in' else found[2]}", text)
    return re.sub(r"(?<=\d )(?:l|L|[Ll]iters?|[Ll]itres?)\b(?!['’])", "L", text)


_JOINED = re.compile(
    r"(?<![\w.])(?!2\.4G)(\d+(?:[.,]\d+)?)(ml|cl|cm|mm|kg|oz|lbs?|inch|in|g|m|l|w|v)\b(?![./])", re.IGNORECASE
)
_UNITS = frozenset(("ml", "cl", "cm", "mm", "kg", "g", "m", "oz", "lb", "lbs"))


def capitals(words: Iterable[str]) -> str:
    """Return words in title case: small words in lower case, acronyms and measures unchanged."""
    given = list(words)
    # "USB A", "Vitamin C": a single capital after a name is part of it.
    return " ".join(
        word if len(word) == 1 and word.isupper() and at else _unit_or_capital(word, given[at - 1] if at else "")
        for at, word in enumerate(given)
    )


def _unit_or_capital(word: str, before: str) -> str:
    if before[-1:].isdigit() and word.casefold() in _UNITS:
        return word.casefold()
    return _capital(word, first=not before)


def _capital(word: str, *, first: bool) -> str:
    low = word.casefold()
    if low in _ACRONYMS:
        return _ACRONYMS[low]
    if any(letter.isdigit() for letter in word):
        return word
    if low in _SMALL and not first:
        return low
    if "-" in word:
        return "-".join(_capital(part, first=True) for part in word.split("-"))
    if word.isupper() or word.islower():
        return word[:1].upper() + low[1:]
    return word[:1].upper() + word[1:]


def running(phrase: str) -> str:
    """Return a title for use inside a sentence: lower case except acronyms, measures and proper names."""
    words = without_pictures(phrase).split()
    return named_days(" ".join(word if at and word == "A" else _lower(word) for at, word in enumerate(words)))


_NAMED_DAY = re.compile(rf"(?i)\b(?:{'|'.join(_DATA['named_days'])})\b")


def named_days(text: str) -> str:
    """Return a text with the names of days in capitals: ``Mother's Day``."""
    return _NAMED_DAY.sub(lambda day: capitals(day[0].split()), text)


def without_pictures(text: str) -> str:
    """Return a text without emojis and other signs that have no sound."""
    pictures = (letter for letter in text if unicodedata.category(letter) in {"So", "Sk", "Cs", "Cf"} and letter != "°")
    return " ".join(text.translate(dict.fromkeys(map(ord, (*pictures, "\ufe0f")))).split())


def lower_first(sentence: str) -> str:
    """Return a sentence with its first word in lower case, to follow a colon."""
    head, space, rest = sentence.partition(" ")
    return _lower(head) + space + rest


def upper_first(sentence: str) -> str:
    """Return a sentence with its first letter in upper case."""
    return sentence[:1].upper() + sentence[1:]


def sentence(text: str) -> str:
    """Return a fragment with a capital first letter and a full stop."""
    trimmed = text.strip().rstrip(",;:–—-").rstrip()
    if not trimmed:
        return ""
    first, space, rest = trimmed.partition(" ")
    known = _ACRONYMS.get(first.casefold())
    head = known or upper_first(first)
    return f"{head}{space}{rest}" + ("" if trimmed[-1] in ".!?…" else ".")


def _lower(word: str) -> str:
    low = word.casefold()
    bare = low.strip(",.:;")
    if bare in _ACRONYMS or any(letter.isdigit() for letter in word):
        return word
    if bare in _PROPER or (any(letter.isupper() for letter in word[1:]) and "-" not in word):
        return word
    return "-".join(part.lower() if part[:1].isupper() and part[1:].islower() else part for part in word.split("-"))


def shorten(text: str, most: int) -> str:
    """Return at most ``most`` characters of a title: whole words, without a small word such as ``with`` at the end."""
    if len(text) <= most:
        return text
    words = text[: most + 1].split(" ")[:-1]
    while words and (words[-1].casefold() in _SMALL or not any(letter.isalnum() for letter in words[-1])):
        words.pop()
    return " ".join(words).rstrip(" ,;:–—-&|") or text[:most].rstrip()


def listed(items: list[str], last: str = "and") -> str:
    """Return ``a, b and c``."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}"
