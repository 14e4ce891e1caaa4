"""Puts the answers to many keywords together: the best fitting first, every listing once."""

from collections import defaultdict
from collections.abc import Sequence

from domain.sourcing.listing import Listing

SMOOTHING = 8
"""Ranks near the top count alike, so that one lucky first place does not beat three seconds."""
DEEPEST = 30
"""Places further down say nothing: suppliers fill the end of their lists with whatever they have."""


def merged(answers: Sequence[Sequence[Listing]], *, limit: int) -> Sequence[Listing]:
    """Return up to ``limit`` different listings, by reciprocal rank fusion (Cormack et al., SIGIR 2009).

    Args:
        answers: one ranked list per keyword, the most telling keyword first; earlier ones count a little more.
        limit: how many at most.
    """
    score: defaultdict[str, float] = defaultdict(float)
    listings: dict[str, Listing] = {}
    for n, answer in enumerate(answers):
        weight = 1 - 0.5 * n / max(1, len(answers))
        for place, listing in enumerate(answer):
            listings.setdefault(listing.source_id, listing)
            if place < DEEPEST:
                score[listing.source_id] += weight / (SMOOTHING + place)
    ordered = sorted(listings, key=lambda source_id: -score[source_id])
    return [listings[source_id] for source_id in ordered[:limit]]
