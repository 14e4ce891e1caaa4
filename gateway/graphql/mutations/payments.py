"""Mutations of the merchant's account at Stripe."""

import strawberry

from commands.ports import Receipt
from gateway.api import stripe_accounts, stripe_keys, stripe_linking
from gateway.api.command_request import CommandRequest
from gateway.graphql.context import Info, ReadContext
from gateway.graphql.fields import mutation
from gateway.graphql.mutations.inputs import (
    ConnectStripeInput,
    FinishStripeLinkInput,
    LinkStripeInput,
    StripeAccountInput,
    UseStripeKeyInput,
)
from gateway.graphql.mutations.payloads import StripeAccountPayload, change
from gateway.graphql.queries.root import find_user


@strawberry.type
class PaymentMutations:
    @mutation(
        "Open your own account at Stripe, or go on with its questions. Send the merchant's browser to onboardingUrl. "
        "It works once; ask again for another."
    )
    async def connect_stripe(self, info: Info, input: ConnectStripeInput) -> StripeAccountPayload | None:
        link: dict[str, object] = {}

        async def send(request: CommandRequest) -> Receipt:
            receipt, link["onboarding_url"] = await stripe_accounts.connect(
                info.context.deps, request, return_url=input.return_url, refresh_url=input.refresh_url
            )
            return receipt

        return await change(info, StripeAccountPayload, input, send, _show, known=lambda _: link)

    @mutation(
        "Begin to link an account that you have at Stripe. Send the merchant's browser to authorizeUrl; it comes back to "
        "redirectUrl with a state and a code for finishStripeLink."
    )
    async def link_stripe(self, info: Info, input: LinkStripeInput) -> StripeAccountPayload | None:
        page: dict[str, object] = {}

        async def send(request: CommandRequest) -> Receipt:
            page["authorize_url"] = await stripe_linking.begin(
                info.context.deps, request, redirect_url=input.redirect_url
            )
            return Receipt(command_id=request.command_id, result=None, token=None, replayed=False)

        return await change(info, StripeAccountPayload, input, send, _show, known=lambda _: page)

    @mutation("Link the account with which the merchant came back from linkStripe's page. Each state counts once.")
    async def finish_stripe_link(self, info: Info, input: FinishStripeLinkInput) -> StripeAccountPayload | None:
        async def send(request: CommandRequest) -> Receipt:
            return await stripe_linking.finish(
                info.context.deps, request, state=input.state, code=input.code, error=input.error
            )

        return await change(info, StripeAccountPayload, input, send, _show)

    @mutation(
        "Take payments with a restricted key of your own account at Stripe, in place of a connected account, or replace the key. "
        "Stripe then takes no platform fee; you are billed for it apart. The message names each permission that the key lacks."
    )
    async def use_stripe_key(self, info: Info, input: UseStripeKeyInput) -> StripeAccountPayload | None:
        async def send(request: CommandRequest) -> Receipt:
            return await stripe_keys.use_key(info.context.deps, request, secret_key=input.secret_key.strip())

        return await change(info, StripeAccountPayload, input, send, _show)

    @mutation("Ask Stripe how the account stands, after the merchant came back from its questions.")
    async def check_stripe(self, info: Info, input: StripeAccountInput) -> StripeAccountPayload | None:
        async def send(request: CommandRequest) -> Receipt:
            return await stripe_accounts.check(info.context.deps, request)

        return await change(info, StripeAccountPayload, input, send, _show)

    @mutation(
        "Stop taking payments into the account. It stays yours at Stripe, with all payments and payouts. Access to an account "
        "that you linked is given back; refund its orders before that, or in Stripe's dashboard."
    )
    async def disconnect_stripe(self, info: Info, input: StripeAccountInput) -> StripeAccountPayload | None:
        async def send(request: CommandRequest) -> Receipt:
            receipt = await stripe_accounts.disconnect(info.context.deps, request)
            await stripe_keys.forget_key(info.context.deps, request)
            return receipt

        return await change(info, StripeAccountPayload, input, send, _show)


async def _show(reading: ReadContext, _receipt: Receipt) -> dict[str, object]:
    return {"stripe_account": (await find_user(reading)).stripe_account}
