"""Makes plans of operations; see :mod:`gateway.graphql.plans`."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from operator import attrgetter
from typing import Any

import asyncpg
from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    get_nullable_type,
    is_leaf_type,
    is_object_type,
)

from gateway.graphql.arguments import planned_arguments
from gateway.graphql.completions import Completion, list_completion, nullable_completion
from gateway.graphql.derived import Asked, Derived, Getter, each
from gateway.graphql.leaves import Irregular, Serialize, leaf
from gateway.graphql.plans import ObjectPlan, PlainField, Read, RecordMaker, ResolvedField
from gateway.graphql.resolvers import Resolver, resolver_of
from projections.reading.columns import Only, column_of

FieldSet = dict[str, list[Any]]
"""graphql-core's grouped field set: the nodes of each response name."""


class NotPlannable(Exception):
    """A selection that plans do not carry."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        """``introspection``, ``type`` for one that is known only at run time, or ``depth``."""


@dataclass(frozen=True, slots=True)
class _KnownField:
    """What is the same for a field in all operations."""

    definition: GraphQLField
    resolver: Resolver
    getter: Getter
    """Reads a plain field."""
    is_plain: bool
    read: Read | None
    """Returns the completed values of a plain field of a leaf type."""
    needs: Only
    """Attributes of the object's view. None if they are unknown, or if there is no view."""


@lru_cache(maxsize=2048)
def _known_field(type: GraphQLObjectType, name: str) -> _KnownField:
    """Return a field of a type.

    Raises:
        NotPlannable: the field belongs to introspection.
    """
    definition = type.fields.get(name)
    if definition is None or definition.resolve is None:
        raise NotPlannable("introspection")
    python_name = definition.extensions["strawberry-definition"].python_name
    is_plain = getattr(definition.resolve, "_is_default", False) and not definition.args
    owner = type.extensions["strawberry-definition"].origin
    getter, needs = Getter(each(attrgetter(python_name))), None
    if issubclass(owner, Derived):
        needs = owner.needs(python_name, has_resolver=not is_plain)
        if is_plain:
            getter = owner.getter(python_name)
    # A plain field whose objects have resolvers needs a path, so it counts as a resolver.
    attribute = Resolver(lambda source, _info, _arguments: getattr(source, python_name))
    nullable = not isinstance(definition.type, GraphQLNonNull)
    inner = get_nullable_type(definition.type)
    serialize = leaf(inner, nullable=nullable) if is_plain and is_leaf_type(inner) else None
    return _KnownField(
        definition,
        attribute if is_plain else resolver_of(definition),
        getter,
        is_plain,
        None if serialize is None else _leaves(getter, serialize),
        needs,
    )


