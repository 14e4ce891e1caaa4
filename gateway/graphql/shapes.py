"""Shapes of queries: what is left of a text without layout, the operation's name, integers and strings.

Clients that write values into their texts, or number their operations, send a new text with each request. Such a text runs
by the plan of an earlier text with the same shape. Its literals become the values of variables, which the shared document
has in their places.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    GraphQLArgument,
    GraphQLObjectType,
    GraphQLSchema,
    IntValueNode,
    Location,
    NamedTypeNode,
    NameNode,
    NonNullTypeNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    Source,
    StringValueNode,
    VariableDefinitionNode,
    VariableNode,
    get_named_type,
)

TEXT_MAX = 20_000
"""Characters of the longest text whose shape is looked for."""
INTEGER_MAX = 11
"""Characters of the longest integer that may fit."""

# A text with comments, escapes, block strings, fractions or invalid characters has no shape.
_TOKEN = re.compile(
    r"""
    ( -?(?:0|[1-9][0-9]*)(?![_0-9A-Za-z.]) | ""(?!") | "[^"\\\x00-\x1f\x7f-\x9f\ud800-\udfff]+" )  # a literal
    | ( [_A-Za-z][_0-9A-Za-z]* | \.\.\. | [!$&()\[\]{}:=@|] )
    | ( [^\t\n\r ,] )  # anything else
    """,
    re.VERBOSE,
)
_UNUSUAL = "?"
"""Begins the source of a shared document. No valid text begins with it; a document is known by its own text."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The shape of a text, and what is apart from it."""

    key: str
    """Equal for texts of the same shape."""
    name: str | None
    """The operation's name."""
    literals: list[str]
    """Integers and strings as they are written, in their order."""


def shape_of(text: str) -> Shape | None:
    """Return a query's shape. None if the text is not a query, or has something that shapes do not carry."""
    if len(text) > TEXT_MAX:
        return None
    words: list[str] = []
    literals: list[str] = []
    for literal, word, unknown in _TOKEN.findall(text):
        if word:
            words.append(word)
        elif unknown:
            return None
        else:
            literals.append(literal)
            words.append('"' if literal[0] == '"' else "0")
    name = None
    if words[:1] == ["query"]:
        if len(words) > 1 and words[1].isidentifier():
            name = words.pop(1)
    elif words[:1] != ["{"]:
        return None
    return Shape(" ".join(words), name, literals)


@dataclass(frozen=True, slots=True)
class SharedDocument:
    """A document for all texts of one shape: variables stand for their integers and strings."""

    document: DocumentNode
    read: tuple[Callable[[str], Any], ...]
    """Reads each literal as the value of its variable."""

    def values(self, literals: list[str]) -> Mapping[str, Any] | None:
        """Return the values of the variables that stand for literals. None if one of them may not fit."""
        if any(literal[0] != '"' and len(literal) > INTEGER_MAX for literal in literals):
            return None
        return {_variable(n): read(literal) for n, (read, literal) in enumerate(zip(self.read, literals, strict=True))}


def shared_document(schema: GraphQLSchema, document: DocumentNode, shape: Shape) -> SharedDocument:
    """Return the document for all texts of a shape.

    Args:
        schema: knows the types of arguments.
        document: of one of these texts. The quick validation accepts it, so it consists of fields without directives.
        shape: the text's.
    """
    (operation,) = document.definitions
    root = schema.query_type
    assert isinstance(operation, OperationDefinitionNode)
    assert root is not None
    writer = _Writer(operation, root)
    assert len(writer.read) == len(shape.literals)
    source = Source(_UNUSUAL + shape.key)

    def moved(node: Any) -> Location:
        return Location(node.loc.start_token, node.loc.end_token, source)

    shared = replace(
        operation,
        name=None,
        loc=moved(operation),
        variable_definitions=(*(operation.variable_definitions or ()), *writer.definitions),
        selection_set=writer.selection_set,
    )
    return SharedDocument(DocumentNode(definitions=(shared,), loc=moved(document)), tuple(writer.read))


class _Writer:
    """Copies the selections of an operation, with variables in place of literals."""

    def __init__(self, operation: OperationDefinitionNode, root: GraphQLObjectType) -> None:
        self.read: list[Callable[[str], Any]] = []
        self.definitions: list[VariableDefinitionNode] = []
        self.selection_set = self._copied(operation.selection_set, root)

    def _copied(self, selection_set: SelectionSetNode, type: GraphQLObjectType) -> SelectionSetNode:
        return replace(selection_set, selections=tuple(self._field(each, type) for each in selection_set.selections))

    def _field(self, field: SelectionNode, type: GraphQLObjectType) -> FieldNode:
        assert isinstance(field, FieldNode)
        if not field.arguments and field.selection_set is None:
            return field
        definition = type.fields[field.name.value]
        inner: Any = get_named_type(definition.type)
        return replace(
            field,
            arguments=tuple(self._argument(each, definition.args[each.name.value]) for each in field.arguments or ()),
            selection_set=None if field.selection_set is None else self._copied(field.selection_set, inner),
        )

    def _argument(self, argument: ArgumentNode, definition: GraphQLArgument) -> ArgumentNode:
        if not isinstance(argument.value, IntValueNode | StringValueNode):
            return argument
        type_name = get_named_type(definition.type).name
        variable = VariableNode(name=NameNode(value=_variable(len(self.read))))
        type = NonNullTypeNode(type=NamedTypeNode(name=NameNode(value=type_name)))
        self.definitions.append(VariableDefinitionNode(variable=variable, type=type, directives=()))
        if isinstance(argument.value, StringValueNode):
            self.read.append(_unquoted)
        else:
            self.read.append(int if type_name == "Int" else str)
        return replace(argument, value=variable)


def _variable(number: int) -> str:
    # No name of GraphQL begins with a digit.
    return str(number)


def _unquoted(literal: str) -> str:
    return literal[1:-1]
