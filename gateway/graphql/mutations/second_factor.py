"""Mutations of the second factor of the merchant's own account."""

import strawberry

from gateway.api.client_errors import REFUSALS
from gateway.graphql.context import Info
from gateway.graphql.errors import user_error
from gateway.graphql.fields import mutation
from gateway.graphql.mutations.credentials import CONFIRMED, AccountInput, AccountPayload, changed
from gateway.graphql.mutations.payloads import Payload


@strawberry.input
class BeginTotpInput(AccountInput):
    password: str = strawberry.field(description=CONFIRMED)


@strawberry.input
class ConfirmTotpInput(AccountInput):
    code: str = strawberry.field(description="What the app shows now.")


@strawberry.input
class DisableTotpInput(AccountInput):
    password: str = strawberry.field(description=CONFIRMED)
    code: str = strawberry.field(description="What the app shows now, or a recovery code.")


@strawberry.input
class MakeRecoveryCodesInput(AccountInput):
    password: str = strawberry.field(description=CONFIRMED)


@strawberry.type
class TotpPayload(Payload):
    secret: str | None = strawberry.field(default=None, description="For typing into an app. It is shown once.")
    uri: str | None = strawberry.field(default=None, description="The otpauth address that apps read from a QR code.")
    qr_svg: str | None = strawberry.field(default=None, description="The address as a QR code, an SVG picture.")


@strawberry.type
class RecoveryCodesPayload(Payload):
    recovery_codes: list[str] = strawberry.field(
        default_factory=list, description="Each replaces a code of the app once. They are shown once."
    )


@strawberry.type
class SecondFactorMutations:
    @mutation("Make the secret of an authenticator app. Log-ins do not need it until confirmTotp.")
    async def begin_totp(self, info: Info, input: BeginTotpInput) -> TotpPayload | None:
        owner = await info.context.account()
        try:
            made = await info.context.services.accounts.factors.begin(owner, password=input.password)
        except REFUSALS as error:
            return TotpPayload(user_errors=[user_error(error)], client_mutation_id=input.client_mutation_id)
        return TotpPayload(
            secret=made.secret, uri=made.uri, qr_svg=made.qr_svg, client_mutation_id=input.client_mutation_id
        )

    @mutation("Turn the second factor on with a first code of the app. Log-ins need a code from then on.")
    async def confirm_totp(self, info: Info, input: ConfirmTotpInput) -> RecoveryCodesPayload | None:
        merchant_id = (await info.context.account()).merchant_id
        try:
            codes, _ = await info.context.services.accounts.factors.confirm(merchant_id, input.code)
        except REFUSALS as error:
            return RecoveryCodesPayload(user_errors=[user_error(error)], client_mutation_id=input.client_mutation_id)
        return RecoveryCodesPayload(recovery_codes=list(codes), client_mutation_id=input.client_mutation_id)

    @mutation("Turn the second factor off. Its recovery codes are void.")
    async def disable_totp(self, info: Info, input: DisableTotpInput) -> AccountPayload | None:
        owner = await info.context.account()
        factors = info.context.services.accounts.factors
        return await changed(
            info, input, owner.merchant_id, factors.disable(owner, password=input.password, code=input.code)
        )

    @mutation("Make new recovery codes. Earlier ones are void.")
    async def make_recovery_codes(self, info: Info, input: MakeRecoveryCodesInput) -> RecoveryCodesPayload | None:
        owner = await info.context.account()
        try:
            codes, _ = await info.context.services.accounts.factors.replace_codes(owner, password=input.password)
        except REFUSALS as error:
            return RecoveryCodesPayload(user_errors=[user_error(error)], client_mutation_id=input.client_mutation_id)
        return RecoveryCodesPayload(recovery_codes=list(codes), client_mutation_id=input.client_mutation_id)
