"""Access rights: the platform logs in and may write, other clients may read."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass

MECHANISM = "SCRAM-SHA-256"
_ITERATIONS = 4096


class Denied(Exception):
    """A log-in failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What clients of one listener may cost at most."""

    connections: int
    """When one more comes, the one that has asked nothing for the longest time is closed."""
    request_bytes: int
    fetch_bytes: int
    """Of one answer; a single larger batch is sent all the same."""
    read_ahead_bytes: int
    """Of a client that sends its next requests before it has our answer."""
    idle_seconds: float = 600.0
    """A client that asks nothing for so long is gone; Kafka's own limit, and clients know it."""
    log_in_seconds: float = 10.0
    transfer_seconds: float = 30.0
    """For a request to arrive or an answer to leave, whatever its size ..."""
    slowest_bytes_per_second: int = 64 * 1024
    """... and as long again as its bytes take at this rate."""


READING = Limits(connections=128, request_bytes=256 * 1024, fetch_bytes=4 * 1024 * 1024, read_ahead_bytes=64 * 1024)
WRITING = Limits(
    connections=512, request_bytes=100 * 1024 * 1024, fetch_bytes=64 * 1024 * 1024, read_ahead_bytes=1024 * 1024
)


class Credentials:
    """The one name that may write, and what a server of SCRAM-SHA-256 (RFC 5802, RFC 7677) keeps of its password."""

    def __init__(self, username: str, password: str) -> None:
        self.username = username
        self.salt = secrets.token_bytes(16)
        salted = hashlib.pbkdf2_hmac("sha256", password.encode(), self.salt, _ITERATIONS)
        client_key = _hmac(salted, b"Client Key")
        self.stored_key = hashlib.sha256(client_key).digest()
        self.server_key = _hmac(salted, b"Server Key")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """One port: who is let in there, and what they may do."""

    host: str
    port: int
    limits: Limits
    credentials: Credentials | None = None
    """What clients must log in with; None where every client may connect and read only."""

    @property
    def may_write(self) -> bool:
        """Whether clients of this listener may change more than their own consumer groups."""
        return self.credentials is not None


@dataclass(slots=True)
class Session:
    """One connection's state between its requests."""

    listener: Listener
    host: str
    logged_in: bool = False
    refused: bool = False
    """Whether a log-in failed: the connection ends after the answer that says so."""
    exchange: "ScramExchange | None" = None

    @property
    def may_ask(self) -> bool:
        """Whether requests other than those of the log-in are answered."""
        return self.logged_in or self.listener.credentials is None


class ScramExchange:
    """The server's side of one SCRAM log-in: two messages from the client, two answers."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._username = ""
        self._nonce = ""
        self._transcript = ""
        self._begun = False

    def answer(self, message: bytes) -> tuple[bytes, bool]:
        """Answer the client's next message, and say whether it is logged in now.

        Raises:
            Denied: another name or password, or no message of SCRAM.
        """
        try:
            text = message.decode()
            if self._begun:
                return self._final(text), True
            self._begun = True
            return self._first(text), False
        except (ValueError, KeyError) as error:
            raise Denied from error

    def _first(self, text: str) -> bytes:
        flag, _, rest = text.partition(",")
        authorization, _, bare = rest.partition(",")
        if flag != "n" or (authorization and not authorization.startswith("a=")):
            raise Denied
        fields = _fields(bare)
        self._username = fields["n"].replace("=2C", ",").replace("=3D", "=")
        self._nonce = fields["r"] + secrets.token_hex(16)
        salt = base64.b64encode(self._credentials.salt).decode()
        answer = f"r={self._nonce},s={salt},i={_ITERATIONS}"
        self._transcript = f"{bare},{answer}"
        return answer.encode()

    def _final(self, text: str) -> bytes:
        without_proof, _, proof = text.rpartition(",p=")
        fields = _fields(without_proof)
        signed = f"{self._transcript},{without_proof}".encode()
        signature = _hmac(self._credentials.stored_key, signed)
        client_key = bytes(one ^ other for one, other in zip(base64.b64decode(proof), signature, strict=True))
        is_right = hmac.compare_digest(hashlib.sha256(client_key).digest(), self._credentials.stored_key)
        is_ours = hmac.compare_digest(self._username.encode(), self._credentials.username.encode())
        # Like Kafka: librdkafka before 2.6 writes its own nonce twice. The proof covers what was sent.
        if not fields["r"].endswith(self._nonce) or not (is_right and is_ours):
            raise Denied
        return b"v=" + base64.b64encode(_hmac(self._credentials.server_key, signed))


def _fields(text: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in text.split(",") if pair)


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")
