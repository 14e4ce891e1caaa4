"""Roles of people in stores, from the merchants read model."""

from collections.abc import Mapping
from uuid import UUID

import asyncpg

from domain.team.roles import Role

_ROLES = "select store_id, role from merchants.store_people where person_id = $1 and role is not null"


class PostgresTeamRoles:
    """Returns a person's roles in stores of other merchants.

    It has connections of its own: a look-up of a log-in must not become a part of what a request reads at one moment.
    """

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def __call__(self, person_id: UUID) -> Mapping[UUID, Role]:
        """Return the roles by store; none if the read model is not built yet."""
        try:
            records = await self._pool.fetch(_ROLES, person_id)
        except asyncpg.UndefinedTableError:
            return {}
        return {record["store_id"]: Role(record["role"]) for record in records}
