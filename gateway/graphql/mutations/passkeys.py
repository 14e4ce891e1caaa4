"""Mutations of passkeys, and the log-in by one."""

import strawberry
from strawberry.scalars import JSON

from commands.ports import Receipt
from gateway.api.client_errors import REFUSALS
from gateway.api.validation import as_id
from gateway.auth.webauthn import Assertion, Attestation
from gateway.graphql.context import Info
from gateway.graphql.device import device_cookie
from gateway.graphql.errors import user_error
from gateway.graphql.fields import mutation
from gateway.graphql.mutations.accounts import SessionPayload, session_payload
from gateway.graphql.mutations.credentials import CONFIRMED, AccountInput, AccountPayload, changed
from gateway.graphql.mutations.payloads import Payload

BASE64URL = "In base64url, as the browser's toJSON() writes it."


@strawberry.input
class BeginPasskeyInput(AccountInput):
    password: str = strawberry.field(description=CONFIRMED)


@strawberry.input
class AddPasskeyInput(AccountInput):
    name: str = strawberry.field(description="What you call the device, at most 60 characters.")
    client_data_json: str = strawberry.field(description=BASE64URL)
    attestation_object: str = strawberry.field(description=BASE64URL)


@strawberry.input
class RenamePasskeyInput(AccountInput):
    passkey_id: strawberry.ID
    name: str = strawberry.field(description="At most 60 characters.")


@strawberry.input
class RemovePasskeyInput(AccountInput):
    passkey_id: strawberry.ID
    password: str = strawberry.field(description=CONFIRMED)


@strawberry.input
class BeginPasskeyLogInInput(AccountInput):
    second_factor_token: str | None = strawberry.field(
        default=None, description="Of logIn, if the passkey is the second factor. Null to log in by the passkey alone."
    )


@strawberry.input
class LogInWithPasskeyInput(AccountInput):
    credential_id: str = strawberry.field(description="The answer's id, in base64url.")
    client_data_json: str = strawberry.field(description=BASE64URL)
    authenticator_data: str = strawberry.field(description=BASE64URL)
    signature: str = strawberry.field(description=BASE64URL)
    second_factor_token: str | None = strawberry.field(default=None, description="As for beginPasskeyLogIn.")
    device_token: str | None = strawberry.field(default=None, description="As for logIn.")


@strawberry.type
class PasskeyPayload(Payload):
    options: JSON | None = strawberry.field(
        default=None,
        description="For navigator.credentials, with bytes in base64url. The answer counts once, within five minutes.",
    )


@strawberry.type
class PasskeyMutations:
    @mutation("Begin to add a passkey: pass the options to navigator.credentials.create, and its answer to addPasskey.")
    async def begin_passkey(self, info: Info, input: BeginPasskeyInput) -> PasskeyPayload | None:
        owner = await info.context.account()
        try:
            options = await info.context.services.accounts.passkeys.begin(owner, password=input.password)
        except REFUSALS as error:
            return PasskeyPayload(user_errors=[user_error(error)], client_mutation_id=input.client_mutation_id)
        return PasskeyPayload(options=JSON(options), client_mutation_id=input.client_mutation_id)

    @mutation("Add the passkey that the browser made. It logs you in from then on, without password and second factor.")
    async def add_passkey(self, info: Info, input: AddPasskeyInput) -> AccountPayload | None:
        owner = await info.context.account()
        answer = Attestation(client_data=input.client_data_json, attestation=input.attestation_object)
        passkeys = info.context.services.accounts.passkeys
        return await changed(info, input, owner.merchant_id, passkeys.add(owner, answer, name=input.name))

    @mutation("Give a passkey another name.")
    async def rename_passkey(self, info: Info, input: RenamePasskeyInput) -> AccountPayload | None:
        merchant_id = (await info.context.account()).merchant_id

        async def rename() -> Receipt | None:
            id = as_id("passkey", input.passkey_id)
            await info.context.services.accounts.passkeys.rename(merchant_id, id, name=input.name)
            return None

        return await changed(info, input, merchant_id, rename())

    @mutation("Remove a passkey. It logs you in no more.")
    async def remove_passkey(self, info: Info, input: RemovePasskeyInput) -> AccountPayload | None:
        owner = await info.context.account()

        async def remove() -> Receipt | None:
            id = as_id("passkey", input.passkey_id)
            return await info.context.services.accounts.passkeys.remove(owner, id, password=input.password)

        return await changed(info, input, owner.merchant_id, remove())

    @mutation(
        "Begin a log-in by a passkey: pass the options to navigator.credentials.get, and its answer to logInWithPasskey. "
        "It names no account."
    )
    async def begin_passkey_log_in(self, info: Info, input: BeginPasskeyLogInInput) -> PasskeyPayload | None:
        passkeys, address = info.context.services.accounts.passkeys, info.context.request_info.address
        try:
            options = await passkeys.begin_log_in(token=input.second_factor_token, address=address)
        except REFUSALS as error:
            return PasskeyPayload(user_errors=[user_error(error)], client_mutation_id=input.client_mutation_id)
        return PasskeyPayload(options=JSON(options), client_mutation_id=input.client_mutation_id)

    @mutation("Log in with a passkey, alone or as the second factor.")
    async def log_in_with_passkey(self, info: Info, input: LogInWithPasskeyInput) -> SessionPayload | None:
        context = info.context
        answer = Assertion(
            credential_id=input.credential_id,
            client_data=input.client_data_json,
            authenticator_data=input.authenticator_data,
            signature=input.signature,
        )
        session = context.services.accounts.passkeys.log_in(
            answer,
            token=input.second_factor_token,
            address=context.request_info.address,
            device_token=input.device_token or device_cookie(context),
            device_name=context.request_info.device,
        )
        return await session_payload(info, session, input.client_mutation_id)
