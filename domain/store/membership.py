"""Decisions about the people who work in a store."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from domain.kernel import DomainError, InvalidInput, NotFound, next_header
from domain.privacy import Sealed
from domain.store.aggregate import Store
from domain.store.events import StoreEvent
from domain.store.team_events import InvitationWithdrawn, PersonInvited, PersonJoined, PersonLeft, TeamRoleChanged
from domain.team.roles import Role

INVITATION_FOR = timedelta(days=7)
"""How long an invitation can be accepted."""
PEOPLE_MOST = 50
"""The most people and pending invitations of a store."""


class InvitationInvalid(DomainError):
    """The invitation is unknown, was used or withdrawn, has expired, or is another address's. One error for all."""

    code: ClassVar[str] = "INVITATION_INVALID"

    def __init__(self) -> None:
        super().__init__(
            "The invitation is not valid: it was used or withdrawn, has expired, or was sent to another address. "
            "Ask the store's owner for a new one, and log in with the address that it is sent to."
        )


class TeamTooLarge(DomainError):
    """The store has the most people that it can have."""

    code: ClassVar[str] = "TEAM_TOO_LARGE"

    def __init__(self) -> None:
        super().__init__(
            f"The store has {PEOPLE_MOST} people and invitations, which is the most. Remove one of them first."
        )


def invite(store: Store, invitation_id: UUID, *, email: Sealed, role: Role, at: datetime) -> Sequence[StoreEvent]:
    """Invite a person.

    Raises:
        InvalidInput: the role is the owner's, or the id is taken.
        TeamTooLarge: the store has too many people.
        StoreNotReady: the store is archived.
    """
    store.refuse_archived("shared")
    _check_role(role)
    if invitation_id in store.team.invitations:
        raise InvalidInput("id", f"The id {invitation_id} is taken. Use a new id.")
    pending = sum(invitation.expires_at > at for invitation in store.team.invitations.values())
    if len(store.team.roles) + pending >= PEOPLE_MOST:
        raise TeamTooLarge
    return (
        PersonInvited(
            **next_header(store, at),
            invitation_id=invitation_id,
            email=email,
            role=role,
            expires_at=at + INVITATION_FOR,
        ),
    )


def withdraw(store: Store, invitation_id: UUID, *, at: datetime) -> Sequence[StoreEvent]:
    """Take an invitation back.

    Raises:
        NotFound: the store has no such invitation, or it was accepted or withdrawn.
    """
    if invitation_id not in store.team.invitations:
        raise NotFound("invitation", invitation_id)
    return (InvitationWithdrawn(**next_header(store, at), invitation_id=invitation_id),)


def accept(store: Store, invitation_id: UUID, person_id: UUID, *, at: datetime) -> Sequence[StoreEvent]:
    """Give a person the role that they were invited to. The caller has compared the address.

    Raises:
        InvitationInvalid: it is not pending, has expired, or the person is the owner.
    """
    invitation = store.team.invitations.get(invitation_id)
    if invitation is None or invitation.expires_at <= at or person_id == store.merchant_id:
        raise InvitationInvalid
    return (
        PersonJoined(**next_header(store, at), invitation_id=invitation_id, person_id=person_id, role=invitation.role),
    )


def change_role(store: Store, person_id: UUID, role: Role, *, at: datetime) -> Sequence[StoreEvent]:
    """Give a person another role. No-op if they have it.

    Raises:
        NotFound: the person has no role in the store.
        InvalidInput: the role is the owner's.
    """
    _check_role(role)
    if person_id not in store.team.roles:
        raise NotFound("person", person_id)
    if store.team.roles[person_id] is role:
        return ()
    return (TeamRoleChanged(**next_header(store, at), person_id=person_id, role=role),)


def remove(store: Store, person_id: UUID, *, by_owner: bool, at: datetime) -> Sequence[StoreEvent]:
    """End a person's role.

    Raises:
        NotFound: the person has no role in the store.
    """
    if person_id not in store.team.roles:
        raise NotFound("person", person_id)
    return (PersonLeft(**next_header(store, at), person_id=person_id, by_owner=by_owner),)


def _check_role(role: Role) -> None:
    if role is Role.OWNER:
        raise InvalidInput("role", "Invalid role OWNER. A store has one owner. Use EDITOR or VIEWER.")
