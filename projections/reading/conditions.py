"""The conditions of a list's query, and how PostgreSQL finds the rows that meet them."""

# ruff: noqa: S608  # the parts are constants of the queries; values are arguments

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

FEW = 1_000
"""Most rows that are sorted for a page."""
PROBED = 60
"""Rows of a list, those of its first part if it has as many, of which a common condition keeps ``MANY``."""
MANY = 4
IS_FEW = f"not (select yes from common) and (select count(*) from few) <= {FEW}"
"""Whether a narrow condition finds few rows."""


class Conditions:
    """The conditions of a query's ``where``, with their arguments."""

    def __init__(self) -> None:
        self._conditions: list[str] = []
        self.arguments: list[Any] = []
        self.parts: str | None = None
        """A table whose rows each stand for a part of the list; see :meth:`split`."""
        self.few: str | None = None
        """The query of the ids that a narrow condition may find; see :meth:`narrow`."""
        self.narrowly = ""

    def add(self, part: str, *values: object) -> "Conditions":
        """Add a condition; each ``{}`` in it stands for the next value."""
        self._conditions.append(part.format(*map(self.value, values)) if values else part)
        return self

    def value(self, value: object) -> str:
        """Add an argument; return the place that stands for it."""
        self.arguments.append(value)
        return f"${len(self.arguments)}"

    def split(self, parts: str) -> "Conditions":
        """Split the list into parts, each of which is read in order from its own place of an index.

        No more than a page of each part is read. So rows of a rare status, or of two statuses, are found without
        passing over the others.

        Args:
            parts: a table of parts. The conditions name its columns; a row of the list meets them for one part.
        """
        self.parts = parts
        return self

    def narrow(self, few: str, condition: str) -> "Conditions":
        """Add a condition that an index of its own serves, but not in the order of the list.

        If it finds no more than ``FEW`` rows, they are sorted. If it finds more, or ``MANY`` of the first ``PROBED``, the
        list is followed in its order until a page is found. PostgreSQL cannot choose: it does not know how common a
        condition is in one store.

        Args:
            few: the query of the rows' ids and of what else is used of them, through the condition's own index; the other
                conditions are checked afterwards.
            condition: the condition for a row of the list, as a subquery so that it is no way to find rows.
        """
        self.few, self.narrowly = few, condition
        return self

    def with_few(self, rows: str, alias: str) -> str:
        """Return the ``with`` clause of a list with a narrow condition.

        Args:
            rows: the query of the list's rows in its order, without the narrow condition.
            alias: the name of a row in the conditions.
        """
        assert self.few is not None
        return f"with {self.commonness(rows, alias)}, {few_rows(self.few)} "

    def commonness(self, rows: str, alias: str) -> str:
        """Return the table ``common``, whose column ``yes`` says whether many of the list meet the narrow condition.

        The arguments are those of :meth:`with_few`.
        """
        assert self.parts is not None
        return commonness(self.narrowly, self.parts, rows, alias)

    def from_few(self, table: str, id: str) -> str:
        """Return the ``from`` and ``where`` of the few rows, which are none if there are more than a few.

        Args:
            table: the table of the list's rows and its alias.
            id: SQL expression of a row's id.
        """
        assert self.parts is not None
        return from_few(table, id, self.parts, self.sql)

    @property
    def sql(self) -> str:
        """The conditions, all of which must hold."""
        return " and ".join(self._conditions) or "true"


def parts_of(names: Iterable[StrEnum], alias: str = "part") -> str:
    """Return the table ``alias`` whose column ``name`` has some names of an enumeration.

    The names are constants, not arguments: PostgreSQL plans a statement again and again if its argument is a list, since
    it expects ten entries of a list that it does not know.
    """
    listed = ", ".join(f"'{name.value}'" for name in sorted(names))
    return f"unnest(array[{listed}]::text[]) {alias} (name)"


def from_few(table: str, id: str, parts: str, conditions: str) -> str:
    """Return what :meth:`Conditions.from_few` does, of a list's parts and conditions."""
    alias = table.rpartition(" ")[2]
    # "offset 0" keeps PostgreSQL from reading the whole table for the many rows that it expects.
    row = f"lateral (select {alias}.* from {table} where {id} = few.id offset 0) {alias}"
    return f"from few cross join {row} cross join {parts} where {IS_FEW} and {conditions}"


def commonness(narrowly: str, parts: str, rows: str, alias: str) -> str:
    """Return what :meth:`Conditions.commonness` does, of a narrow condition and a list's parts."""
    first = f"select {alias}.* from {parts} cross join lateral ({rows} limit {PROBED}) {alias} limit {PROBED}"
    # It ends with the last that is needed, and where most rows meet the condition with the first few rows.
    met = f"select from ({first}) {alias} where {narrowly} limit {MANY}"
    return f"common as materialized (select count(*) = {MANY} as yes from ({met}) met)"


def few_rows(few: str) -> str:
    """Return the table ``few`` of the ids that a narrow condition finds, unless it is common."""
    return f"few as materialized ({few} and not (select yes from common) limit {FEW + 1})"
