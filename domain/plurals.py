"""The singular of English words, in which texts are compared. Pure."""

import tomllib
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any


@lru_cache(maxsize=16_384)
def singular(word: str) -> str:
    """Return the singular of an English word in lower case; a word that is not a plural stays as it is.

    The rule is rough, but the same for all texts that are compared.
    """
    lists = _lists()
    irregular = lists["irregular"].get(word)
    if irregular is not None:
        return str(irregular)
    if len(word) < 4 or word.endswith(("ss", "us", "is")) or word in lists["unchanged"]:
        return word
    if word.endswith("ies"):
        return word[:-1] if len(word) == 4 or word[:-1] in lists["in_ie"] else word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes", "zzes")):
        return word[:-2]
    return word.removesuffix("s")


@cache
def _lists() -> Mapping[str, Any]:
    read = tomllib.loads(Path(__file__).with_name("plurals.toml").read_text("utf-8"))
    return read | {name: frozenset(read[name]) for name in ("unchanged", "in_ie")}
