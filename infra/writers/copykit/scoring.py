"""How a text measures: words, reading ease, and how dense its keywords stand."""

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
        markdown: the text; its marks are not counted.
        keywords: words or phrases to look for, whatever their case; each is reported, also when it is absent.

    Returns:
        Density is the share of all words that belong to an occurrence of the keyword. Reading ease is Flesch's, as
        textstat computes it for English; a text without words scores 0.
    """
    text = plain(markdown)
    words = [word.casefold() for word in _WORD.findall(text)]
    density = {keyword: _density(words, keyword) for keyword in dict.fromkeys(filter(None, keywords))}
    ease = round(_reading_ease(text), 1) if words else 0.0
    return CopyScores(keyword_density=density, reading_ease=ease, words=len(words))


def plain(markdown: str) -> str:
    """Return the text without Markdown's marks; every line ends like a sentence, so that lists count as such."""
    lines = [line.strip() for line in _MARKUP.sub("", markdown).splitlines()]
    return "\n".join(line if line[-1] in ".!?:" else f"{line}." for line in lines if line)


def _density(words: Sequence[str], keyword: str) -> float:
    wanted = [word.casefold() for word in _WORD.findall(keyword)]
    if not wanted or not words:
        return 0.0
    hits = sum(words[at : at + len(wanted)] == wanted for at in range(len(words) - len(wanted) + 1))
    return round(min(1.0, hits * len(wanted) / len(words)), 4)


def _reading_ease(text: str) -> float:
    # Copy is written in several threads, and whoever finds no dictionary loads one: six at once took eight seconds and
    # 300 MB, one takes one and 75.
    with _LOADING:
        textstat = _textstat()
    return float(textstat.flesch_reading_ease(text))


@cache
def _textstat() -> Any:
    """Return textstat with its dictionary loaded; whoever writes no copy does not wait for it."""
    import textstat  # noqa: PLC0415

    textstat.textstat.flesch_reading_ease("A first word.")
    return textstat.textstat
