"""The broker's listeners, its states and their recovery."""

import asyncio
import logging
import uuid
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from infra.embedded.logbroker.access import Listener
from infra.embedded.logbroker.cluster_requests import ClusterRequests
from infra.embedded.logbroker.connections import VERSIONS_FLEXIBLE_SINCE, ClientWarnings, Connection, versions
from infra.embedded.logbroker.group_requests import GroupRequests
from infra.embedded.logbroker.groups import Groups
from infra.embedded.logbroker.handling import Caller, Handler, Handlers
from infra.embedded.logbroker.journal import Entry, Journal
from infra.embedded.logbroker.login_requests import HANDLERS as LOGIN
from infra.embedded.logbroker.record_requests import RecordRequests
from infra.embedded.logbroker.topics import Topics
from infra.embedded.logbroker.transaction_requests import TransactionRequests
from infra.embedded.logbroker.transactions import Transactions
from infra.embedded.logbroker.wire import Api, ErrorCode, WireReader, WireWriter

logger = logging.getLogger(__name__)


class Broker:
    """One broker on a data directory that no other process uses."""

    def __init__(self, data_dir: Path, listeners: Sequence[Listener]) -> None:
        self._listeners = listeners
        self._cluster_id = str(uuid.uuid4())
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._journal = Journal(data_dir / "state.jsonl", self._snapshot)
        self._groups = Groups(self._journal)
        self._topics = Topics(data_dir, self._journal, deleted=self._groups.forget_topic)
        self._transactions = Transactions(self._topics, self._journal, self._groups.commit)
        self._connections: dict[asyncio.Task[None], Connection] = {}
        self._client_warnings = ClientWarnings()

    async def serve(self, stop: asyncio.Event) -> None:
        """Recover the state of the former run, then serve until ``stop`` is set."""
        self._recover()
        async with AsyncExitStack() as stack:
            servers = [await stack.enter_async_context(await self._listen(listener)) for listener in self._listeners]
            await stop.wait()
            for server in servers:
                server.close()
            connections = list(self._connections)
            for connection in connections:
                connection.cancel()
            await asyncio.gather(*connections, return_exceptions=True)
        self._topics.close()
        self._journal.close()

    async def _listen(self, listener: Listener) -> asyncio.Server:
        handlers = self._handlers(listener)
        connected: dict[asyncio.Task[None], Connection] = {}

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            if len(connected) >= listener.limits.connections:
                self._client_warnings.log(
                    "Port %d has reached its limit of clients; the longest idle one is closed", listener.port
                )
                min(connected, key=lambda other: connected[other].eviction_key).cancel()
            connection = Connection(listener, handlers, reader, writer, self._client_warnings)
            connected[task] = self._connections[task] = connection
            try:
                await connection.serve()
            except Exception:
                # A fault in one request closes its connection; other clients go on.
                logger.exception("A request failed")
            finally:
                await connection.close(at_once=bool(task.cancelling()))
                connected.pop(task, None)
                self._connections.pop(task, None)

        return await asyncio.start_server(accept, listener.host, listener.port, limit=listener.limits.read_ahead_bytes)

    def _handlers(self, listener: Listener) -> Handlers:
        handlers: Handlers = (
            RecordRequests(self._topics, self._transactions, cluster_id=self._cluster_id).handlers
            | GroupRequests(self._groups, self._topics).handlers
            | TransactionRequests(self._transactions, self._groups.owners).handlers
            | ClusterRequests(self._topics, cluster_id=self._cluster_id).handlers
            | (LOGIN if listener.credentials is not None else {})
        )

        async def answer_versions(_request: WireReader, caller: Caller) -> WireWriter:
            return versions(handlers, ErrorCode.NONE, version=caller.version)

        handlers[Api.API_VERSIONS] = Handler(0, 4, answer_versions, flexible_since=VERSIONS_FLEXIBLE_SINCE)
        return handlers

    def _recover(self) -> None:
        for entry in self._journal.replay():
            if entry["kind"] == "cluster":
                self._cluster_id = entry["id"]
            self._topics.restore(entry)
            self._groups.restore(entry)
            self._transactions.restore(entry)
        self._topics.open()
        self._journal.rewrite()
        self._transactions.resume()

    def _snapshot(self) -> Iterator[Entry]:
        yield {"kind": "cluster", "id": self._cluster_id}
        yield from self._topics.snapshot()
        yield from self._groups.snapshot()
        yield from self._transactions.snapshot()
