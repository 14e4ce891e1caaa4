"""Tokens of links in mails."""

from uuid import UUID

import pytest

from domain.accounts.links import LinkNotValid, LinkPurpose, LinkSigner

ID = UUID(int=7)
SIGNER = LinkSigner(b"k" * 32)


def test_a_token_names_its_link() -> None:
    assert SIGNER.read(f" {SIGNER.sign(ID, LinkPurpose.RESET_PASSWORD)}\n", LinkPurpose.RESET_PASSWORD) == ID


@pytest.mark.parametrize(
    "token",
    [
        SIGNER.sign(ID, LinkPurpose.CONFIRM_EMAIL),
        LinkSigner(b"x" * 32).sign(ID, LinkPurpose.RESET_PASSWORD),
        SIGNER.sign(ID, LinkPurpose.RESET_PASSWORD)[:-1],
        SIGNER.sign(UUID(int=8), LinkPurpose.RESET_PASSWORD)[:22] + SIGNER.sign(ID, LinkPurpose.RESET_PASSWORD)[22:],
        "",
        "ü",
        "a b",
        "A" * 1000,
    ],
    ids=["other purpose", "other key", "shorter", "other link", "empty", "no ascii", "space", "long"],
)
def test_a_token_that_was_not_signed_for_the_purpose_is_refused(token: str) -> None:
    with pytest.raises(LinkNotValid):
        SIGNER.read(token, LinkPurpose.RESET_PASSWORD)
