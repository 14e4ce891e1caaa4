"""Finds products by words: the full text index first, and by trigrams the words that were meant if it finds nothing.

Words are joined by "and". Quotes keep words together, a minus excludes a word, ``or`` stands between alternatives, and
the last word may be unfinished. No text is an error: what is not a word is passed over.
"""

# ruff: noqa: S608  # the parts are this module's constants; values are arguments

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from domain.text import fold
from projections.catalog.words import tag_word, words_of
from projections.reading.conditions import Conditions
from projections.reading.paging import Reader

WORDS_MOST = 12
"""Words of a search; the others are ignored."""
TEXT_MOST = 400
"""Characters of a search; the others are ignored."""
PREFIX_LEAST = 3
"""Letters of an unfinished word. Fewer would stand for most of a store's words."""
MEANT_MOST = 3
"""Words that may stand for a misspelled one."""
MEANT_SHARE = 0.8
"""Of the similarity of the best one."""
LIKENESSES = (0.4, 0.3)
"""How similar a word must be to a typed one: what is looked for first, and then if that does not decide. The index gives few
words for the first, and for the second many of a large store's, which are all compared."""
CANDIDATES = 250
"""Products that are ranked: those with the best score, if a search finds more."""
WALKED = 4_000
"""Products of one status, those with the best score, among which a search for common words looks."""

_NEAR = """
select t.word as typed, near.word, near.likeness
from (select set_config('pg_trgm.similarity_threshold', $4, true) as likeness) least
cross join lateral unnest(case when least.likeness is not null then $2::text[] end) t (word)
cross join lateral (
    select v.word, public.similarity(v.word, t.word) as likeness from search_words v where v.store_id = $1
    and (v.word operator(public.%) t.word or (length(t.word) >= $3 and v.word like '%' || t.word || '%'))
    order by likeness desc, v.word collate "C" limit 8
) near order by near.likeness desc, near.word collate "C"
"""
"""The words are read after the setting is made, which the operator reads."""

_TOKEN = re.compile(r'(-?)"([^"]*)"|(\S+)')


@dataclass(frozen=True, slots=True)
class SearchTerms:
    """What to search for."""

    finished: str
    """In the syntax of ``websearch_to_tsquery``."""
    unfinished: str
    """The last word; empty if it is not to be completed."""
    words: tuple[str, ...]
    """Those that a product must have."""
    meant: str = ""
    """In the syntax of ``to_tsquery``: the words with those that are meant, instead of ``finished`` and ``unfinished``."""

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return the terms in a text that somebody typed; None if no word is in it."""
        pieces: list[str] = []
        wanted: list[str] = []
        last_is_open = False
        for minus, phrase, token in _TOKEN.findall(fold(text[:TEXT_MOST])):
            words = words_of(phrase or token)[: WORDS_MOST - len(pieces)]
            excluded = minus or token.startswith("-")
            last_is_open = bool(token and words and not excluded)
            if not words:
                continue
            if phrase:
                pieces.append(f'{minus}"{" ".join(words)}"')
            else:
                pieces += [f"-{word}" if excluded else word for word in words]
            wanted += () if excluded else words
        if not wanted:
            return None
        last = wanted[-1]
        opens = last_is_open and len(last) >= PREFIX_LEAST and pieces[-2:-1] != ["or"]
        finished = " ".join(pieces[:-1] if opens else pieces)
        return cls(finished, last if opens else "", tuple(dict.fromkeys(wanted)))

    def query(self, where: Conditions) -> str:
        """Return the SQL expression of these terms, with its arguments added to a query's."""
        if self.meant:
            return f"to_tsquery('english', {where.value(self.meant)})"
        parts = []
        if self.finished:
            parts.append(f"websearch_to_tsquery('english', {where.value(self.finished)})")
        if self.unfinished:
            parts.append(f"to_tsquery('english', {where.value(_quoted(self.unfinished) + ':*')})")
        return f"({' && '.join(parts)})"


FOUND = "products p join product_words w on w.id = p.id"
"""Products with their words."""


@dataclass(frozen=True, slots=True)
class WordCondition:
    """Which rows ``w`` of ``product_words`` have some words."""

    sql: str
    """The condition. The words are in a subquery: PostgreSQL reads them once, and does not look at them when it plans. Of rare
    words it would expect so much less than of any that it would plan for each search."""
    terms: str = ""
    """What was searched for, in SQL; empty for tags alone."""


def found_by(where: Conditions, terms: SearchTerms, store_id: UUID, tags: Collection[str] = ()) -> WordCondition:
    """Add the arguments of a search to a query's; return its condition."""
    query = terms.query(where)
    words = _words(where, store_id, tags, query)
    # Common words such as "the" are not terms, and a search of nothing but them finds nothing.
    return WordCondition(
        f"(select numnode({query}) > 0) and w.document @@ (select {words})",
        f"(select {query})",
    )


def tagged_by(where: Conditions, tags: Collection[str], store_id: UUID) -> WordCondition:
    """Add some tags to a query's arguments; return the condition of having one of them."""
    return WordCondition(f"w.document @@ (select {_words(where, store_id, tags)})")


def _words(where: Conditions, store_id: UUID, tags: Collection[str], *queries: str) -> str:
    words = [f"{where.value(_quoted(store_id.hex))}::tsquery", *queries]
    if tags:
        words.append(f"{where.value(' | '.join(_quoted(tag_word(tag)) for tag in sorted(tags)))}::tsquery")
    return " && ".join(words)


def search_in(where: Conditions, terms: SearchTerms, store_id: UUID, tags: Collection[str]) -> WordCondition:
    """Narrow a list of products ``p`` to those with some terms and one of some tags; return the condition."""
    found = found_by(where, terms, store_id, tags)
    narrow_to(where, found)
    return found


def narrow_to(where: Conditions, found: WordCondition) -> None:
    """Narrow a list of products ``p`` to those with some words."""
    where.narrow(
        # The words of few products are ranked as they are found.
        f"select w.id, w.document from product_words w where {found.sql}",
        f"(select {found.sql} from product_words w where w.id = p.id)",
    )


async def words_meant(db: Reader, store_id: UUID, terms: SearchTerms) -> SearchTerms | None:
    """Return the terms with the store's words that look most like theirs; None if one word has no likeness."""
    meant: dict[str, str] = {}
    for least in LIKENESSES:
        left = [word for word in terms.words if word not in meant]
        if left:
            near = await _words_near(db, store_id, left, least)
            # Words of less likeness than was looked for may stand for it, too, if the best is not much better.
            meant |= {
                typed: _alternatives(words)
                for typed, words in near.items()
                if least == LIKENESSES[-1] or MEANT_SHARE * words[0][1] >= least
            }
    if len(meant) < len(terms.words):
        return None
    return SearchTerms("", "", terms.words, meant=" & ".join(meant[typed] for typed in terms.words))


async def _words_near(
    db: Reader, store_id: UUID, typed: Sequence[str], least: float
) -> dict[str, list[tuple[str, float]]]:
    """Return the words of a store that are like some typed ones, the most similar first, each with its likeness."""
    near: dict[str, list[tuple[str, float]]] = {}
    for record in await db.fetch(_NEAR, store_id, typed, PREFIX_LEAST, str(least)):
        near.setdefault(record["typed"], []).append((record["word"], record["likeness"]))
    return near


def _alternatives(near: Sequence[tuple[str, float]]) -> str:
    best = near[0][1]
    chosen = [word for word, likeness in near if likeness >= MEANT_SHARE * best][:MEANT_MOST]
    return f"({' | '.join(map(_quoted, chosen))})"


def _quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
