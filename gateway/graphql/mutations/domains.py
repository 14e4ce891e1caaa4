"""Mutations of a store's own domains."""

from uuid import UUID

import strawberry

from commands.domains import ChoosePrimaryDomain, ConnectDomain, RemoveDomain
from commands.ports import Receipt
from gateway.api.command_request import CommandRequest
from gateway.api.validation import as_id
from gateway.graphql.context import Info, ReadContext
from gateway.graphql.fields import mutation
from gateway.graphql.mutations.inputs import StoreInput
from gateway.graphql.mutations.payloads import Send, StorePayload, change
from gateway.graphql.queries.root import find_store


@strawberry.input
class DomainInput(StoreInput):
    domain: str = strawberry.field(description="A name such as shop.example.com, in any script and case.")


@strawberry.input
class ChoosePrimaryDomainInput(StoreInput):
    domain: str | None = strawberry.field(
        default=None, description="A verified domain of the store. Omitted: the address below the platform's domain."
    )
    expected_domain: str | None = strawberry.field(
        default=None,
        description="The `customDomain` that you saw, an empty text if it was null. If the store has another by now, nothing is "
        "saved and the code is CHANGED_MEANWHILE. Omitted: yours replaces any.",
    )


@strawberry.type
class DomainMutations:
    @mutation(
        "Connect a domain to a store. Publish `proofValue` as a TXT record at `proofName`; the platform looks for it for 72 "
        "hours. The first verified domain becomes the store's address. Connect a domain again to restart the search."
    )
    async def connect_domain(self, info: Info, input: DomainInput) -> StorePayload | None:
        store_id = as_id("store", input.store_id)

        async def send(request: CommandRequest) -> Receipt:
            return await request.send(
                ConnectDomain(store_id=store_id, merchant_id=request.merchant_id, domain=input.domain)
            )

        return await _change(info, input, store_id, send)

    @mutation("Choose the address that a store's other addresses redirect to.")
    async def choose_primary_domain(self, info: Info, input: ChoosePrimaryDomainInput) -> StorePayload | None:
        store_id = as_id("store", input.store_id)

        async def send(request: CommandRequest) -> Receipt:
            return await request.send(
                ChoosePrimaryDomain(
                    store_id=store_id,
                    merchant_id=request.merchant_id,
                    domain=input.domain,
                    seen=input.expected_domain,
                )
            )

        return await _change(info, input, store_id, send)

    @mutation("Remove a domain from a store. Another store may connect it then.")
    async def remove_domain(self, info: Info, input: DomainInput) -> StorePayload | None:
        store_id = as_id("store", input.store_id)

        async def send(request: CommandRequest) -> Receipt:
            return await request.send(
                RemoveDomain(store_id=store_id, merchant_id=request.merchant_id, domain=input.domain)
            )

        return await _change(info, input, store_id, send)


async def _change(info: Info, input: StoreInput, store_id: UUID, send: Send) -> StorePayload:
    async def show(reading: ReadContext, _receipt: Receipt) -> dict[str, object]:
        return {"store": await find_store(reading, store_id)}

    return await change(info, StorePayload, input, send, show)
