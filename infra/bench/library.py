"""The PostgreSQL application of the `eventsourcing` library, for comparison: it saves the same event."""

import asyncio
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

THREADS = 4
"""The library is synchronous. Few threads are fastest, because every save locks the table."""


class LibraryApplication:
    """An application that saves new aggregates of one event each."""

    def __init__(self, dsn: str) -> None:
        address = urlsplit(dsn)
        self._env = {
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": address.path.lstrip("/"),
            "POSTGRES_HOST": address.hostname or "",
            "POSTGRES_PORT": str(address.port),
            "POSTGRES_USER": address.username or "",
            "POSTGRES_PASSWORD": address.password or "",
            "POSTGRES_POOL_SIZE": str(THREADS),
        }
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="eventsourcing")
        self._application: Any = None
        self._aggregate: Any = None

    @asynccontextmanager
    async def opened(self) -> "AsyncIterator[LibraryApplication]":
        """Create its tables, and close its connections at the end."""
        # Imported here, because only this bench needs the library's application and its connection pool.
        from eventsourcing.application import Application  # noqa: PLC0415
        from eventsourcing.domain import Aggregate  # noqa: PLC0415

        class RegisteredMerchant(Aggregate):
            def __init__(self, email: str, name: str) -> None:
                self.email, self.name = email, name

        self._aggregate = RegisteredMerchant
        try:
            self._application = await asyncio.to_thread(Application, self._env)
            yield self
        finally:
            if self._application is not None:
                await asyncio.to_thread(self._application.close)
            self._threads.shutdown()

    async def save_until(self, until: float) -> int:
        """Save on several threads until a time, and return how many were saved."""
        loop = asyncio.get_running_loop()
        threads = [loop.run_in_executor(self._threads, self._save_until, until) for _ in range(THREADS)]
        return sum(await asyncio.gather(*threads))

    def _save_until(self, until: float) -> int:
        done = 0
        sealed = "v1.k1.5e0Zr1Y2c3V4a5B6.Hq3xJm8vT0pWn2sYdK4uLrE7cZ6bA9gF1iMoNhQ"
        while time.perf_counter() < until:
            self._application.save(self._aggregate(email=sealed, name=sealed))
            done += 1
        return done
