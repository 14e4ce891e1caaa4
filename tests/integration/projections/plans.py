"""Plans of queries, as PostgreSQL ran them."""

import json
from collections.abc import Iterator
from typing import Any

import asyncpg


class ExplainingReader:
    """A reader that keeps the plan of each query beside its rows."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self.plans: list[dict[str, Any]] = []

    @property
    def pages(self) -> int:
        """Pages of tables and indexes that the queries took."""
        return sum(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] for plan in self.plans)

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        answer = await self._connection.fetchval(f"explain (analyze, buffers, format json) {query}", *args)
        self.plans.append(json.loads(answer)[0]["Plan"])
        return list(await self._connection.fetch(query, *args))

    async def fetchrow(self, query: str, *args: Any) -> Any:
        return next(iter(await self.fetch(query, *args)), None)

    async def fetchval(self, query: str, *args: Any) -> Any:
        row = await self.fetchrow(query, *args)
        return None if row is None else row[0]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def rows_read(plan: dict[str, Any]) -> float:
    """Return the rows that a plan takes from tables, those that a filter removes included."""
    return sum(
        float((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"])
        for node in nodes(plan)
        if "Relation Name" in node
    )
