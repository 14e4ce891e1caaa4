"""Requests about topics and records (see the protocol guide)."""

import asyncio
from dataclasses import dataclass

from infra.embedded.logbroker.handling import (
    NO_OPERATIONS,
    NODE,
    UNTHROTTLED,
    Caller,
    Handler,
    Handlers,
    code_of,
    unique,
)
from infra.embedded.logbroker.partition import Partition, RequestRejected, Slice
from infra.embedded.logbroker.topics import Topics
from infra.embedded.logbroker.transactions import Transactions
from infra.embedded.logbroker.wire import Api, ErrorCode, Malformed, WireReader, WireWriter
from schemas.record_batches import Batch

_LATEST, _EARLIEST, _MAX_TIMESTAMP, _EARLIEST_LOCAL, _LATEST_TIERED = -1, -2, -3, -4, -5
"""Special values instead of a time. The last two are for tiered storage."""
_UNKNOWN = -1
_LEADER_EPOCH = 0
"""The only epoch, because the leader never changes."""
_READ_COMMITTED = 1
_DEFAULT_PARTITIONS = 4
_LONGEST_WAIT_MS = 60_000
_DENIED = ErrorCode.TOPIC_AUTHORIZATION_FAILED


@dataclass(frozen=True, slots=True)
class _PartitionFetch:
    """One partition of a fetch request."""

    topic: str
    index: int
    offset: int
    max_bytes: int


