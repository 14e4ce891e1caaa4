"""Encryption at rest: AES-256-GCM with a key id, bound to a row, under master keys that can be rotated."""

import base64
import hashlib
import hmac
import os
from collections.abc import Collection, Mapping, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


class WrongKey(Exception):
    """A value was sealed under a key that is not configured, or for another row. Retrying cannot help."""


class MasterKeys:
    """The platform's master keys: the first seals, every one opens. They are never stored beside the data."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        """Check the keys.

        Args:
            keys: 32 bytes each; the current key first, older ones while a rotation is in progress.

        Raises:
            ValueError: there is no key, or one has another length.
        """
        if not keys or any(len(key) != 32 for key in keys):
            raise ValueError("A master key has 32 bytes (64 hexadecimal digits); make one with “openssl rand -hex 32”.")
        self._keys = {id_of_key(key): key for key in keys}
        self.current = id_of_key(keys[0])

    @property
    def ids(self) -> Collection[str]:
        """The ids of all keys, that of the current one first."""
        return self._keys.keys()

    def derive(self, purpose: str) -> bytes:
        """Return 32 bytes for one purpose (signing tokens, cookies), from the current key alone."""
        return _derive(self._keys[self.current], purpose)

    def derive_each(self, purpose: str) -> Sequence[bytes]:
        """Return the bytes of :meth:`derive` from every key, the current one first; what they signed outlives a rotation."""
        return list(self.derive_by_id(purpose).values())

    def derive_by_id(self, purpose: str) -> Mapping[str, bytes]:
        """Return the bytes of :meth:`derive_each`, each by the id of its master key."""
        return {id: _derive(key, purpose) for id, key in self._keys.items()}

    def seal(self, plaintext: bytes, *, bound_to: str) -> str:
        """Encrypt under the current key. The value opens only with the same ``bound_to``."""
        return seal_under(self._keys[self.current], self.current, plaintext, bound_to)

    def open(self, sealed: str, *, bound_to: str) -> bytes:
        """Decrypt.

        Raises:
            WrongKey: the key is not configured, or the value belongs to another row or was changed.
        """
        key = self._keys.get(key_id_of(sealed))
        if key is None:
            raise WrongKey(f"key {key_id_of(sealed)} is not configured; add it to ZYENTA_MASTER_KEYS")
        return open_under(key, sealed, bound_to)


def _derive(key: bytes, purpose: str) -> bytes:
    return hmac.digest(key, b"zyenta|" + purpose.encode(), hashlib.sha256)


def key_id_of(sealed: str) -> str:
    """Return the id of the key that a value was sealed under.

    Raises:
        WrongKey: the value has another format.
    """
    version, _, rest = sealed.partition(".")
    if version != "v1":
        raise WrongKey("the value has another format than sealed values")
    return rest.partition(".")[0]


def id_of_key(key: bytes) -> str:
    """Return the id that sealed values name a key by."""
    return hashlib.sha256(b"key id|" + key).hexdigest()[:8]


def seal_under(key: bytes, key_id: str, plaintext: bytes, bound_to: str) -> str:
    """Encrypt under a key; see :meth:`MasterKeys.seal`."""
    nonce = os.urandom(_NONCE_BYTES)
    ciphertext = AESGCM(key).encrypt(nonce, plaintext, bound_to.encode())
    return ".".join(("v1", key_id, _text(nonce), _text(ciphertext)))


def open_under(key: bytes, sealed: str, bound_to: str) -> bytes:
    """Decrypt with a key.

    Raises:
        WrongKey: the value was sealed under another key or for another row, or was changed.
    """
    try:
        _, _, nonce, ciphertext = sealed.split(".")
        return AESGCM(key).decrypt(_bytes(nonce), _bytes(ciphertext), bound_to.encode())
    except (InvalidTag, ValueError) as error:
        raise WrongKey("the value was sealed for another row, or was changed since") from error


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
