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
    """Limits for the clients of one listener."""

    connections: int
    """A further connection closes the one that has been idle for longest."""
    request_bytes: int
    fetch_bytes: int
    """Size of one answer. A single larger batch is still sent."""
    read_ahead_bytes: int
    """Buffer for requests that a client sends before it has the previous answer."""
    idle_seconds: float = 600.0
    """Idle time after which a connection is closed; Kafka's default, which clients expect."""
    log_in_seconds: float = 10.0
    transfer_seconds: float = 30.0
    """Base time for receiving a request or sending an answer ..."""
    slowest_bytes_per_second: int = 64 * 1024
    """... plus the time of its bytes at this rate."""


READING = Limits(connections=128, request_bytes=256 * 1024, fetch_bytes=4 * 1024 * 1024, read_ahead_bytes=64 * 1024)
WRITING = Limits(
    connections=512, request_bytes=100 * 1024 * 1024, fetch_bytes=64 * 1024 * 1024, read_ahead_bytes=1024 * 1024
)


class Credentials:
    """The name that may write, and the server's keys for its password in SCRAM-SHA-256 (RFC 5802, RFC 7677)."""

    def __init__(self, username: str, password: str) -> None:
        self.username = username
        self.salt = secrets.token_bytes(16)
        salted = hashlib.pbkdf2_hmac("sha256", password.encode(), self.salt, _ITERATIONS)
        client_key = _hmac(salted, b"Client Key")
        self.stored_key = hashlib.sha256(client_key).digest()
        self.server_key = _hmac(salted, b"Server Key")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """One port, with its log-in and its limits."""

    host: str
    port: int
    limits: Limits
    credentials: Credentials | None = None
    """Credentials of its clients. None if every client may connect, but only read."""

    @property
    def may_write(self) -> bool:
        """Whether clients of this listener may change anything beyond their own consumer groups."""
        return self.credentials is not None


@dataclass(slots=True)
class Session:
    """One connection's state between its requests."""

    listener: Listener
    host: str
    logged_in: bool = False
    login_failed: bool = False
    """Whether a log-in failed. The connection closes after that answer."""
    exchange: "ScramExchange | None" = None

    @property
    def may_send_requests(self) -> bool:
        """Whether requests beyond the log-in are allowed."""
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
        """Return the answer to the client's next message, and whether it is logged in now.

        Raises:
            Denied: wrong name or password, or not a SCRAM message.
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
