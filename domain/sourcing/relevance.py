"""English words in the form in which texts are compared. Pure."""

import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

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


IRREGULAR: Mapping[str, str] = tomllib.loads(Path(__file__).with_name("plurals.toml").read_text("utf-8"))
"""Plurals that the rule would get wrong, and words that only look like plurals."""


@lru_cache(maxsize=16_384)
def singular(word: str) -> str:
    """Return the singular of an English word in lower case. The rule is rough, but the same for texts that are compared."""
    if word in IRREGULAR:
        return IRREGULAR[word]
    if len(word) <= 3 or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word.removesuffix("s")
