"""Mutations of the address, the password and the sessions of the merchant's own account."""

from collections.abc import Awaitable
from uuid import UUID

import strawberry

from commands.ports import Receipt
from gateway.api.client_errors import REFUSALS
from gateway.api.command_request import CommandRequest
from gateway.api.validation import as_id
from gateway.auth.errors import Unauthenticated
from gateway.auth.tokens import Identity
from gateway.auth.visitor import Visitor
from gateway.graphql.context import Info
from gateway.graphql.errors import user_error
from gateway.graphql.fields import mutation
from gateway.graphql.mutations.payloads import Payload
from gateway.graphql.types.security import AccountSecurity, account_security

CONFIRMED = "The account's password. Empty if it has none: then a log-in of the last 10 minutes confirms who you are."


@strawberry.input
class AccountInput:
    client_mutation_id: str | None = None


@strawberry.input
class ConfirmEmailInput(AccountInput):
    token: str = strawberry.field(description="From the link in the mail.")
    password: str | None = strawberry.field(
        default=None, description="The account's password. Not needed while the same account is logged in."
    )


@strawberry.input
class ChangeEmailInput(AccountInput):
    email: str
    password: str = strawberry.field(description=CONFIRMED)


@strawberry.input
class ChangeNameInput(AccountInput):
    name: str | None = strawberry.field(description="At most 100 characters. Null or empty: none.")


@strawberry.input
class PasswordResetRequestInput(AccountInput):
    email: str


@strawberry.input
class ResetPasswordInput(AccountInput):
    token: str = strawberry.field(description="From the link in the mail.")
    password: str = strawberry.field(description="The new one: 10 to 256 characters, and not a common one.")
    keep_other_ways: bool = strawberry.field(
        default=False,
        description=(
            "Whether API keys, passkeys and linked log-ins stay. By default they end with the sessions, because somebody who "
            "knew the old password may have made them."
        ),
    )


@strawberry.input
class ChangePasswordInput(AccountInput):
    current_password: str = strawberry.field(description=CONFIRMED)
    new_password: str = strawberry.field(description="10 to 256 characters, and not a common one.")


@strawberry.input
class EndSessionInput(AccountInput):
    session_id: strawberry.ID


@strawberry.input
class LogOutEverywhereInput(AccountInput):
    keep_this: bool = strawberry.field(default=False, description="Whether the caller's own session goes on.")


@strawberry.type
class AccountPayload(Payload):
    done: bool = False
    security: AccountSecurity | None = strawberry.field(
        default=None,
        description="The account afterwards. Null if it was refused, or the caller is not logged in to it.",
    )


