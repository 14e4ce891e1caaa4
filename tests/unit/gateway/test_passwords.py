"""Which passwords an account may have."""

import pytest

from domain.kernel import InvalidInput
from gateway.auth.common_passwords import FILE, WIDTH
from gateway.auth.passwords import check_password


@pytest.mark.parametrize(
    "password",
    ["password1234", "P@ssw0rd!!2024", "qwertyuiop", "1234567890", "aaaaaaaaaaaa", "abcabcabcabc", "Superman!!!!", "iloveyou123"],
)  # fmt: skip
def test_a_password_that_leaks_have_often_is_refused(password: str) -> None:
    with pytest.raises(InvalidInput, match="leaks have most often"):
        check_password(password, email="ada@example.com")


@pytest.mark.parametrize(
    "password", ["correct horse battery", "xK9vQ2pLm4Zr", "a long enough password", "ÄÖÜ-lamp-river"]
)
def test_a_password_of_unrelated_words_is_accepted(password: str) -> None:
    check_password(password, email="ada@example.com", name="Ada Lovelace")


@pytest.mark.parametrize("password", ["ada.lovelace", "Ada Lovelace", "ada.lovelace@example.com", "ada.lovelace1815"])
def test_the_account_s_own_name_or_address_is_no_password(password: str) -> None:
    with pytest.raises(InvalidInput, match="your own name or address"):
        check_password(password, email="ada.lovelace@example.com", name="Ada Lovelace")


@pytest.mark.parametrize(("password", "length"), [("short", 5), ("x" * 257, 257)])
def test_the_refusal_of_a_length_names_it(password: str, length: int) -> None:
    with pytest.raises(InvalidInput, match=f"newPassword has {length} characters"):
        check_password(password, email="ada@example.com", field="newPassword")


def test_the_shipped_list_is_sorted_for_its_search() -> None:
    content = FILE.read_bytes()
    digests = [content[start : start + WIDTH] for start in range(0, len(content), WIDTH)]
    assert len(digests) > 40_000
    assert digests == sorted(set(digests))
