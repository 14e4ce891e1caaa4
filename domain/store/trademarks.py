"""Well-known trade marks in niches and names. The list is data, ``trademarks.toml``; it is short and replaces no search."""

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from domain.kernel import Value
from domain.store.phrases import PhraseIndex
from domain.text import fold


class _Marks(Value):
    marks: list[str]
    devices: list[str]
    everyday: list[str]


class _Index:
    def __init__(self, known: _Marks) -> None:
        self.marks = PhraseIndex(known.marks)
        self.devices = PhraseIndex(known.devices)
        self.everywhere = PhraseIndex((*known.marks, *known.devices))
        every = (*known.marks, *known.devices, *known.everyday)
        self.whole_names = {_letters(mark): mark for mark in reversed(every)}


def marks_in(text: str) -> Sequence[str]:
    """Return the marks that a text contains and that mean nothing else, such as ``nike``."""
    return _index().marks.find(text)


def devices_in(text: str) -> Sequence[str]:
    """Return the branded devices in a text that accessories are made for, such as ``iphone``."""
    return _index().devices.find(text)


def find_mark_in_name(name: str) -> str | None:
    """Return the mark that a store's name equals or contains; None if it contains no listed one.

    Marks that are everyday words count only as the whole name: “Apple” is one, “Apple Orchard” is not. Capitals inside a
    word begin a word: “NikeHouse”.
    """
    known = _index()
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    if found := known.everywhere.find(spaced):
        return found[0]
    # The plural s stays: “Canvas” is a word of its own.
    return known.whole_names.get(_letters(name))


def _letters(text: str) -> str:
    return re.sub(r"[\W_]", "", fold(text))


@cache
def _index() -> _Index:
    return _Index(_Marks.model_validate(tomllib.loads(Path(__file__).with_name("trademarks.toml").read_text("utf-8"))))
