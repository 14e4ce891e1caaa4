"""A device with passkeys, and the browser in front of it, in software: it answers a site's options as a real one does."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import sha256, websafe_decode, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

FLAGS = AuthenticatorData.FLAG
NONE = FLAGS(0)


@dataclass(slots=True)
class Authenticator:
    """One device.

    Attributes:
        origin: the site that the browser shows.
        verifies: whether the person proves who they are (a finger, a PIN), besides being there.
        counts: whether the device counts signatures.
    """

    origin: str
    verifies: bool = True
    counts: bool = True
    count: int = 0
    keys: dict[bytes, tuple[bytes, ec.EllipticCurvePrivateKey]] = field(default_factory=dict)
    """The user handle and the private key of each credential."""

    def create(self, options: Mapping[str, Any]) -> dict[str, str]:
        """Make a passkey."""
        asked = options["publicKey"]
        assert -7 in [each["alg"] for each in asked["pubKeyCredParams"]]
        private, id = ec.generate_private_key(ec.SECP256R1()), secrets.token_bytes(32)
        self.keys[id] = websafe_decode(asked["user"]["id"]), private
        public = ES256.from_cryptography_key(private.public_key())  # type: ignore[no-untyped-call]
        made = AttestedCredentialData.create(bytes(16), id, public)
        data = self._data(asked["rp"]["id"], FLAGS.AT, made)
        return {
            "clientDataJson": self._client_data("webauthn.create", asked["challenge"]),
            "attestationObject": websafe_encode(AttestationObject.create("none", data, {})),
        }

    def get(self, options: Mapping[str, Any]) -> dict[str, str]:
        """Sign a challenge with a passkey that the site allows."""
        asked = options["publicKey"]
        allowed = [websafe_decode(each["id"]) for each in asked.get("allowCredentials") or ()]
        id = next(id for id in self.keys if not allowed or id in allowed)
        data = self._data(asked["rpId"])
        client_data = self._client_data("webauthn.get", asked["challenge"])
        signed = data + sha256(websafe_decode(client_data))
        return {
            "credentialId": websafe_encode(id),
            "clientDataJson": client_data,
            "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(self.keys[id][1].sign(signed, ec.ECDSA(SHA256()))),
        }

    def _data(self, rp_id: str, flags: FLAGS = NONE, made: bytes = b"") -> AuthenticatorData:
        self.count += self.counts
        flags |= FLAGS.UP | (FLAGS.UV if self.verifies else NONE)
        data: AuthenticatorData = AuthenticatorData.create(sha256(rp_id.encode()), flags, self.count, made)
        return data

    def _client_data(self, type: str, challenge: str) -> str:
        data = {"type": type, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return websafe_encode(json.dumps(data).encode())
