"""Counts the drafts that wait."""

from uuid import UUID

from projections.jobs.drafts import count_open_drafts
from projections.reading.paging import Reader
from projections.reading.scope import SYSTEM


class ReadModelDrafts:
    """Implements :class:`domain.draft.ports.OpenDrafts`."""

    def __init__(self, db: Reader) -> None:
        self._db = db

    async def count(self, store_id: UUID) -> int:
        return await count_open_drafts(self._db, store_id, scope=SYSTEM)
