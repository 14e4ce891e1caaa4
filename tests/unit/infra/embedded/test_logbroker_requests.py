"""Every request is answered or rejected as malformed: no client can make a handler fail."""

import asyncio
import struct
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.embedded.logbroker.access import READING, WRITING, Credentials, Listener, Session
from infra.embedded.logbroker.handling import Caller
from infra.embedded.logbroker.server import Broker
from infra.embedded.logbroker.wire import Malformed, WireReader
from tests.support.examples import drawn

LISTENERS = (
    Listener(host="127.0.0.1", port=1, limits=READING),
    Listener(host="127.0.0.1", port=2, limits=WRITING, credentials=Credentials("zyenta", "secret")),
)
PIECES = st.one_of(
    st.sampled_from([b"\0\5topic", b"\6topic", b"\0\2gr", b"\xff\xff", b"\xff\xfe"]),
    st.sampled_from([0, 1, 2, 3, -1, -2, 2**31 - 1]).map(lambda number: struct.pack(">i", number)),
    st.sampled_from([0, 1, -1, -2, -3, 2**63 - 1, -(2**63)]).map(lambda number: struct.pack(">q", number)),
    st.sampled_from([0, 1, -1, 32_767, -32_768]).map(lambda number: struct.pack(">h", number)),
    st.binary(max_size=3),
)
BODIES = st.lists(PIECES, max_size=14).map(b"".join)


@pytest.mark.parametrize("listener", LISTENERS, ids=["reading", "writing"])
@settings(max_examples=drawn(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(bodies=st.lists(BODIES, min_size=5, max_size=5), data=st.data())
def test_no_request_makes_a_handler_fail(listener: Listener, bodies: list[bytes], data: st.DataObject) -> None:
    async def ask_all() -> None:
        with tempfile.TemporaryDirectory() as directory:
            broker = Broker(Path(directory), LISTENERS)
            broker._recover()
            broker._topics.create("topic", 3, validate_only=False)
            handlers = broker._handlers(listener)
            for body in bodies:
                handler = handlers[data.draw(st.sampled_from(list(handlers)))]
                version = data.draw(st.integers(handler.lowest, handler.highest))
                request = WireReader(body)
                request.flexible = version >= handler.flexible_since
                caller = Caller("client", version, request.flexible, Session(listener, "host", logged_in=True))
                # Some requests wait by design: for records, or for the other members of a group.
                with suppress(Malformed, TimeoutError):
                    await asyncio.wait_for(handler.answer(request, caller), 0.01)

    asyncio.run(ask_all())
