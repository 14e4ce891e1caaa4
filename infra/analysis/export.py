"""Exports the log to Parquet: typed columns for the envelope, the body as JSON text."""

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path

from infra.analysis.reading import LogReader, Progress
from infra.analysis.tables import open_tables


class TargetExists(Exception):
    """There is something at the target already."""

    def __init__(self, target: Path) -> None:
        super().__init__(f"{target} exists already. Choose another name, or replace it with --overwrite.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What an export wrote."""

    events: int
    foreign: int
    """Records that are no events and were passed over."""
    size_bytes: int
    files: int


async def export(
    reader: LogReader, target: Path, *, by_day: bool, overwrite: bool, progress: Progress = lambda _read, _total: None
) -> Exported:
    """Write the selected events to ``target``: a file, or with ``by_day`` a directory. Whole or not at all.

    Raises:
        TargetExists: and ``overwrite`` was not asked for.
    """
    beside = _prepare(target, overwrite=overwrite)
    try:
        # Beside the target, because the system's temporary directory may be memory.
        with open_tables(target.parent) as tables:
            async for entry in reader.in_order(progress):
                tables.add(entry)
            tables.flush()
            await asyncio.to_thread(tables.write_parquet, beside, by_day=by_day)
            events = tables.count
        if by_day:
            beside.mkdir(exist_ok=True)  # DuckDB makes none where there are no events
        _remove(target)
        beside.rename(target)
    finally:
        _remove(beside)
    sizes = _sizes(target)
    return Exported(events=events, foreign=reader.foreign, size_bytes=sum(sizes), files=len(sizes))


def _prepare(target: Path, *, overwrite: bool) -> Path:
    """Return where to write until all is written."""
    if target.exists() and not overwrite:
        raise TargetExists(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.partial")
    _remove(beside)
    return beside


def _sizes(target: Path) -> list[int]:
    files = target.rglob("*.parquet") if target.is_dir() else [target]
    return [file.stat().st_size for file in files]


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
