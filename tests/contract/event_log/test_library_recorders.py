"""The `eventsourcing` library's own recorder test cases, unmodified, against our store on a real PostgreSQL."""

from collections.abc import Iterator

import pytest
from eventsourcing.tests.persistence import (
    AggregateRecorderTestCase,
    ApplicationRecorderTestCase,
    NonInterleavingNotificationIDsBaseCase,
    TrackingRecorderTestCase,
)

from infra.adapters.postgres.eventsourcing_recorder import (
    BackgroundStore,
    PostgresApplicationRecorder,
    PostgresSnapshotRecorder,
    PostgresTrackingRecorder,
)


class OnOurStore:
    """Gives each library test a fresh database."""

    store: BackgroundStore

    @pytest.fixture(autouse=True)
    def _fresh_store(self, database: str) -> Iterator[None]:
        self.store = BackgroundStore(database)
        yield
        self.store.close()


class TestSnapshots(OnOurStore, AggregateRecorderTestCase):
    def create_recorder(self) -> PostgresSnapshotRecorder:
        return PostgresSnapshotRecorder(self.store)


class TestLog(OnOurStore, ApplicationRecorderTestCase[PostgresApplicationRecorder]):
    def create_recorder(self) -> PostgresApplicationRecorder:
        return PostgresApplicationRecorder(self.store)

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestNonInterleaving(OnOurStore, NonInterleavingNotificationIDsBaseCase):
    def create_recorder(self) -> PostgresApplicationRecorder:
        return PostgresApplicationRecorder(self.store)


class TestTracking(OnOurStore, TrackingRecorderTestCase):
    def create_recorder(self) -> PostgresTrackingRecorder:
        return PostgresTrackingRecorder(self.store)


# The library's base classes are abstract, so pytest must not collect them.
del AggregateRecorderTestCase, ApplicationRecorderTestCase
del NonInterleavingNotificationIDsBaseCase, TrackingRecorderTestCase
