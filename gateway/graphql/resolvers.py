"""Direct calls of resolvers, without the wrappers that the library puts around each of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from graphql import GraphQLField
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField
from strawberry.types.info import Info

F = TypeVar("F", bound=Callable[..., Any])

Unless = Callable[..., bool]
"""Takes a resolver's arguments by name."""


def _never(**_arguments: object) -> bool:
    return False


_ONE_STATEMENT: dict[Any, Unless] = {}
"""Resolvers of one statement, and with which arguments they run several."""


def one_statement(*, unless: Unless = _never) -> Callable[[F], F]:
    """Declare that a resolver reads the read models by one SQL statement at most.

    Args:
        unless: returns whether the resolver may run several statements for some arguments.
    """

    def declare(resolver: F) -> F:
        _ONE_STATEMENT[resolver] = unless
        return resolver

    return declare


@dataclass(frozen=True, slots=True)
class Resolver:
    """How a field's value is resolved."""

    call: Callable[[Any, Any, Mapping[str, Any]], Any]
    """Takes the source, the info and the converted arguments. Returns the value, or a coroutine if ``is_async``."""
    is_async: bool = False
    needs_info: bool = False
    is_one_statement: bool = False
    """See :func:`one_statement`."""
    unless: Unless = _never
    convert: Callable[[dict[str, Any], Any], Mapping[str, Any]] = lambda arguments, _schema: arguments
    """Converts graphql-core's argument values to Python's. Takes strawberry's schema too."""


def resolver_of(definition: GraphQLField) -> Resolver:
    """Return the resolver of a field. Fields with extensions keep the library's wrappers."""
    field: StrawberryField = definition.extensions["strawberry-definition"]
    base, wrapped = field.base_resolver, definition.resolve
    assert wrapped is not None
    if base is None or field.extensions or base.parent_parameter or base.root_parameter:
        return Resolver(
            lambda source, info, arguments: wrapped(source, info, **arguments),
            is_async=field.is_async,
            needs_info=True,
        )
    function, takes_source, info_parameter = base.wrapped_func, base.self_parameter is not None, base.info_parameter

    def call(source: Any, info: Any, arguments: Mapping[str, Any]) -> Any:
        if info_parameter is not None:
            arguments = {**arguments, info_parameter.name: Info(_raw_info=info, _field=field)}
        return function(source, **arguments) if takes_source else function(**arguments)  # type: ignore[operator]

    def convert(arguments: dict[str, Any], schema: Any) -> Mapping[str, Any]:
        return convert_arguments(
            arguments,
            field.arguments,
            scalar_registry=schema.schema_converter.scalar_registry,
            config=schema.config,
        )

    return Resolver(
        call,
        is_async=field.is_async,
        needs_info=info_parameter is not None,
        is_one_statement=function in _ONE_STATEMENT,
        unless=_ONE_STATEMENT.get(function, _never),
        convert=convert,
    )
