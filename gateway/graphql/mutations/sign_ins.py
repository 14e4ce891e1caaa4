"""Mutations of log-ins by Google and GitHub."""

import strawberry

from domain.merchant.account_events import SignInProvider
from gateway.api.client_errors import REFUSALS
from gateway.auth.provider_sign_in import Arrival, Departure, Linked
from gateway.graphql.context import Info
from gateway.graphql.errors import user_error
from gateway.graphql.fields import mutation
from gateway.graphql.mutations.accounts import SessionPayload, entered
from gateway.graphql.mutations.credentials import CONFIRMED, AccountInput, AccountPayload, changed, identity_of
from gateway.graphql.mutations.payloads import Payload


@strawberry.input
class BeginSignInInput(AccountInput):
    provider: SignInProvider


@strawberry.input
class BeginSignInLinkInput(AccountInput):
    provider: SignInProvider
    password: str = strawberry.field(description=CONFIRMED)


@strawberry.input
class FinishSignInInput(AccountInput):
    provider: SignInProvider
    state: str = strawberry.field(description="As the provider sent it back.")
    browser_token: str = strawberry.field(description="As beginSignIn or beginSignInLink returned it.")
    code: str | None = strawberry.field(default=None, description="As the provider sent it back. Null after a refusal.")
    error: str | None = strawberry.field(default=None, description="As the provider sent it back, if it did.")


@strawberry.input
class UnlinkSignInInput(AccountInput):
    provider: SignInProvider
    password: str = strawberry.field(description=CONFIRMED)


@strawberry.type
class SignInPayload(Payload):
    url: str | None = strawberry.field(default=None, description="The provider's page. Send the browser there.")
    browser_token: str | None = strawberry.field(
        default=None,
        description="Keep it in the browser, where no other site reads it, until the browser comes back: the log-in is finished "
        "only there, once, within ten minutes.",
    )


@strawberry.type
class SignInMutations:
    @mutation(
        "Begin a log-in by a provider. A person without an account gets one, with the address that the provider verified."
    )
    async def begin_sign_in(self, info: Info, input: BeginSignInInput) -> SignInPayload | None:
        try:
            departure = await info.context.services.accounts.sign_ins.begin(
                input.provider, address=info.context.request_info.address
            )
        except REFUSALS as error:
            return SignInPayload(user_errors=[user_error(error)], client_mutation_id=input.client_mutation_id)
        return _departed(departure, input)

    @mutation("Begin to link a provider's account to the merchant's. Both must have verified addresses, equal or not.")
    async def begin_sign_in_link(self, info: Info, input: BeginSignInLinkInput) -> SignInPayload | None:
        identity = await info.context.account()
        try:
            departure = await info.context.services.accounts.sign_ins.begin_link(
                identity, input.provider, password=input.password
            )
        except REFUSALS as error:
            return SignInPayload(user_errors=[user_error(error)], client_mutation_id=input.client_mutation_id)
        return _departed(departure, input)

    @mutation("Finish a log-in, or a link, with what the provider sent the browser back with.")
    async def finish_sign_in(self, info: Info, input: FinishSignInInput) -> SessionPayload | None:
        context = info.context
        arrival = Arrival(
            provider=input.provider,
            state=input.state,
            browser_token=input.browser_token,
            code=None if input.error else input.code,
            error=input.error,
        )
        try:
            finished = await context.services.accounts.sign_ins.finish(
                arrival, caller=await identity_of(info), device_name=context.request_info.device
            )
        except REFUSALS as error:
            return SessionPayload(user_errors=[user_error(error)], client_mutation_id=input.client_mutation_id)
        if isinstance(finished, Linked):
            token = None if finished.receipt is None or finished.receipt.token is None else str(finished.receipt.token)
            return SessionPayload(
                linked=finished.provider, consistency_token=token, client_mutation_id=input.client_mutation_id
            )
        return await entered(info, finished, input.client_mutation_id)

    @mutation("End the log-in by a provider. The last way to log in stays: set a password before you remove it.")
    async def unlink_sign_in(self, info: Info, input: UnlinkSignInInput) -> AccountPayload | None:
        identity = await info.context.account()
        unlinked = info.context.services.accounts.sign_ins.unlink(identity, input.provider, password=input.password)
        return await changed(info, input, identity.merchant_id, unlinked)


def _departed(departure: Departure, input: AccountInput) -> SignInPayload:
    return SignInPayload(
        url=departure.url, browser_token=departure.browser_token, client_mutation_id=input.client_mutation_id
    )
