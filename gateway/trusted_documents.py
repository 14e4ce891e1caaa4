"""Trusted documents: a list by SHA-256. An installation may run these documents only."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from graphql import GraphQLError

from gateway.dashboard.library import library


class DocumentNotTrusted(GraphQLError):
    """The document is not in the list. Retrying does not help."""

    def __init__(self) -> None:
        super().__init__(
            "This installation runs trusted documents only. Add the document to its list, or send one that is in it.",
            extensions={"code": "DOCUMENT_NOT_TRUSTED"},
        )


class TrustedDocuments:
    """The list, with the dashboard's documents in it.

    Args:
        texts: the documents of the installation's own clients.
    """

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._texts = {sha256(text): text for text in [*library().values(), *texts]}

    def __len__(self) -> int:
        return len(self._texts)

    def get(self, digest: str) -> str | None:
        """Return the document with a hash. None if it is not in the list."""
        return self._texts.get(digest)

    def check(self, text: str | None) -> None:
        """Refuse a document that is not in the list.

        Raises:
            DocumentNotTrusted: retrying cannot help.
        """
        if text and sha256(text) not in self._texts:
            raise DocumentNotTrusted


def read_trusted_documents(path: Path) -> TrustedDocuments:
    """Read the list from a JSON object of texts by their SHA-256, as the tools of Relay and GraphQL Code Generator write it.

    Raises:
        ValueError: the file is not such an object, or a hash is not that of its text.
    """
    listed = json.loads(path.read_text("utf-8"))
    if not isinstance(listed, Mapping) or not all(isinstance(text, str) for text in listed.values()):
        raise ValueError(f"{path} is not a JSON object of documents by their SHA-256.")
    wrong = [digest for digest, text in listed.items() if sha256(text) != digest]
    if wrong:
        raise ValueError(f"{path}: {wrong[0]} is not the SHA-256 of its document. Write the list again.")
    return TrustedDocuments(listed.values())


def sha256(text: str) -> str:
    """Return the hash of a text in hexadecimal digits."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
