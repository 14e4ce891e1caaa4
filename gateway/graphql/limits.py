"""The measure of a GraphQL document, taken before any validation rule runs.

Measuring is linear in the text: each fragment is measured once, and its size is reused at every spread. The validation
rules expand fragments and compare fields with each other; the limits bound both.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from graphql import (
    ArgumentNode,
    DefinitionNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    get_introspection_query,
    is_introspection_type,
    parse,
)

from gateway.graphql.budgets import SATURATED, Budget, Measure, TooLarge


@dataclass(slots=True)
class _Total:
    """The size of one definition with its fragments expanded."""

    size: int = 0
    levels: int = 0
    aliases: int = 0
    schema_values: float = 0
    """Values of the introspection answer."""

    def add(self, part: "_Total", *, below: int, times: float) -> None:
        """Add a spread fragment.

        Args:
            part: the fragment's size.
            below: the level of the spread.
            times: how often the introspection answer has it.
        """
        self.size = min(self.size + part.size, SATURATED)
        self.aliases = min(self.aliases + part.aliases, SATURATED)
        self.levels = min(max(self.levels, below + part.levels), SATURATED)
        self.schema_values = min(self.schema_values + times * part.schema_values, SATURATED)


@dataclass(frozen=True, slots=True)
class _Spread:
    name: str
    level: int
    times: float


@dataclass(slots=True)
class _Outline:
    """One definition without its spread fragments."""

    own: _Total = field(default_factory=_Total)
    spreads: list[_Spread] = field(default_factory=list)
    directives: int = 0


class DocumentMeter:
    """Measures documents against one schema.

    Args:
        schema: determines the size of introspection answers.
    """

    def __init__(self, schema: GraphQLSchema) -> None:
        self._list_sizes = _introspection_list_sizes(schema)

    @cached_property
    def _standard_introspection(self) -> float:
        query = get_introspection_query(
            specified_by_url=True,
            directive_is_repeatable=True,
            schema_description=True,
            input_value_deprecation=True,
        )
        outlines = self._outlines(parse(query, no_location=True))
        return _expand(outlines)[0].schema_values

    def measure(self, document: DocumentNode, budget: Budget) -> Measure:
        """Measure a document and stop at the first exceeded limit.

        Raises:
            TooLarge: the document exceeds the budget, or a fragment spreads itself.
        """
        operations = sum(isinstance(one, OperationDefinitionNode) for one in document.definitions)
        # Other definitions count as fragments. A validation rule rejects type definitions, with one error each.
        fragments = len(document.definitions) - operations
        Measure(operations=operations, fragments=fragments, directives=0).check(budget)
        outlines = self._outlines(document)
        roots = _expand(outlines)
        measure = Measure(
            operations=operations,
            fragments=fragments,
            directives=sum(outline.directives for outline in outlines.values()),
            size=sum(root.size for root in roots),
            levels=max((root.levels for root in roots), default=0),
            aliases=sum(root.aliases for root in roots),
            introspections=sum(root.schema_values for root in roots) / self._standard_introspection
            if any(root.schema_values for root in roots)
            else 0,
        )
        measure.check(budget)
        # The expanded size is bounded from here on.
        repetition = _repetition(document)
        complete = replace(measure, repetition=repetition)
        complete.check(budget)
        return complete

    def _outlines(self, document: DocumentNode) -> dict[str, _Outline]:
        return {name: self._outline(definition) for name, definition in _by_name(document).items()}

    def _outline(self, definition: DefinitionNode) -> _Outline:
        """Measure one definition without its fragments. Iterative, so that nesting cannot exhaust the stack."""
        outline = _Outline()
        own = outline.own
        own.size += sum(
            1 + _values(one.default_value) for one in getattr(definition, "variable_definitions", None) or ()
        )
        _count_directives(outline, definition)
        condition = getattr(definition, "type_condition", None)
        times = 1.0 if condition is not None and condition.name.value.startswith("__") else 0.0
        pending: list[tuple[SelectionSetNode | None, int, float]] = [
            (getattr(definition, "selection_set", None), 0, times)
        ]
        while pending:
            selection_set, level, times = pending.pop()
            for selection in selection_set.selections if selection_set is not None else ():
                own.size += 1
                _count_directives(outline, selection)
                match selection:
                    case FieldNode():
                        own.size += _argument_values(selection.arguments)
                        own.aliases += selection.alias is not None
                        own.levels = max(own.levels, level + 1)
                        inside = self._times(selection.name.value, times)
                        own.schema_values += inside
                        pending.append((selection.selection_set, level + 1, inside))
                    case InlineFragmentNode():
                        pending.append((selection.selection_set, level, times))
                    case FragmentSpreadNode():
                        outline.spreads.append(_Spread(selection.name.value, level, times))
        return outline

    def _times(self, name: str, around: float) -> float:
        """Return the number of values that introspection returns for a field. 0 outside of introspection."""
        if name in {"__schema", "__type"}:
            return around or 1.0
        return min(around * self._list_sizes.get(name, 1.0), SATURATED)


def _by_name(document: DocumentNode) -> dict[str, DefinitionNode]:
    """Return fragments by name, and other definitions by number, which is never a fragment's name.

    Raises:
        TooLarge: two fragments have the same name. The rules would visit one that is not measured.
    """
    definitions: dict[str, DefinitionNode] = {}
    for number, definition in enumerate(document.definitions):
        name = definition.name.value if isinstance(definition, FragmentDefinitionNode) else str(number)
        if name in definitions:
            raise TooLarge(f"Two fragments have the name “{name}”. Rename one of them.")
        definitions[name] = definition
    return definitions


def _expand(outlines: Mapping[str, _Outline]) -> list[_Total]:
    """Return the expanded size of each definition that no other definition spreads. Measures each fragment once.

    Raises:
        TooLarge: a fragment spreads itself.
    """
    totals: dict[str, _Total] = {}
    spread: set[str] = set()
    for root in outlines:
        # Depth first: a definition is visited before its fragments and totaled after them.
        path: list[tuple[str, Iterator[_Spread]]] = [(root, iter(outlines[root].spreads))]
        open_names = {root}
        while path:
            name, remaining = path[-1]
            if name in totals:
                open_names.discard(path.pop()[0])
                continue
            for each in remaining:
                if each.name not in outlines:
                    continue
                spread.add(each.name)
                if each.name in open_names:
                    raise TooLarge(f"Fragment “{each.name}” spreads itself. Remove the cycle.")
                if each.name not in totals:
                    open_names.add(each.name)
                    path.append((each.name, iter(outlines[each.name].spreads)))
                    break
            else:
                totals[name] = _total(outlines[name], totals)
    return [total for name, total in totals.items() if name not in spread]


def _total(outline: _Outline, totals: Mapping[str, _Total]) -> _Total:
    own = outline.own
    total = _Total(own.size, own.levels, own.aliases, own.schema_values)
    for each in outline.spreads:
        if each.name in totals:
            total.add(totals[each.name], below=each.level, times=each.times)
    return total


def _repetition(document: DocumentNode) -> int:
    """Return the maximum comparisons of the rule on overlapping fields. Linear in the expanded size.

    The rule compares each pair of fields with the same response name in the same place, with all their arguments.
    """
    definitions = _by_name(document)
    count: Counter[tuple[int, str]] = Counter()
    weight: Counter[tuple[int, str]] = Counter()
    places: dict[tuple[int, str], int] = {}
    spread = {name for one in document.definitions for name in _spread_names(one)}
    pending: list[tuple[SelectionSetNode | None, int]] = [
        (getattr(definition, "selection_set", None), -number)
        for number, (name, definition) in enumerate(definitions.items(), start=1)
        if name not in spread
    ]
    while pending:
        selection_set, place = pending.pop()
        for selection in selection_set.selections if selection_set is not None else ():
            match selection:
                case FieldNode():
                    key = place, (selection.alias or selection.name).value
                    count[key] += 1
                    weight[key] += 1 + _argument_values(selection.arguments)
                    pending.append((selection.selection_set, places.setdefault(key, len(places))))
                case InlineFragmentNode():
                    pending.append((selection.selection_set, place))
                case FragmentSpreadNode():
                    pending.append((getattr(definitions.get(selection.name.value), "selection_set", None), place))
    return min(sum((number - 1) * weight[key] for key, number in count.items()), SATURATED)


def _spread_names(definition: DefinitionNode) -> Iterator[str]:
    pending = [getattr(definition, "selection_set", None)]
    while pending:
        selection_set = pending.pop()
        for selection in selection_set.selections if selection_set is not None else ():
            if isinstance(selection, FragmentSpreadNode):
                yield selection.name.value
            else:
                pending.append(selection.selection_set)


def _count_directives(outline: _Outline, node: Any) -> None:
    directives: Sequence[DirectiveNode] = getattr(node, "directives", None) or ()
    outline.directives += len(directives)
    outline.own.size += sum(1 + _argument_values(one.arguments) for one in directives)


def _argument_values(arguments: Sequence[ArgumentNode] | None) -> int:
    return sum(_values(one.value) for one in arguments or ())


def _values(value: ValueNode | None) -> int:
    """Return the number of values in a literal, including itself."""
    count, pending = 0, [value] if value is not None else []
    while pending:
        one = pending.pop()
        count += 1
        match one:
            case ListValueNode():
                pending.extend(one.values)
            case ObjectValueNode():
                pending.extend(each.value for each in one.fields)
    return count


def _introspection_list_sizes(schema: GraphQLSchema) -> dict[str, float]:
    """Return the average number of entries of each list in the introspection schema."""
    types = [one for one in schema.type_map.values() if not is_introspection_type(one)]
    with_fields = [one for one in types if isinstance(one, GraphQLObjectType | GraphQLInterfaceType)]
    selectable = [each for one in with_fields for each in one.fields.values()]
    inputs = [each for one in types if isinstance(one, GraphQLInputObjectType) for each in one.fields.values()]
    total = len(schema.type_map)
    return {
        "types": total,
        "directives": len(schema.directives),
        "fields": max(1.0, len(selectable) / total),
        "args": max(1.0, sum(len(each.args) for each in selectable) / max(1, len(selectable))),
        "inputFields": len(inputs) / total,
        "enumValues": 1.0,
        "interfaces": 1.0,
        "possibleTypes": 1.0,
        "ofType": 0.5,
    }
