"""One caller has one address, however it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.web.client_address import client_address, limit_key


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        (["203.0.113.7"], "203.0.113.7"),
        (["1.2.3.4, 203.0.113.7"], "203.0.113.7"),
        (["1.2.3.4", "203.0.113.7"], "203.0.113.7"),
        (["203.0.113.7", "9.9.9.9, 1.2.3.4"], "1.2.3.4"),
        (["203.0.113.7:51234"], "203.0.113.7"),
        (["[2001:db8::1]:51234"], "2001:db8::/64"),
        (["[2001:db8::1]"], "2001:db8::/64"),
        (["2001:DB8:0:0::2"], "2001:db8::/64"),
        (['"[2001:db8::1]:443"'], "2001:db8::/64"),
        (["::ffff:203.0.113.7"], "203.0.113.7"),
        (["fe80::1%eth0"], "fe80::/64"),
        (["unknown"], "10.0.0.9"),
        ([""], "10.0.0.9"),
        ([], "10.0.0.9"),
    ],
)
def test_behind_a_proxy_the_last_entry_of_the_last_line_counts(forwarded: list[str], address: str) -> None:
    assert client_address("10.0.0.9", forwarded, behind_proxy=True) == address


def test_without_a_proxy_nothing_that_a_caller_writes_counts() -> None:
    assert client_address("10.0.0.9", ["203.0.113.7"], behind_proxy=False) == "10.0.0.9"


@given(st.ip_addresses(), st.integers(1, 65_535))
def test_a_port_never_makes_another_address(address: object, port: int) -> None:
    written = f"[{address}]:{port}" if ":" in str(address) else f"{address}:{port}"
    assert limit_key(written) == limit_key(str(address))


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    key = limit_key(text)
    assert key is None or limit_key(key.partition("/")[0]) == key
