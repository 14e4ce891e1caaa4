"""The steps of a generation in a terminal, in a pipe or in a file."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Column

Update = Callable[[Mapping[str, Any]], None]
"""Shows how a step stands."""


def shown_steps(to: Console) -> AbstractContextManager[Update]:
    """Show steps while they go on: as bars in a terminal, elsewhere as lines."""
    return _bars(to) if to.is_terminal else _lines(to)


@contextmanager
def _bars(to: Console) -> Iterator[Update]:
    """Show a bar for each step, for a terminal."""
    bars = Progress(
        TextColumn("{task.description}", table_column=Column(no_wrap=True)),
        BarColumn(bar_width=20),
        TextColumn("{task.percentage:>3.0f} %", table_column=Column(no_wrap=True)),
        TextColumn("[dim]{task.fields[note]}", table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1)),
        console=to,
        expand=True,
    )
    rows: dict[str, TaskID] = {}

    def update(step: Mapping[str, Any]) -> None:
        name = step["step"].lower()
        if name not in rows:
            rows[name] = bars.add_task(f"{name:<8}", total=100, note="")
        bars.update(rows[name], completed=step["progress"], note=escape(_note(step)))

    with Live(Group(bars), console=to, refresh_per_second=8, transient=False):
        yield update


@contextmanager
def _lines(to: Console) -> Iterator[Update]:
    """Print a line for each step that begins or ends, for a file or a pipe."""
    seen: dict[str, str] = {}

    def update(step: Mapping[str, Any]) -> None:
        if seen.get(step["step"]) != step["status"]:
            seen[step["step"]] = step["status"]
            to.print(f"{step['step'].lower():<8} {_note(step)}", markup=False, soft_wrap=True)

    yield update


def _note(step: Mapping[str, Any]) -> str:
    return str(step["summary"] or step["status"].lower().replace("_", " "))
