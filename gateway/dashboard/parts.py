"""Parts of a page: an error in one leaves the others readable.

A query answers with null up to the nearest field that may be null, often the whole object of the page. The dashboard then
asks once more without the field that failed. In its place stands an :class:`Unanswered`, and the template's
``{% call part("The sales") %}`` around it becomes a sentence with a link to try again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NoReturn, TypeVar

from graphql import (
    FieldNode,
    InlineFragmentNode,
    NameNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    Visitor,
    parse,
    print_ast,
    visit,
)

from gateway.dashboard.problems import Problem, problem_of

Value = TypeVar("Value")
Part = tuple[str, ...]
"""The path of a field in a document, by the names that the answer has, from the root on."""

WHOLE = frozenset({"NOT_FOUND", "INVALID_INPUT", "UNAUTHENTICATED", "STALE"})
"""Codes of errors about the page itself: its address, its visitor, or the state of every read model."""
LISTS = frozenset({"nodes", "edges", "node"})
TRIES = 3
"""Most runs of a document for one page. Each leaves out what failed before it."""


class PartFailed(Problem):
    """A page uses a field that could not be read."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code, problem.message, retry_after=problem.retry_after, number=problem.number)


class Unanswered:
    """Stands for a field that could not be read. Every use of it raises :class:`PartFailed`."""

    __slots__ = ("_problem",)

    def __init__(self, problem: Problem) -> None:
        self._problem = problem

    def _fail(self, *_: object) -> NoReturn:
        raise PartFailed(self._problem)

    __bool__ = __str__ = __iter__ = __len__ = __getitem__ = __contains__ = __float__ = __int__ = _fail
    __eq__ = __lt__ = __gt__ = __add__ = __radd__ = __sub__ = __mul__ = __truediv__ = __hash__ = _fail

    def __getattr__(self, name: str) -> NoReturn:
        self._fail()


def unless_failed(make: Callable[[], Value]) -> Value | Unanswered:
    """Return a value that is made of an answer. What it is made of may be unanswered; then the value is too."""
    try:
        return make()
    except PartFailed as problem:
        return Unanswered(problem)


def or_else(make: Callable[[], Value], default: Value) -> Value:
    """Return a value that is made of an answer, or the default if that is unanswered: for headings and for hints."""
    try:
        return make()
    except PartFailed:
        return default


@dataclass(frozen=True, slots=True)
class Failure:
    """An error about a part of an answer."""

    part: Part
    place: tuple[str | int, ...] | None
    """Where the answer has null because of it. None if that is the page's root object, so that nothing is left."""
    gap: Unanswered


def failures_of(answer: Mapping[str, Any]) -> list[Failure] | None:
    """Return what the errors of an answer are about. None if one of them is about the whole page."""
    found = [_failure(error, answer.get("data")) for error in answer["errors"]]
    return [each for each in found if each is not None] if None not in found else None


def _failure(error: Mapping[str, Any], data: Any) -> Failure | None:
    problem, path = problem_of(error), tuple(error.get("path") or ())
    if problem.code in WHOLE:
        return None
    reached = 0
    while reached < len(path) and data is not None:
        data, reached = data[path[reached]], reached + 1
    names = [(at, step) for at, step in enumerate(path, start=1) if isinstance(step, str)]
    for at, name in names[1:]:
        if at >= reached and name not in LISTS:
            part = tuple(known for place, known in names if place <= at)
            return Failure(part, path[:reached] if reached > 1 else None, Unanswered(problem))
    return None


def fill(data: Any, path: Sequence[str | int], gap: Unanswered) -> None:
    """Put a gap at a path of an answer. A path without numbers leads through every entry of the lists on its way."""
    if isinstance(data, list) and isinstance(path[0], str):
        for each in data:
            fill(each, path, gap)
    elif len(path) == 1 and data is not None:
        data[path[0]] = gap
    elif data is not None:
        fill(data[path[0]], path[1:], gap)


@lru_cache(maxsize=256)
def without(text: str, parts: frozenset[Part]) -> str:
    """Return a query without some of its fields. An object that loses its last field keeps ``__typename``."""
    (operation,) = _operations(text)
    left = replace(operation, selection_set=_left(operation.selection_set, parts, ()))
    used = set[str]()

    class Use(Visitor):
        def enter_variable_definition(self, *_: object) -> bool:
            return False

        def enter_variable(self, node: VariableNode, *_: object) -> None:
            used.add(node.name.value)

    visit(left, Use())
    declared = tuple(each for each in left.variable_definitions or () if each.variable.name.value in used)
    return print_ast(replace(left, variable_definitions=declared))


def _left(within: SelectionSetNode, parts: frozenset[Part], path: Part) -> SelectionSetNode:
    left: list[SelectionNode] = []
    for node in within.selections:
        at = (*path, (node.alias or node.name).value) if isinstance(node, FieldNode) else path
        if at in parts and at != path:
            continue
        if isinstance(node, FieldNode | InlineFragmentNode) and node.selection_set is not None:
            left.append(replace(node, selection_set=_left(node.selection_set, parts, at)))
        else:
            left.append(node)
    return replace(within, selections=tuple(left) or (FieldNode(name=NameNode(value="__typename")),))


def _operations(text: str) -> list[OperationDefinitionNode]:
    definitions = parse(text, no_location=True).definitions
    return [each for each in definitions if isinstance(each, OperationDefinitionNode)]


def is_query(text: str) -> bool:
    """Whether a document only reads, so that it may run once more."""
    return all(each.operation is OperationType.QUERY for each in _operations(text))
