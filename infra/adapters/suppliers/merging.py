"""Merges the search results of several keywords: the best matches first, every listing once."""

from collections import defaultdict
from collections.abc import Sequence

from domain.sourcing.listing import Listing

SMOOTHING = 8
"""Flattens the weights of the top ranks, so that one first place does not beat three second places."""
DEEPEST = 30
"""Ranks from here on are ignored: suppliers fill the ends of their lists with unrelated goods."""


def merge_results(results: Sequence[Sequence[Listing]], *, limit: int) -> Sequence[Listing]:
    """Return up to ``limit`` different listings, by reciprocal rank fusion (Cormack et al., SIGIR 2009).

    Args:
        results: one ranked list per keyword, the most specific keyword first; earlier ones weigh slightly more.
        limit: the most listings to return.
    """
    score: defaultdict[str, float] = defaultdict(float)
    listings: dict[str, Listing] = {}
    for n, result in enumerate(results):
        weight = 1 - 0.5 * n / max(1, len(results))
        for rank, listing in enumerate(result):
            listings.setdefault(listing.source_id, listing)
            if rank < DEEPEST:
                score[listing.source_id] += weight / (SMOOTHING + rank)
    ordered = sorted(listings, key=lambda source_id: -score[source_id])
    return [listings[source_id] for source_id in ordered[:limit]]
