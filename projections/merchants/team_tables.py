"""The rows and tables of the people who work in stores."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.team.roles import Role
from projections.engine.tables import Json, Table


@dataclass(slots=True)
class PersonRow:
    """A person in another merchant's store, now or earlier."""

    store_id: UUID
    person_id: UUID
    role: Role | None
    """Null after the person left."""
    joined_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class InvitationRow:
    """An invitation to a store."""

    id: UUID
    store_id: UUID
    email: Json
    role: Role
    invited_at: datetime
    expires_at: datetime
    is_pending: bool
    """False after it was accepted or withdrawn; it may have expired all the same."""


PEOPLE = Table(
    "store_people",
    PersonRow,
    key=("store_id", "person_id"),
    hot=("role", "joined_at", "updated_at"),
    indexes=("create index on store_people (person_id)",),
)

INVITATIONS = Table(
    "store_invitations",
    InvitationRow,
    hot=("is_pending",),
    indexes=("create index on store_invitations (store_id, invited_at)",),
)
