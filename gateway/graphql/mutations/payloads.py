"""Payloads of the mutations: the errors, or the changed object and the token to read it with."""

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

import strawberry

from commands.ports import Receipt
from domain.kernel import NotFound
from gateway.api.client_errors import REFUSALS
from gateway.api.command_request import CommandRequest
from gateway.graphql.as_of import past_readings
from gateway.graphql.context import Info, ReadContext
from gateway.graphql.errors import UserError, user_error
from gateway.graphql.mutations.inputs import MutationInput
from gateway.graphql.types.dispute import Dispute
from gateway.graphql.types.job import Generation
from gateway.graphql.types.media import MediaAsset, UploadTarget
from gateway.graphql.types.merchant import StripeAccount, SupplierAccount
from gateway.graphql.types.order import Order
from gateway.graphql.types.page import Page
from gateway.graphql.types.product import Product
from gateway.graphql.types.publication import BusinessIdentity, PlatformFee, PublicationBlocker
from gateway.graphql.types.store import Store

logger = logging.getLogger(__name__)

P = TypeVar("P", bound="Payload")
Send = Callable[[CommandRequest], Awaitable[Receipt]]
Show = Callable[[ReadContext, Receipt], Awaitable[dict[str, object]]]


@strawberry.interface(description="The fields that every mutation's payload has.")
class Payload:
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why the mutation was refused. Empty on success."
    )
    consistency_token: str | None = strawberry.field(
        default=None,
        description="Pass this token to a query to see the change. Null if there is nothing to wait for.",
    )
    client_mutation_id: str | None = strawberry.field(default=None, description="The clientMutationId of the input.")


CHANGED = "Null if the mutation was refused. Null too if the read models lag behind: then query with consistencyToken."


@strawberry.type
class StorePayload(Payload):
    store: Store | None = strawberry.field(default=None, description=CHANGED)
    blockers: list[PublicationBlocker] = strawberry.field(
        default_factory=list,
        description="Only of publishStore: what is missing. With sandbox payments the store is published all the same.",
    )
    platform_fee: PlatformFee | None = strawberry.field(
        default=None, description="Only of approveStore and publishStore: what the platform keeps of each payment."
    )


@strawberry.type
class RequestStorePayload(Payload):
    store: Store | None = strawberry.field(default=None, description=CHANGED)
    store_id: strawberry.ID | None = None
    generation_id: strawberry.ID | None = strawberry.field(
        default=None, description="The generation that makes the store. It starts a moment later."
    )
    platform_fee: PlatformFee | None = strawberry.field(
        default=None, description="What the platform will keep of each payment."
    )


@strawberry.type
class BusinessIdentityPayload(Payload):
    business_identity: BusinessIdentity | None = strawberry.field(default=None, description=CHANGED)


@strawberry.type
class GenerationPayload(Payload):
    generation: Generation | None = strawberry.field(default=None, description=CHANGED)


@strawberry.type
class ProductPayload(Payload):
    product: Product | None = strawberry.field(default=None, description=CHANGED)


@strawberry.type
class PagePayload(Payload):
    page: Page | None = strawberry.field(default=None, description=CHANGED)


@strawberry.type
class MediaAssetPayload(Payload):
    media_asset: MediaAsset | None = strawberry.field(default=None, description=CHANGED)


@strawberry.type
class SupplierPayload(Payload):
    supplier_account: SupplierAccount | None = strawberry.field(default=None, description=CHANGED)


@strawberry.type
class StripeAccountPayload(Payload):
    stripe_account: StripeAccount | None = strawberry.field(default=None, description=CHANGED)
    onboarding_url: str | None = strawberry.field(
        default=None,
        description="Only of connectStripe: the page with Stripe's questions. It works once, for some minutes.",
    )
    authorize_url: str | None = strawberry.field(
        default=None,
        description="Only of linkStripe: Stripe's page on which the merchant chooses the account. It works for half an hour.",
    )


@strawberry.type
class UploadPayload(Payload):
    upload: UploadTarget | None = strawberry.field(default=None, description="Null if the mutation was refused.")


@strawberry.type(description="A product that a change of several left as it is.")
class KeptProduct:
    product_id: strawberry.ID
    title: str
    error: UserError = strawberry.field(
        description="Why. Its `field` has the place in the input, such as expectedPrices.3."
    )


@strawberry.type
class ChangeProductsPayload(Payload):
    products: list[Product] = strawberry.field(
        default_factory=list,
        description="The products as they are now, in the order of the input. Empty if the mutation was refused.",
    )
    kept: list[KeptProduct] = strawberry.field(
        default_factory=list,
        description="Only of changeProducts with expectedPrices: the products that stayed as they are, because somebody else "
        "changed their price. All others changed.",
    )


@strawberry.type
class OrderPayload(Payload):
    order: Order | None = strawberry.field(default=None, description=CHANGED)


@strawberry.type
class EraseCustomerPayload(Payload):
    erased_orders: int = strawberry.field(
        default=0, description="How many orders have no personal data any more. They keep their lines and amounts."
    )


@strawberry.type
class DisputePayload(Payload):
    dispute: Dispute | None = strawberry.field(default=None, description=CHANGED)


async def change(
    info: Info,
    payload: type[P],
    input: MutationInput,
    send: Send,
    show: Show,
    *,
    known: Callable[[Receipt], dict[str, object]] | None = None,
    refused: Callable[[Exception], dict[str, object]] | None = None,
) -> P:
    """Carry out a mutation.

    Args:
        info: the resolver's info.
        payload: the payload's type.
        input: the mutation's input, with the client's command id.
        send: sends the command.
        show: reads the changed object and returns it as fields of the payload.
        known: returns the payload's fields that do not depend on the read models.
        refused: returns the payload's fields that a refusal fills.

    Raises:
        Unauthenticated: the caller is not logged in.
    """
    request = await info.context.begin(input.command_id)
    try:
        receipt = await send(request)
    except REFUSALS as error:
        known_of = {} if refused is None else refused(error)
        return payload(
            user_errors=[user_error(error)],
            client_mutation_id=input.client_mutation_id,
            **known_of,  # type: ignore[arg-type]
        )
    values: dict[str, object] = {} if known is None else known(receipt)
    # The log settles behind the oldest open transaction, and each reader of the past holds one.
    await past_readings().close()
    if await request.settled(receipt):
        try:
            values |= await show(info.context.reading_now(request.visitor), receipt)
        except NotFound:
            # The command was carried out, so the payload must not report an error.
            logger.warning("a changed object could not be read at %s", receipt.token)
    token = None if receipt.token is None else str(receipt.token)
    return payload(consistency_token=token, client_mutation_id=input.client_mutation_id, **values)  # type: ignore[arg-type]
