"""Well-known trade marks in niches and names. The list is data, ``trademarks.toml``; it is short and replaces no search."""

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from domain.kernel import Value
from domain.store.phrases import find_phrases
from domain.text import fold


class _Marks(Value):
    marks: list[str]
    devices: list[str]
    everyday: list[str]


def marks_in(text: str) -> Sequence[str]:
    """Return the marks that a text contains and that mean nothing else, such as ``nike``."""
    return list(find_phrases(text, _marks().marks))


def devices_in(text: str) -> Sequence[str]:
    """Return the branded devices in a text that accessories are made for, such as ``iphone``."""
    return list(find_phrases(text, _marks().devices))


def find_mark_in_name(name: str) -> str | None:
    """Return the mark that a store's name equals or contains; None if it contains no listed one.

    Marks that are everyday words count only as the whole name: “Apple” is one, “Apple Orchard” is not. Capitals inside a
    word begin a word: “NikeHouse”.
    """
    known = _marks()
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    found = next(find_phrases(spaced, (*known.marks, *known.devices)), None)
    if found is not None:
        return found
    # The plural s stays: “Canvas” is a word of its own.
    whole = _letters(name)
    every = (*known.marks, *known.devices, *known.everyday)
    return next((mark for mark in every if _letters(mark) == whole), None)


def _letters(text: str) -> str:
    return re.sub(r"[\W_]", "", fold(text))


@cache
def _marks() -> _Marks:
    return _Marks.model_validate(tomllib.loads(Path(__file__).with_name("trademarks.toml").read_text("utf-8")))
