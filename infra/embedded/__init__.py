"""Embedded servers, which ``zyenta up`` starts for every part without a configured address.

Each server is a child process with the real protocol (Kafka, PostgreSQL), so other code does not depend on whether
its server is embedded. A server ends with the process that started it.

May be imported: ``Broker`` from here, ``EmbeddedBroker`` from ``.broker``, ``ApacheKafka`` and
``KafkaUnavailable`` from ``.kafka``, ``EmbeddedPostgres`` and ``PostgresUnavailable`` from ``.postgres``,
and ``ServerFailed`` from ``.process``.
"""

from typing import Protocol


class Broker(Protocol):
    """A Kafka-protocol server on this machine, controlled by its owner.

    Port and data survive all operations except ``wipe``: after a stop or kill, a broker starts again on the same address.
    """

    @property
    def bootstrap_servers(self) -> str:
        """``host:port`` for clients. Known after the first ``start``."""

    @property
    def running(self) -> bool:
        """Whether the process is alive. A paused process is."""

    async def start(self) -> None:
        """Start the broker and return when a client can create a topic. No-op if it runs.

        Raises:
            ServerFailed: the broker died or did not answer in time. The message ends with its log.
        """

    async def stop(self) -> None:
        """Stop the broker in order, within a time limit. No-op if it does not run."""

    async def kill(self) -> None:
        """End the broker as a crash would: SIGKILL, no flush."""

    def pause(self) -> None:
        """Freeze the broker with SIGSTOP: connections stay open without answers."""

    def resume(self) -> None:
        """Continue a paused broker."""

    async def wipe(self) -> None:
        """Stop the broker if it runs, and delete all its data."""
