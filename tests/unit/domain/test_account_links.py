"""Tokens of links in mails."""

from uuid import UUID

import pytest

from domain.accounts.links import LinkNotValid, LinkPurpose, LinkSigner
from domain.signing import SigningSecrets

ID = UUID(int=7)
SIGNER = LinkSigner(SigningSecrets([b"k" * 32]))


def test_a_token_names_its_link() -> None:
    assert SIGNER.read(f" {SIGNER.sign(ID, LinkPurpose.RESET_PASSWORD)}\n", LinkPurpose.RESET_PASSWORD) == ID


@pytest.mark.parametrize(
    "token",
    [
        SIGNER.sign(ID, LinkPurpose.CONFIRM_EMAIL),
        LinkSigner(SigningSecrets([b"x" * 32])).sign(ID, LinkPurpose.RESET_PASSWORD),
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


def test_a_token_from_before_a_rotation_opens_and_a_later_one_needs_the_new_key() -> None:
    old, new = b"k" * 32, b"n" * 32
    rotated = LinkSigner(SigningSecrets([new, old]))
    purpose = LinkPurpose.CONFIRM_EMAIL
    assert rotated.read(SIGNER.sign(ID, purpose), purpose) == ID
    assert LinkSigner(SigningSecrets([new])).read(rotated.sign(ID, purpose), purpose) == ID
    with pytest.raises(LinkNotValid):
        SIGNER.read(rotated.sign(ID, purpose), purpose)
