"""Looks up which domains are free for a name."""

import re
from collections.abc import Sequence

from domain.store.brand import Availability
from domain.store.ports import DomainRegistry
from domain.text import clean_line, fold, transliterate

_ELSEWHERE = ("shop", "store", "co")
"""Endings to try when the ``.com`` domain is taken, in this order."""


async def find_domains(names: Sequence[str], registry: DomainRegistry) -> dict[str, tuple[str, Availability]]:
    """Return a domain and its availability for every name.

    That is the ``.com`` domain. If it is taken, it is the first free one of ``.shop``, ``.store`` and ``.co``.
    """
    first = {name: f"{domain_label(name)}.com" for name in names}
    answers = await registry.availability(list(first.values()))
    found = {name: (domain, answers.get(domain, Availability.UNKNOWN)) for name, domain in first.items()}
    taken = [name for name, (_, availability) in found.items() if availability is Availability.TAKEN]
    if not taken:
        return found
    others = {name: [f"{domain_label(name)}.{ending}" for ending in _ELSEWHERE] for name in taken}
    answers = await registry.availability([domain for domains in others.values() for domain in domains])
    for name, domains in others.items():
        free = next((domain for domain in domains if answers.get(domain) is Availability.FREE), None)
        if free is not None:
            found[name] = (free, Availability.FREE)
    return found


def describe_availability(domain: str, availability: Availability) -> str:
    """Return a domain's availability as a clause for the merchant."""
    match availability:
        case Availability.FREE:
            return f"{domain} is free"
        case Availability.TAKEN:
            return f"{domain} is taken"
        case Availability.UNKNOWN:
            return f"whether {domain} is free could not be checked"


def domain_label(name: str) -> str:
    """Return a name as a domain label: ``Moss & Mortar`` becomes ``mossandmortar``."""
    spoken = name.replace("&", " and ")
    labels = (re.sub(r"[^a-z0-9]", "", plain.lower())[:63] for plain in (fold(spoken), transliterate(spoken)))
    return next(filter(None, labels), "store")


def clean_name(name: str) -> str:
    """Return a merchant's name for the store as clean text; empty if it has no letter or digit."""
    text = clean_line(re.sub(r"[<>{}\\|]", " ", name))[:48].strip()
    return text if re.search(r"\w", text) else ""
