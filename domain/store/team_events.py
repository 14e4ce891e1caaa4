"""Events of the people who work in a store besides its owner."""

from uuid import UUID

from pydantic import AwareDatetime

from domain.kernel import DomainEvent
from domain.privacy import Sealed
from domain.team.roles import Role


class PersonInvited(DomainEvent, wire_name="store.person_invited.v1"):
    """The owner invited a person by mail. The invitation is bound to the address and works once."""

    invitation_id: UUID
    email: Sealed
    """The address, sealed under the invitation's own key, which is destroyed when the invitation ends."""
    role: Role
    expires_at: AwareDatetime


class InvitationWithdrawn(DomainEvent, wire_name="store.invitation_withdrawn.v1"):
    """The owner took an invitation back before it was accepted."""

    invitation_id: UUID


class PersonJoined(DomainEvent, wire_name="store.person_joined.v1"):
    """A person accepted an invitation and has a role in the store."""

    invitation_id: UUID
    person_id: UUID
    """The person's own account."""
    role: Role


class TeamRoleChanged(DomainEvent, wire_name="store.team_role_changed.v1"):
    """The owner gave a person another role."""

    person_id: UUID
    role: Role


class PersonLeft(DomainEvent, wire_name="store.person_left.v1"):
    """A person has no role in the store any more."""

    person_id: UUID
    by_owner: bool
    """Whether the owner removed them; false if they left."""


TeamEvent = PersonInvited | InvitationWithdrawn | PersonJoined | TeamRoleChanged | PersonLeft
