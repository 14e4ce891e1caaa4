"""The documents: GraphQL over the public schema, one operation a file. They are examples for other frontends too."""

from functools import cache
from pathlib import Path

DOCUMENTS = Path(__file__).parent / "documents"


@cache
def library() -> dict[str, str]:
    """Return every document by its name, such as ``products/list``."""
    return {
        path.relative_to(DOCUMENTS).with_suffix("").as_posix(): path.read_text("utf-8")
        for path in sorted(DOCUMENTS.rglob("*.graphql"))
    }


def document(name: str) -> str:
    """Return a document's text.

    Raises:
        KeyError: there is no such file.
    """
    return library()[name]
