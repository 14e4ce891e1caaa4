"""Automatic persisted queries: a client sends the hash of a document, and the text only when the hash is not known.

The protocol is Apollo's: ``extensions: {persistedQuery: {version: 1, sha256Hash: …}}``.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from graphql import GraphQLError

from gateway.graphql.quota_cache import Quota, QuotaCache

_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
TEXT_MAX = 100_000
"""Characters of the longest text that is kept."""


class PersistedQueryNotFound(GraphQLError):
    """No text is kept for a hash. The client sends the text with the hash, which is then kept."""

    def __init__(self) -> None:
        # Clients compare both texts.
        super().__init__("PersistedQueryNotFound", extensions={"code": "PERSISTED_QUERY_NOT_FOUND"})


class PersistedQueryNotSupported(GraphQLError):
    """Persisted queries do not work over this method. The client stops sending hashes."""

    def __init__(self) -> None:
        super().__init__("PersistedQueryNotSupported", extensions={"code": "PERSISTED_QUERY_NOT_SUPPORTED"})


class InvalidPersistedQuery(GraphQLError):
    """The extension is malformed, or the text has another hash. Sending the same again does not help."""

    def __init__(self, message: str) -> None:
        super().__init__(message, extensions={"code": "BAD_REQUEST"})


class PersistedQueries:
    """Keeps texts by their SHA-256."""

    def __init__(self) -> None:
        self._texts: QuotaCache[str] = QuotaCache(
            total=Quota(entries=4_096, weight=8_000_000),
            share=Quota(entries=256, weight=500_000),
            anonymous_share=Quota(entries=256, weight=500_000),
        )

    def resolve(self, query: str | None, extensions: object, owner: UUID | None) -> str | None:
        """Return the text to run.

        Args:
            query: the text that was sent, if it was.
            extensions: of the request. Without a ``persistedQuery`` in it, the text is returned as it is.
            owner: the account that asks; None if it is not logged in.

        Raises:
            PersistedQueryNotFound: only a hash was sent, and it is not known.
            InvalidPersistedQuery: the extension is malformed, or the hash is another text's.
        """
        digest = _digest(extensions)
        if digest is None:
            return query
        if query is None:
            text = self._texts.get(digest, owner)
            if text is None:
                raise PersistedQueryNotFound
            return text
        if hashlib.sha256(query.encode(errors="surrogatepass")).hexdigest() != digest:
            raise InvalidPersistedQuery(f"Invalid persistedQuery.sha256Hash {digest}. Send the SHA-256 of the query.")
        if len(query) <= TEXT_MAX and self._texts.get(digest, owner) is None:
            self._texts.put(digest, query, len(query), owner)
        return query


def asks_persisted(extensions: object) -> bool:
    """Return whether a request names a persisted query."""
    return isinstance(extensions, Mapping) and extensions.get("persistedQuery") is not None


def _digest(extensions: object) -> str | None:
    if not asks_persisted(extensions):
        return None
    assert isinstance(extensions, Mapping)
    given: Any = extensions["persistedQuery"]
    match given:
        case {"version": 1, "sha256Hash": str(digest)} if _SHA256.fullmatch(digest):
            return digest.lower()
        case {"version": version} if version != 1:
            raise InvalidPersistedQuery(
                f"Invalid persistedQuery.version {str(version)[:20]}. Only version 1 is supported."
            )
        case _:
            raise InvalidPersistedQuery(
                "Invalid persistedQuery. Send {version: 1, sha256Hash: …} with 64 hexadecimal digits."
            )
