"""Automatic persisted queries: a client sends a document's hash, and its text only if the hash is unknown.

The protocol is Apollo's: ``extensions: {persistedQuery: {version: 1, sha256Hash: …}}``.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from graphql import GraphQLError

from gateway.graphql.quota_cache import Quota, QuotaCache
from gateway.trusted_documents import DocumentNotTrusted, TrustedDocuments

_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
TEXT_MAX = 100_000
"""Maximum characters of a stored text."""


class PersistedQueryNotFound(GraphQLError):
    """The hash is unknown. The client then sends the text with the hash."""

    def __init__(self) -> None:
        # Clients compare the message and the code.
        super().__init__("PersistedQueryNotFound", extensions={"code": "PERSISTED_QUERY_NOT_FOUND"})


class PersistedQueryNotSupported(GraphQLError):
    """Persisted queries do not work over this method. The client stops sending hashes."""

    def __init__(self) -> None:
        super().__init__("PersistedQueryNotSupported", extensions={"code": "PERSISTED_QUERY_NOT_SUPPORTED"})


class InvalidPersistedQuery(GraphQLError):
    """The extension is malformed, or the text has another hash. Retrying does not help."""

    def __init__(self, message: str) -> None:
        super().__init__(message, extensions={"code": "BAD_REQUEST"})


class PersistedQueries:
    """Stores texts by their SHA-256.

    Args:
        trusted: the only documents that may run; None for any.
    """

    def __init__(self, trusted: TrustedDocuments | None = None) -> None:
        self.trusted = trusted
        self._texts: QuotaCache[str] = QuotaCache(
            total=Quota(entries=4_096, weight=8_000_000),
            share=Quota(entries=256, weight=500_000),
            anonymous_share=Quota(entries=256, weight=500_000),
        )

    def resolve(self, query: str | None, extensions: object, owner: UUID | None) -> str | None:
        """Return the text to run; see :meth:`_resolved`.

        Raises:
            DocumentNotTrusted: only trusted documents may run, and this one is not in their list.
        """
        if self.trusted is None:
            return self._resolved(query, extensions, owner)
        digest = _digest(extensions)
        text = query if query is not None or digest is None else self.trusted.get(digest)
        if text is None and digest is not None:
            raise DocumentNotTrusted
        self.trusted.check(text)
        return self._resolved(text, extensions, owner)

    def _resolved(self, query: str | None, extensions: object, owner: UUID | None) -> str | None:
        """Return the text to run.

        Args:
            query: the request's text; None if the client sent only a hash.
            extensions: the request's extensions. Without a ``persistedQuery``, the text is returned unchanged.
            owner: the caller's account; None if the caller is not logged in.

        Raises:
            PersistedQueryNotFound: the client sent only a hash, and it is unknown.
            InvalidPersistedQuery: the extension is malformed, or the hash is not the text's.
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


def has_persisted_query(extensions: object) -> bool:
    """Whether a request's extensions have a ``persistedQuery``."""
    return isinstance(extensions, Mapping) and extensions.get("persistedQuery") is not None


def _digest(extensions: object) -> str | None:
    if not has_persisted_query(extensions):
        return None
    assert isinstance(extensions, Mapping)
    extension: Any = extensions["persistedQuery"]
    match extension:
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
