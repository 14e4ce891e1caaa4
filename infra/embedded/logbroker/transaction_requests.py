"""Requests of producers about their identity and their transactions."""

from infra.embedded.logbroker.handling import (
    UNTHROTTLED,
    Caller,
    Handlers,
    by_topic,
    code_of,
    read_offsets,
    write_by_partition,
)
from infra.embedded.logbroker.transactions import Transactions
from infra.embedded.logbroker.wire import Api, ErrorCode, Reader, Writer


class TransactionRequests:
    """Producer ids, and beginning and ending transactions."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self.handlers: Handlers = {
            Api.INIT_PRODUCER_ID: (0, 0, self._init_producer_id),
            Api.ADD_PARTITIONS_TO_TXN: (0, 0, self._add_partitions),
            Api.ADD_OFFSETS_TO_TXN: (0, 0, self._add_offsets),
            Api.TXN_OFFSET_COMMIT: (0, 0, self._commit_offsets),
            Api.END_TXN: (0, 0, self._end),
        }

    async def _init_producer_id(self, request: Reader, _caller: Caller) -> Writer:
        name, timeout_ms = request.optional_string(), request.int32()
        producer_id, epoch = self._transactions.new_producer(name, timeout_ms)
        return Writer().int32(UNTHROTTLED).int16(ErrorCode.NONE).int64(producer_id).int16(epoch)

    async def _add_partitions(self, request: Reader, _caller: Caller) -> Writer:
        name, producer_id, epoch = request.string(), request.int64(), request.int16()
        topics = request.array(lambda: (request.string(), request.array(request.int32)))
        wanted = [(topic, index) for topic, indexes in topics for index in indexes]
        answers = self._transactions.add_partitions(name, producer_id, epoch, wanted)
        return write_by_partition(
            Writer().int32(UNTHROTTLED), by_topic((*partition, answers[partition]) for partition in wanted)
        )

    async def _add_offsets(self, request: Reader, _caller: Caller) -> Writer:
        name, producer_id, epoch = request.string(), request.int64(), request.int16()
        error = code_of(lambda: self._transactions.add_offsets(name, producer_id, epoch, []))
        return Writer().int32(UNTHROTTLED).int16(error)

    async def _commit_offsets(self, request: Reader, _caller: Caller) -> Writer:
        name, group, producer_id, epoch = request.string(), request.string(), request.int64(), request.int16()
        offsets = read_offsets(request, group)
        error = code_of(lambda: self._transactions.add_offsets(name, producer_id, epoch, offsets))
        return write_by_partition(
            Writer().int32(UNTHROTTLED), by_topic((topic, index, error) for _, topic, index, _, _ in offsets)
        )

    async def _end(self, request: Reader, _caller: Caller) -> Writer:
        name, producer_id, epoch = request.string(), request.int64(), request.int16()
        commit = request.int8() != 0
        error = code_of(lambda: self._transactions.end(name, producer_id, epoch, commit=commit))
        return Writer().int32(UNTHROTTLED).int16(error)
