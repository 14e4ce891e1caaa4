"""What a document needs of an API key."""

from collections.abc import Iterable, Iterator

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from domain.team.errors import KeyTooWeak
from domain.team.permissions import Permission, permissions
from domain.team.roles import KeyScope


def permissions_of(document: DocumentNode) -> frozenset[Permission]:
    """Return what the root fields of all operations of a document need."""
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    return frozenset(
        permissions().field(operation.operation.value.title(), name)
        for operation in document.definitions
        if isinstance(operation, OperationDefinitionNode)
        for name in _fields(operation.selection_set, fragments, set())
        if not name.startswith("__")
    )


def check_key(needed: Iterable[Permission], scopes: frozenset[KeyScope] | None) -> None:
    """Refuse a document that an API key may not run. No-op without a key.

    Raises:
        GraphQLError: with :class:`KeyTooWeak` as its cause.
    """
    if scopes is None:
        return
    for each in needed:
        if each.scope not in scopes:
            refusal = KeyTooWeak(each.scope)
            raise GraphQLError(str(refusal), original_error=refusal)


def _fields(
    selection_set: SelectionSetNode, fragments: dict[str, FragmentDefinitionNode], seen: set[str]
) -> Iterator[str]:
    for selection in selection_set.selections:
        match selection:
            case FieldNode():
                yield selection.name.value
            case InlineFragmentNode():
                yield from _fields(selection.selection_set, fragments, seen)
            case FragmentSpreadNode() if selection.name.value not in seen and selection.name.value in fragments:
                seen.add(selection.name.value)
                yield from _fields(fragments[selection.name.value].selection_set, fragments, seen)
