"""How the logged-in merchant logs in: sessions, and what proves the merchant."""

from datetime import datetime

import strawberry

from domain.accounts.ports import OpenSession
from domain.merchant.account_events import SignInProvider
from gateway.auth.tokens import Identity
from gateway.graphql.context import Info
from gateway.graphql.fields import field
from gateway.graphql.types.media import as_gid


@strawberry.type(name="OpenSession", description="A session of the merchant that goes on.")
class OpenSessionInfo:
    id: strawberry.ID
    device: str | None = strawberry.field(
        description="Browser and system, such as “Firefox on Windows”. Null if the client named none."
    )
    began_at: datetime
    used_at: datetime = strawberry.field(
        description="When its tokens were last exchanged: at most 15 minutes before its last request."
    )
    is_current: bool = strawberry.field(description="Whether this request belongs to it.")

    @classmethod
    def of(cls, session: OpenSession, identity: Identity) -> "OpenSessionInfo":
        return cls(
            id=as_gid(session.id),
            device=session.device,
            began_at=session.began_at,
            used_at=session.used_at,
            is_current=session.id == identity.session_id,
        )


@strawberry.type(description="A provider whose account logs the merchant in.")
class LinkedSignIn:
    provider: SignInProvider
    linked_at: datetime


@strawberry.type(description="A key in a device of the merchant, which logs in without the password.")
class Passkey:
    id: strawberry.ID
    name: str
    created_at: datetime
    used_at: datetime | None = strawberry.field(description="Null if it was never used.")


@strawberry.type(description="How the merchant logs in. It has no secret.")
class AccountSecurity:
    email: str = strawberry.field(description="The address for log-ins and mails, as the merchant wrote it.")
    email_verified_at: datetime | None = strawberry.field(
        description="When a link in a mail confirmed the address. Null until then."
    )
    has_password: bool = strawberry.field(description="False if only a provider logs the merchant in.")
    has_totp: bool = strawberry.field(description="Whether log-ins need a code of an authenticator app.")
    identity: strawberry.Private[Identity]

    @field("How many recovery codes are unused.")
    async def recovery_codes_left(self, info: Info) -> int:
        return await info.context.services.accounts.factors.codes_left(self.identity.merchant_id)

    @field("Providers that may log the merchant in, by name.")
    async def sign_ins(self, info: Info) -> list[LinkedSignIn]:
        linked = await info.context.services.accounts.sign_ins.of_merchant(self.identity.merchant_id)
        return [LinkedSignIn(provider=each.provider, linked_at=each.linked_at) for each in linked]

    @field("The account's passkeys, the oldest first.")
    async def passkeys(self, info: Info) -> list[Passkey]:
        found = await info.context.services.accounts.passkeys.of_merchant(self.identity.merchant_id)
        return [
            Passkey(id=as_gid(each.id), name=each.name, created_at=each.created_at, used_at=each.used_at)
            for each in found
        ]

    @field("The sessions that go on, the last used first, at most 100.")
    async def sessions(self, info: Info) -> list[OpenSessionInfo]:
        sessions = await info.context.services.accounts.session_list.of(self.identity.merchant_id)
        return [OpenSessionInfo.of(each, self.identity) for each in sessions]


async def account_security(info: Info) -> AccountSecurity:
    """Return the caller's own.

    Raises:
        Unauthenticated: the caller is not logged in.
        NotFound: the account was deleted.
    """
    identity = await info.context.account()
    account = await info.context.services.accounts.proof.account(identity.merchant_id)
    return AccountSecurity(
        email=account.email,
        email_verified_at=account.verified_at,
        has_password=account.password_hash is not None,
        has_totp=await info.context.services.accounts.factors.is_on(identity.merchant_id),
        identity=identity,
    )
