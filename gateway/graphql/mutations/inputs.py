"""Inputs of the mutations."""

from datetime import date
from decimal import Decimal
from uuid import UUID

import strawberry

from commands.product_changes import ProductAction
from domain.generation.events import Step
from domain.media.events import ImageVersion, Operation
from domain.merchant.events import SupplierProvider


@strawberry.input
class MutationInput:
    command_id: UUID | None = strawberry.field(
        default=None,
        description="A UUID that you choose for this request. A repeat with the same UUID changes nothing and gets the same answer.",
    )
    client_mutation_id: str | None = strawberry.field(default=None, description="Returned unchanged in the payload.")


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
        description="Device token from an earlier log-in on this device. With it, other people's attempts cannot lock you out. "
        "If omitted, the cookie's token counts.",
    )
    client_mutation_id: str | None = None


@strawberry.input
class RefreshTokenInput:
    refresh_token: str
    client_mutation_id: str | None = None


@strawberry.input(description="Preferences for the store. All are optional.")
class PreferencesInput:
    name: str | None = None
    tone: str | None = None
    colors: list[str] | None = None
    colours: list[str] | None = strawberry.field(default=None, deprecation_reason="Use colors.")
    audience: str | None = None


@strawberry.input(description="A correction of what a niche was understood to mean. An omitted list stays as it is.")
class CorrectNicheInput(MutationInput):
    generation_id: strawberry.ID
    things: list[str] | None = strawberry.field(
        default=None, description="Goods to sell, such as “cat toys”. Narrower kinds are added. At most 16."
    )
    audience: list[str] | None = strawberry.field(default=None, description="People or animals that the goods are for.")
    setting: list[str] | None = strawberry.field(default=None, description="Places and occasions of use.")
    style: list[str] | None = strawberry.field(default=None, description="Looks, materials and moods.")
    expected_revision: str | None = strawberry.field(
        default=None,
        description="The `revision` of the understanding that you corrected. If somebody changed the same part since, nothing "
        "is saved and the code is CHANGED_MEANWHILE. Omitted: your correction replaces any.",
    )


@strawberry.input
class ChooseNicheInput(MutationInput):
    generation_id: strawberry.ID
    niche: str = strawberry.field(description="One of the suggestions, or any other niche. At most 120 characters.")


@strawberry.input
class RequestStoreInput(MutationInput):
    niche: str = strawberry.field(description="What to sell, such as “Ceramic planters”. At most 120 characters.")
    preferences: PreferencesInput | None = None
    contact_email: str | None = strawberry.field(
        default=None,
        description="Address that shoppers can write to, published on the store's pages. Without it the pages say that it is missing.",
    )


@strawberry.input
class StoreInput(MutationInput):
    store_id: strawberry.ID


@strawberry.input
class StoreEditInput(StoreInput):
    expected_revision: str | None = strawberry.field(
        default=None,
        description="The `revision` of the store that you edited. If somebody changed the same part since, nothing is saved "
        "and the code is CHANGED_MEANWHILE. Omitted: your edit replaces any.",
    )


@strawberry.input
class SetDeliveryPromiseInput(StoreEditInput):
    days: int = strawberry.field(
        description="The most calendar days from an order to the shopper's door, 1 to 120. Slower products are not imported."
    )
    time_zone: str | None = strawberry.field(
        default=None,
        description="IANA time zone of the dates that shoppers see, such as Europe/Berlin. Omitted: unchanged.",
    )


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
    title: str = strawberry.field(description="1 to 200 characters on one line.")
    description: str
    selling_price: Decimal
    cost_price: Decimal = Decimal(0)
    compare_at_price: Decimal | None = strawberry.field(
        default=None, description="Must be omitted: a new product has no former price."
    )
    currency: str = "USD"
    stock_quantity: int = 0
    images: list[str] = strawberry.field(
        default_factory=list, description="Addresses of up to 8 photos. The studio processes them."
    )


@strawberry.input(description="Omitted fields do not change.")
class EditProductInput(MutationInput):
    product_id: strawberry.ID
    expected_revision: str | None = strawberry.field(
        default=None,
        description="The `revision` of the product that you edited. If somebody changed the same field since, nothing is "
        "saved and the code is CHANGED_MEANWHILE. Omitted: your edit replaces any.",
    )
    title: str | None = None
    description: str | None = strawberry.field(
        default=None, description="A new description also replaces features, benefits and callToAction."
    )
    features: list[str] | None = strawberry.field(default=None, description="Requires description.")
    benefits: list[str] | None = strawberry.field(default=None, description="Requires description.")
    call_to_action: str | None = strawberry.field(default=None, description="Requires description.")
    meta_title: str | None = strawberry.field(default=None, description="Requires metaDescription.")
    meta_description: str | None = None
    selling_price: Decimal | None = None
    compare_at_price: Decimal | None = strawberry.field(
        default=strawberry.UNSET,
        description="The former price, shown struck through. It must be the lowest price in the 30 days before the reduction, "
        "and the product must have been on sale that long. Null removes it.",
    )


