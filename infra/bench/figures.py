"""What a bench is, and what it found."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from infra.bench.servers import Servers

Figures = dict[str, float]
Sizes = Mapping[str, int]
Tell = Callable[[str], None]
"""Takes a few words on what goes on now, for whoever watches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What a figure should come to, and which figure of the same run is the machine's own limit for that work."""

    figure: str
    limit: str | None = None
    least: float | None = None
    most: float | None = None
    share: float | None = None
    """Least ratio of the figure to its limit."""

    def ratio(self, figures: Mapping[str, float]) -> float | None:
        """Return the figure as a multiple of its limit."""
        limit = None if self.limit is None else figures.get(self.limit)
        return figures[self.figure] / limit if limit else None

    def reached(self, figures: Mapping[str, float]) -> bool:
        """Return whether the figure came to what it should."""
        value, ratio = figures[self.figure], self.ratio(figures)
        return (
            (self.least is None or value >= self.least)
            and (self.most is None or value <= self.most)
            and (self.share is None or (ratio is not None and ratio >= self.share))
        )

    def __str__(self) -> str:
        parts = []
        if self.least is not None:
            parts.append(f"≥ {self.least:,.0f}")
        if self.most is not None:
            parts.append(f"≤ {self.most:,.0f}")
        if self.share is not None:
            parts.append(f"≥ {self.share:g} × {self.limit}")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """One thing that is measured."""

    name: str
    about: str
    measure: Callable[[Servers, Sizes, int, Tell], Coroutine[Any, Any, Figures]]
    """Takes the servers, the sizes, the seed and whom to tell; returns every figure by its name."""
    full: Sizes
    quick: Sizes
    """Sizes that end within 30 seconds."""
    reach: Sequence[Reach]
    with_kafka: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a bench found, as its JSON object."""

    bench: str
    figures: Figures
    settings: Mapping[str, int | bool]
    machine: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that a share of the values is not above."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