@strawberry.type
class CredentialMutations:
    @mutation("Send another mail that confirms the account's address. Nothing happens if it is confirmed.")
    async def request_email_confirmation(self, info: Info, input: AccountInput) -> AccountPayload | None:
        merchant_id = (await info.context.account()).merchant_id
        return await changed(info, input, merchant_id, info.context.services.accounts.addresses.request(merchant_id))

    @mutation("Confirm an address with the token of a link in a mail. The address is the account's from then on.")
    async def confirm_email(self, info: Info, input: ConfirmEmailInput) -> AccountPayload | None:
        caller = await caller_of(info)
        confirmed = info.context.services.accounts.addresses.confirm(
            input.token, caller=caller, password=input.password, address=info.context.request_info.address
        )
        try:
            merchant_id, receipt = await confirmed
        except REFUSALS as error:
            return refused(input, error)
        return await answer(info, input, merchant_id, receipt)

    @mutation(
        "Send a link to another address. The account has its present address until the link is used. "
        "The answer is the same whether another account has that address."
    )
    async def change_email(self, info: Info, input: ChangeEmailInput) -> AccountPayload | None:
        identity = await info.context.account()
        sent = info.context.services.accounts.addresses.change(identity, email=input.email, password=input.password)
        return await changed(info, input, identity.merchant_id, sent)

    @mutation("Give the account another name, or none. The people of your stores see it.")
    async def change_name(self, info: Info, input: ChangeNameInput) -> AccountPayload | None:
        merchant_id = (await info.context.account()).merchant_id
        change = info.context.services.accounts.names.change(merchant_id, input.name)
        return await changed(info, input, merchant_id, change)

    @mutation("Send a link for a new password. The answer is the same whether an account has the address.")
    async def request_password_reset(self, info: Info, input: PasswordResetRequestInput) -> AccountPayload | None:
        passwords = info.context.services.accounts.passwords
        try:
            await passwords.request_reset(input.email, address=info.context.request_info.address)
        except REFUSALS as error:
            return refused(input, error)
        return AccountPayload(done=True, client_mutation_id=input.client_mutation_id)

    @mutation("Set a new password with the token of a link in a mail, once. All sessions of the account end.")
    async def reset_password(self, info: Info, input: ResetPasswordInput) -> AccountPayload | None:
        passwords = info.context.services.accounts.passwords
        address = info.context.request_info.address
        reset = passwords.reset(
            input.token, password=input.password, keep_other_ways=input.keep_other_ways, address=address
        )
        return await changed(info, input, None, reset)

    @mutation("Replace the password, or set the first one. The merchant's other sessions end.")
    async def change_password(self, info: Info, input: ChangePasswordInput) -> AccountPayload | None:
        identity = await info.context.account()
        change = info.context.services.accounts.passwords.change(
            identity, current=input.current_password, new=input.new_password
        )
        return await changed(info, input, identity.merchant_id, change)

    @mutation("End one of the merchant's sessions.")
    async def end_session(self, info: Info, input: EndSessionInput) -> AccountPayload | None:
        merchant_id = (await info.context.account()).merchant_id

        async def end() -> Receipt | None:
            session_id = as_id("session", input.session_id)
            return await info.context.services.accounts.session_list.end(merchant_id, session_id)

        return await changed(info, input, merchant_id, end())

    @mutation("End the merchant's sessions on all devices.")
    async def log_out_everywhere(self, info: Info, input: LogOutEverywhereInput) -> AccountPayload | None:
        identity = await info.context.account()
        ended = info.context.services.accounts.session_list.end_all(identity, keep_this=input.keep_this)
        return await changed(info, input, identity.merchant_id if input.keep_this else None, ended)


async def identity_of(info: Info) -> Identity | None:
    """Return who is logged in; None without a session."""
    try:
        return await info.context.account()
    except Unauthenticated:
        return None


async def caller_of(info: Info) -> UUID | None:
    """Return the merchant who is logged in; None without a session."""
    identity = await identity_of(info)
    return None if identity is None else identity.merchant_id


def refused(input: AccountInput, error: Exception) -> AccountPayload:
    """Return the payload of a refusal."""
    return AccountPayload(user_errors=[user_error(error)], client_mutation_id=input.client_mutation_id)


async def changed(
    info: Info, input: AccountInput, merchant_id: UUID | None, change: Awaitable[Receipt | None]
) -> AccountPayload:
    """Carry out a change of an account and return its payload.

    Args:
        info: the resolver's info.
        input: the mutation's input.
        merchant_id: the account to wait for and to show; None if the caller is not logged in to it afterwards.
        change: the change.
    """
    try:
        receipt = await change
    except REFUSALS as error:
        return refused(input, error)
    return await answer(info, input, merchant_id, receipt)


async def answer(info: Info, input: AccountInput, merchant_id: UUID | None, receipt: Receipt | None) -> AccountPayload:
    """Return the payload of a change, once the read models show it."""
    security = None
    if receipt is not None and merchant_id is not None:
        await CommandRequest.begin(info.context.services, Visitor(person_id=merchant_id)).settled(receipt)
    if merchant_id is not None and await caller_of(info) == merchant_id:
        security = await account_security(info)
    token = None if receipt is None or receipt.token is None else str(receipt.token)
    return AccountPayload(
        done=True, security=security, consistency_token=token, client_mutation_id=input.client_mutation_id
    )
