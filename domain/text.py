"""Text that people read: one normal form, without characters that hide or reorder others."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast

from anyascii import anyascii
from pydantic import BaseModel

from domain.kernel import InvalidInput

T = TypeVar("T")

TITLE_MAX = 200
"""Longest title, in characters."""
MACHINE_TEXT = frozenset({"url", "image_urls", "source_id", "sku"})
"""Fields that only programs read. In another normal form, an address or a supplier's id would name another thing."""

_JOINERS = frozenset("\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}\N{MONGOLIAN VOWEL SEPARATOR}")
_DIRECTION_MARKS = frozenset("\N{LEFT-TO-RIGHT MARK}\N{RIGHT-TO-LEFT MARK}\N{ARABIC LETTER MARK}")
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_VISIBLE_FORMATS = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
"""Format characters that are drawn, such as the Arabic number sign."""
_INVISIBLE_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
"""Fillers and joiners that Unicode counts as letters or marks, and that are not drawn."""
_VARIATIONS = range(0xFE00, 0xFE10)
_IDEOGRAPHIC_VARIATIONS = range(0xE0100, 0xE01F0)
_REGION_FLAGS = tuple(
    "\N{WAVING BLACK FLAG}" + "".join(chr(0xE0000 + ord(letter)) for letter in region) + "\N{CANCEL TAG}"
    for region in ("gbeng", "gbsct", "gbwls")
)
"""The flags of England, Scotland and Wales: the only tag sequences that are recommended for interchange (UTS 51)."""
_LINE_BREAK = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_VIRAMA = 9
_UNDECOMPOSED = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)
"""Latin letters with a stroke, and ligatures, which Unicode does not decompose."""


def has_control_characters(text: str) -> bool:
    """Whether the text contains a tab, a line break, or a character that :func:`find_forbidden` names."""
    return find_forbidden(text) is not None or any(
        unicodedata.category(letter) in {"Cc", "Zl", "Zp"} for letter in text
    )


def find_forbidden(text: str) -> str | None:
    """Return the name of the first forbidden character, such as ``U+202E (right-to-left override)``; None if all are allowed.

    Forbidden are control characters except tabs and line breaks, characters that reorder their neighbors, private use,
    half characters, and code points that are not characters.
    """
    if text.isascii() and text.isprintable():
        return None
    for letter in text:
        if _is_forbidden(letter):
            return f"U+{ord(letter):04X} ({unicodedata.name(letter, '').lower() or _kind_of(letter)})"
    return None


def check_readable(field: str, text: str) -> None:
    """Refuse a text that contains characters people cannot see or that reorder others.

    Raises:
        InvalidInput: names the field and the character.
    """
    character = find_forbidden(text)
    if character is not None:
        raise InvalidInput(field, f"{field} has a character that is not allowed: {character}. Remove it.")


