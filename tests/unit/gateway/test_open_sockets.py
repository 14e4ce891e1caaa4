"""Limits of WebSockets by address and by account."""

from contextlib import ExitStack
from uuid import UUID

import pytest

from gateway.graphql.sockets import OpenSockets, TooManySockets
from gateway.socket_limits import SocketLimits

ACCOUNT = UUID(int=1)
LIMITS = SocketLimits(total=6, per_address=4, anonymous_per_address=2, per_account=3)


def test_an_address_has_a_limit_and_a_lower_one_without_a_login() -> None:
    sockets = OpenSockets(LIMITS)
    with ExitStack() as stack:
        first, second = (stack.enter_context(sockets.opened("a")) for _ in range(2))
        with pytest.raises(TooManySockets, match="without a login"), sockets.opened("a"):
            pass
        first.log_in(ACCOUNT)
        second.log_in(ACCOUNT)
        third = stack.enter_context(sockets.opened("a"))
        stack.enter_context(sockets.opened("a"))
        with pytest.raises(TooManySockets, match="Your address has 4"), sockets.opened("a"):
            pass
        third.log_in(ACCOUNT)
        other = stack.enter_context(sockets.opened("b"))
        with pytest.raises(TooManySockets, match="Your account has 3"):
            other.log_in(ACCOUNT)
        stack.enter_context(sockets.opened("b"))
        with pytest.raises(TooManySockets, match="The gateway"), sockets.opened("c"):
            pass
    assert sockets == OpenSockets(LIMITS)


def test_a_closed_connection_makes_room_for_others() -> None:
    sockets = OpenSockets(LIMITS)
    for _ in range(50):
        with sockets.opened("a") as socket:
            socket.log_in(ACCOUNT)
        with sockets.opened("a"):
            pass
    assert sockets == OpenSockets(LIMITS)
