"""The mutation of the merchant's business identity."""

import strawberry

from commands.ports import Receipt
from gateway.api.business_identity import set_business_identity
from gateway.api.command_request import CommandRequest
from gateway.graphql.context import Info, ReadContext
from gateway.graphql.fields import mutation
from gateway.graphql.mutations.inputs import SetBusinessIdentityInput
from gateway.graphql.mutations.payloads import BusinessIdentityPayload, change
from gateway.graphql.queries.root import find_user


@strawberry.type
class BusinessMutations:
    @mutation("State the business behind all of your stores. Legal pages and the imprint show it at once.")
    async def set_business_identity(
        self, info: Info, input: SetBusinessIdentityInput
    ) -> BusinessIdentityPayload | None:
        async def send(request: CommandRequest) -> Receipt:
            return await set_business_identity(request, input, seen=input.expected_revision)

        async def show(reading: ReadContext, _receipt: Receipt) -> dict[str, object]:
            return {"business_identity": await (await find_user(reading)).business_identity()}

        return await change(info, BusinessIdentityPayload, input, send, show)
