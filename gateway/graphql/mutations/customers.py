"""Mutations of shoppers as persons."""

import hashlib

import strawberry

from commands.ports import Receipt
from commands.shopper import EraseCustomer
from domain.accounts.email import email_key
from domain.kernel import InvalidInput
from gateway.api.command_request import CommandRequest
from gateway.api.customers import FOUND, find_customer
from gateway.api.validation import as_id, check_text
from gateway.graphql.context import Info, ReadContext
from gateway.graphql.fields import mutation
from gateway.graphql.mutations.inputs import StoreInput
from gateway.graphql.mutations.payloads import EraseCustomerPayload, change
from gateway.graphql.queries.root import find_store
from gateway.graphql.types.store_trade import EMAIL_MAX
from projections.sales.customer_queries import orders_by_ids


@strawberry.input
class EraseCustomerInput(StoreInput):
    email: str = strawberry.field(description="The whole address, in any spelling.")


@strawberry.type
class CustomerMutations:
    @mutation(
        "Erase a shopper's name, e-mail and address everywhere, permanently. Orders keep their lines and amounts, and "
        "stock notices end. Refused while an order is not finished. It erases 200 orders at once: repeat it for more."
    )
    async def erase_customer(self, info: Info, input: EraseCustomerInput) -> EraseCustomerPayload | None:
        store_id = as_id("store", input.store_id)

        async def send(request: CommandRequest) -> Receipt:
            deps, reading = info.context.deps, info.context.reading_now(request.visitor)
            store = await find_store(reading, store_id)
            email = check_text("email", input.email, EMAIL_MAX) or ""
            key = deps.secrets.derived(b"zyenta-erased").current
            about = f"{store_id}\0{email_key(email)}".encode()
            fingerprint = hashlib.blake2b(about, key=key, digest_size=16).hexdigest()
            before = await request.repeated("fingerprint", fingerprint)
            if before is not None:
                return before
            known = await find_customer(reading.db, store_id, email, scope=reading.scope, personal=deps.personal)
            if known is None:
                raise InvalidInput("email", f"No order of {store.name} has the address {email!r}. Check it.")
            orders = await orders_by_ids(reading.db, store_id, known.order_ids, scope=reading.scope)
            receipt = await request.send(
                EraseCustomer(
                    store_id=store_id,
                    merchant_id=request.merchant_id,
                    order_ids=list(known.order_ids[:FOUND]),
                    notice_ids=list(known.notice_ids[:FOUND]),
                    fingerprint=fingerprint,
                )
            )
            # A policy does this too, from the log. The merchant must not read of success before it is done.
            for order in orders:
                await deps.personal.forget(order.shopper_id)
            return receipt

        async def show(_reading: ReadContext, _receipt: Receipt) -> dict[str, object]:
            return {}

        def erased(receipt: Receipt) -> dict[str, object]:
            result = receipt.result if isinstance(receipt.result, dict) else {}
            return {"erased_orders": int(result.get("orders", "0"))}

        return await change(info, EraseCustomerPayload, input, send, show, known=erased)
