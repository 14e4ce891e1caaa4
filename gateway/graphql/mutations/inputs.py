"""What mutations take."""

from decimal import Decimal
from uuid import UUID

import strawberry

from domain.generation.events import Step
from domain.media.events import Operation
from domain.merchant.events import SupplierProvider


@strawberry.input
class MutationInput:
    command_id: UUID | None = strawberry.field(
        default=None,
        description="A UUID of your own for this request: sending it again changes nothing and answers the same.",
    )
    client_mutation_id: str | None = strawberry.field(default=None, description="Handed back as it came.")


@strawberry.input
class RegisterInput(MutationInput):
    email: str
    password: str = strawberry.field(description="10 to 256 characters.")
    name: str | None = None


@strawberry.input
class LogInInput:
    email: str
    password: str
    device_token: str | None = strawberry.field(
        default=None,
        description="From an earlier answer on this device, so that nobody else's tries can keep you out. "
        "Left out: that of the cookie, if there is one.",
    )
    client_mutation_id: str | None = None


@strawberry.input
class RefreshTokenInput:
    refresh_token: str
    client_mutation_id: str | None = None


@strawberry.input(description="What is wanted beyond the niche.")
class PreferencesInput:
    name: str | None = None
    tone: str | None = None
    colors: list[str] | None = None
    colours: list[str] | None = strawberry.field(default=None, deprecation_reason="It is called colors.")
    audience: str | None = None


@strawberry.input
class RequestStoreInput(MutationInput):
    niche: str = strawberry.field(description="What to sell, in up to 120 characters: “Ceramic planters”.")
    preferences: PreferencesInput | None = None
    contact_email: str | None = strawberry.field(
        default=None,
        description="Where shoppers write to. It is published on the store's pages; without one they say what is missing.",
    )


@strawberry.input
class StoreInput(MutationInput):
    store_id: strawberry.ID


@strawberry.input
class GenerationInput(MutationInput):
    generation_id: strawberry.ID


@strawberry.input
class StepInput(MutationInput):
    generation_id: strawberry.ID
    step: Step


@strawberry.input
class AddProductInput(MutationInput):
    store_id: strawberry.ID
    title: str = strawberry.field(description="1 to 200 characters, in one line.")
    description: str
    selling_price: Decimal
    cost_price: Decimal = Decimal(0)
    compare_at_price: Decimal | None = strawberry.field(
        default=None, description="Refused: a new product has no former price. Leave it out."
    )
    currency: str = "USD"
    stock_quantity: int = 0
    images: list[str] = strawberry.field(
        default_factory=list, description="Web addresses of up to 8 photos; they go to the studio."
    )


@strawberry.input(description="What is left out stays as it is.")
class EditProductInput(MutationInput):
    product_id: strawberry.ID
    title: str | None = None
    description: str | None = strawberry.field(
        default=None, description="Replaces features, benefits and callToAction too, which told of the one before."
    )
    features: list[str] | None = strawberry.field(default=None, description="With a description.")
    benefits: list[str] | None = strawberry.field(default=None, description="With a description.")
    call_to_action: str | None = strawberry.field(default=None, description="With a description.")
    meta_title: str | None = strawberry.field(default=None, description="Together with metaDescription.")
    meta_description: str | None = None
    selling_price: Decimal | None = None
    compare_at_price: Decimal | None = strawberry.field(
        default=strawberry.UNSET,
        description="The former price to strike through. It must be the lowest price of the 30 days before the reduction, "
        "and the product must have been on sale that long. Null: no price is struck through any more.",
    )


@strawberry.input
class CountStockInput(MutationInput):
    product_id: strawberry.ID
    variant_id: strawberry.ID | None = strawberry.field(default=None, description="Needed where there are several.")
    stock_quantity: int


@strawberry.input
class ProductInput(MutationInput):
    product_id: strawberry.ID


@strawberry.input
class AddPageInput(MutationInput):
    store_id: strawberry.ID
    title: str = strawberry.field(description="1 to 200 characters, in one line.")
    content: str = strawberry.field(description="Markdown.")


@strawberry.input(description="What is left out stays as it is.")
class EditPageInput(MutationInput):
    page_id: strawberry.ID
    title: str | None = None
    content: str | None = strawberry.field(default=None, description="Markdown.")


@strawberry.input(description="Either the url of a new photo, or the imageId of a known one to process again.")
class ProcessImageInput(MutationInput):
    store_id: strawberry.ID
    image_id: strawberry.ID | None = None
    url: str | None = None
    product_id: strawberry.ID | None = strawberry.field(default=None, description="Whose picture a new photo is to be.")
    alt_text: str | None = strawberry.field(default=None, description="What a known image has, when left out.")
    operations: list[Operation] | None = strawberry.field(default=None, description="Everything, when left out.")
    ground: str | None = strawberry.field(default=None, description="#rrggbb; the brand's surface when left out.")


@strawberry.input(description="Keys go into the vault, encrypted; nothing shows them again.")
class ConnectSupplierInput(MutationInput):
    provider: SupplierProvider
    api_key: str | None = strawberry.field(default=None, description="Needed by all but SAMPLE.")
    api_secret: str | None = None
    account_id: str | None = None


@strawberry.input
class DisconnectSupplierInput(MutationInput):
    provider: SupplierProvider


@strawberry.input
class FulfilOrderInput(MutationInput):
    order_id: strawberry.ID
    carrier: str | None = None
    tracking_number: str | None = None
