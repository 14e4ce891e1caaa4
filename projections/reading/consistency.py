"""Read your own writes: how a query waits until the read models have passed a place in the log."""

from typing import Protocol

from schemas.envelope import ConsistencyToken


class Stale(Exception):
    """The read models did not reach a token's place in time. The write stands; asking again later helps."""

    def __init__(self, token: ConsistencyToken) -> None:
        super().__init__(
            f"The read models have not reached {token} yet. What was written is safe; ask again in a moment."
        )
        self.token = token


class ReadBarrier(Protocol):
    """Waits for the read models."""

    async def wait(self, token: ConsistencyToken) -> None:
        """Return once every read model has applied the token's event.

        Raises:
            Stale: not within the bound (some seconds); never hangs.
        """
        ...