class RecordRequests:
    """Topics, producing, fetching and looking up offsets."""

    def __init__(self, topics: Topics, transactions: Transactions, *, cluster_id: str) -> None:
        self._topics = topics
        self._transactions = transactions
        self._cluster_id = cluster_id
        self.handlers: Handlers = {
            Api.PRODUCE: Handler(3, 3, self._produce),
            Api.FETCH: Handler(4, 4, self._fetch),
            Api.LIST_OFFSETS: Handler(1, 9, self._list_offsets, flexible_since=6),
            Api.METADATA: Handler(2, 8, self._metadata),
            Api.CREATE_TOPICS: Handler(2, 4, self._create_topics),
            Api.DELETE_TOPICS: Handler(1, 3, self._delete_topics),
        }

    async def _metadata(self, request: WireReader, caller: Caller) -> WireWriter:
        requested = request.optional_array(request.string)
        names = self._topics.names() if requested is None else unique(requested)
        answer = caller.throttled_since(3)
        host, port = caller.address
        answer.array([NODE], lambda node: answer.int32(node).string(host).int32(port).string(None))
        answer.string(self._cluster_id).int32(NODE)

        def partition(index: int) -> None:
            answer.int16(ErrorCode.NONE).int32(index).int32(NODE)
            if caller.version >= 7:
                answer.int32(_LEADER_EPOCH)
            answer.array([NODE], answer.int32).array([NODE], answer.int32)
            if caller.version >= 5:
                answer.array([], answer.int32)

        def topic(name: str) -> None:
            partitions = self._topics.of(name)
            known = partitions is not None
            answer.int16(ErrorCode.NONE if known else ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
            answer.string(name).int8(0).array(range(len(partitions or ())), partition)
            if caller.version >= 8:
                answer.int32(NO_OPERATIONS)

        answer.array(names, topic)
        return answer.int32(NO_OPERATIONS) if caller.version >= 8 else answer

    async def _create_topics(self, request: WireReader, caller: Caller) -> WireWriter:
        def requested() -> tuple[str, int]:
            name, count, _replicas = request.string(), request.int32(), request.int16()
            assigned = request.array(lambda: (request.int32(), request.array(request.int32)))
            request.array(lambda: (request.string(), request.optional_string()))
            return name, len(assigned) or (_DEFAULT_PARTITIONS if count == _UNKNOWN else count)

        topics = request.array(requested)
        _timeout, validate_only = request.int32(), request.int8() != 0
        answer = caller.answer().int32(UNTHROTTLED)

        def create(topic: tuple[str, int]) -> None:
            name, count = topic
            error = caller.denied(_DENIED) or code_of(
                lambda: self._topics.create(name, count, validate_only=validate_only)
            )
            message = (
                "This listener is read-only. Use the listener with a log-in."
                if not caller.may_write
                else error.name
                if error
                else None
            )
            answer.string(name).int16(error).string(message)

        return answer.array(topics, create)

    async def _delete_topics(self, request: WireReader, caller: Caller) -> WireWriter:
        names, _timeout = request.array(request.string), request.int32()
        answer = caller.answer().int32(UNTHROTTLED)

        def delete(name: str) -> None:
            answer.string(name).int16(caller.denied(_DENIED) or code_of(lambda: self._topics.delete(name)))

        return answer.array(names, delete)

    async def _produce(self, request: WireReader, caller: Caller) -> WireWriter | None:
        _transactional_id, acks, _timeout = request.optional_string(), request.int16(), request.int32()
        answer = caller.answer()
        denied = caller.denied(_DENIED)

        def partition(topic: str) -> None:
            index, data = request.int32(), request.optional_bytes() or b""
            error, offset = (denied, _UNKNOWN) if denied else self._append(topic, index, data)
            answer.int32(index).int16(error).int64(offset).int64(_UNKNOWN)

        def topic() -> None:
            name, count = request.string(), request.int32()
            answer.string(name).int32(count)
            for _ in range(count):
                partition(name)

        count = request.int32()
        answer.int32(count)
        for _ in range(count):
            topic()
        if denied and not acks:
            # Without an answer, only closing the connection can report the rejection; Kafka does the same.
            raise Malformed("a read-only client sent records with acks=0")
        return answer.int32(UNTHROTTLED) if acks else None

    def _append(self, topic: str, index: int, data: bytes) -> tuple[ErrorCode, int]:
        def allow(batch: Batch) -> None:
            self._transactions.check_writer(batch.producer_id, batch.producer_epoch, (topic, index))

        try:
            return ErrorCode.NONE, self._topics.partition(topic, index).append(data, allow)
        except RequestRejected as rejection:
            return rejection.code, _UNKNOWN

    async def _fetch(self, request: WireReader, caller: Caller) -> WireWriter:
        _replica, max_wait, min_bytes, max_bytes = (request.int32() for _ in range(4))
        max_bytes = min(max_bytes, caller.session.listener.limits.fetch_bytes)
        min_bytes = min(min_bytes, max_bytes)
        committed_only = request.int8() == _READ_COMMITTED

        def topic() -> tuple[str, list[_PartitionFetch]]:
            name = request.string()
            return name, request.array(lambda: _PartitionFetch(name, request.int32(), request.int64(), request.int32()))

        topics = request.array(topic)
        requested = [each for _, partitions in topics for each in partitions]
        if len({(each.topic, each.index) for each in requested}) < len(requested):
            raise Malformed("a fetch names a partition twice")
        loop = asyncio.get_running_loop()
        deadline = loop.time() + min(max_wait, _LONGEST_WAIT_MS) / 1000
        while True:
            result = self._collect(requested, max_bytes, committed_only=committed_only)
            size = sum(len(each.data) for each in result.values() if isinstance(each, Slice))
            failed = any(isinstance(each, ErrorCode) for each in result.values())
            if failed or size >= min_bytes or loop.time() >= deadline:
                break
            await self._changed(requested, deadline)
        answer = caller.answer().int32(UNTHROTTLED)

        def partition(each: _PartitionFetch) -> None:
            self._write_slice(answer, each, result[each], committed_only=committed_only)

        return answer.array(topics, lambda item: answer.string(item[0]).array(item[1], partition))

    def _collect(
        self, requested: list[_PartitionFetch], max_bytes: int, *, committed_only: bool
    ) -> dict[_PartitionFetch, Slice | ErrorCode]:
        """Return the slice of each partition. When the answer is full, the remaining slices are empty."""
        result: dict[_PartitionFetch, Slice | ErrorCode] = {}
        for each in requested:
            budget = min(each.max_bytes, max_bytes)
            try:
                partition = self._topics.partition(each.topic, each.index)
                slice_ = (
                    partition.read(each.offset, budget, committed_only=committed_only) if budget > 0 else Slice(b"", [])
                )
            except RequestRejected as rejection:
                result[each] = rejection.code
            else:
                result[each] = slice_
                max_bytes -= len(slice_.data)
        return result

    def _write_slice(
        self, answer: WireWriter, requested: _PartitionFetch, result: Slice | ErrorCode, *, committed_only: bool
    ) -> None:
        partitions = self._topics.of(requested.topic) or []
        if isinstance(result, ErrorCode) or requested.index >= len(partitions):
            code = result if isinstance(result, ErrorCode) else ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
            answer.int32(requested.index).int16(code).int64(_UNKNOWN).int64(_UNKNOWN).int32(_UNKNOWN).blob(b"")
            return
        partition = partitions[requested.index]
        answer.int32(requested.index).int16(ErrorCode.NONE).int64(partition.end).int64(partition.stable_end)
        if committed_only:
            answer.array(result.aborted, lambda txn: answer.int64(txn[0]).int64(txn[1]))
        else:
            answer.int32(_UNKNOWN)
        answer.blob(result.data)

    async def _changed(self, requested: list[_PartitionFetch], deadline: float) -> None:
        """Wait until one of the partitions changes or the deadline passes."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        partitions = [
            partition
            for each in requested
            for partition in (self._topics.of(each.topic) or [])[each.index : each.index + 1]
        ]
        for partition in partitions:
            partition.watch(waiter)
        timer = loop.call_at(deadline, _resolve, waiter)
        try:
            await waiter
        finally:
            timer.cancel()
            for partition in partitions:
                partition.unwatch(waiter)

    async def _list_offsets(self, request: WireReader, caller: Caller) -> WireWriter:
        _replica = request.int32()
        committed_only = caller.version >= 2 and request.int8() == _READ_COMMITTED

        def requested() -> tuple[int, int]:
            index = request.int32()
            if caller.version >= 4:
                _leader_epoch = request.int32()
            return index, request.int64()

        topics = request.structs(lambda: (request.string(), request.structs(requested)))
        answer = caller.throttled_since(2)

        def partition(name: str, index: int, time: int) -> None:
            error, at, offset = ErrorCode.NONE, _UNKNOWN, _UNKNOWN
            try:
                at, offset = _offset(self._topics.partition(name, index), time, committed_only=committed_only)
            except RequestRejected as rejection:
                error = rejection.code
            answer.int32(index).int16(error).int64(at).int64(offset)
            if caller.version >= 4:
                answer.int32(_LEADER_EPOCH if offset != _UNKNOWN else _UNKNOWN)

        answer.structs(
            topics,
            lambda item: answer.string(item[0]).structs(unique(item[1]), lambda each: partition(item[0], *each)),
        )
        return answer


def _offset(partition: Partition, time: int, *, committed_only: bool) -> tuple[int, int]:
    """Return time and offset for a requested time or special value."""
    if time == _LATEST:
        return _UNKNOWN, partition.stable_end if committed_only else partition.end
    if time in {_EARLIEST, _EARLIEST_LOCAL}:
        return _UNKNOWN, 0
    if time == _LATEST_TIERED:
        return _UNKNOWN, _UNKNOWN
    result = partition.latest() if time == _MAX_TIMESTAMP else partition.offset_at(time)
    return (_UNKNOWN, _UNKNOWN) if result is None else (result[1], result[0])


def _resolve(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
