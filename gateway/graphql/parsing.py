"""The choice of the operation to run."""

from graphql import DocumentNode, OperationDefinitionNode
from strawberry.schema.exceptions import CannotGetOperationTypeError

NAMES_SHOWN = 5
"""Operation names that an error lists."""


class UndecidedOperation(CannotGetOperationTypeError):
    """A document without an operation, or with several and no ``operationName``."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(None)
        self._names = names

    def as_http_error_reason(self) -> str:
        if not self._names:
            return "The document has only fragments. Add a query or a mutation."
        names = ", ".join(self._names[:NAMES_SHOWN]) + (" …" if len(self._names) > NAMES_SHOWN else "")
        return f"The document has {len(self._names)} operations ({names}). Set operationName to one of them."


def check_single(document: DocumentNode) -> None:
    """Reject a document that leaves the operation open: the library would run the first one.

    Raises:
        UndecidedOperation: the document has no operation, or several.
    """
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    if len(operations) != 1:
        raise UndecidedOperation([one.name.value if one.name else "without a name" for one in operations])
