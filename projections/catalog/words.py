"""Words as search sees them: folded, without punctuation. Rows and queries must agree on them."""

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from domain.text import fold

LONGEST = 40
"""Characters of a word; the rest of a longer one is cut off."""
TEXT_MAX = 60_000
"""Characters of a text that are searched; PostgreSQL refuses a document of more than a megabyte."""

TAG_MAX = 200
"""Characters of a tag that count."""
SEPARATOR = "\n"
"""Between the tags of a product."""

TITLE_MOST = 300
"""Characters of a text whose words are remembered for a while."""

_NO_LETTERS = {code: " " for code in range(128) if not chr(code).isalnum()}
"""Replaces what is not of a word in an ASCII text. With ``split``, it takes half of a regular expression's time."""


def words_of(text: str) -> Sequence[str]:
    """Return the words of a text in their order, repetitions included. Marks belong to the letter before them."""
    # The words of a title are asked for three times: to find their rows, to add the missing ones, and for the product.
    return _words_of_title(text) if len(text) <= TITLE_MOST else _words_of(text)


def _words_of(text: str) -> tuple[str, ...]:
    folded = fold(text[:TEXT_MAX])
    if folded.isascii():
        words = folded.translate(_NO_LETTERS).split()
    else:
        words = "".join(letter if _is_of_word(letter) else " " for letter in folded).split()
    if max(map(len, words), default=0) > LONGEST:
        words = [word[:LONGEST] for word in words]
    return tuple(words)


_words_of_title = lru_cache(maxsize=4096)(_words_of)


def tag_word(tag: str) -> str:
    """Return the word that a tag is found by, whatever its case. It begins with a mark, so words of texts differ from it."""
    return f"#{tag.lower().replace(SEPARATOR, ' ')[:TAG_MAX]}"


def _is_of_word(letter: str) -> bool:
    return letter.isalnum() or unicodedata.category(letter).startswith("M")
