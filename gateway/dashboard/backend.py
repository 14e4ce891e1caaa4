"""What the dashboard is given: a way to run documents, and the values of the installation."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from starlette.requests import Request

SendFile = Callable[[str, str, bytes], Awaitable[None]]


class Documents(Protocol):
    """Runs documents over the public schema."""

    async def run(
        self,
        document: str,
        variables: Mapping[str, Any],
        *,
        request: Request,
        access_token: str | None,
        consistency: str | None = None,
    ) -> dict[str, Any]:
        """Return the answer as a client over HTTP has it."""
        ...

    def input_fields(self, document: str) -> frozenset[str]:
        """Return the fields of the document's variable ``$input``. Empty if it has none."""
        ...

    def role_of(self, document: str) -> str:
        """Return the weakest role in a store that may run a document's mutation: VIEWER, EDITOR or OWNER."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """The dashboard's dependencies. It has no others: everything it knows comes from documents."""

    documents: Documents
    secrets: Sequence[bytes] = field(repr=False)
    """Sign form tokens and notices, the current one first; every one verifies. Every process needs the same."""
    send_file: SendFile
    """Sends a file to the address that a mutation gave for it, with its type: what a script does by PUT."""
    now: Callable[[], datetime]
    secure: bool
    """Whether browsers come over HTTPS."""
    public_host: str = ""
    """Host and port of the public address. A proxy may pass on another ``Host``. Empty if none is known."""
    image_origins: tuple[str, ...] = ()
    """Origins of media files, besides the dashboard's own."""
    upload_origins: tuple[str, ...] = ()
    """Origins that take uploads, besides the dashboard's own."""


def signing_keys(secrets: Sequence[bytes], purpose: bytes) -> list[bytes]:
    """Return the keys of a purpose as itsdangerous wants them: former ones first, and the one that signs last."""
    return [hashlib.blake2b(secret, digest_size=32, person=purpose).digest() for secret in reversed(secrets)]
