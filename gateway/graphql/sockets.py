"""Counts of open WebSockets, by address and by account."""

from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from gateway.socket_limits import SocketLimits


class TooManySockets(Exception):
    """A limit on connections is reached. A retry may succeed after other connections close."""


@dataclass(slots=True, eq=False)
class OpenSocket:
    """One open WebSocket, counted against the limits."""

    registry: "OpenSockets"
    address: str
    account: UUID | None = None

    def log_in(self, account: UUID) -> None:
        """Count the connection as the account's.

        Raises:
            TooManySockets: the account has too many connections.
        """
        self.registry.log_in(self, account)


@dataclass(slots=True)
class OpenSockets:
    """The open WebSockets of this process."""

    limits: SocketLimits = field(default_factory=SocketLimits)
    _by_address: Counter[Hashable] = field(default_factory=Counter)
    _anonymous: Counter[Hashable] = field(default_factory=Counter)
    _by_account: Counter[Hashable] = field(default_factory=Counter)

    @contextmanager
    def opened(self, address: str) -> Iterator[OpenSocket]:
        """Count a connection while it is open.

        Raises:
            TooManySockets: the address or the gateway has too many connections.
        """
        if self._by_address.total() >= self.limits.total:
            raise TooManySockets("The gateway has too many open connections. Try again in a few seconds.")
        if self._by_address.get(address, 0) >= self.limits.per_address:
            raise TooManySockets(f"Your address has {self.limits.per_address} open connections. Close one of them.")
        if self._anonymous.get(address, 0) >= self.limits.anonymous_per_address:
            raise TooManySockets(
                f"Your address has {self.limits.anonymous_per_address} open connections without a login. "
                "Close one of them, or send connection_init with an access token."
            )
        socket = OpenSocket(self, address)
        self._by_address[address] += 1
        self._anonymous[address] += 1
        try:
            yield socket
        finally:
            _subtract(self._by_address, address)
            if socket.account is None:
                _subtract(self._anonymous, address)
            else:
                _subtract(self._by_account, socket.account)

    def log_in(self, socket: OpenSocket, account: UUID) -> None:
        """See :meth:`OpenSocket.log_in`."""
        if self._by_account.get(account, 0) >= self.limits.per_account:
            raise TooManySockets(f"Your account has {self.limits.per_account} open connections. Close one of them.")
        self._by_account[account] += 1
        _subtract(self._anonymous, socket.address)
        socket.account = account


def _subtract(counter: Counter[Hashable], key: Hashable) -> None:
    counter[key] -= 1
    if counter[key] <= 0:
        del counter[key]
