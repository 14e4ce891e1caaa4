"""Export of the log to Parquet: typed columns for the envelope, the body as JSON text."""

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path

from infra.analysis.reading import LogReader, ReportProgress, no_report
from infra.analysis.tables import open_tables


class TargetExists(Exception):
    """The target of an export exists."""

    def __init__(self, target: Path) -> None:
        super().__init__(f"--to {target} exists. Use another name, or replace it with --overwrite.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportResult:
    """The size of an export."""

    events: int
    foreign: int
    """Records that are not events and were skipped."""
    size_bytes: int
    files: int


async def export(
    reader: LogReader, target: Path, *, by_day: bool, overwrite: bool, report: ReportProgress = no_report
) -> ExportResult:
    """Write the selected events to a file, or with ``by_day`` to a directory. The target is complete or absent.

    Raises:
        TargetExists: the target exists and ``overwrite`` is false.
    """
    partial = _prepare(target, overwrite=overwrite)
    try:
        # Next to the target, because the system's temporary directory may be in memory.
        with open_tables(target.parent) as tables:
            async for entry in reader.in_order(report):
                tables.add(entry)
            tables.flush()
            await asyncio.to_thread(tables.write_parquet, partial, by_day=by_day)
            events = tables.count
        if by_day:
            partial.mkdir(exist_ok=True)  # DuckDB creates no directory if there are no events
        _remove(target)
        partial.rename(target)
    finally:
        _remove(partial)
    sizes = _sizes(target)
    return ExportResult(events=events, foreign=reader.foreign, size_bytes=sum(sizes), files=len(sizes))


def _prepare(target: Path, *, overwrite: bool) -> Path:
    """Return the path to write to before the final rename."""
    if target.exists() and not overwrite:
        raise TargetExists(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial")
    _remove(partial)
    return partial


def _sizes(target: Path) -> list[int]:
    files = target.rglob("*.parquet") if target.is_dir() else [target]
    return [file.stat().st_size for file in files]


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
