"""An estimate of an answer's fields, from the page sizes in the document.

Without a limit, a few levels of "products of the store of the products" return millions of fields.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from graphql import (
    DefinitionNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_introspection_type,
    is_leaf_type,
    is_list_type,
)

from projections.reading.paging import PAGE_MAX, PAGE_SIZE

LIST_SIZE = 5
"""Assumed entries of a list without pages, such as a product's variants."""
PAGED = ("first", "last")
_ENTRIES = {"nodes", "edges"}


@dataclass(slots=True)
class _Outline:
    """One definition without the fragments that it spreads."""

    fields: float = 0
    spreads: list[tuple[str, float]] = field(default_factory=list)
    """Names of fragments, and how often each occurs in the answer."""


class AnswerMeter:
    """Estimates the size of answers for one schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._pages: set[str] = set()
        self._lists: set[str] = set()
        for one in schema.type_map.values():
            if isinstance(one, GraphQLObjectType | GraphQLInterfaceType) and not is_introspection_type(one):
                for name, each in one.fields.items():
                    if "first" in each.args:
                        self._pages.add(name)
                    elif is_list_type(get_nullable_type(each.type)) and not is_leaf_type(get_named_type(each.type)):
                        self._lists.add(name)
        # Their number is the page size, which is counted already.
        self._lists -= _ENTRIES

    def measure(self, document: DocumentNode, variables: Mapping[str, object] | None) -> float:
        """Return the maximum number of fields of the answer. Linear in the text.

        Args:
            document: a document without fragment cycles.
            variables: the request's variables. None assumes the maximum for every page size from a variable.
        """
        known: dict[str, object] | None = None if variables is None else _defaults(document) | dict(variables)
        outlines = {
            one.name.value: self._outline(one, known)
            for one in document.definitions
            if isinstance(one, FragmentDefinitionNode)
        }
        totals: dict[str, float] = {}

        def total(outline: _Outline) -> float:
            return outline.fields + sum(times * of_fragment(name) for name, times in outline.spreads)

        def of_fragment(name: str) -> float:
            if name not in totals:
                totals[name] = total(outlines[name]) if name in outlines else 0
            return totals[name]

        return max(
            (
                total(self._outline(one, known))
                for one in document.definitions
                if isinstance(one, OperationDefinitionNode)
            ),
            default=0,
        )

    def _outline(self, definition: DefinitionNode, variables: Mapping[str, object] | None) -> _Outline:
        outline = _Outline()
        pending: list[tuple[SelectionSetNode | None, float]] = [(getattr(definition, "selection_set", None), 1)]
        while pending:
            selection_set, times = pending.pop()
            for selection in selection_set.selections if selection_set is not None else ():
                if isinstance(selection, FragmentSpreadNode):
                    outline.spreads.append((selection.name.value, times))
                    continue
                inside = times
                if isinstance(selection, FieldNode):
                    outline.fields += times
                    inside *= self._entries(selection, variables)
                pending.append((getattr(selection, "selection_set", None), inside))
        return outline

    def _entries(self, node: FieldNode, variables: Mapping[str, object] | None) -> int:
        """Return the maximum number of entries of a field's answer."""
        name = node.name.value
        if name in self._pages:
            sizes = [_page(one.value, variables) for one in node.arguments or () if one.name.value in PAGED]
            return max(sizes, default=PAGE_SIZE)
        return LIST_SIZE if name in self._lists else 1


def _page(value: ValueNode, variables: Mapping[str, object] | None) -> int:
    size: object = None
    if isinstance(value, IntValueNode):
        # The first nine digits are enough, because page sizes are capped.
        size = int(value.value[:9])
    elif isinstance(value, VariableNode):
        size = PAGE_MAX if variables is None else variables.get(value.name.value)
    return max(1, min(size, PAGE_MAX)) if isinstance(size, int) else PAGE_SIZE


def _defaults(document: DocumentNode) -> dict[str, object]:
    """Return the default values of integer variables."""
    return {
        one.variable.name.value: int(one.default_value.value[:9])
        for operation in document.definitions
        if isinstance(operation, OperationDefinitionNode)
        for one in operation.variable_definitions or ()
        if isinstance(one.default_value, IntValueNode)
    }