@dataclass(slots=True)
class Planner:
    """Makes the plan of one operation.

    Args:
        collect: graphql-core's collection of the fields below a field, with fragments and directives applied.
        variables: the coerced variables, for ``arguments`` without variables.
        schema: strawberry's schema, which knows how arguments are converted.
    """

    collect: Callable[[GraphQLObjectType, list[Any]], FieldSet]
    variables: Any
    schema: Any
    fields: int = field(default=0, init=False)
    """Number of planned fields, a measure of the plan's memory."""
    _asked: dict[str, Only] = field(default_factory=dict, init=False)

    @property
    def asked(self) -> Asked:
        """The attributes of views that the planned selections need."""
        return self._asked

    def plan(self, type: GraphQLObjectType, fields: FieldSet) -> ObjectPlan:
        """Return the plan of a selection.

        Raises:
            NotPlannable: graphql-core must run the query.
        """
        plain: list[PlainField] = []
        resolved: list[ResolvedField] = []
        for name, details in fields.items():
            self.fields += 1
            part = self._field(type, name, details)
            if isinstance(part, ResolvedField):
                resolved.append(part)
            else:
                plain.append(part)
        return ObjectPlan(
            plain=tuple(plain),
            resolved=tuple(resolved),
            order=tuple(fields),
            make=RecordMaker([part.name for part in plain]),
        )

    def _field(self, type: GraphQLObjectType, name: str, details: list[Any]) -> PlainField | ResolvedField:
        node: FieldNode = details[0].node
        if node.name.value == "__typename":
            type_name = type.name
            # Objects and rows are equally good: the names are counted only.
            of_row = _has_columns(type)
            self._need(type.name, frozenset())
            return PlainField(name, lambda sources: [type_name] * len(sources), of_row)
        known = _known_field(type, node.name.value)
        self._need(type.name, known.needs)
        if known.read is not None:
            return PlainField(name, known.read, known.getter.of_row)
        completion = self._completion(known.definition.type, details)
        if known.is_plain and completion.read is not None:
            return PlainField(name, _from(known.getter, completion.read, completion.rows), known.getter.of_row)
        resolver = known.resolver
        return ResolvedField(
            name=name,
            definition=known.definition,
            parent=type,
            details=details,
            nodes=[detail.node for detail in details],
            resolver=resolver,
            arguments=planned_arguments(resolver, known.definition, node, self.variables, self.schema),
            complete=completion.complete,
            awaits=completion.awaits,
            reads_once=resolver.is_one_statement and not completion.awaits,
        )

    def _need(self, type_name: str, attributes: Only) -> None:
        known = self._asked.get(type_name, frozenset())
        self._asked[type_name] = None if known is None or attributes is None else known | attributes

    def _completion(self, type: GraphQLOutputType, details: list[Any]) -> Completion:
        """Return the completion of a type's values."""
        nullable = not isinstance(type, GraphQLNonNull)
        inner: Any = type if nullable else type.of_type  # type: ignore[union-attr]
        if is_leaf_type(inner):
            serialize = leaf(inner, nullable=nullable)
            return Completion(serialize, lambda _run, values, _paths: serialize(values))
        if isinstance(inner, GraphQLList):
            return nullable_completion(list_completion(self._completion(inner.of_type, details)), nullable=nullable)
        if is_object_type(inner) and _is_known(inner):
            plan = self.plan(inner, self.collect(inner, details))
            completion = Completion(
                None if plan.resolved else plan.read,
                plan.answers,
                plan.read_rows if plan.needs_rows_only else None,
                plan.awaits,
            )
            return nullable_completion(completion, nullable=nullable)
        raise NotPlannable("type")


def _is_known(type: GraphQLObjectType) -> bool:
    """Whether a value needs no check that it is of the type. The library only checks the class, as the type checker does."""
    return type.is_type_of is None or type.extensions["strawberry-definition"].is_type_of is None


def _has_columns(type: GraphQLObjectType) -> bool:
    owner = type.extensions["strawberry-definition"].origin
    return issubclass(owner, Derived) and owner.columns is not None


def _leaves(getter: Getter, serialize: Serialize) -> Read:
    """Return a read of leaf values. Columns of identifiers and enumerations are not converted in between."""
    read, column = _from(getter, serialize, None), getter.column
    if column is None:
        return read
    if not getter.is_converted:
        return lambda rows: serialize(column_of(rows, column))
    if getter.members is None:

        def read_ids(rows: list[Any]) -> list[Any]:
            ids = column_of(rows, column)
            # JSON writers write identifiers as texts.
            return ids if set(map(type, ids)) == {asyncpg.pgproto.pgproto.UUID} else read(rows)

        return read_ids
    names = {}
    for value, member in getter.members.items():
        with suppress(Irregular):
            names[value] = serialize([member])[0]

    def read_names(rows: list[Any]) -> list[Any]:
        try:
            return list(map(names.__getitem__, column_of(rows, column)))
        except KeyError:
            return read(rows)

    return read_names


def _from(getter: Getter, read: Read, read_rows: Read | None) -> Read:
    """Return a read that gets the values of sources first."""
    rows_of = getter.rows
    if rows_of is None or read_rows is None:
        return lambda sources: read(getter.values(sources))

    def read_through_rows(sources: list[Any]) -> list[Any]:
        rows = [rows_of(source) for source in sources]
        return read(getter.values(sources)) if None in rows else read_rows(rows)

    return read_through_rows
