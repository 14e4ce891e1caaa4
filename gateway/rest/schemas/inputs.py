"""Bodies of requests."""

from decimal import Decimal
from typing import Annotated

from pydantic import AliasChoices, Field

from domain.media.events import ImageVersion, Operation
from domain.product.events import ProductStatus
from gateway.api.validation import PlainDecimal, PlainInt
from gateway.rest.examples import ANY_ID
from gateway.rest.schemas.body import Body, example

BATCH_MAX = 50
"""Maximum images of one batch."""


class PreferencesInput(Body):
    """Preferences for a store. All are optional."""

    name: str | None = None
    tone: str | None = None
    colors: list[str] = Field(default_factory=list, validation_alias=AliasChoices("colors", "colours"))
    audience: str | None = None


class StoreRequestInput(Body):
    """A request for a store in a niche."""

    model_config = example(niche="Dog toys")

    niche: str
    preferences: PreferencesInput = PreferencesInput()
    contact_email: str | None = None


class NewProductInput(Body):
    """A product that is added by hand."""

    model_config = example(
        title="Paper lamp", description="A lamp of folded paper.", sellingPrice="24.90", stockQuantity=10
    )

    title: str
    description: str
    selling_price: PlainDecimal
    cost_price: PlainDecimal = Decimal(0)
    compare_at_price: PlainDecimal | None = None
    currency: str = "USD"
    stock_quantity: PlainInt = 0
    images: list[str] = Field(default_factory=list)


class ProductChangesInput(Body):
    """Changes of a product. Omitted fields do not change; null removes the compare-at price.

    The compare-at price must be the lowest price in the 30 days before the reduction.

    A new description also replaces features, benefits and call to action.
    """

    model_config = example(title="Paper lamp")

    title: str | None = None
    description: str | None = None
    features: list[str] | None = None
    benefits: list[str] | None = None
    call_to_action: str | None = None
    meta_title: str | None = None
    meta_description: str | None = None
    selling_price: PlainDecimal | None = None
    compare_at_price: PlainDecimal | None = None
    stock_quantity: PlainInt | None = None
    variant_id: str | None = None
    """The variant whose stock changes. Required if the product has several variants."""
    status: ProductStatus | None = None
    """ACTIVE puts the product on sale, DRAFT takes it off sale."""


class ImageInput(Body):
    """A new photo by its ``url`` or ``uploadId``, or an existing one by its ``imageId``."""

    url: str | None = None
    upload_id: str | None = None
    image_id: str | None = None
    product_id: str | None = None
    alt_text: str | None = None
    operations: list[Operation] | None = None
    ground: str | None = None


class StoreImageInput(ImageInput):
    """An image and its store."""

    model_config = example(storeId=ANY_ID, url="https://images.example.com/lamp.jpg", altText="A paper lamp")

    store_id: str


class ImageBatchInput(Body):
    """Several images of one store."""

    model_config = example(storeId=ANY_ID, images=[{"url": "https://images.example.com/lamp.jpg"}])

    store_id: str
    images: Annotated[list[ImageInput], Field(min_length=1, max_length=BATCH_MAX)]


class ImageVersionInput(Body):
    """The version of an image that shoppers see."""

    model_config = example(version="ORIGINAL")

    version: ImageVersion
    expected_version: ImageVersion | None = None
    """The version that you saw. If shoppers see another by now, nothing is saved. Omitted: yours replaces any."""


class BackgroundInput(Body):
    """A product image and its new background color. Without a color, the brand's surface color."""

    model_config = example(storeId=ANY_ID, imageId=ANY_ID, ground="#f4f1ea")

    store_id: str
    image_id: str | None = None
    url: str | None = None
    product_id: str | None = None
    alt_text: str | None = None
    ground: str | None = None


class AgentRunInput(Body):
    """The store that the agent works for."""

    model_config = example(storeId=ANY_ID)

    store_id: str
