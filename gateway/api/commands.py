"""Builders of the commands that both GraphQL and REST send.

Each builder reads the fields that the GraphQL input and the REST body have in common, as a protocol.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from commands.media import ChooseImageVersion, RequestImage
from commands.product import AddProduct, CountStock, EditProduct
from commands.store import RequestStore
from domain.kernel import InvalidInput, NotFound
from domain.media.events import ImageVersion, Operation
from domain.money import Money
from domain.store.events import Preferences
from gateway.api.command_request import CommandRequest
from gateway.api.uploads import stored_upload
from gateway.api.validation import as_id, check_text, contact_email, ground_color, money
from projections.catalog import queries as catalog_queries
from projections.reading.paging import Reader
from projections.reading.scope import MerchantScope

ALL_OPERATIONS = tuple(Operation)


class StoreFields(Protocol):
    """The fields of a store request, without its preferences."""

    niche: str
    contact_email: str | None


def request_store(request: CommandRequest, store: StoreFields, preferences: Preferences) -> RequestStore:
    """Return the command that requests a store.

    Raises:
        InvalidInput: names the field.
    """
    return RequestStore(
        store_id=request.new_id("store"),
        merchant_id=request.merchant_id,
        niche=store.niche,
        preferences=preferences,
        contact_email=contact_email(store.contact_email),
    )


class NewProductFields(Protocol):
    """The fields of a product that is added by hand. Prices are in major units."""

    title: str
    description: str
    selling_price: Decimal
    cost_price: Decimal
    compare_at_price: Decimal | None
    currency: str
    stock_quantity: int
    images: list[str]


def add_product(request: CommandRequest, store_id: UUID, product: NewProductFields) -> AddProduct:
    """Return the command that adds a product by hand.

    Raises:
        InvalidInput: names the field.
    """
    currency = product.currency
    return AddProduct(
        product_id=request.new_id("product"),
        store_id=store_id,
        merchant_id=request.merchant_id,
        title=product.title,
        description=product.description,
        cost=money("costPrice", product.cost_price, currency),
        price=money("sellingPrice", product.selling_price, currency),
        compare_at=_money_or_none("compareAtPrice", product.compare_at_price, currency),
        stock=product.stock_quantity,
        image_urls=product.images,
    )


class ProductChangeFields(Protocol):
    """The fields of a product that can be edited; None leaves a field unchanged."""

    title: str | None
    description: str | None
    features: list[str] | None
    benefits: list[str] | None
    call_to_action: str | None
    meta_title: str | None
    meta_description: str | None
    selling_price: Decimal | None
    compare_at_price: Decimal | None


def edit_product(
    request: CommandRequest,
    product_id: UUID,
    changes: ProductChangeFields,
    *,
    currency: str,
    clear_compare_at: bool,
    seen: str | None = None,
) -> EditProduct:
    """Return the command that edits a product.

    Args:
        request: the merchant's request.
        product_id: the product to edit.
        changes: the new values.
        currency: the product's currency.
        clear_compare_at: whether the client sent null, which removes the compare-at price.
        seen: the revision that the client edited; None to overwrite any.

    Raises:
        InvalidInput: names the field.
    """
    compare_at = changes.compare_at_price
    return EditProduct(
        product_id=product_id,
        merchant_id=request.merchant_id,
        title=changes.title,
        description=changes.description,
        features=changes.features,
        benefits=changes.benefits,
        call_to_action=changes.call_to_action,
        meta_title=changes.meta_title,
        meta_description=changes.meta_description,
        price=_money_or_none("sellingPrice", changes.selling_price, currency),
        # In GraphQL an omitted price is UNSET, not None.
        compare_at=_money_or_none("compareAtPrice", compare_at if isinstance(compare_at, Decimal) else None, currency),
        clear_compare_at=clear_compare_at,
        seen=seen,
    )


def count_stock(
    request: CommandRequest, product_id: UUID, variant: str | None, on_hand: int, seen: int | None = None
) -> CountStock:
    """Return the command that sets the units on hand of a product or of one variant.

    Raises:
        NotFound: the variant's id is not a UUID.
    """
    return CountStock(
        product_id=product_id,
        merchant_id=request.merchant_id,
        variant_id=None if variant is None else as_id("variant", variant),
        on_hand=on_hand,
        seen=seen,
    )


class ImageFields(Protocol):
    """A new photo by its ``url``, or an existing one by its ``image_id``."""

    url: str | None
    alt_text: str | None
    """For people who do not see the image. None keeps an existing image's text."""
    operations: list[Operation] | None
    """None means all operations."""
    ground: str | None
    """The background color. None means the brand's surface color."""

    @property
    def image_id(self) -> str | None:
        """The image to process again."""

    @property
    def product_id(self) -> str | None:
        """The product that a new photo belongs to."""

    @property
    def upload_id(self) -> str | None:
        """The upload of a new photo."""


