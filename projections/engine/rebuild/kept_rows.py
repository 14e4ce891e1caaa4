"""Rows that a bulk load keeps in memory, so that a row that changes often is loaded and written once for many events.

A row is loaded when an event first touches it, and written with the partition's next checkpoint. In between, memory and
table differ. So after any failure the rows are dropped, and the events since the checkpoint are read again.
"""

from collections.abc import Collection, Sequence
from itertools import islice
from typing import Any, Generic, TypeVar

from projections.engine.decoding import DecodedEvent
from projections.engine.tables import Connection, ReadModel, Table

W = TypeVar("W")


class KeptRows(Generic[W]):
    """The rows of one partition. No other partition touches them, because a tenant's events are all in one."""

    def __init__(self, model: ReadModel[W], *, most: int, is_new: bool) -> None:
        """Keep nothing yet.

        Args:
            model: whose rows.
            most: how many rows are kept from one write to the next; those that were touched last.
            is_new: whether the tables have no row of the partition yet, so that a row that is not kept does not exist.
        """
        self._model = model
        self._most = most
        self._is_whole = is_new
        """Whether all rows of the partition are kept."""
        self._rows = model.empty()
        """Rows that were touched since the last write, as they are for events of one batch."""
        self._before = self._nothing()
        """The key and hot columns of those of them that the tables have."""
        self._written = self._nothing()
        """Rows as the tables have them, by table and key; those that were touched last come last."""

    def _nothing(self) -> dict[str, dict[Any, Any]]:
        return {table.name: {} for table in self._model.tables}

    @property
    def unwritten(self) -> int:
        """The number of rows that events touched since the last write."""
        return sum(len(getattr(self._rows, table.name)) for table in self._model.tables)

    async def fold(self, batch: Sequence[DecodedEvent], connection: Connection) -> None:
        """Fold a batch into the rows. Nothing is written.

        Raises:
            CorruptStream: see ``ReadModel.apply``; drop the rows.
            OSError, asyncpg.PostgresError: a row could not be loaded; drop the rows.
        """

        async def load(table: Table[Any], keys: Collection[Any]) -> dict[Any, Any]:
            return await self._load(table, keys, connection)

        await self._model.load(batch, self._rows, load)
        self._model.fold(self._rows, batch)

    async def _load(self, table: Table[Any], keys: Collection[Any], connection: Connection) -> dict[Any, Any]:
        written, before = self._written[table.name], self._before[table.name]
        rows: dict[Any, Any] = {}
        missing = []
        for key in keys:
            row = written.pop(key, None)
            if row is None:
                missing.append(key)
            else:
                rows[key] = row
        if missing and not self._is_whole:
            rows |= await table.load(missing, connection)
        for key, row in rows.items():
            before[key] = table.hot_of(row)
        return rows

    async def write(self, tx: Connection) -> None:
        """Write the rows that changed; if the transaction fails, drop the rows.

        Raises:
            UNWRITABLE: a row holds a value that no column can, or an event inserted one that exists.
        """
        for table in self._model.tables:
            rows, before = getattr(self._rows, table.name), self._before[table.name]
            await table.update([rows[key] for key, was in before.items() if table.hot_of(rows[key]) != was], tx)
            await table.insert([row for key, row in rows.items() if key not in before], tx)
            self._written[table.name].update(rows)
        self._rows, self._before = self._model.empty(), self._nothing()
        self._drop_oldest()

    def _drop_oldest(self) -> None:
        count = sum(map(len, self._written.values()))
        if count > self._most:
            self._is_whole = False
            for rows in self._written.values():
                for key in list(islice(rows, len(rows) * (count - self._most) // count)):
                    del rows[key]
