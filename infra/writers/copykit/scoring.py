"""Measures texts: words, reading ease and keyword density."""

import re
from collections.abc import Sequence
from functools import cache
from threading import Lock
from typing import Any

from domain.store.events import CopyScores

_LOADING = Lock()
_MARKUP = re.compile(r"^\s{0,3}(#{1,6}\s+|[-*+]\s+|\d+\.\s+|>\s?)|[*_`|]|\]\([^)]*\)|\[", re.MULTILINE)
_WORD = re.compile(r"[^\W_]+(?:['’.,-][^\W_]+)*")


def measure(markdown: str, keywords: Sequence[str] = ()) -> CopyScores:
    """Return the scores of a Markdown text.

    Args:
        markdown: the text; its markup is not counted.
        keywords: words or phrases, in any case. Each is in the result, also if the text does not contain it.

    Returns:
        The density of a keyword is the share of words in its occurrences. Reading ease is Flesch's, as textstat
        computes it for English; it is 0 for a text without words.
    """
    text = plain(markdown)
    words = [word.casefold() for word in _WORD.findall(text)]
    density = {keyword: _density(words, keyword) for keyword in dict.fromkeys(filter(None, keywords))}
    ease = round(_reading_ease(text), 1) if words else 0.0
    return CopyScores(keyword_density=density, reading_ease=ease, words=len(words))


def plain(markdown: str) -> str:
    """Return the text without Markdown. Every line ends like a sentence, so that list items count as sentences."""
    lines = [line.strip() for line in _MARKUP.sub("", markdown).splitlines()]
    return "\n".join(line if line[-1] in ".!?:" else f"{line}." for line in lines if line)


def _density(words: Sequence[str], keyword: str) -> float:
    wanted = [word.casefold() for word in _WORD.findall(keyword)]
    if not wanted or not words:
        return 0.0
    hits = sum(words[at : at + len(wanted)] == wanted for at in range(len(words) - len(wanted) + 1))
    return round(min(1.0, hits * len(wanted) / len(words)), 4)


def _reading_ease(text: str) -> float:
    # Copy is written in several threads, and each would load the dictionary: six took eight seconds and 300 MB, one
    # takes one second and 75 MB.
    with _LOADING:
        textstat = _textstat()
    return float(textstat.flesch_reading_ease(text))


@cache
def _textstat() -> Any:
    """Return textstat with its dictionary loaded. Processes that write no copy do not load it."""
    import textstat  # noqa: PLC0415

    textstat.textstat.flesch_reading_ease("A first word.")
    return textstat.textstat
