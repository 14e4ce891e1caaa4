"""Typed versions of strawberry's decorators: the library's own lose the type of the decorated function."""

from collections.abc import Callable
from typing import Any, TypeVar

import strawberry

F = TypeVar("F", bound=Callable[..., Any])


def field(description: str) -> Callable[[F], F]:
    """Return a decorator that makes a method a field."""
    decorate: Callable[[F], F] = strawberry.field(description=description)
    return decorate


def replaced_field(by: str, description: str) -> Callable[[F], F]:
    """Return a decorator that makes a method a field that another field of its type has replaced."""
    decorate: Callable[[F], F] = strawberry.field(description=description, deprecation_reason=f"Use {by}.")
    return decorate


def mutation(description: str) -> Callable[[F], F]:
    """Return a decorator that makes a method a mutation."""
    decorate: Callable[[F], F] = strawberry.mutation(description=description)
    return decorate


def subscription(description: str) -> Callable[[F], F]:
    """Return a decorator that makes an asynchronous generator a subscription."""
    decorate: Callable[[F], F] = strawberry.subscription(description=description)
    return decorate
