"""English words in the form in which texts are compared. Pure."""

import re
from functools import lru_cache

from domain.plurals import singular
from domain.text import fold

NOISE = frozenset(
    """a an and at best big by brand buy cheap day delivery direct dropshipping factory fast for free from gift good high
    hot idea in item lot new of on or original pack piece product quality sale seller set ship shipping shop stock
    store style supply that the this to top trending us use wholesale with your 1pc 2pc pcs 2024 2025 2026 2027 arrival""".split()  # noqa: SIM905 - reads better as text
)
"""Words without meaning for the kind of thing."""


@lru_cache(maxsize=65_536)
def words(text: str) -> tuple[str, ...]:
    """Return the words of a text in comparable form: lower-case, no accents, singular, no sales talk, in order."""
    plain = fold(text).encode("ascii", "ignore").decode()
    singulars = (singular(word) for word in re.findall(r"[a-z0-9]+", plain))
    return tuple(dict.fromkeys(word for word in singulars if word not in NOISE and len(word) > 1))
