"""Mutations of supplier accounts."""

from functools import partial

import strawberry

from commands.merchant import ConnectSupplier, DisconnectSupplier
from commands.ports import Receipt
from domain.kernel import InvalidInput
from domain.merchant.errors import SupplierNotConnected
from domain.merchant.events import SupplierProvider
from gateway.api.command_request import CommandRequest
from gateway.api.validation import check_text, supplier_credentials
from gateway.graphql.context import Info, ReadContext
from gateway.graphql.fields import mutation
from gateway.graphql.mutations.inputs import ConnectSupplierInput, DisconnectSupplierInput
from gateway.graphql.mutations.payloads import SupplierPayload, change
from gateway.graphql.queries.root import find_user


@strawberry.type
class SupplierMutations:
    @mutation("Start to source from a supplier. The installation must be able to search it.")
    async def connect_supplier(self, info: Info, input: ConnectSupplierInput) -> SupplierPayload | None:
        async def send(request: CommandRequest) -> Receipt:
            _check_searchable(input.provider, info.context.deps.suppliers)
            account_id = check_text("accountId", input.account_id)
            credentials = supplier_credentials(
                input.provider, api_key=input.api_key, api_secret=input.api_secret, account_id=account_id
            )
            if credentials is not None:
                await info.context.deps.supplier_vault.keep(request.merchant_id, input.provider, credentials)
            return await request.send(
                ConnectSupplier(merchant_id=request.merchant_id, provider=input.provider, account_id=account_id)
            )

        async def show(reading: ReadContext, _receipt: Receipt) -> dict[str, object]:
            return await _show_supplier(reading, input.provider)

        return await change(info, SupplierPayload, input, send, show)

    @mutation("Stop sourcing from a supplier and delete its keys. Imported products stay.")
    async def disconnect_supplier(self, info: Info, input: DisconnectSupplierInput) -> SupplierPayload | None:
        async def send(request: CommandRequest) -> Receipt:
            command = DisconnectSupplier(merchant_id=request.merchant_id, provider=input.provider)
            drop = partial(info.context.deps.supplier_vault.drop, request.merchant_id, input.provider)
            try:
                receipt = await request.send(command)
            except SupplierNotConnected:
                # Keys may be left of a request that ended between its command and the vault.
                await drop()
                raise
            await drop()
            return receipt

        async def show(reading: ReadContext, _receipt: Receipt) -> dict[str, object]:
            return await _show_supplier(reading, input.provider)

        return await change(info, SupplierPayload, input, send, show)


def _check_searchable(provider: SupplierProvider, searchable: frozenset[SupplierProvider]) -> None:
    if provider not in searchable:
        raise InvalidInput(
            "provider",
            f"This installation cannot search {provider.display_name}. "
            f"Connect one of: {', '.join(sorted(one.display_name for one in searchable))}.",
        )


async def _show_supplier(reading: ReadContext, provider: SupplierProvider) -> dict[str, object]:
    user = await find_user(reading)
    return {"supplier_account": next((one for one in user.supplier_accounts if one.provider is provider), None)}
