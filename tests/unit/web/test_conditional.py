"""Entity tags are compared in one way, the one that RFC 9110 has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from infra.web.conditional import is_current


def asked(*lines: bytes) -> Request:
    return Request({"type": "http", "headers": [(b"if-none-match", line) for line in lines]})


@pytest.mark.parametrize(
    "lines",
    [
        [b'"a1"'],
        [b'W/"a1"'],
        [b'"b", "a1"'],
        [b'"b",W/"a1" , "c"'],
        [b'"b"', b'"a1"'],
        [b'"b,c", "a1"'],
        [b"*"],
        [b" * "],
    ],
)
@pytest.mark.parametrize("etag", ['"a1"', 'W/"a1"'])
def test_the_version_that_the_client_has_is_current(lines: list[bytes], etag: str) -> None:
    assert is_current(asked(*lines), etag)


@pytest.mark.parametrize(
    "lines", [[], [b""], [b"a1"], [b'"a11"'], [b'"xa1"'], [b'"a1'], [b'w/"a1"'], [b'"b" "a1"'], [b'"*"'], [b'"b, a1"']]
)
def test_any_other_version_is_not(lines: list[bytes]) -> None:
    assert not is_current(asked(*lines), '"a1"')


@given(st.binary(max_size=200))
def test_nonsense_is_no_version(sent: bytes) -> None:
    assert is_current(asked(sent), '"our version"') in {True, False}