async def request_image(request: CommandRequest, store: str, image: ImageFields, new_id: UUID) -> RequestImage:
    """Return the command that sends an image to the studio.

    Args:
        request: the merchant's request.
        store: id of the image's store.
        image: the image and its processing.
        new_id: id for a new photo.

    Raises:
        InvalidInput: names the field.
        NotFound: the merchant has no such image.
    """
    store_id = as_id("store", store)
    url = (image.url or "").strip()
    image_id = None if image.image_id is None else as_id("image", image.image_id)
    product_id = None if image.product_id is None else as_id("product", image.product_id)
    upload_id = None if image.upload_id is None else as_id("upload", image.upload_id)
    if image_id is None and not url and upload_id is None:
        raise InvalidInput(
            "url", "url is missing. Send the url or the uploadId of a new photo, or the imageId of an existing one."
        )
    if upload_id is not None and (url or image_id is not None):
        raise InvalidInput("uploadId", "uploadId is set with url or imageId. Send one of them.")
    if image_id is not None:
        if url:
            raise InvalidInput(
                "url", "url and imageId are both set. Send the url of a new photo, or the imageId of an existing one."
            )
        product_id = await _product_of_image(request, store_id, image_id)
    operations: Sequence[Operation] = ALL_OPERATIONS if image.operations is None else image.operations
    return RequestImage(
        image_id=new_id if image_id is None else image_id,
        store_id=store_id,
        merchant_id=request.merchant_id,
        product_id=product_id,
        url=url or None,
        alt_text=check_text("altText", image.alt_text, 500),
        operations=list(dict.fromkeys(operations)),
        ground=ground_color(image.ground),
        stored_key=None if upload_id is None else await stored_upload(request, store_id, upload_id),
    )


def choose_image_version(
    request: CommandRequest, image: str, version: ImageVersion, seen: ImageVersion | None
) -> ChooseImageVersion:
    """Return the command that chooses an image's version.

    Raises:
        InvalidInput: the image's id is malformed.
    """
    return ChooseImageVersion(
        image_id=as_id("image", image), merchant_id=request.merchant_id, version=version, seen=seen
    )


async def _product_of_image(request: CommandRequest, store_id: UUID, image_id: UUID) -> UUID | None:
    """Return an image's product. It never changes, so an old read model is good enough."""
    reader = request.services.deps.reader
    asset = await catalog_queries.media_by_id(reader, image_id, scope=request.scope)
    if asset is None or asset.store_id != store_id:
        raise NotFound("image", image_id)
    return asset.product_id


async def currency_of_product(db: Reader, product_id: UUID, *, scope: MerchantScope) -> str:
    """Return a product's currency. It never changes, so an old read model is good enough."""
    product = await catalog_queries.product_by_id(db, product_id, scope=scope)
    return "USD" if product is None else product.price.currency


def _money_or_none(field: str, amount: Decimal | None, currency: str) -> Money | None:
    return None if amount is None else money(field, amount, currency)
