"""Commands for the people who work in a store."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from pydantic import Field

from commands.access import store_of_merchant
from commands.ports import UnboundHandlers, Work
from domain.editing import SeenValue, refuse_overwriting_value
from domain.kernel import Clock, InvalidInput, NotFound
from domain.merchant.aggregate import MERCHANT
from domain.privacy import Sealed
from domain.store.aggregate import STORE
from domain.store.membership import InvitationInvalid, accept, change_role, invite, remove, withdraw
from domain.team.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitePerson:
    """Invite a person to a store."""

    store_id: UUID
    merchant_id: UUID
    invitation_id: UUID
    email: Annotated[Sealed, Field(exclude=True)]
    """Sealed under the invitation's key. Each sealing differs, so the digest has the fingerprint instead."""
    fingerprint: str
    """Keyed digest of the address."""
    role: Role


async def invite_person(command: InvitePerson, work: Work, *, clock: Clock) -> dict[str, str]:
    """Append ``PersonInvited``. A policy sends the mail.

    Raises:
        NotFound, RoleTooWeak: the store is not the caller's.
        InvalidInput, TeamTooLarge, StoreNotReady: refused; retrying cannot help.
    """
    store = await store_of_merchant(work, command.store_id, command.merchant_id)
    events = invite(store, command.invitation_id, email=command.email, role=command.role, at=clock.now())
    work.append(STORE, store.id, events, tenant=store.id)
    return {"invitation_id": str(command.invitation_id)}


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawInvitation:
    """Take an invitation back."""

    store_id: UUID
    merchant_id: UUID
    invitation_id: UUID


async def withdraw_invitation(command: WithdrawInvitation, work: Work, *, clock: Clock) -> None:
    """Append ``InvitationWithdrawn``.

    Raises:
        NotFound, RoleTooWeak: the store is not the caller's, or no invitation that waits has the id.
    """
    store = await store_of_merchant(work, command.store_id, command.merchant_id)
    work.append(STORE, store.id, withdraw(store, command.invitation_id, at=clock.now()), tenant=store.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptInvitation:
    """Accept an invitation. The caller has compared the invitation's address with the person's."""

    store_id: UUID
    merchant_id: UUID
    """The invited person's own account."""
    invitation_id: UUID


async def accept_invitation(command: AcceptInvitation, work: Work, *, clock: Clock) -> dict[str, str]:
    """Append ``PersonJoined``.

    Raises:
        InvitationInvalid: it is unknown, was used or withdrawn, or has expired; retrying cannot help.
    """
    await work.get(MERCHANT, command.merchant_id)
    store = await work.find(STORE, command.store_id)
    if store is None:
        raise InvitationInvalid
    events = accept(store, command.invitation_id, command.merchant_id, at=clock.now())
    work.append(STORE, store.id, events, tenant=store.id)
    return {"store_id": str(store.id)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRole:
    """Give a person another role in a store."""

    store_id: UUID
    merchant_id: UUID
    person_id: UUID
    role: Role
    seen: SeenValue[Role] = None
    """The role that the owner saw; None to overwrite any."""


async def change_role_of_person(command: ChangeRole, work: Work, *, clock: Clock) -> None:
    """Append ``TeamRoleChanged``. No-op if the person has the role.

    Raises:
        ChangedMeanwhile: the person's role is not what the owner saw.
        NotFound, RoleTooWeak: the store is not the caller's, or the person has no role in it.
        InvalidInput: the role is the owner's.
    """
    store = await store_of_merchant(work, command.store_id, command.merchant_id)
    if command.person_id in store.team.roles:
        refuse_overwriting_value(command.seen, store.team.roles[command.person_id], "ROLE", field="expectedRole")
    work.append(STORE, store.id, change_role(store, command.person_id, command.role, at=clock.now()), tenant=store.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovePerson:
    """End a person's role in a store."""

    store_id: UUID
    merchant_id: UUID
    person_id: UUID


async def remove_person(command: RemovePerson, work: Work, *, clock: Clock) -> None:
    """Append ``PersonLeft``.

    Raises:
        NotFound, RoleTooWeak: the store is not the caller's, or the person has no role in it.
    """
    store = await store_of_merchant(work, command.store_id, command.merchant_id)
    work.append(STORE, store.id, remove(store, command.person_id, by_owner=True, at=clock.now()), tenant=store.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveStore:
    """End the caller's own role in another merchant's store."""

    store_id: UUID
    merchant_id: UUID
    """The person who leaves."""


async def leave_store(command: LeaveStore, work: Work, *, clock: Clock) -> None:
    """Append ``PersonLeft``.

    Raises:
        NotFound: the caller has no role in the store; retrying cannot help.
        InvalidInput: the caller owns the store.
    """
    store = await work.find(STORE, command.store_id)
    if store is not None and command.merchant_id == store.merchant_id:
        raise InvalidInput("store_id", "You own this store, so you cannot leave it. Archive it instead.")
    if store is None or command.merchant_id not in store.team.roles:
        raise NotFound(STORE.name, command.store_id)
    events = remove(store, command.merchant_id, by_owner=False, at=clock.now())
    work.append(STORE, store.id, events, tenant=store.id)


HANDLERS: UnboundHandlers = {
    InvitePerson: invite_person,
    WithdrawInvitation: withdraw_invitation,
    AcceptInvitation: accept_invitation,
    ChangeRole: change_role_of_person,
    RemovePerson: remove_person,
    LeaveStore: leave_store,
}
"""Each command and its handler."""
