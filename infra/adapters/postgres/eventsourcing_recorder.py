"""The event store as a persistence module of the ``eventsourcing`` library, whose applications can run on our log.

Name this module in ``PERSISTENCE_MODULE`` and a database in ``ZYENTA_DSN``. The library is synchronous and asyncpg is not,
so the recorders run coroutines on a background thread with its own connection pool.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar
from uuid import UUID, uuid4

import asyncpg
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactory,
    IntegrityError,
    Notification,
    OperationalError,
    ProcessRecorder,
    StoredEvent,
    Subscription,
    Tracking,
    TrackingRecorder,
)

T = TypeVar("T")

_APPEND = """
select token_position from append_events(null, null, null, null, null, $1, null, null, $2::uuid[], $3::uuid[],
                                         $4::integer[], $5::text[], $3::uuid[], $6::bytea[])
"""


class BackgroundStore:
    """A connection pool on its own thread, used through blocking calls."""

    def __init__(self, dsn: str, *, pool_size: int = 10) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="zyenta-recorder", daemon=True)
        self._thread.start()

        async def connect() -> asyncpg.Pool:
            # Inside the coroutine, because a pool belongs to the loop that runs when the pool is created.
            return await asyncpg.create_pool(dsn, min_size=1, max_size=pool_size)

        self._pool = self._wait(connect())

    def run(self, work: Callable[[asyncpg.Pool], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine with the pool and wait for its result.

        Raises:
            IntegrityError: the write violates a unique constraint; nothing was written.
            OperationalError: the database did not answer; retrying may help.
        """
        try:
            return self._wait(work(self._pool))
        except asyncpg.IntegrityConstraintViolationError as error:
            raise IntegrityError(str(error)) from error
        except (asyncpg.SerializationError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError) as error:
            raise OperationalError(str(error)) from error

    def close(self) -> None:
        """Close the connections and end the thread."""
        self._wait(self._pool.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        future: Future[T] = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        return future.result()


class PostgresApplicationRecorder(ApplicationRecorder):
    """Records into ``events`` and reads the settled log. A notification's id is its position."""

    def __init__(self, store: BackgroundStore) -> None:
        self._store = store

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        if not stored_events:
            return []
        columns = (
            [uuid4() for _ in stored_events],
            [_uuid(event.originator_id) for event in stored_events],
            [event.originator_version for event in stored_events],
            [event.topic for event in stored_events],
            [event.state for event in stored_events],
        )
        first = self._store.run(lambda pool: pool.fetchval(_APPEND, uuid4(), *columns))
        return list(range(first, first + len(stored_events)))

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        rows = self._store.run(
            lambda pool: pool.fetch(
                "select stream_id, version, type, data from events where stream_id = $1"  # noqa: S608 - our own words
                " and ($2::integer is null or version > $2) and ($3::integer is null or version <= $3)"
                f" order by version {'desc' if desc else 'asc'} limit $4",
                _uuid(originator_id),
                gt,
                lte,
                limit,
            )
        )
        return [StoredEvent(*row) for row in rows]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        after = -1 if start is None else start - 1 if inclusive_of_start else start
        rows = self._store.run(
            lambda pool: pool.fetch(
                "select stream_id, version, type, data, position from events where position > $1"
                " and ($2::bigint is null or position <= $2) and (cardinality($3::text[]) = 0 or type = any ($3))"
                " and transaction_id < pg_snapshot_xmin(pg_current_snapshot()) order by position limit $4",
                after,
                stop,
                list(topics),
                limit,
            )
        )
        return [Notification(*row) for row in rows]

    def max_notification_id(self) -> int | None:
        position: int | None = self._store.run(
            lambda pool: pool.fetchval(
                "select position from events where transaction_id < pg_snapshot_xmin(pg_current_snapshot())"
                " order by position desc limit 1"
            )
        )
        return position

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[ApplicationRecorder]:
        return _Polling(self, gt, topics)


class _Polling(Subscription[ApplicationRecorder]):
    """Yields notifications as they settle. Polls, because PostgreSQL sends no notification when events settle."""

    _interval = 0.05

    def __init__(self, recorder: ApplicationRecorder, gt: int | None, topics: Sequence[str]) -> None:
        super().__init__(recorder, gt, topics)
        self._ready: list[Notification] = []

    def __next__(self) -> Notification:
        while not self._has_been_stopped:
            if self._ready:
                notification = self._ready.pop(0)
                self._last_notification_id = notification.id
                return notification
            self._ready = list(
                self._recorder.select_notifications(
                    self._last_notification_id, 500, topics=self._topics, inclusive_of_start=False
                )
            )
            if not self._ready:
                time.sleep(self._interval)
        raise StopIteration


class PostgresSnapshotRecorder(AggregateRecorder):
    """Stores the library's aggregate snapshots outside the log, because they are not events."""

    def __init__(self, store: BackgroundStore) -> None:
        self._store = store

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        rows = [
            (_uuid(event.originator_id), event.originator_version, event.topic, event.state) for event in stored_events
        ]

        async def insert(pool: asyncpg.Pool) -> None:
            async with pool.acquire() as connection, connection.transaction():
                await connection.executemany("insert into library_snapshots values ($1, $2, $3, $4)", rows)

        self._store.run(insert)
        return None

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        rows = self._store.run(
            lambda pool: pool.fetch(
                "select originator_id, originator_version, topic, state from library_snapshots"  # noqa: S608 - as above
                " where originator_id = $1 and ($2::integer is null or originator_version > $2)"
                " and ($3::integer is null or originator_version <= $3)"
                f" order by originator_version {'desc' if desc else 'asc'} limit $4",
                _uuid(originator_id),
                gt,
                lte,
                limit,
            )
        )
        return [StoredEvent(*row) for row in rows]


class PostgresTrackingRecorder(TrackingRecorder):
    """Stores how far another application's notifications were processed."""

    def __init__(self, store: BackgroundStore) -> None:
        self._store = store

    def insert_tracking(self, tracking: Tracking) -> None:
        inserted = self._store.run(
            lambda pool: pool.fetchval(
                "insert into library_tracking select $1, $2 where not exists (select from library_tracking"
                " where application_name = $1 and notification_id >= $2) returning true",
                tracking.application_name,
                tracking.notification_id,
            )
        )
        if not inserted:
            raise IntegrityError(f"{tracking} is not after the last tracked notification")

    def max_tracking_id(self, application_name: str) -> int | None:
        last: int | None = self._store.run(
            lambda pool: pool.fetchval(
                "select max(notification_id) from library_tracking where application_name = $1", application_name
            )
        )
        return last


class ZyentaFactory(InfrastructureFactory[PostgresTrackingRecorder]):
    """The factory that the library finds in ``PERSISTENCE_MODULE=infra.adapters.postgres.eventsourcing_recorder``."""

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        dsn = self.env.get("ZYENTA_DSN")
        if not dsn:
            raise OSError("Set ZYENTA_DSN to the database of the event store, postgresql://...")
        self._store = BackgroundStore(dsn)

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        return PostgresSnapshotRecorder(self._store) if purpose == "snapshots" else self.application_recorder()

    def application_recorder(self) -> PostgresApplicationRecorder:
        return PostgresApplicationRecorder(self._store)

    def tracking_recorder(
        self, tracking_recorder_class: type[PostgresTrackingRecorder] | None = None
    ) -> PostgresTrackingRecorder:
        return (tracking_recorder_class or PostgresTrackingRecorder)(self._store)

    def process_recorder(self) -> ProcessRecorder:
        raise OSError("Run reactions as Zyenta consumers: this store only tracks an application.")

    def close(self) -> None:
        self._store.close()


def _uuid(id: UUID | str) -> UUID:
    return id if isinstance(id, UUID) else UUID(id)
