"""Invitations to stores: what is sealed and signed around the commands of ``commands.team``."""

import hashlib
from datetime import timedelta
from uuid import UUID

from commands.ports import Receipt
from commands.team import AcceptInvitation, InvitePerson
from domain.accounts.email import email_key
from domain.accounts.ports import Allowance
from domain.store.membership import InvitationInvalid
from domain.team.roles import Role
from gateway.api.command_request import CommandRequest
from gateway.auth.accounts import clean_email
from gateway.auth.errors import TooManyAttempts
from projections.merchants.team_queries import invitation_by_id
from projections.reading.scope import SYSTEM

INVITATIONS = Allowance(burst=20, interval=timedelta(minutes=10))
"""Invitations of one person. Each is a mail to a stranger's address."""


async def invite(request: CommandRequest, store_id: UUID, email: str, role: Role) -> Receipt:
    """Invite a person to a store. The answer is the same whether or not the address has an account.

    Raises:
        InvalidInput: the address is none.
        TooManyAttempts: a retry may succeed after the wait.
        DomainError: see :func:`commands.team.invite_person`.
    """
    deps, email = request.services.deps, clean_email(email)
    invitation_id = request.new_id("invitation")
    key = hashlib.blake2b(deps.secrets.current, digest_size=32, person=b"zyenta-invited").digest()
    if await deps.commands.outcome(request.command_id) is None:
        limited = hashlib.blake2b(request.merchant_id.bytes, key=key, digest_size=16).digest()
        wait = await deps.limits.take(limited, INVITATIONS, at=deps.clock.now())
        if wait is not None:
            raise TooManyAttempts(wait)
    command = InvitePerson(
        store_id=store_id,
        merchant_id=request.merchant_id,
        invitation_id=invitation_id,
        # Under the invitation's own key: the person may have no account, and their address is not the owner's data.
        email=await deps.personal.seal(invitation_id, email),
        fingerprint=hashlib.blake2b(email_key(email).encode(), key=key, digest_size=16).hexdigest(),
        role=role,
    )
    return await request.send(command)


async def accept(request: CommandRequest, token: str) -> Receipt:
    """Accept an invitation as the logged-in person, whose address must be the invited one.

    Raises:
        InvitationInvalid: the token is foreign, or the invitation was used, withdrawn, has expired or is another's.
    """
    deps = request.services.deps
    store_id, invitation_id = deps.invitation_links.read(token)
    command = AcceptInvitation(store_id=store_id, merchant_id=request.merchant_id, invitation_id=invitation_id)
    # A repeat gets its first answer, although the invitation is used by now.
    if await deps.commands.outcome(request.command_id) is None:
        invitation = await invitation_by_id(deps.reader, invitation_id, scope=SYSTEM)
        invited = None if invitation is None else await deps.personal.open(invitation.email)
        account = await deps.accounts.by_id(request.merchant_id)
        # The token proves the mailbox and the session the account, as for a confirmation (ADR 0062).
        if account is None or invited is None or email_key(account.email) != email_key(invited):
            raise InvitationInvalid
    return await request.send(command)
