"""Queries about the people who work in stores. Each takes a scope; see :mod:`projections.reading.scope`."""

# ruff: noqa: S608  # the parts are this module's constants; values are arguments

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.privacy import Sealed
from domain.team.roles import Role
from projections.reading.conditions import Conditions
from projections.reading.paging import Reader
from projections.reading.scope import Scope, owned, restrict


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonView:
    """A person who works in a store. Open the sealed fields through ``PersonalData``."""

    person_id: UUID
    role: Role
    email: Sealed
    name: Sealed | None
    joined_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationView:
    """A pending invitation. Open the sealed address through ``PersonalData``."""

    id: UUID
    store_id: UUID
    email: Sealed
    role: Role
    invited_at: datetime
    expires_at: datetime


async def people_of_store(
    db: Reader, store_id: UUID, *, scope: Scope, accounts: Reader | None = None
) -> tuple[PersonView, ...]:
    """Return the people who work in a store besides its owner, the earliest first; shoppers see none.

    Args:
        db: the database.
        store_id: the store.
        scope: whose rows may be returned.
        accounts: the database of the people's names and addresses, if ``db`` is a past of the store. That has no accounts.
    """
    where = _of_store(scope, Conditions().add("p.store_id = {}", store_id).add("p.role is not null"), "p.store_id")
    records = await db.fetch(
        f"select p.person_id, p.role, p.joined_at from store_people p where {where.sql} order by p.joined_at, p.person_id",
        *where.arguments,
    )
    rows = await (accounts or db).fetch(
        "select m.id, m.email, m.name from merchants m where m.id = any($1)", [each["person_id"] for each in records]
    )
    known = {row["id"]: row for row in rows}
    return tuple(
        PersonView(
            person_id=record["person_id"],
            role=Role(record["role"]),
            email=Sealed.model_validate_json(account["email"]),
            name=None if account["name"] is None else Sealed.model_validate_json(account["name"]),
            joined_at=record["joined_at"],
        )
        for record in records
        if (account := known.get(record["person_id"])) is not None
    )


async def invitations_of_store(
    db: Reader, store_id: UUID, *, now: datetime, scope: Scope
) -> tuple[InvitationView, ...]:
    """Return a store's pending invitations that have not expired, the earliest first; shoppers see none."""
    where = Conditions().add("i.store_id = {}", store_id).add("i.is_pending and i.expires_at > {}", now)
    where = _of_store(scope, where, "i.store_id")
    records = await db.fetch(f"{_INVITATIONS} where {where.sql} order by i.invited_at, i.id", *where.arguments)
    return tuple(_invitation(record) for record in records)


async def invitation_by_id(db: Reader, invitation_id: UUID, *, scope: Scope) -> InvitationView | None:
    """Return a pending invitation, which may have expired; shoppers see none."""
    where = _of_store(scope, Conditions().add("i.id = {}", invitation_id).add("i.is_pending"), "i.store_id")
    record = await db.fetchrow(f"{_INVITATIONS} where {where.sql}", *where.arguments)
    return None if record is None else _invitation(record)


_INVITATIONS = "select i.id, i.store_id, i.email, i.role, i.invited_at, i.expires_at from store_invitations i"


def _invitation(record: Mapping[str, Any]) -> InvitationView:
    return InvitationView(
        **{**record, "email": Sealed.model_validate_json(record["email"]), "role": Role(record["role"])}
    )


def _of_store(scope: Scope, where: Conditions, store: str) -> Conditions:
    # The catalog knows the owner; both read models are in the search path.
    return restrict(where, scope, merchant=owned(store, owners="stores", id="id"), store=None, team=store)


async def names_of_people(db: Reader, ids: Collection[UUID]) -> dict[UUID, Sealed]:
    """Return people's sealed names, or addresses without one. The caller has checked that they may be named."""
    records = await db.fetch(
        "select m.id, coalesce(m.name, m.email) as shown from merchants m where m.id = any($1)", list(ids)
    )
    return {record["id"]: Sealed.model_validate_json(record["shown"]) for record in records}
