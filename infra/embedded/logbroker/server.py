"""Connections: one request after the other is decoded, handed to ``requests`` and its answer sent back."""

import asyncio
import logging
import struct
import uuid
from collections.abc import Iterator
from pathlib import Path

from infra.embedded.logbroker.group_requests import GroupRequests
from infra.embedded.logbroker.groups import Groups
from infra.embedded.logbroker.handling import Caller, Handlers
from infra.embedded.logbroker.journal import Entry, Journal
from infra.embedded.logbroker.record_requests import RecordRequests
from infra.embedded.logbroker.topics import Topics
from infra.embedded.logbroker.transaction_requests import TransactionRequests
from infra.embedded.logbroker.transactions import Transactions
from infra.embedded.logbroker.wire import Api, ErrorCode, Malformed, Reader, Writer

logger = logging.getLogger(__name__)

_LARGEST_REQUEST = 100 * 1024 * 1024
_READ_AHEAD = 1024 * 1024


class Broker:
    """One broker over one data directory, which it must own alone."""

    def __init__(self, data_dir: Path, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._cluster_id = str(uuid.uuid4())
        data_dir.mkdir(parents=True, exist_ok=True)
        self._journal = Journal(data_dir / "state.jsonl", self._essence)
        self._groups = Groups(self._journal)
        self._topics = Topics(data_dir, self._journal, deleted=self._groups.forget_topic)
        self._transactions = Transactions(self._topics, self._journal, self._groups.commit)
        self._connections: set[asyncio.Task[None]] = set()

    async def serve(self, stop: asyncio.Event) -> None:
        """Recover what a former run left, then answer until told to stop."""
        self._recover()
        handlers = self._handlers()

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connection = asyncio.current_task()
            assert connection is not None
            self._connections.add(connection)
            try:
                await _converse(handlers, reader, writer)
            finally:
                self._connections.discard(connection)
                writer.close()

        server = await asyncio.start_server(accept, self._host, self._port, limit=_READ_AHEAD)
        async with server:
            await stop.wait()
            server.close()
            connections = list(self._connections)
            for connection in connections:
                connection.cancel()
            await asyncio.gather(*connections, return_exceptions=True)
        self._topics.close()
        self._journal.close()

    def _handlers(self) -> Handlers:
        address = (self._host, self._port)
        records = RecordRequests(self._topics, self._transactions, address=address, cluster_id=self._cluster_id)
        groups = GroupRequests(self._groups, self._topics, address=address)
        handlers = records.handlers | groups.handlers | TransactionRequests(self._transactions).handlers

        async def versions(_request: Reader, _caller: Caller) -> Writer:
            return _versions(handlers, ErrorCode.NONE)

        handlers[Api.API_VERSIONS] = (0, 0, versions)
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

    def _essence(self) -> Iterator[Entry]:
        yield {"kind": "cluster", "id": self._cluster_id}
        yield from self._topics.essence()
        yield from self._groups.essence()
        yield from self._transactions.essence()


async def _converse(handlers: Handlers, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one client, in its order, until it hangs up or says something we do not understand."""
    host = str(writer.get_extra_info("peername")[0])
    while True:
        try:
            answer = await _answer(handlers, Reader(await _frame(reader)), host)
            if answer is not None:
                writer.writelines([struct.pack(">i", sum(map(len, answer))), *answer])
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        except Malformed as error:
            logger.warning("closing a connection from %s: %s", host, error)
            return


async def _frame(reader: asyncio.StreamReader) -> bytes:
    (size,) = struct.unpack(">i", await reader.readexactly(4))
    if not 0 < size <= _LARGEST_REQUEST:
        raise Malformed(f"a request of {size} bytes")
    return await reader.readexactly(size)


async def _answer(handlers: Handlers, request: Reader, host: str) -> list[bytes] | None:
    """The response to one request; None where the client wants none."""
    key, version, correlation = request.int16(), request.int16(), request.int32()
    caller = Caller(request.optional_string() or "", host, version)
    if key not in handlers:
        raise Malformed(f"requests with key {key} are not spoken here")
    lowest, highest, handler = handlers[Api(key)]
    if lowest <= version <= highest:
        body = await handler(request, caller)
    elif key == Api.API_VERSIONS:
        # A newer client asks in a newer version first and expects this answer in the oldest one.
        body = _versions(handlers, ErrorCode.UNSUPPORTED_VERSION)
    else:
        raise Malformed(f"{Api(key).name} version {version} is not spoken here, only {lowest} to {highest}")
    return None if body is None else Writer().int32(correlation).parts + body.parts


def _versions(handlers: Handlers, error: ErrorCode) -> Writer:
    answer = Writer().int16(error)

    def spoken(api: Api) -> None:
        lowest, highest, _ = handlers[api]
        answer.int16(api).int16(lowest).int16(highest)

    return answer.array(handlers, spoken)
