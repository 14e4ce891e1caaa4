"""Search phrases from a niche's reading, and a reading from phrases. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle

from domain.sourcing.relevance import words
from domain.store.niche import NicheReading, excluded_by

MOST_PHRASES = 30


def search_phrases(niche: str, reading: NicheReading, written: Sequence[str]) -> list[str]:
    """Return the phrases to search for: the niche, the reading's things with style and audience, then a writer's phrases.

    Args:
        niche: in the merchant's words.
        reading: what it means.
        written: further phrases, the most specific first.
    """
    phrases: dict[tuple[str, ...], str] = {}
    for phrase in (niche, *_of_things(reading), *written):
        # "flower pot" and "pot flowers" ask for the same thing, so the sorted words are the key.
        key = tuple(sorted(words(phrase))) or (phrase,)
        phrases.setdefault(key, phrase)
    return list(phrases.values())[:MOST_PHRASES]


def plain_reading(niche: str, phrases: Iterable[str] = ()) -> NicheReading:
    """Return a reading of a niche that was never read: its own words and the search phrases name the things."""
    named, _, audience = niche.partition(" for ")
    things = [" ".join(words(text)) for text in (named, *phrases)]
    return NicheReading(
        things=[thing for thing in dict.fromkeys(things) if thing],
        audience=[" ".join(words(audience))] if words(audience) else [],
    )


def _of_things(reading: NicheReading) -> Iterator[str]:
    """Yield a phrase for each thing, in turn with a style and with an audience, then the bare things."""
    looks = [*(style for style in reading.style if excluded_by(style) is None), *reading.audience]
    if looks:
        yield from (_joined(look, thing) for thing, look in zip(reading.things, cycle(looks), strict=False))
    yield from reading.things
    yield from reading.categories


def _joined(look: str, thing: str) -> str:
    return thing if set(words(look)) & set(words(thing)) else f"{look} {thing}"
