"""Requests of producers about ids and transactions. Only the platform may use them."""

from infra.embedded.logbroker.group_owners import GroupOwners
from infra.embedded.logbroker.handling import (
    UNTHROTTLED,
    Caller,
    Handler,
    Handlers,
    by_topic,
    code_of,
    read_offsets,
    write_by_partition,
)
from infra.embedded.logbroker.transactions import Transactions
from infra.embedded.logbroker.wire import Api, ErrorCode, WireReader, WireWriter

_NO_PRODUCER = -1
_DENIED = ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED


class TransactionRequests:
    """Handlers for producer ids and transactions."""

    def __init__(self, transactions: Transactions, owners: GroupOwners) -> None:
        self._transactions = transactions
        self._owners = owners
        self.handlers: Handlers = {
            Api.INIT_PRODUCER_ID: Handler(0, 0, self._init_producer_id),
            Api.ADD_PARTITIONS_TO_TXN: Handler(0, 0, self._add_partitions),
            Api.ADD_OFFSETS_TO_TXN: Handler(0, 0, self._add_offsets),
            Api.TXN_OFFSET_COMMIT: Handler(0, 0, self._commit_offsets),
            Api.END_TXN: Handler(0, 0, self._end),
        }

    async def _init_producer_id(self, request: WireReader, caller: Caller) -> WireWriter:
        name, timeout_ms = request.optional_string(), request.int32()
        answer = caller.answer().int32(UNTHROTTLED)
        if not caller.may_write:
            denied = ErrorCode.CLUSTER_AUTHORIZATION_FAILED if name is None else _DENIED
            return answer.int16(denied).int64(_NO_PRODUCER).int16(_NO_PRODUCER)
        producer_id, epoch = self._transactions.new_producer(name, timeout_ms)
        return answer.int16(ErrorCode.NONE).int64(producer_id).int16(epoch)

    async def _add_partitions(self, request: WireReader, caller: Caller) -> WireWriter:
        name, producer_id, epoch = request.string(), request.int64(), request.int16()
        topics = request.structs(lambda: (request.string(), request.array(request.int32)))
        wanted = [(topic, index) for topic, indexes in topics for index in indexes]
        if caller.may_write:
            answers = self._transactions.add_partitions(name, producer_id, epoch, wanted)
        else:
            answers = dict.fromkeys(wanted, _DENIED)
        return write_by_partition(
            caller.answer().int32(UNTHROTTLED), by_topic((*partition, answers[partition]) for partition in wanted)
        )

    async def _add_offsets(self, request: WireReader, caller: Caller) -> WireWriter:
        name, producer_id, epoch, group = request.string(), request.int64(), request.int16(), request.string()

        def add() -> None:
            self._owners.claim(group, for_platform=True)
            self._transactions.add_offsets(name, producer_id, epoch, [])

        return caller.answer().int32(UNTHROTTLED).int16(caller.denied(_DENIED) or code_of(add))

    async def _commit_offsets(self, request: WireReader, caller: Caller) -> WireWriter:
        name, group, producer_id, epoch = request.string(), request.string(), request.int64(), request.int16()
        offsets = read_offsets(request, group)

        def add() -> None:
            self._owners.claim(group, for_platform=True)
            self._transactions.add_offsets(name, producer_id, epoch, offsets)

        error = caller.denied(_DENIED) or code_of(add)
        return write_by_partition(
            caller.answer().int32(UNTHROTTLED), by_topic((topic, index, error) for _, topic, index, _, _ in offsets)
        )

    async def _end(self, request: WireReader, caller: Caller) -> WireWriter:
        name, producer_id, epoch = request.string(), request.int64(), request.int16()
        commit = request.int8() != 0
        error = caller.denied(_DENIED) or code_of(
            lambda: self._transactions.end(name, producer_id, epoch, commit=commit)
        )
        return caller.answer().int32(UNTHROTTLED).int16(error)
