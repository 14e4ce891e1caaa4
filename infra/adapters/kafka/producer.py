"""A transactional aiokafka producer without aiokafka's pause of 20 ms between transactions."""

import asyncio
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.client import CoordinationType
from aiokafka.errors import KafkaError, KafkaTimeoutError
from aiokafka.producer import sender
from aiokafka.producer.message_accumulator import MessageAccumulator
from aiokafka.producer.transaction_manager import TransactionManager

from schemas.internal.broker_address import client_settings

PROMPT_SECONDS = 0.001
"""Wait between checks whether the last transaction's markers are written; writing takes 1 to 3 ms."""
COORDINATOR_SECONDS = 30.0
"""How long to look for the coordinator. aiokafka has no limit, even for a discarded producer."""
DISCARD_SECONDS = 2.0


def mark_retrieved(future: "asyncio.Future[Any]") -> None:
    """Keep asyncio from logging an exception of a future that no code awaits.

    A fenced producer fails every future it holds with the same exception. The caller awaits only one.
    """
    future.add_done_callback(lambda done: done.cancelled() or done.exception())


class _RetrievedTransactions(TransactionManager):  # type: ignore[misc]
    """Marks every transaction's future: an abort or a fatal error replaces a failed future that no code has awaited."""

    @property
    def _transaction_waiter(self) -> "asyncio.Future[None] | None":
        return self._waiter

    @_transaction_waiter.setter
    def _transaction_waiter(self, waiter: "asyncio.Future[None] | None") -> None:
        self._waiter = waiter
        if waiter is not None:
            mark_retrieved(waiter)


class _RetrievedBatches(MessageAccumulator):  # type: ignore[misc]
    """Marks the futures of batches that fail before the sender takes them."""

    def fail_all(self, exception: BaseException) -> None:
        for batch in (*(each for batches in self._batches.values() for each in batches), *self._pending_batches):
            mark_retrieved(batch.future)
            mark_retrieved(batch._drain_waiter)  # noqa: SLF001 - aiokafka fails it and has no accessor
        super().fail_all(exception)


class _PromptAdd(sender.AddPartitionsToTxnHandler):  # type: ignore[misc]  # aiokafka is untyped
    def handle_response(self, resp: Any) -> float | None:
        backoff: float | None = super().handle_response(resp)
        return PROMPT_SECONDS if backoff == sender.BACKOFF_OVERRIDE else backoff


class _PromptSender(sender.Sender):  # type: ignore[misc]
    # A sender that is fenced forgets the requests that are still in flight.

    def _maybe_do_transactional_request(self) -> "asyncio.Task[None] | None":
        request: asyncio.Task[None] | None = super()._maybe_do_transactional_request()
        if request is not None:
            mark_retrieved(request)
        return request

    async def _send_produce_req(self, node_id: Any, batches: Any) -> None:
        if (request := asyncio.current_task()) is not None:
            mark_retrieved(request)
        await super()._send_produce_req(node_id, batches)

    async def _do_add_partitions_to_txn(self, tps: Any) -> Any:
        node_id = await self._find_coordinator(CoordinationType.TRANSACTION, self._txn_manager.transactional_id)
        return await _PromptAdd(self, tps).do(node_id)

    async def _find_coordinator(self, coordinator_type: Any, coordinator_key: Any) -> Any:
        try:
            async with asyncio.timeout(COORDINATOR_SECONDS):
                return await super()._find_coordinator(coordinator_type, coordinator_key)
        except TimeoutError:
            raise KafkaTimeoutError(f"no coordinator for {coordinator_key} in {COORDINATOR_SECONDS:.0f} s") from None


class TransactionalProducer(AIOKafkaProducer):  # type: ignore[misc]
    """An idempotent, transactional producer for many small transactions.

    After a transaction ends, the broker still writes its markers, and answers the next transaction's first request
    with CONCURRENT_TRANSACTIONS. aiokafka 0.14 then sleeps 20 ms, which multiplies the log's latency under steady load
    (measured: p50 34 ms against 4 ms). aiokafka has no setting for it, so this sender retries after a millisecond. It
    uses private names; aiokafka is pinned to a minor version.
    """

    _closed: bool

    def __init__(self, *, bootstrap_servers: str, transactional_id: str) -> None:
        request_timeout_ms, retry_backoff_ms, max_batch_size = 20_000, 100, 262_144
        transaction_timeout_ms = 10_000
        super().__init__(
            **client_settings(bootstrap_servers),
            transactional_id=transactional_id,
            acks="all",
            max_batch_size=max_batch_size,
            request_timeout_ms=request_timeout_ms,
            retry_backoff_ms=retry_backoff_ms,
            # The open transaction of a killed publisher blocks readers until its successor starts, or this long.
            transaction_timeout_ms=transaction_timeout_ms,
        )
        self._txn_manager = _RetrievedTransactions(transactional_id, transaction_timeout_ms)
        self._message_accumulator = _RetrievedBatches(
            self._metadata, max_batch_size, 0, request_timeout_ms / 1000, txn_manager=self._txn_manager
        )
        self._sender = _PromptSender(
            self.client,
            acks=-1,
            txn_manager=self._txn_manager,
            retry_backoff_ms=retry_backoff_ms,
            message_accumulator=self._message_accumulator,
            request_timeout_ms=request_timeout_ms,
        )

    async def discard(self) -> None:
        """Close the producer in any state, and abort an open transaction if the broker answers.

        aiokafka's ``stop`` delivers pending records first, waits for an absent broker, and fails its own assertions
        after the producer was fenced.
        """
        if self._closed:
            return
        if self._txn_manager.is_in_transaction():
            with suppress(KafkaError, AssertionError, TimeoutError):
                async with asyncio.timeout(DISCARD_SECONDS):
                    await self.abort_transaction()
        self._closed = True
        sending = self._sender.sender_task
        if sending is not None:
            # Not awaited directly: a task that has not begun ends with a CancelledError that looks like ours.
            sending.cancel()
            await asyncio.wait({sending}, timeout=DISCARD_SECONDS)
        with suppress(KafkaError, AssertionError, OSError, TimeoutError):
            async with asyncio.timeout(DISCARD_SECONDS):
                await self.client.close()
        if sending is not None:
            mark_retrieved(sending)
