"""No query can be called without saying whose rows it may return."""

import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any, cast, get_type_hints
from uuid import uuid4

import pytest

from projections.catalog import queries as catalog
from projections.jobs import queries as jobs
from projections.merchants import queries as merchants
from projections.reading.conditions import Conditions
from projections.reading.scope import SYSTEM, MerchantScope, Scope, ShopperScope, restrict
from projections.sales import queries as sales


def queries_of(module: ModuleType) -> list[Callable[..., Any]]:
    return [
        function
        for name, function in inspect.getmembers(module, inspect.iscoroutinefunction)
        if function.__module__.startswith(module.__name__) and not name.startswith("_")
    ]


QUERIES = [query for module in (catalog, jobs, merchants, sales) for query in queries_of(module)]


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: f"{query.__module__}.{query.__name__}")
def test_every_query_requires_a_scope(query: Callable[..., Any]) -> None:
    scope = inspect.signature(query).parameters["scope"]
    assert scope.default is inspect.Parameter.empty
    assert scope.kind is inspect.Parameter.KEYWORD_ONLY
    assert get_type_hints(query)["scope"] == Scope


def test_a_scope_narrows_to_its_owner() -> None:
    id = uuid4()

    def condition(scope: Scope, store: str | None = "p.store_id") -> tuple[str, list[Any]]:
        where = restrict(Conditions(), scope, merchant="s.merchant_id = {}", store=store)
        return where.sql, where.arguments

    assert condition(MerchantScope(id)) == ("s.merchant_id = $1", [id])
    assert condition(ShopperScope(id)) == ("p.store_id is not distinct from $1", [id])
    assert condition(ShopperScope(id), store=None) == ("false", [])
    assert condition(SYSTEM) == ("true", [])


def test_a_value_that_is_not_a_scope_is_refused() -> None:
    with pytest.raises(AssertionError):
        restrict(Conditions(), cast("Scope", None), merchant="s.merchant_id = {}", store="s.id")
