"""The mutation of a store's taxes."""

from decimal import Decimal

import strawberry

from commands.ports import Receipt
from commands.taxes import SetTaxes
from domain.kernel import InvalidInput
from domain.store.taxes import TaxMode, TaxRate, TaxSettings
from gateway.api import taxes
from gateway.api.command_request import CommandRequest
from gateway.api.validation import InvalidAmount, as_id
from gateway.graphql.context import Info, ReadContext
from gateway.graphql.fields import mutation
from gateway.graphql.mutations.inputs import StoreEditInput
from gateway.graphql.mutations.payloads import StorePayload, change
from gateway.graphql.queries.root import find_store

RATES_MOST = 250


@strawberry.input(description="A country's tax rate.")
class TaxRateInput:
    country: str = strawberry.field(description="ISO 3166-1 alpha-2, such as DE.")
    percent: Decimal = strawberry.field(description="Such as 19 or 5.5; two decimal places.")


@strawberry.input(description="How a store's taxes are known. It replaces all former settings.")
class SetTaxesInput(StoreEditInput):
    mode: TaxMode
    rates: list[TaxRateInput] = strawberry.field(
        default_factory=list, description="Of INCLUSIVE: the rate that prices include, by country of the delivery."
    )
    included: bool = strawberry.field(
        default=False,
        description="Of AT_PAYMENT: whether prices include the tax. Else Stripe adds it and shows it before the payment.",
    )
    code: str | None = strawberry.field(
        default=None, description="Of AT_PAYMENT: Stripe's tax code of the goods, txcd_...; tangible goods if omitted."
    )


@strawberry.type
class TaxMutations:
    @mutation(
        "Decide how a store's taxes are known; orders from now on have them. AT_PAYMENT is Stripe Tax: it is asked first "
        "whether your account is set up and registered, and the error says what is missing."
    )
    async def set_taxes(self, info: Info, input: SetTaxesInput) -> StorePayload | None:
        store_id = as_id("store", input.store_id)

        async def send(request: CommandRequest) -> Receipt:
            if len(input.rates) > RATES_MOST:
                raise InvalidInput("rates", f"rates has {len(input.rates)} entries. Use at most {RATES_MOST}.")
            rates = [
                TaxRate(country=rate.country, basis_points=_basis_points(n, rate.percent))
                for n, rate in enumerate(input.rates)
            ]
            settings = TaxSettings(mode=input.mode, rates=rates, included=input.included, code=input.code)
            command = SetTaxes(
                store_id=store_id, merchant_id=request.merchant_id, taxes=settings, seen=input.expected_revision
            )
            return await taxes.set_taxes(info.context.deps, request, command)

        async def show(reading: ReadContext, _receipt: Receipt) -> dict[str, object]:
            return {"store": await find_store(reading, store_id)}

        return await change(info, StorePayload, input, send, show)


def _basis_points(n: int, percent: Decimal) -> int:
    field = f"rates.{n}.percent"
    if isinstance(percent, InvalidAmount):
        raise InvalidInput(field, f"Invalid percent {percent.text[:40]!r}. Use a number such as 19.")
    if not percent.is_finite() or not 0 <= percent <= 100 or percent * 100 != int(percent * 100):
        raise InvalidInput(field, f"Invalid percent {str(percent)[:40]}. Use 0 to 50 with two decimal places.")
    return int(percent * 100)
