"""Checks what a browser sends of a passkey (Web Authentication, level 2), by Yubico's library."""

import ipaddress
import struct
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from fido2.cose import UnsupportedKey
from fido2.server import Fido2Server
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
    PublicKeyCredentialDescriptor,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialType,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from gateway.auth.errors import PasskeyNotValid

NAME = "Zyenta"
TEXT_MAX = 20_000
"""Characters of one part of an answer. Public keys and signatures have a few hundred."""
_MALFORMED = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    AssertionError,
    NotImplementedError,
    OverflowError,
    RecursionError,
    struct.error,
    UnsupportedAlgorithm,
)
"""What the library raises about bytes that are no answer of a browser."""

T = TypeVar("T")
Options = Mapping[str, Any]
"""The options that the browser's ``navigator.credentials`` takes, with bytes in base64url."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """A browser's answer with a new passkey, in base64url."""

    client_data: str = field(repr=False)
    attestation: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """A browser's answer with a signature of a passkey, in base64url."""

    credential_id: str = field(repr=False)
    client_data: str = field(repr=False)
    authenticator_data: str = field(repr=False)
    signature: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NewCredential:
    """A passkey that a device made."""

    credential_id: bytes
    credential: bytes
    sign_count: int


def offers_passkeys(public_url: str) -> bool:
    """Whether browsers make passkeys for an address: one of a name, by HTTPS or on the same machine."""
    url = urlsplit(public_url)
    host = url.hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return bool(host) and (url.scheme == "https" or host == "localhost" or host.endswith(".localhost"))
    return False


class RelyingParty:
    """This platform, as devices know it: by the host of its public address.

    Args:
        public_url: the dashboard's address, one that :func:`offers_passkeys`.
    """

    def __init__(self, public_url: str) -> None:
        url = urlsplit(public_url)
        self._origin = f"{url.scheme}://{url.netloc}"
        entity = PublicKeyCredentialRpEntity(name=NAME, id=url.hostname)
        self._server = Fido2Server(entity, verify_origin=lambda origin: origin == self._origin)

    def creation(self, challenge: bytes, *, user: bytes, name: str, known: Sequence[bytes]) -> Options:
        """Return the options for a new passkey.

        Args:
            challenge: what the device signs.
            user: the account's id; the device gives it back at a log-in.
            name: what the device calls the account.
            known: ids of the account's passkeys. A device that has one makes no second one.
        """
        options, _ = self._server.register_begin(
            PublicKeyCredentialUserEntity(id=user, name=name, display_name=name),
            _descriptors(known),
            # In the device's own list, so that a log-in needs no address.
            resident_key_requirement=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
            challenge=challenge,
        )
        return dict(options)

    def request(self, challenge: bytes, *, known: Sequence[bytes]) -> Options:
        """Return the options for a log-in. Without ``known`` the device offers all of its passkeys of this platform."""
        options, _ = self._server.authenticate_begin(
            _descriptors(known) or None, UserVerificationRequirement.REQUIRED, challenge=challenge
        )
        return dict(options)

    def check_new(self, challenge: bytes, answer: Attestation) -> NewCredential:
        """Return the new passkey of an answer.

        Raises:
            PasskeyNotValid: it does not answer the challenge, or was made for another site.
        """

        def check() -> NewCredential:
            # Its id stands in the attestation too; the copy beside it is not signed.
            parts = {"clientDataJSON": answer.client_data, "attestationObject": answer.attestation}
            made = self._server.register_complete(
                _state(challenge), {"rawId": "", "response": parts, "type": PublicKeyCredentialType.PUBLIC_KEY}
            )
            data = made.credential_data
            if data is None or isinstance(data.public_key, UnsupportedKey):
                raise PasskeyNotValid
            with suppress(InvalidSignature):
                # Any other error: the key is not on its curve, and could never be used.
                data.public_key.verify(b"", b"")
            return NewCredential(data.credential_id, bytes(data), made.counter)

        return _checked(answer, check)

    def check_use(self, challenge: bytes, answer: Assertion, credential: bytes) -> int:
        """Check the signature of a passkey, and return what its device counted.

        Raises:
            PasskeyNotValid: see :meth:`check_new`; or the signature is another key's.
        """

        def check() -> int:
            parts = {
                "clientDataJSON": answer.client_data,
                "authenticatorData": answer.authenticator_data,
                "signature": answer.signature,
            }
            whole = {"rawId": answer.credential_id, "response": parts, "type": PublicKeyCredentialType.PUBLIC_KEY}
            self._server.authenticate_complete(_state(challenge), [AttestedCredentialData(credential)], whole)
            return AuthenticatorData(websafe_decode(answer.authenticator_data)).counter

        return _checked(answer, check)


def challenge_of(answer: Attestation | Assertion) -> bytes:
    """Return the challenge that an answer claims to sign.

    Raises:
        PasskeyNotValid: a browser does not answer so.
    """

    def read() -> bytes:
        data = CollectedClientData(websafe_decode(answer.client_data))
        if data.cross_origin is not False:
            raise PasskeyNotValid
        return data.challenge

    return _checked(answer, read)


def credential_of(answer: Assertion) -> bytes:
    """Return the id of the passkey that an answer claims to be of.

    Raises:
        PasskeyNotValid: it is not written in base64url.
    """
    return _checked(answer, lambda: websafe_decode(answer.credential_id))


def _checked(answer: Attestation | Assertion, check: Callable[[], T]) -> T:
    texts = (getattr(answer, name) for name in answer.__slots__)
    if any(len(text) > TEXT_MAX for text in texts):
        raise PasskeyNotValid
    try:
        return check()
    except _MALFORMED as error:
        raise PasskeyNotValid from error


def _state(challenge: bytes) -> Mapping[str, Any]:
    return {"challenge": websafe_encode(challenge), "user_verification": UserVerificationRequirement.REQUIRED}


def _descriptors(ids: Sequence[bytes]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(type=PublicKeyCredentialType.PUBLIC_KEY, id=id) for id in ids]
