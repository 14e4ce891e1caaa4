"""The people who work in a store: who has which role, and who is invited."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from domain.store.team_events import (
    InvitationWithdrawn,
    PersonInvited,
    PersonJoined,
    PersonLeft,
    TeamEvent,
    TeamRoleChanged,
)
from domain.team.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """An invitation that was neither accepted nor withdrawn. It may have expired."""

    role: Role
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """The people of a store besides its owner."""

    roles: Mapping[UUID, Role] = field(default_factory=dict)
    """By person."""
    invitations: Mapping[UUID, Invitation] = field(default_factory=dict)
    """Pending invitations by id."""


def with_team_event(team: Team, event: TeamEvent) -> Team:
    """Return the team after an event."""
    match event:
        case PersonInvited():
            invitation = Invitation(role=event.role, expires_at=event.expires_at)
            return replace(team, invitations={**team.invitations, event.invitation_id: invitation})
        case InvitationWithdrawn():
            return replace(team, invitations=_without(team.invitations, event.invitation_id))
        case PersonJoined():
            return replace(
                team,
                roles={**team.roles, event.person_id: event.role},
                invitations=_without(team.invitations, event.invitation_id),
            )
        case TeamRoleChanged():
            return replace(team, roles={**team.roles, event.person_id: event.role})
        case PersonLeft():
            return replace(team, roles={id: role for id, role in team.roles.items() if id != event.person_id})


def _without(invitations: Mapping[UUID, Invitation], id: UUID) -> Mapping[UUID, Invitation]:
    return {one: invitation for one, invitation in invitations.items() if one != id}
