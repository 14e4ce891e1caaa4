"""Keys of e-mail addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.accounts.email import email_key, former_email_key


@pytest.mark.parametrize(
    "spelling",
    [
        "ada@bücher.example",
        " ADA@BÜCHER.EXAMPLE ",
        "ａｄａ＠ｂücher．example",
        "ada@bu\u0308cher.example",
        "ada@xn--bcher-kva.example",
        "ada@XN--BCHER-KVA.Example",
        "ada@bücher。example",
    ],
)
def test_spellings_of_one_address_have_one_key(spelling: str) -> None:
    assert email_key(spelling) == "ada@bücher.example"


@pytest.mark.parametrize("other", ["adа@example.com", "ada@example.co", "ada+1@example.com", "a.da@example.com"])
def test_another_address_has_another_key(other: str) -> None:
    assert email_key(other) != email_key("ada@example.com")


@given(st.text(max_size=60))
def test_every_text_has_a_key_and_a_key_is_its_own(text: str) -> None:
    key = email_key(text)
    assert email_key(key) == key


@given(st.from_regex(r"[a-zA-Z0-9._%+-]{1,20}@[a-wyzA-WYZ0-9][a-zA-Z0-9-]{0,10}\.(com|de)", fullmatch=True))
def test_a_plain_address_keeps_its_key(address: str) -> None:
    assert email_key(address) == former_email_key(address)
