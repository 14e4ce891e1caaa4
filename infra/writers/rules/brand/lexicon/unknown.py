"""The category of a niche that the lexicon does not know: its own words, and words that fit any niche."""

import re
from collections.abc import Sequence

from infra.writers.brandkit.seeded_random import SeededRandom
from infra.writers.rules.brand.lexicon.entries import Category

_SCHEMES = ("oat-indigo", "mid-century", "plum", "lagoon", "trail", "ink-red", "sunshine", "mulberry", "petrol")
_SYMBOLS = ("knot", "mosaic", "facets", "spark", "arch", "monogram", "orbit", "loop", "compass", "sun")
_ROOTS = (
    "Lark",
    "Fable",
    "Marlow",
    "Ember",
    "Atlas",
    "Pollen",
    "Harbor",
    "Lantern",
    "Cobalt",
    "Quarry",
    "Tandem",
    "Orchid",
    "Beacon",
    "Fathom",
    "Saffron",
    "Kindle",
)


def unknown_category(tokens: Sequence[str]) -> Category:
    """Return a category for an unknown niche; the same niche always gets the same one."""
    rng = SeededRandom("unknown niche", " ".join(tokens))
    own = [token.capitalize() for token in tokens if re.fullmatch(r"[a-z]{4,8}", token)][-1:]
    return Category(
        key="unknown",
        title="well-chosen things",
        words=(),
        styles=tuple(rng.shuffled(("quiet", "warm", "technical", "playful", "elegant"))[:2]),
        schemes=tuple(rng.shuffled(_SCHEMES)[:3]),
        fonts=tuple(rng.shuffled(("Syne", "DM Serif Display", "Space Grotesk", "Fraunces", "Montserrat"))[:3]),
        symbols=tuple(rng.shuffled(_SYMBOLS)[:4]),
        roots=(*own, *rng.shuffled(_ROOTS)[:10]),
        places=("Cabinet", "Arcade", "Quarter", "Collective", "Depot"),
        tails=("mark", "wick", "field", "lane", "worth"),
        stems=("Nov", "Sol", "Mir", "Vel", "Cor"),
        foreign=(
            ("Scelta", "Italian for a choice"),
            ("Trouvé", "French for found"),
            ("Curio", "a thing kept because it is curious"),
            ("Singular", "one of a kind, in any language"),
        ),
        taglines=(
            "Oddly specific.",
            "For people who know what they want.",
            "A small obsession, shared.",
            "Exactly that, and nothing else.",
        ),
        scenes=(
            "Everyone has one subject they can talk about for an hour.",
            "The narrower the interest, the better the company.",
            "Some things are hard to find until somebody decides to look properly.",
        ),
        intros=(
            # A colon suits one thing, many things and an activity alike.
            "{name} is a shop with one subject: {niche}.",
            "At {name}, one subject comes before all others: {niche}.",
        ),
        beliefs=(
            "We would rather know one thing well than sell a little of everything.",
            "If you are as particular as we are, you will feel at home.",
        ),
    )
