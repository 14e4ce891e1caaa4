"""The answer of a document as TypeScript: the selected fields, under their aliases, with fragments resolved."""

from collections.abc import Iterable, Iterator, Mapping

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLType,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableDefinitionNode,
    get_named_type,
    is_abstract_type,
    parse,
    type_from_ast,
)

from gateway.docs.typescript.types import leaf, quoted

CONDITIONS = frozenset({"skip", "include"})
"""Directives by which a field may be absent."""


def operation_of(text: str) -> OperationDefinitionNode:
    """Return a document's operation."""
    (operation,) = (each for each in parse(text).definitions if isinstance(each, OperationDefinitionNode))
    return operation


class AnswerTypes:
    """Makes the types of answers.

    Args:
        schema: the schema that documents are valid against.
    """

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._fragments: Mapping[str, FragmentDefinitionNode] = {}

    def of(self, text: str) -> str:
        """Return the type of the data of a document."""
        definitions = parse(text).definitions
        self._fragments = {each.name.value: each for each in definitions if isinstance(each, FragmentDefinitionNode)}
        operation = operation_of(text)
        root = self._schema.get_root_type(operation.operation)
        assert root is not None
        return self._object(root, [operation.selection_set])

    def variable_type(self, variable: VariableDefinitionNode) -> GraphQLType:
        """Return a variable's type."""
        type = type_from_ast(self._schema, variable.type)
        assert type is not None
        return type

    def may_be_left_out(self, variable: VariableDefinitionNode) -> bool:
        """Whether a client need not send a variable."""
        return not isinstance(self.variable_type(variable), GraphQLNonNull) or variable.default_value is not None

    def _value(self, type: GraphQLType, selections: list[SelectionSetNode]) -> str:
        if isinstance(type, GraphQLNonNull):
            return self._present(type.of_type, selections)
        return f"{self._present(type, selections)} | null"

    def _present(self, type: GraphQLType, selections: list[SelectionSetNode]) -> str:
        if isinstance(type, GraphQLList):
            return f"Array<{self._value(type.of_type, selections)}>"
        if isinstance(type, GraphQLObjectType):
            return self._object(type, selections)
        if is_abstract_type(type):
            kinds = (self._object(each, selections) for each in self._schema.get_possible_types(type))
            return "(" + " | ".join(dict.fromkeys(kinds)) + ")"
        return leaf(get_named_type(type))

    def _object(self, type: GraphQLObjectType, selections: Iterable[SelectionSetNode]) -> str:
        found: dict[str, list[tuple[FieldNode, bool]]] = {}
        for selection in selections:
            for field, certain in self._fields(type, selection, certain=True):
                found.setdefault((field.alias or field.name).value, []).append((field, certain))
        fields = "; ".join(self._field(type, name, nodes) for name, nodes in found.items())
        return f"{{ {fields} }}" if fields else "Record<string, never>"

    def _field(self, type: GraphQLObjectType, name: str, nodes: list[tuple[FieldNode, bool]]) -> str:
        optional = "" if any(certain for _, certain in nodes) else "?"
        node = nodes[0][0]
        if node.name.value == "__typename":
            return f"{name}{optional}: {quoted(type.name)}"
        field: GraphQLField = type.fields[node.name.value]
        inner = [each.selection_set for each, _ in nodes if each.selection_set is not None]
        return f"{name}{optional}: {self._value(field.type, inner)}"

    def _fields(
        self, type: GraphQLObjectType, selection: SelectionSetNode, *, certain: bool
    ) -> Iterator[tuple[FieldNode, bool]]:
        """Yield the fields that a selection has for a type, and whether each is in every answer."""
        for node in selection.selections:
            here = certain and not any(each.name.value in CONDITIONS for each in node.directives or ())
            match node:
                case FieldNode():
                    yield node, here
                case InlineFragmentNode():
                    if node.type_condition is None or self._applies(node.type_condition.name.value, type):
                        yield from self._fields(type, node.selection_set, certain=here)
                case FragmentSpreadNode():
                    fragment = self._fragments[node.name.value]
                    if self._applies(fragment.type_condition.name.value, type):
                        yield from self._fields(type, fragment.selection_set, certain=here)

    def _applies(self, condition: str, type: GraphQLObjectType) -> bool:
        return condition == type.name or condition in {each.name for each in type.interfaces}