@strawberry.input
class CountStockInput(MutationInput):
    product_id: strawberry.ID
    variant_id: strawberry.ID | None = strawberry.field(
        default=None, description="Required if the product has several variants."
    )
    stock_quantity: int
    expected_stock_quantity: int | None = strawberry.field(
        default=None,
        description="The units on hand that you saw. If there are others by now, nothing is saved and the code is "
        "CHANGED_MEANWHILE. Omitted: your count replaces any.",
    )


@strawberry.input(description="The price of one of several variants.")
class PriceVariantInput(MutationInput):
    product_id: strawberry.ID
    variant_id: strawberry.ID
    price: Decimal = strawberry.field(description="In the store's currency.")
    expected_price: Decimal | None = strawberry.field(
        default=None,
        description="The price that you saw. If there is another by now, nothing is saved and the code is "
        "CHANGED_MEANWHILE. Omitted: yours replaces any.",
    )


@strawberry.input
class ProductInput(MutationInput):
    product_id: strawberry.ID


@strawberry.input(
    description="One change of 1 to 100 products of a store: all of them change, or none. With expectedPrices, products with "
    "another price by now are left out."
)
class ChangeProductsInput(MutationInput):
    store_id: strawberry.ID
    product_ids: list[strawberry.ID]
    action: ProductAction | None = None
    price_percent: Decimal | None = strawberry.field(
        default=None,
        description="By how many percent the prices change, such as `-10`: -90 to 900. Prices are rounded to the cent.",
    )
    expected_prices: list[Decimal] | None = strawberry.field(
        default=None,
        description="For pricePercent: the selling price of each product as you saw it, in the order of productIds. A product "
        "that has another price by now stays as it is, and the payload's `kept` names it. Omitted: any price changes.",
    )


@strawberry.input
class DecideGoodsInput(MutationInput):
    store_id: strawberry.ID
    activate_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Products to put on sale. Both lists together have at most 100."
    )
    archive_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Products to archive. Those that you changed or sold before stay as they are."
    )


@strawberry.input
class ArrangePhotosInput(MutationInput):
    product_id: strawberry.ID
    image_ids: list[strawberry.ID] = strawberry.field(
        description="The first photos in their order. Photos that you leave out follow in their present order."
    )
    expected_image_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="The product's photos in the order that you saw. If they have another order by now, nothing is saved and "
        "the code is CHANGED_MEANWHILE. Photos that came or went since do not count. Omitted: yours replaces any.",
    )


@strawberry.input
class RemovePhotoInput(MutationInput):
    product_id: strawberry.ID
    image_id: strawberry.ID


@strawberry.input
class AddPageInput(MutationInput):
    store_id: strawberry.ID
    title: str = strawberry.field(description="1 to 200 characters on one line.")
    content: str = strawberry.field(description="Markdown.")


@strawberry.input(description="Omitted fields do not change.")
class EditPageInput(MutationInput):
    page_id: strawberry.ID
    title: str | None = None
    content: str | None = strawberry.field(default=None, description="Markdown.")
    expected_version: int | None = strawberry.field(
        default=None,
        description="The `version` of the page that you edited. If the page has another by now, nothing is saved and the "
        "code is PAGE_CHANGED. Omitted: your text replaces any.",
    )


@strawberry.input(
    description="Send the url or the uploadId of a new photo, or the imageId of an existing one to process it again."
)
class ProcessImageInput(MutationInput):
    store_id: strawberry.ID
    image_id: strawberry.ID | None = None
    url: str | None = None
    upload_id: strawberry.ID | None = strawberry.field(
        default=None, description="The upload of a new photo, whose file was sent to the address of requestUpload."
    )
    product_id: strawberry.ID | None = strawberry.field(
        default=None, description="The product that a new photo belongs to."
    )
    alt_text: str | None = strawberry.field(default=None, description="If omitted, an existing image keeps its text.")
    operations: list[Operation] | None = strawberry.field(default=None, description="If omitted, all operations.")
    ground: str | None = strawberry.field(
        default=None, description="Background color as #rrggbb. If omitted, the brand's surface color."
    )


@strawberry.input
class RequestUploadInput(MutationInput):
    store_id: strawberry.ID
    mime_type: str = strawberry.field(description="image/jpeg, image/png or image/webp.")
    size: int = strawberry.field(description="The file's size in bytes: 20 MB at most.")


