"""Measures texts: words, reading ease and keyword density."""

import re
from collections.abc import Sequence

from domain.store.events import CopyScores
from infra.writers.copykit.syllables import syllables

_MARKUP = re.compile(r"^\s{0,3}(#{1,6}\s+|[-*+]\s+|\d+\.\s+|>\s?)|[*_`|]|\]\([^)]*\)|\[", re.MULTILINE)
_WORD = re.compile(r"[^\W_]+(?:['’.,-][^\W_]+)*")


def measure(markdown: str, keywords: Sequence[str] = ()) -> CopyScores:
    """Return the scores of a Markdown text.

    Args:
        markdown: the text; its markup is not counted.
        keywords: words or phrases, in any case. Each is in the result, also if the text does not contain it.

    Returns:
        The density of a keyword is the share of words in its occurrences. Reading ease is Flesch's, with
        textstat's sentences; it is 0 for a text without words.
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
    """Return Flesch's reading ease (1948): higher is easier, and 60 to 70 is plain English."""
    # Processes that write no copy do not load textstat. Its own formula loads a second's worth of dictionary.
    from textstat.backend.counts import count_sentences  # noqa: PLC0415
    from textstat.backend.selections import list_words  # noqa: PLC0415

    words, sentences = list_words(text, lowercase=True), count_sentences(text)
    if not words or not sentences:
        return 0.0
    per_word = sum(map(syllables, words)) / len(words)
    return 206.835 - 1.015 * len(words) / sentences - 84.6 * per_word if per_word else 0.0
