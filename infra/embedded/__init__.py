"""The servers behind ``zyenta up`` when no address of a real one is configured.

Everything here starts a child process that speaks the real protocol (Kafka, PostgreSQL), so no other
code knows whether it talks to an embedded server or to production. None of them outlives the process
that started it.

May be imported: ``Broker`` from here, ``EmbeddedBroker`` from ``.broker``, ``ApacheKafka`` and
``KafkaUnavailable`` from ``.kafka``, ``EmbeddedPostgres`` and ``PostgresUnavailable`` from ``.postgres``,
and ``ServerFailed`` from ``.process``.
"""

from typing import Protocol


class Broker(Protocol):
    """A Kafka-protocol server on this machine that its owner may start, stop, freeze and destroy.

    The port and the data survive everything but ``wipe``: a broker that was stopped or killed comes
    back at the address its clients already know.
    """

    @property
    def bootstrap_servers(self) -> str:
        """``host:port`` for clients; known from the first ``start`` on."""

    @property
    def running(self) -> bool:
        """Whether the process is alive; a paused one is."""

    async def start(self) -> None:
        """Return once a client can create a topic. Does nothing if it runs already.

        Raises:
            ServerFailed: it died or did not answer in time; the message ends with its log.
        """

    async def stop(self) -> None:
        """End it in order, within a bound. Does nothing if it does not run."""

    async def kill(self) -> None:
        """End it as a power cut would: SIGKILL, nothing flushed."""

    def pause(self) -> None:
        """Freeze it with SIGSTOP: connections stay open and nobody answers."""

    def resume(self) -> None:
        """Let a paused broker go on."""

    async def wipe(self) -> None:
        """Stop it if needed and delete all it holds, topics included."""
