"""Strawberry's decorators with a description, typed: the library's own lose the type of what they decorate."""

from collections.abc import Callable
from typing import Any, TypeVar

import strawberry

F = TypeVar("F", bound=Callable[..., Any])


def field(description: str) -> Callable[[F], F]:
    """Make a method a field."""
    decorate: Callable[[F], F] = strawberry.field(description=description)
    return decorate


def mutation(description: str) -> Callable[[F], F]:
    """Make a method a mutation."""
    decorate: Callable[[F], F] = strawberry.mutation(description=description)
    return decorate


def subscription(description: str) -> Callable[[F], F]:
    """Make an asynchronous generator a subscription."""
    decorate: Callable[[F], F] = strawberry.subscription(description=description)
    return decorate