@strawberry.input
class ChooseImageVersionInput(MutationInput):
    image_id: strawberry.ID
    version: ImageVersion
    expected_version: ImageVersion | None = strawberry.field(
        default=None,
        description="The version that you saw as the one that shoppers see (`review.shown`). If they see another by now, "
        "nothing is saved and the code is CHANGED_MEANWHILE. Omitted: yours replaces any.",
    )


@strawberry.input(
    description="The business behind your stores. It replaces what you stated before, on all pages at once."
)
class SetBusinessIdentityInput(MutationInput):
    expected_revision: str | None = strawberry.field(
        default=None,
        description="The `revision` of the business identity that you edited. `NOTHING` if none was stated. If it was stated since, "
        "nothing is saved and the code is CHANGED_MEANWHILE. Omitted: yours replaces any.",
    )
    name: str = strawberry.field(description="Registered name.")
    legal_form: str = strawberry.field(description="Such as GmbH, Ltd or Sole trader.")
    address_lines: list[str] = strawberry.field(description="Street and house number, not a post box. At most 4 lines.")
    postal_code: str | None = None
    city: str
    country: str = strawberry.field(description="ISO 3166-1 alpha-2 code, such as DE.")
    phone: str
    email: str = strawberry.field(description="Address that shoppers can write to.")
    vat_id: str | None = strawberry.field(default=None, description="Checked for the format and digits of the country.")
    register_entry: str | None = strawberry.field(
        default=None, description="Register and number, such as Amtsgericht München, HRB 123456."
    )
    responsible_person: str | None = strawberry.field(
        default=None, description="The person who may act for the business."
    )
    eu_contact: str | None = strawberry.field(
        default=None,
        description="Name, postal and e-mail address of the responsible economic operator in the European Union, "
        "for a business outside it.",
    )
    note: str | None = strawberry.field(
        default=None, description="Further words for the imprint, such as a supervisory authority."
    )


@strawberry.input(description="Keys are stored encrypted. No field returns them.")
class ConnectSupplierInput(MutationInput):
    provider: SupplierProvider
    api_key: str | None = strawberry.field(default=None, description="Required for every supplier except SAMPLE.")
    api_secret: str | None = None
    account_id: str | None = None


@strawberry.input
class DisconnectSupplierInput(MutationInput):
    provider: SupplierProvider


@strawberry.input(description="Pieces of one line.")
class PiecesInput:
    variant_id: strawberry.ID
    quantity: int


@strawberry.input
class FulfilOrderInput(MutationInput):
    order_id: strawberry.ID
    carrier: str | None = None
    tracking_number: str | None = None
    lines: list[PiecesInput] | None = strawberry.field(
        default=None, description="The pieces in this parcel. If omitted, all that are left to send."
    )
    parcel: int | None = strawberry.field(
        default=None, description="The number of a parcel to correct. Omit it to send another one."
    )
    expected_revision: str | None = strawberry.field(
        default=None,
        description="For a correction: the `revision` of the parcel that you saw. If it was corrected since, nothing is saved and "
        "the code is CHANGED_MEANWHILE. Omitted: yours replaces any.",
    )


@strawberry.input
class CancelOrderInput(MutationInput):
    order_id: strawberry.ID
    reason: str | None = strawberry.field(default=None, description="The shopper reads it. At most 500 characters.")


@strawberry.input
class MarkOrderDeliveredInput(MutationInput):
    order_id: strawberry.ID
    delivered_on: date = strawberry.field(description="In the store's time zone.")
    expected_delivered_on: date | None = strawberry.field(
        default=None,
        description="For a correction: the day that you saw. If it is another by now, nothing is saved and the code is "
        "CHANGED_MEANWHILE. Omitted: yours replaces any.",
    )


@strawberry.input
class ConnectStripeInput(MutationInput):
    return_url: str | None = strawberry.field(
        default=None,
        description="Where the merchant comes back to; then call checkStripe. The dashboard's page if omitted.",
    )
    refresh_url: str | None = strawberry.field(
        default=None,
        description="Where Stripe sends the merchant if the link is used or too old; then call connectStripe again. "
        "The dashboard's page if omitted, which leads on to a new link.",
    )


@strawberry.input
class UseStripeKeyInput(MutationInput):
    secret_key: str = strawberry.field(
        description="A restricted key, rk_..., of your own account. It is kept encrypted and never returned."
    )


@strawberry.input
class LinkStripeInput(MutationInput):
    redirect_url: str = strawberry.field(
        description="Where Stripe sends the merchant back to, with state and code in the address. The operator must have "
        "registered it at Stripe."
    )


@strawberry.input
class FinishStripeLinkInput(MutationInput):
    state: str = strawberry.field(description="As it came back in the address.")
    code: str | None = strawberry.field(default=None, description="As it came back; null if it did not.")
    error: str | None = strawberry.field(
        default=None, description="As it came back, such as access_denied; null if it did not."
    )


@strawberry.input
class StripeAccountInput(MutationInput):
    pass
