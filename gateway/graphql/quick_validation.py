"""A quick check that accepts most valid queries. The library's validation decides about all others.

The library applies some thirty rules, which visit every node and cost ten times as much as parsing. A document that
consists of one query with fields, literals and variables can break few of them. This check accepts only what it fully
understands; a document that it does not accept is not necessarily invalid.
"""

from collections.abc import Mapping

from graphql import (
    BooleanValueNode,
    DocumentNode,
    EnumValueNode,
    FieldNode,
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    StringValueNode,
    Undefined,
    ValueNode,
    VariableNode,
    get_named_type,
    is_leaf_type,
    type_from_ast,
)

_INT_MAX = 2**31
_TYPENAME = "__typename"


def is_surely_valid(schema: GraphQLSchema, document: DocumentNode) -> bool:
    """Whether a document is valid beyond doubt."""
    if len(document.definitions) != 1 or schema.query_type is None:
        return False
    (operation,) = document.definitions
    if not isinstance(operation, OperationDefinitionNode) or operation.operation is not OperationType.QUERY:
        return False
    if operation.directives:
        return False
    variables: dict[str, object] = {}
    for one in operation.variable_definitions or ():
        name = one.variable.name.value
        # A default allows a nullable variable where null is not allowed; the library decides about it.
        if one.directives or one.default_value is not None or name in variables:
            return False
        type = type_from_ast(schema, one.type)
        if type is None or isinstance(get_named_type(type), GraphQLObjectType):
            return False
        variables[name] = type
    used: set[str] = set()
    return _selects(schema.query_type, operation.selection_set, variables, used) and used == variables.keys()


def _selects(
    type: GraphQLObjectType, selection_set: SelectionSetNode, variables: Mapping[str, object], used: set[str]
) -> bool:
    seen: set[str] = set()
    for field in selection_set.selections:
        if not isinstance(field, FieldNode) or field.directives:
            return False
        name = field.name.value
        response_name = (field.alias or field.name).value
        # Two fields with one response name must be compared.
        if response_name in seen:
            return False
        seen.add(response_name)
        if name == _TYPENAME:
            if field.arguments or field.selection_set:
                return False
            continue
        definition = type.fields.get(name)
        if definition is None or not _passes(definition.args, field, variables, used):
            return False
        inner = get_named_type(definition.type)
        if is_leaf_type(inner):
            if field.selection_set is not None:
                return False
        elif (
            not isinstance(inner, GraphQLObjectType)
            or field.selection_set is None
            or not _selects(inner, field.selection_set, variables, used)
        ):
            return False
    return True


def _passes(
    definitions: Mapping[str, GraphQLArgument], field: FieldNode, variables: Mapping[str, object], used: set[str]
) -> bool:
    given: set[str] = set()
    for argument in field.arguments or ():
        name = argument.name.value
        definition = definitions.get(name)
        if definition is None or name in given or not _fits(definition.type, argument.value, variables, used):
            return False
        given.add(name)
    return all(
        name in given or not isinstance(one.type, GraphQLNonNull) or one.default_value is not Undefined
        for name, one in definitions.items()
    )


def _fits(type: object, value: ValueNode, variables: Mapping[str, object], used: set[str]) -> bool:
    if isinstance(value, VariableNode):
        name = value.name.value
        used.add(name)
        declared = variables.get(name)
        if declared is None:
            return False
        return _same(declared, type) or (isinstance(declared, GraphQLNonNull) and _same(declared.of_type, type))
    if isinstance(type, GraphQLNonNull):
        type = type.of_type
    if isinstance(type, GraphQLList | GraphQLInputObjectType):
        return False
    if isinstance(type, GraphQLEnumType):
        return isinstance(value, EnumValueNode) and value.value in type.values
    match type, value:
        case GraphQLScalarType(name="String"), StringValueNode():
            return True
        case GraphQLScalarType(name="ID"), StringValueNode() | IntValueNode():
            return True
        case GraphQLScalarType(name="Boolean"), BooleanValueNode():
            return True
        case GraphQLScalarType(name="Int"), IntValueNode():
            return len(value.value) < 11 and -_INT_MAX <= int(value.value) < _INT_MAX
    return False


def _same(one: object, other: object) -> bool:
    """Whether two types are equal. Wrappers are new objects, named types are not."""
    if isinstance(one, GraphQLNonNull | GraphQLList):
        return one.__class__ is other.__class__ and _same(one.of_type, other.of_type)
    return one is other