def clean_text(text: str) -> str:
    r"""Return a text in the stored form: composed (NFC), without characters that are not drawn or that reorder others.

    Joiners stay where spelling or an emoji needs them. Variation selectors stay behind a character that has variations.
    Direction marks stay in a text with right-to-left letters. Line breaks become ``\n``; tabs and other white space
    stay. The function is idempotent.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _LINE_BREAK.sub("\n", text)
    while True:
        cleaned = unicodedata.normalize("NFC", _without_hidden(unicodedata.normalize("NFC", text)))
        # Removing a character can let its neighbors compose, and then another character may be hidden.
        if cleaned == text:
            return cleaned
        text = cleaned


def clean_line(text: str) -> str:
    """Return one line of text in the stored form: as :func:`clean_text`, with single spaces between words."""
    # Split twice: cleaning can compose a mark across a space, or remove a character next to white space.
    return " ".join(clean_text(" ".join(text.split())).split())


def clean_title(title: str) -> str:
    """Return the title of a product or page in the stored form.

    Raises:
        InvalidInput: the title is empty, over 200 characters, or has control characters.
    """
    check_readable("title", title)
    if has_control_characters(title.strip()):
        raise InvalidInput("title", "The title has control characters in it, such as a line break. Use plain words.")
    cleaned = clean_line(title)
    if not 0 < len(cleaned) <= TITLE_MAX:
        raise InvalidInput("title", f"A title has 1 to {TITLE_MAX} characters; this one has {len(cleaned)}.")
    return cleaned


def cleaned(value: T) -> T:
    """Return a value with every text inside it cleaned by :func:`clean_text`; the same object if nothing changes.

    Models, dataclasses, lists, tuples and dictionaries are searched. The fields of ``MACHINE_TEXT`` stay as they are.
    """
    return cast("T", _clean_value(value))


def fold(text: str) -> str:
    """Return a text as search compares it: without case, accents and compatibility forms.

    ``STRASSE`` equals ``Straße``, ``Łódź`` equals ``lodz``, ``İ`` and ``ı`` equal ``i``. Marks that are letters, such as
    the vowel signs of Devanagari and the voicing marks of Japanese, stay.
    """
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", clean_text(text).casefold()).casefold()
    plain = "".join(letter for letter in decomposed if not _is_accent(letter)).translate(_UNDECOMPOSED)
    return unicodedata.normalize("NFC", plain)


def transliterate(text: str) -> str:
    """Return a text of any script in ASCII, close to its pronunciation: ``Smørrebrød`` becomes ``Smorrebrod``."""
    # anyascii writes a backtick for Arabic and Hebrew letters that have no English counterpart.
    return anyascii(unicodedata.normalize("NFKC", clean_text(text))).replace("`", "")


def isolated(text: str) -> str:
    """Return a text whose direction does not affect its neighbors, for messages without markup; HTML has ``<bdi>``."""
    return f"\N{FIRST STRONG ISOLATE}{text}\N{POP DIRECTIONAL ISOLATE}"


def _is_forbidden(letter: str) -> bool:
    if letter in "\t\n\r" or letter in _VISIBLE_FORMATS:
        return False
    code = ord(letter)
    return (
        letter in _BIDI_CONTROLS
        or unicodedata.category(letter) in {"Cc", "Cs", "Co"}
        or 0xFFF9 <= code <= 0xFFFB  # interlinear annotation
        or 0x206A <= code <= 0x206F  # deprecated, and reorders shapes and digits
        or 0xFDD0 <= code <= 0xFDEF
        or code & 0xFFFE == 0xFFFE
    )


def _kind_of(letter: str) -> str:
    kinds = {"Cc": "control character", "Cs": "half of a character", "Co": "private use"}
    return kinds.get(unicodedata.category(letter), "not a character")


def _without_hidden(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    right_to_left = any(
        unicodedata.bidirectional(letter) in {"R", "AL"} for letter in text if letter not in _DIRECTION_MARKS
    )
    shown: list[str] = []
    at = 0
    while at < len(text):
        flag = next((flag for flag in _REGION_FLAGS if text.startswith(flag, at)), None)
        letter = flag or text[at]
        at += len(letter)
        if flag is not None or _is_shown(letter, shown, text[at : at + 1], right_to_left=right_to_left):
            shown.append(letter)
    return "".join(shown)


def _is_shown(letter: str, before: list[str], after: str, *, right_to_left: bool) -> bool:
    """Whether a letter is drawn between these, or changes how its neighbors are drawn."""
    if letter in _JOINERS:
        return _joins("".join(before[-4:]), after)
    if letter in _DIRECTION_MARKS:
        return right_to_left
    if _is_variation(letter):
        return bool(before) and _takes(before[-1], letter)
    return not _is_forbidden(letter) and not _is_hidden(letter)


def _is_hidden(letter: str) -> bool:
    if letter in _INVISIBLE_LETTERS or 0xE0000 <= ord(letter) <= 0xE0FFF:
        return True
    return unicodedata.category(letter) == "Cf" and letter not in _VISIBLE_FORMATS


def _is_variation(letter: str) -> bool:
    return ord(letter) in _VARIATIONS or ord(letter) in _IDEOGRAPHIC_VARIATIONS


def _takes(base: str, selector: str) -> bool:
    """Whether a selector varies this character: one selector per visible character, ideographic ones on ideographs."""
    if _is_variation(base[-1]) or base.isspace() or base[-1] in _JOINERS | _DIRECTION_MARKS:
        return False
    return ord(selector) in _VARIATIONS or "IDEOGRAPH" in unicodedata.name(base[-1], "")


def _joins(before: str, after: str) -> bool:
    """Whether a joiner between these belongs to the spelling (RFC 5892, appendix A) or to an emoji."""
    if not before or not after:
        return False
    left = before[-1]
    if unicodedata.combining(left) == _VIRAMA or unicodedata.combining(after) == _VIRAMA:
        return True
    if _is_emoji_part(left) and unicodedata.category(after) == "So":
        return True
    letter = next((each for each in reversed(before) if unicodedata.category(each) != "Mn"), "")
    cursive = bool(letter) and (
        (unicodedata.bidirectional(letter) == "AL" and letter not in _DIRECTION_MARKS)
        or 0x1820 <= ord(letter) <= 0x18AA
    )
    return cursive and unicodedata.category(after)[0] in "LM"


def _is_emoji_part(letter: str) -> bool:
    return unicodedata.category(letter) in {"So", "Sk"} or letter == "\N{VARIATION SELECTOR-16}"


def _is_accent(letter: str) -> bool:
    """Whether a mark only changes a letter's pronunciation, as in Latin, Greek, Cyrillic, Hebrew and Arabic."""
    kind = unicodedata.combining(letter)
    return 10 <= kind <= 36 or kind == 1 or 200 <= kind <= 240


def _clean_value(value: Any) -> Any:
    match value:
        case str():
            text = clean_text(value)
            return value if text == value else text
        case list() | tuple():
            parts = [_clean_value(part) for part in value]
            return value if all(new is old for new, old in zip(parts, value, strict=True)) else type(value)(parts)
        case Mapping():
            pairs = {_clean_value(key): _clean_value(part) for key, part in value.items()}
            return value if pairs == value else pairs
        case BaseModel():
            changed = _changes(list(type(value).model_fields), value)
            return value.model_copy(update=changed) if changed else value
        case _ if is_dataclass(value) and not isinstance(value, type):
            changed = _changes([field.name for field in fields(value)], value)
            return replace(value, **changed) if changed else value
        case _:
            return value


def _changes(names: list[str], value: object) -> dict[str, Any]:
    changes = {}
    for name in names:
        before = getattr(value, name)
        after = before if name in MACHINE_TEXT else _clean_value(before)
        if after is not before:
            changes[name] = after
    return changes
