"""Which operation of a document is to run."""

from collections.abc import Iterator
from contextlib import suppress

from graphql import DocumentNode, GraphQLError, OperationDefinitionNode
from strawberry.extensions import ParserCache
from strawberry.schema.exceptions import CannotGetOperationTypeError


class UndecidedOperation(CannotGetOperationTypeError):
    """A document without an operation, or with several of which none was named."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(None)
        self._names = names

    def as_http_error_reason(self) -> str:
        if not self._names:
            return "The document has no operation in it, only fragments. Add a query or a mutation."
        names = ", ".join(self._names)
        return f"The document has {len(self._names)} operations ({names}). Say in operationName which one to run."


class RememberParsed(ParserCache):
    """Parses a document once, and refuses one that does not say what to run: the library would run its first operation.

    What does not parse is left to the schema, which tells of it where errors get their code.
    """

    def on_parse(self) -> Iterator[None]:
        with suppress(GraphQLError):
            next(super().on_parse())
        yield
        document, context = self.execution_context.graphql_document, self.execution_context
        if document is not None and context._provided_operation_name is None:  # noqa: SLF001 - its public twin guesses
            _check_single(document)


def _check_single(document: DocumentNode) -> None:
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    if len(operations) != 1:
        raise UndecidedOperation([one.name.value if one.name else "without a name" for one in operations])
