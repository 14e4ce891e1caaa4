"""Mutations of accounts and sessions."""

from collections.abc import Awaitable
from datetime import datetime
from uuid import uuid4

import strawberry

from domain.kernel import NotFound
from domain.merchant.account_events import SignInProvider
from gateway.api.client_errors import REFUSALS
from gateway.api.command_request import CommandRequest
from gateway.auth.accounts import Challenge, Session
from gateway.auth.visitor import Visitor
from gateway.graphql.context import Info
from gateway.graphql.device import device_cookie, remember_device
from gateway.graphql.errors import user_error
from gateway.graphql.fields import mutation
from gateway.graphql.mutations.inputs import LogInInput, RefreshTokenInput, RegisterInput
from gateway.graphql.mutations.payloads import CHANGED, Payload
from gateway.graphql.queries.root import find_user
from gateway.graphql.types.merchant import User


@strawberry.type(description="A session's tokens. Send the access token as “Authorization: Bearer <accessToken>”.")
class SessionPayload(Payload):
    access_token: str | None = strawberry.field(default=None, description="Short-lived; see accessTokenExpiresAt.")
    access_token_expires_at: datetime | None = None
    refresh_token: str | None = strawberry.field(
        default=None,
        description="Valid for one exchange. For 30 seconds, until its successor is used, a repeat gets the same answer. "
        "Any other repeat ends the session.",
    )
    refresh_token_expires_at: datetime | None = None
    device_token: str | None = strawberry.field(
        default=None,
        description="Keep this token on the device after logging out, and send it with the next logIn. "
        "A known device has its own rate limit. The token alone does not log in. Browsers also get it as a cookie.",
    )
    user: User | None = strawberry.field(default=None, description=CHANGED)
    second_factor_token: str | None = strawberry.field(
        default=None,
        description="Set instead of the other tokens if the account has a second factor: pass it to completeLogIn with a code, "
        "within ten minutes.",
    )
    linked: SignInProvider | None = strawberry.field(
        default=None,
        description="Only of finishSignIn: the provider that was linked to the logged-in merchant's account.",
    )


@strawberry.input
class CompleteLogInInput:
    token: str = strawberry.field(description="The secondFactorToken of logIn.")
    code: str = strawberry.field(description="What the authenticator app shows now, or a recovery code.")
    device_token: str | None = strawberry.field(default=None, description="As for logIn.")
    client_mutation_id: str | None = None


@strawberry.type
class LogOutPayload(Payload):
    done: bool = True


@strawberry.type
class AccountMutations:
    @mutation(
        "Open an account and log in. A mail goes to the address. The address is the account's once the link in the mail was "
        "used. The answer is the same whether another account has the address; the mail then says so."
    )
    async def register(self, info: Info, input: RegisterInput) -> SessionPayload | None:
        context = info.context
        session = context.services.authenticator.register(
            email=input.email,
            password=input.password,
            name=input.name,
            request_id=input.command_id or uuid4(),
            address=context.request_info.address,
            device_name=context.request_info.device,
        )
        return await session_payload(info, session, input.client_mutation_id)

    @mutation("Log in with e-mail address and password.")
    async def log_in(self, info: Info, input: LogInInput) -> SessionPayload | None:
        context = info.context
        session = context.services.authenticator.log_in(
            email=input.email,
            password=input.password,
            address=context.request_info.address,
            device_token=input.device_token or device_cookie(context),
            device_name=context.request_info.device,
        )
        return await session_payload(info, session, input.client_mutation_id)

    @mutation("Second step of a log-in to an account with a second factor.")
    async def complete_log_in(self, info: Info, input: CompleteLogInInput) -> SessionPayload | None:
        context = info.context
        session = context.services.authenticator.complete(
            input.token,
            code=input.code,
            device_token=input.device_token or device_cookie(context),
            device_name=context.request_info.device,
        )
        return await session_payload(info, session, input.client_mutation_id)

    @mutation("Exchange a refresh token for its successor and a new access token.")
    async def refresh_token(self, info: Info, input: RefreshTokenInput) -> SessionPayload | None:
        session = info.context.services.authenticator.refresh(input.refresh_token)
        return await session_payload(info, session, input.client_mutation_id)

    @mutation(
        "End a session. Its refresh token becomes invalid at once, its access tokens within a second. "
        "The merchant's other sessions continue."
    )
    async def log_out(self, info: Info, input: RefreshTokenInput) -> LogOutPayload | None:
        await info.context.services.authenticator.log_out(input.refresh_token)
        return LogOutPayload(client_mutation_id=input.client_mutation_id)


async def session_payload(
    info: Info, opening: Awaitable[Session | Challenge], client_mutation_id: str | None
) -> SessionPayload:
    """Return the payload of a log-in."""
    try:
        session = await opening
    except REFUSALS as error:
        return SessionPayload(user_errors=[user_error(error)], client_mutation_id=client_mutation_id)
    return await entered(info, session, client_mutation_id)


async def entered(info: Info, session: Session | Challenge, client_mutation_id: str | None) -> SessionPayload:
    """Return the payload of an opened session, or of a challenge."""
    if isinstance(session, Challenge):
        return SessionPayload(second_factor_token=session.token, client_mutation_id=client_mutation_id)
    receipt, visitor = session.receipt, Visitor(person_id=session.merchant_id)
    if session.device_token is not None:
        remember_device(info.context, session.device_token)
    user: User | None = None
    settled = True
    if receipt is not None:
        request = CommandRequest.begin(info.context.services, visitor)
        settled = await request.settled(receipt)
    if settled:
        try:
            user = await find_user(info.context.reading_now(visitor))
        except NotFound:
            user = None
    return SessionPayload(
        access_token=session.access_token,
        access_token_expires_at=session.access_expires_at,
        refresh_token=session.refresh_token,
        refresh_token_expires_at=session.refresh_expires_at,
        device_token=session.device_token,
        user=user,
        consistency_token=None if receipt is None or receipt.token is None else str(receipt.token),
        client_mutation_id=client_mutation_id,
    )
