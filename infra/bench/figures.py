"""A bench, its targets and its outcome."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from infra.bench.servers import Servers

Figures = dict[str, float]
Sizes = Mapping[str, int]
ReportPhase = Callable[[str], None]
"""Receives the current phase in a few words."""


class NoFigures(Exception):
    """An answer was wrong, or the sizes are too small, so the measured times mean nothing. The message says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The target of a figure, and the figure of the same run that is the machine's limit for that work."""

    figure: str
    limit: str | None = None
    least: float | None = None
    most: float | None = None
    share: float | None = None
    """Minimum ratio of the figure to its limit."""
    most_share: float | None = None
    """Maximum ratio of the figure to its limit."""

    def ratio(self, figures: Mapping[str, float]) -> float | None:
        """Return the figure as a multiple of its limit; None without a limit."""
        limit = None if self.limit is None else figures.get(self.limit)
        return figures[self.figure] / limit if limit else None

    def is_met(self, figures: Mapping[str, float]) -> bool:
        """Return whether the figure meets its target."""
        value, ratio = figures[self.figure], self.ratio(figures)
        return (
            (self.least is None or value >= self.least)
            and (self.most is None or value <= self.most)
            and (self.share is None or (ratio is not None and ratio >= self.share))
            and (self.most_share is None or (ratio is not None and ratio <= self.most_share))
        )

    def __str__(self) -> str:
        parts = []
        if self.least is not None:
            parts.append(f"≥ {_limit(self.least)}")
        if self.most is not None:
            parts.append(f"≤ {_limit(self.most)}")
        if self.share is not None:
            parts.append(f"≥ {self.share:g} × {self.limit}")
        if self.most_share is not None:
            parts.append(f"≤ {self.most_share:g} × {self.limit}")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """One bench."""

    name: str
    about: str
    measure: Callable[[Servers, Sizes, int, ReportPhase], Coroutine[Any, Any, Figures]]
    """Receives servers, sizes, seed and the phase callback; returns all figures by name."""
    full: Sizes
    quick: Sizes
    """Sizes for a run of less than 30 seconds."""
    targets: Sequence[Target]
    least: Sizes = field(default_factory=dict)
    """The smallest sizes that give all figures; 1 for those that it does not name."""
    missing: Callable[[], Mapping[str, str]] = dict
    """Returns the reasons for figures that cannot be measured on this machine, by their names."""
    with_kafka: bool = True
    with_postgres: bool = True

    def ratios(self, figures: Mapping[str, float]) -> Mapping[str, float]:
        """Return the figures with a limit as multiples of it, by both names."""
        ratios = {f"{each.figure} / {each.limit}": each.ratio(figures) for each in self.targets}
        return {names: round(ratio, 3) for names, ratio in ratios.items() if ratio is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The result of a bench, as its JSON object."""

    bench: str
    figures: Figures
    ratios: Mapping[str, float]
    """Figures as multiples of their limits, by both names: ``figure / limit``."""
    settings: Mapping[str, int | bool]
    skipped: Mapping[str, str] = field(default_factory=dict)
    """Why figures are missing, by their names."""
    machine: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0


def _limit(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:g}"


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
