"""The mutation that deletes an account."""

import strawberry

from gateway.api.client_errors import REFUSALS
from gateway.graphql.context import Info
from gateway.graphql.errors import user_error
from gateway.graphql.fields import mutation
from gateway.graphql.mutations.payloads import Payload


@strawberry.input
class DeleteAccountInput:
    password: str = strawberry.field(description="The account's password.")
    client_mutation_id: str | None = None


@strawberry.type
class DeleteAccountPayload(Payload):
    pass


@strawberry.type
class ClosingMutations:
    @mutation(
        "Delete your account, permanently. Your stores are archived, your roles in other stores end, and the key of your "
        "personal data is destroyed. Refused while an order is paid and not sent: send or refund it first. Orders stay on "
        "record without your data. A last mail confirms it."
    )
    async def delete_account(self, info: Info, input: DeleteAccountInput) -> DeleteAccountPayload | None:
        visitor = await info.context.visitor()
        try:
            await info.context.services.accounts.closing.close(visitor, input.password)
        except REFUSALS as error:
            return DeleteAccountPayload(user_errors=[user_error(error)], client_mutation_id=input.client_mutation_id)
        return DeleteAccountPayload(client_mutation_id=input.client_mutation_id)
