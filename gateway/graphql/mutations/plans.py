"""Mutations of the merchant's plan: the pages on which it is paid and changed."""

from collections.abc import Awaitable

import strawberry

from gateway.api.client_errors import REFUSALS
from gateway.api.plans import checkout_url, portal_url
from gateway.graphql.context import Info
from gateway.graphql.errors import user_error
from gateway.graphql.fields import mutation
from gateway.graphql.mutations.inputs import MutationInput
from gateway.graphql.mutations.payloads import Payload


@strawberry.input
class OpenPlanCheckoutInput(MutationInput):
    plan: str = strawberry.field(description="The id of a plan that costs something; see plans.")
    success_url: str = strawberry.field(description="Where the merchant goes after paying.")
    cancel_url: str = strawberry.field(description="Where the merchant goes without paying.")


@strawberry.input
class OpenPlanPortalInput(MutationInput):
    return_url: str = strawberry.field(description="Where the merchant goes afterwards.")


@strawberry.type
class PlanLinkPayload(Payload):
    url: str | None = strawberry.field(
        default=None, description="Send the merchant's browser there. Null if the mutation was refused."
    )


@strawberry.type
class PlanMutations:
    @mutation("Open the page on which you pay for a plan. The plan changes once the payment provider says so.")
    async def open_plan_checkout(self, info: Info, input: OpenPlanCheckoutInput) -> PlanLinkPayload | None:
        merchant_id = await info.context.merchant()
        page = checkout_url(
            info.context.deps, merchant_id, input.plan, success_url=input.success_url, cancel_url=input.cancel_url
        )
        return await _link(page, input)

    @mutation("Open the page on which you change, pay or cancel your plan.")
    async def open_plan_portal(self, info: Info, input: OpenPlanPortalInput) -> PlanLinkPayload | None:
        merchant_id = await info.context.merchant()
        return await _link(portal_url(info.context.deps, merchant_id, return_url=input.return_url), input)


async def _link(page: Awaitable[str], input: MutationInput) -> PlanLinkPayload:
    try:
        return PlanLinkPayload(url=await page, client_mutation_id=input.client_mutation_id)
    except REFUSALS as error:
        return PlanLinkPayload(user_errors=[user_error(error)], client_mutation_id=input.client_mutation_id)
