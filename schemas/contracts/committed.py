"""The committed contracts under ``schemas/``: exports them, and checks the code against them.

``events/`` has the JSON Schema of every version that was ever written, and ``samples/`` has a body of each. Schemas of old
versions (those with an upcaster) and all samples are never changed. ``released.graphql`` is the GraphQL schema of the last
release, ``schema.graphql`` that of the code.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from domain.kernel import DomainEvent
from schemas.contracts import asyncapi
from schemas.contracts.compatibility import Finding, compare, removed
from schemas.contracts.graphql_changes import breaking_changes, without_descriptions
from schemas.contracts.json_schemas import json_schema
from schemas.contracts.sampling import sample_of
from schemas.registry import EVENTS, UndecodableEvent, UnknownEvent, decode
from schemas.upcasters import UPCASTERS, Upcaster

DIRECTORY = Path(__file__).parents[1]
"""The folder of the committed contracts."""
RELEASED = "released.graphql"
"""The GraphQL schema of the last release."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contracts:
    """The contracts of the code, from which all documents are made."""

    events: Mapping[str, type[DomainEvent]]
    upcasters: Mapping[str, Upcaster]
    graphql: str
    """The schema in GraphQL's definition language."""

    @classmethod
    def of_the_code(cls, graphql: str) -> "Contracts":
        return cls(events=EVENTS, upcasters=UPCASTERS, graphql=graphql)


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """The result of comparing the code with the committed contracts."""

    refused: list[Finding]
    """Changes that would break a reader or the log."""
    noted: list[Finding]
    """Changes that are allowed, but that readers should know."""
    stale: list[str]
    """Committed files that differ from the code."""

    @property
    def good(self) -> bool:
        return not self.refused and not self.stale

    def as_json(self) -> dict[str, Any]:
        return {
            "good": self.good,
            "refused": [asdict(finding) for finding in self.refused],
            "noted": [asdict(finding) for finding in self.noted],
            "stale": self.stale,
        }


def review(contracts: Contracts, directory: Path = DIRECTORY) -> Review:
    """Compare the code with the committed contracts."""
    findings = [*_compared(contracts, directory), *_samples(contracts, directory), *_graphql(contracts, directory)]
    exported = _exported(contracts)
    missing = [f"samples/{name}.json" for name in contracts.events if not _sample(directory, name).exists()]
    stale = [path for path, text in exported.items() if _read(directory / path) != text]
    return Review(
        refused=[finding for finding in findings if finding.refused],
        noted=[finding for finding in findings if not finding.refused],
        stale=sorted([*stale, *missing]),
    )


def export(contracts: Contracts, directory: Path = DIRECTORY) -> tuple[Review, list[str]]:
    """Write the contracts of the code; no-op if a change is refused.

    Returns:
        The review, and the written files relative to ``directory``.
    """
    result = review(contracts, directory)
    if result.refused:
        return result, []
    for name in ("events", "samples"):
        (directory / name).mkdir(parents=True, exist_ok=True)
    exported = _exported(contracts)
    for path in result.stale:
        text = exported[path] if path in exported else _as_text(sample_of(contracts.events[Path(path).stem]))
        (directory / path).write_text(text, encoding="utf-8")
    return result, result.stale


def release(contracts: Contracts, directory: Path = DIRECTORY) -> None:
    """Record the GraphQL schema that clients of a release know. Later changes must not break them."""
    (directory / RELEASED).write_text(without_descriptions(contracts.graphql), encoding="utf-8")


def _graphql(contracts: Contracts, directory: Path) -> list[Finding]:
    released = _read(directory / RELEASED) or _read(directory / "schema.graphql")
    return [] if released is None else breaking_changes(released, contracts.graphql)


def _exported(contracts: Contracts) -> dict[str, str]:
    schemas = {f"events/{name}.json": _as_text(json_schema(event)) for name, event in contracts.events.items()}
    return {
        **schemas,
        "schema.graphql": contracts.graphql,
        "asyncapi.yaml": _asyncapi(),
    }


@cache
def _asyncapi() -> str:
    return asyncapi.as_yaml(asyncapi.document())


def _compared(contracts: Contracts, directory: Path) -> list[Finding]:
    findings: list[Finding] = []
    for path in sorted((directory / "events").glob("*.json")):
        event = contracts.events.get(path.stem)
        if event is not None:
            findings += compare(path.stem, json.loads(path.read_text(encoding="utf-8")), json_schema(event))
        elif path.stem not in contracts.upcasters:
            findings.append(removed(path.stem))
    return findings


def _samples(contracts: Contracts, directory: Path) -> list[Finding]:
    written = {path.stem for path in (directory / "events").glob("*.json")}
    findings = [
        _bad_sample(name, "Its sample is missing.", "Restore it from version control")
        for name in sorted(written - set(contracts.events))
        if not _sample(directory, name).exists()
    ]
    for path in sorted((directory / "samples").glob("*.json")):
        try:
            decode(path.stem, path.read_bytes(), events=contracts.events, upcasters=contracts.upcasters)
        except (UnknownEvent, UndecodableEvent) as error:
            findings.append(
                _bad_sample(
                    path.stem,
                    f"Its sample no longer decodes: {error}",
                    "Change the class or its upcaster, not the sample",
                )
            )
    return findings


def _bad_sample(event: str, why: str, remedy: str) -> Finding:
    return Finding(event=event, field="", why=why, remedy=remedy, refused=True)


def _sample(directory: Path, name: str) -> Path:
    return directory / "samples" / f"{name}.json"


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def _as_text(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
