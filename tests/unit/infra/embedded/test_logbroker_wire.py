"""The broker's wire format and log-in, compared with those of the client library."""

import asyncio
import io

import pytest
from aiokafka.conn import ScramAuthenticator
from aiokafka.protocol.types import CompactArray, CompactString, String
from hypothesis import given
from hypothesis import strategies as st

from infra.embedded.logbroker.access import Credentials, Denied, ScramExchange
from infra.embedded.logbroker.wire import Malformed, WireReader, WireWriter

TEXTS = st.text(max_size=300).filter(lambda text: len(text.encode()) < 32_767)


@given(st.lists(TEXTS, max_size=200))
def test_the_flexible_form_is_that_of_the_client_library(texts: list[str]) -> None:
    encoded = CompactArray(CompactString("utf-8")).encode(texts)
    reader = WireReader(encoded)
    reader.flexible = True
    assert reader.array(reader.string) == texts
    writer = WireWriter(flexible=True)
    assert b"".join(writer.array(texts, writer.string).parts) == encoded
    assert CompactArray(CompactString("utf-8")).decode(io.BytesIO(encoded)) == texts


@given(TEXTS | st.none())
def test_the_fixed_form_is_that_of_the_client_library(text: str | None) -> None:
    encoded = String("utf-8").encode(text)
    assert WireReader(encoded).optional_string() == text
    assert b"".join(WireWriter().string(text).parts) == encoded


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_read_or_rejected_as_malformed_in_bounded_time(data: bytes, flexible: bool) -> None:
    reader = WireReader(data)
    reader.flexible = flexible
    try:
        reader.structs(lambda: (reader.string(), reader.array(reader.int32), reader.optional_bytes()))
        reader.tags()
    except Malformed:
        return


def authenticator(username: str, password: str) -> ScramAuthenticator:
    return ScramAuthenticator(
        loop=asyncio.new_event_loop(),
        sasl_plain_username=username,
        sasl_plain_password=password,
        sasl_mechanism="SCRAM-SHA-256",
    )


@given(st.text(alphabet="abc=,é", min_size=1, max_size=20), st.text(min_size=1, max_size=40))
def test_the_log_in_of_the_client_library_succeeds(username: str, password: str) -> None:
    client = authenticator(username, password)
    client._loop.close()
    server = ScramExchange(Credentials(username, password))
    challenge, done = server.answer(client.first_message().encode())
    assert not done
    client.process_server_first_message(challenge.decode())
    proof, done = server.answer(client.final_message().encode())
    assert done
    client.process_server_final_message(proof.decode())


@pytest.mark.parametrize(("username", "password"), [("zyenta", "guessed"), ("admin", "right")])
def test_a_wrong_name_or_password_is_denied(username: str, password: str) -> None:
    client = authenticator(username, password)
    client._loop.close()
    server = ScramExchange(Credentials("zyenta", "right"))
    challenge, _ = server.answer(client.first_message().encode())
    client.process_server_first_message(challenge.decode())
    with pytest.raises(Denied):
        server.answer(client.final_message().encode())


@given(st.lists(st.binary(max_size=100), min_size=1, max_size=3))
def test_invalid_messages_never_log_in(messages: list[bytes]) -> None:
    server = ScramExchange(Credentials("zyenta", "right"))
    try:
        assert not any(server.answer(message)[1] for message in messages)
    except Denied:
        return
