"""The mutation that deletes an account."""

import strawberry

from gateway.api.account_end import end_account
from gateway.api.client_errors import REFUSALS
from gateway.graphql.context import Info
from gateway.graphql.errors import user_error
from gateway.graphql.fields import mutation
from gateway.graphql.mutations.credentials import CONFIRMED
from gateway.graphql.mutations.payloads import Payload


@strawberry.input
class DeleteAccountInput:
    password: str = strawberry.field(description=CONFIRMED)
    client_mutation_id: str | None = None


@strawberry.type
class DeleteAccountPayload(Payload):
    pass


@strawberry.type
class ClosingMutations:
    @mutation(
        "Delete your account, permanently. Your stores are archived, for the people of their teams too, and your roles in other "
        "stores end. Your plan is cancelled at once, your account at Stripe is disconnected, and the key of your personal data "
        "is destroyed. Refused while an order is paid and not sent, or a dispute, a return or a refund goes on: finish that "
        "first. Orders stay on record without your data. You are the seller, so the law asks you to keep their invoices: "
        "export your account before. A last mail confirms it."
    )
    async def delete_account(self, info: Info, input: DeleteAccountInput) -> DeleteAccountPayload | None:
        visitor = await info.context.visitor()
        try:
            await end_account(info.context.services, visitor, input.password)
        except REFUSALS as error:
            return DeleteAccountPayload(user_errors=[user_error(error)], client_mutation_id=input.client_mutation_id)
        return DeleteAccountPayload(client_mutation_id=input.client_mutation_id)
