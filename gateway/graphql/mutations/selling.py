"""Mutations of a store's delivery rates and discount codes."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import strawberry

from commands.discount import CreateDiscount, PauseDiscount, ResumeDiscount
from commands.ports import Receipt
from commands.shipping import SetShipping
from domain.discount.events import DiscountKind, DiscountTerms
from domain.kernel import InvalidInput, NotFound
from domain.shipping.rates import UNKNOWN_WEIGHT, RateBand, RateBasis, ShippingRates, ShippingZone
from gateway.api.command_request import CommandRequest
from gateway.api.validation import InvalidAmount, as_id, money, require
from gateway.graphql.context import Info, ReadContext
from gateway.graphql.fields import mutation
from gateway.graphql.mutations.inputs import MutationInput, StoreEditInput, StoreInput
from gateway.graphql.mutations.payloads import CHANGED, Payload, StorePayload, change
from gateway.graphql.queries.root import find_store
from gateway.graphql.types.discount import Discount
from projections.catalog import queries as catalog_queries
from projections.reading.scope import MerchantScope
from projections.sales.discount_queries import discount_by_id


@strawberry.input(description="One price of a zone. State at most one end; the last band may have none.")
class RateBandInput:
    price: Decimal = strawberry.field(description="In the store's currency. 0 for free delivery.")
    up_to_grams: int | None = strawberry.field(
        default=None, description="The last weight of a band by weight, in grams."
    )
    up_to_subtotal: Decimal | None = strawberry.field(
        default=None, description="The last price of the goods of a band by price, before discounts."
    )


@strawberry.input(description="Countries that share their delivery rates.")
class DeliveryZoneInput:
    name: str = strawberry.field(description="Shoppers see it. At most 60 characters.")
    countries: list[str] = strawberry.field(description="ISO 3166-1 alpha-2 codes, such as DE. A country has one zone.")
    basis: RateBasis = RateBasis.FLAT
    bands: list[RateBandInput] = strawberry.field(description="The lowest first. A flat rate has one, without an end.")
    free_from: Decimal | None = strawberry.field(
        default=None, description="The price of the goods from which delivery is free. Omitted: never."
    )


@strawberry.input
class SetShippingInput(StoreEditInput):
    zones: list[DeliveryZoneInput] = strawberry.field(description="1 to 20. They replace all former zones.")
    unknown_weight: int = strawberry.field(
        default=UNKNOWN_WEIGHT, description="Grams that a piece counts with if its weight is unknown."
    )


@strawberry.input
class CreateDiscountInput(StoreInput):
    code: str = strawberry.field(
        description="3 to 24 letters and digits. Shoppers may write it with spaces and in any case."
    )
    kind: DiscountKind
    percentage: Decimal | None = strawberry.field(
        default=None, description="Only of PERCENTAGE: more than 0, at most 100, with at most two decimal places."
    )
    amount: Decimal | None = strawberry.field(default=None, description="Only of AMOUNT: in the store's currency.")
    minimum: Decimal | None = strawberry.field(
        default=None, description="The least price of all goods in the order. Omitted: none."
    )
    starts_at: datetime | None = strawberry.field(default=None, description="From when it counts. Omitted: at once.")
    ends_at: datetime | None = strawberry.field(
        default=None, description="From when it no longer counts. Omitted: never."
    )
    most_uses: int | None = strawberry.field(
        default=None, description="How many orders may use it. Omitted: any number."
    )
    most_uses_per_shopper: int | None = strawberry.field(
        default=None, description="How many orders of one e-mail address may use it. Omitted: any number."
    )
    product_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="The products that it takes something off. Omitted: all."
    )


@strawberry.input
class DiscountInput(MutationInput):
    discount_id: strawberry.ID


@strawberry.type
class DiscountPayload(Payload):
    discount: Discount | None = strawberry.field(default=None, description=CHANGED)


@strawberry.type
class SellingMutations:
    @mutation(
        "Set where a store delivers and for how much. Without it, prices include the freight and delivery is free everywhere."
    )
    async def set_shipping(self, info: Info, input: SetShippingInput) -> StorePayload | None:
        store_id = as_id("store", input.store_id)

        async def send(request: CommandRequest) -> Receipt:
            currency = await currency_of(info, store_id, request.scope)
            zones = [_zone(n, zone, currency) for n, zone in enumerate(input.zones)]
            rates = ShippingRates(zones=zones, unknown_weight=input.unknown_weight)
            return await request.send(
                SetShipping(
                    store_id=store_id, merchant_id=request.merchant_id, rates=rates, seen=input.expected_revision
                )
            )

        async def show(reading: ReadContext, _receipt: Receipt) -> dict[str, object]:
            return {"store": await find_store(reading, store_id)}

        return await change(info, StorePayload, input, send, show)

    @mutation("Create a discount code. Its terms do not change; create another code for other terms.")
    async def create_discount(self, info: Info, input: CreateDiscountInput) -> DiscountPayload | None:
        store_id = as_id("store", input.store_id)

        async def send(request: CommandRequest) -> Receipt:
            currency = await currency_of(info, store_id, request.scope)
            terms = _terms(input, currency)
            return await request.send(
                CreateDiscount(store_id=store_id, merchant_id=request.merchant_id, code=input.code, terms=terms)
            )

        async def show(reading: ReadContext, receipt: Receipt) -> dict[str, object]:
            return {"discount": await _discount(reading, UUID(receipt.result["discount_id"]))}

        return await change(info, DiscountPayload, input, send, show)

    @mutation("Take a discount code out of use. Orders that wait for their payment keep it.")
    async def pause_discount(self, info: Info, input: DiscountInput) -> DiscountPayload | None:
        return await _discount_change(info, input, PauseDiscount)

    @mutation("Put a paused discount code into use again.")
    async def resume_discount(self, info: Info, input: DiscountInput) -> DiscountPayload | None:
        return await _discount_change(info, input, ResumeDiscount)


async def _discount_change(
    info: Info, input: DiscountInput, command: type[PauseDiscount | ResumeDiscount]
) -> DiscountPayload:
    discount_id = as_id("discount", input.discount_id)

    async def send(request: CommandRequest) -> Receipt:
        return await request.send(command(discount_id=discount_id, merchant_id=request.merchant_id))

    async def show(reading: ReadContext, _receipt: Receipt) -> dict[str, object]:
        return {"discount": await _discount(reading, discount_id)}

    return await change(info, DiscountPayload, input, send, show)


async def _discount(reading: ReadContext, discount_id: UUID) -> Discount:
    view = await discount_by_id(reading.db, discount_id, scope=reading.scope)
    return Discount.of(require(view, "discount", discount_id))


async def currency_of(info: Info, store_id: UUID, scope: MerchantScope) -> str:
    """Return the currency of a merchant's store.

    Raises:
        NotFound: no store has the id, or it is another merchant's.
        InvalidInput: the store has no products yet.
    """
    store = await catalog_queries.store_by_id(info.context.deps.reader, store_id, scope=scope)
    if store is None:
        raise NotFound("store", store_id)
    if store.currency is None:
        raise InvalidInput("store_id", "The store has no currency yet. It gets one with its first product.")
    return store.currency


def _zone(n: int, zone: DeliveryZoneInput, currency: str) -> ShippingZone:
    path = f"zones.{n}"
    return ShippingZone(
        name=zone.name,
        countries=zone.countries,
        basis=zone.basis,
        bands=[_band(f"{path}.bands.{at}", band, zone.basis, currency) for at, band in enumerate(zone.bands)],
        free_from=None if zone.free_from is None else money(f"{path}.freeFrom", zone.free_from, currency),
    )


def _band(path: str, band: RateBandInput, basis: RateBasis, currency: str) -> RateBand:
    grams, subtotal = band.up_to_grams, band.up_to_subtotal
    if grams is not None and basis is not RateBasis.WEIGHT:
        raise InvalidInput(f"{path}.up_to_grams", "upToGrams belongs to a zone by WEIGHT. Omit it here.")
    if subtotal is not None and basis is not RateBasis.SUBTOTAL:
        raise InvalidInput(f"{path}.up_to_subtotal", "upToSubtotal belongs to a zone by SUBTOTAL. Omit it here.")
    end = grams if subtotal is None else money(f"{path}.upToSubtotal", subtotal, currency).minor
    return RateBand(up_to=end, price=money(f"{path}.price", band.price, currency))


def _terms(input: CreateDiscountInput, currency: str) -> DiscountTerms:
    return DiscountTerms(
        kind=input.kind,
        basis_points=None if input.percentage is None else basis_points(input.percentage),
        amount=None if input.amount is None else money("amount", input.amount, currency),
        minimum=None if input.minimum is None else money("minimum", input.minimum, currency),
        starts_at=_aware("startsAt", input.starts_at),
        ends_at=_aware("endsAt", input.ends_at),
        most_uses=input.most_uses,
        most_uses_per_shopper=input.most_uses_per_shopper,
        product_ids=[as_id("product", id) for id in input.product_ids],
    )


def basis_points(percentage: Decimal) -> int:
    """Return a percentage in basis points.

    Raises:
        InvalidInput: it is not a number, not above 0 and at most 100, or has more than two digits after the point.
    """
    if isinstance(percentage, InvalidAmount):
        raise InvalidInput("percentage", f"Invalid percentage {percentage.text[:40]!r}. Use a number such as 12.5.")
    # Compared directly: arithmetic overflows on a number such as 1e9999999.
    if not percentage.is_finite() or not 0 < percentage <= 100:
        raise InvalidInput("percentage", f"Invalid percentage {str(percentage)[:40]}. Use more than 0 and at most 100.")
    points = int(percentage * 100)
    if Decimal(points) / 100 != percentage:
        raise InvalidInput(
            "percentage", f"Invalid percentage {str(percentage)[:40]}. Use at most two digits after the point."
        )
    return points


def _aware(field: str, at: datetime | None) -> datetime | None:
    if at is not None and at.tzinfo is None:
        raise InvalidInput(field, f"{field} has no time zone. Use a time such as {at.isoformat()}Z.")
    return at
