"""The domain's vocabularies, as GraphQL enums."""

import strawberry

from domain.generation.events import JobStatus, JobType, Step
from domain.media.events import MediaType, Operation, RejectionReason
from domain.merchant.events import SupplierProvider
from domain.order.events import OrderStatus, UnmatchedReason
from domain.product.events import ProductStatus
from domain.store.brand import Availability
from domain.store.events import PageType, StoreStatus
from projections.catalog.views import ImageState, ProductSort

ENUMS = {
    StoreStatus: "Where a store stands.",
    ProductStatus: "Where a product stands. OUT_OF_STOCK: on sale, with nothing left.",
    PageType: "The kinds of content page.",
    MediaType: "The kinds of media asset.",
    ImageState: "Where an image stands. ORIGINAL: only the supplier's photo is known.",
    Operation: "What the studio can do to an image, in the order it does it.",
    RejectionReason: "Why an image could not be used.",
    SupplierProvider: "Where products come from. SAMPLE is the sandbox catalogue that ships with Zyenta.",
    JobType: "The agents. VIDEO_GENERATOR is reserved.",
    JobStatus: "Where a job, or one step of it, stands.",
    Step: "The steps of a store's generation.",
    OrderStatus: "Where an order stands.",
    UnmatchedReason: "Why a payment pays no order. LATE: it was cancelled. DUPLICATE: another payment had paid it. "
    "MISMATCH: the amount is not what was due.",
    Availability: "What a domain registry says of a name. UNKNOWN: it could not be asked, or did not answer clearly.",
    ProductSort: "Orders in which products can be listed.",
}
"""Every enum of the schema and what it is for."""

for _enum, _description in ENUMS.items():
    strawberry.enum(_enum, description=_description)
