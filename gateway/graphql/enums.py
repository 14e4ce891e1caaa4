"""The domain's enums, with their GraphQL descriptions."""

from collections.abc import Callable
from typing import Any

import strawberry
from graphql import GraphQLEnumType, GraphQLError, GraphQLSchema

from commands.product_changes import ProductAction
from domain.discount.events import DiscountKind
from domain.draft.aggregate import DraftStatus
from domain.draft.events import TargetKind
from domain.editing import EditField
from domain.generation.events import AttentionCode, JobStatus, JobType, Step
from domain.ledger.postings import Account, EntryKind
from domain.media.events import ImageVersion, MediaType, Operation, RejectionReason
from domain.merchant.account_events import SignInProvider
from domain.merchant.events import StripeLink, SupplierProvider
from domain.order.after_sale.dispute_events import DisputeStatus, EvidenceStatus
from domain.order.after_sale.state import RefundStatus
from domain.order.events import OrderStatus, UnmatchedReason
from domain.order.evidence.fields import EvidenceField, EvidenceSource
from domain.payout.aggregate import PayoutStatus
from domain.product.events import ProductStatus
from domain.shipping.rates import RateBasis
from domain.store.brand import Availability, HeroKind, Mood, Section
from domain.store.collection_events import AddressKind
from domain.store.domain_events import DomainProblem, DomainStatus
from domain.store.events import PageType, StoreStatus
from domain.store.publication import BlockerCode
from domain.store.taxes import TaxKind, TaxMode
from domain.subscription.entitlement import PlanState
from domain.subscription.plans import Limit
from domain.team.actors import Means
from domain.team.roles import KeyScope, Role
from gateway.api.event_words import EventSource
from gateway.api.order_timeline import MomentKind
from gateway.graphql.types.sorts import (
    ApiKeySort,
    CategorySort,
    CollectionSort,
    DomainSort,
    InvitationSort,
    PageSort,
    PageVersionSort,
    PersonSort,
)
from projections.catalog.views import ImageState, MediaSort, ProductSort, StoreSort
from projections.jobs.views import DraftSort, GenerationSort
from projections.sales.views import DiscountSort, DisputeSort, OrderSort, PayoutSort, RejectedWebhookSort

ENUMS = {
    StoreStatus: "Status of a store.",
    ProductStatus: "Status of a product. OUT_OF_STOCK: on sale, but no units are available.",
    ProductAction: "What happens to products. DEACTIVATE: they become drafts again.",
    PageType: "Kind of content page.",
    MediaType: "Kind of media file.",
    ImageState: "Status of an image. ORIGINAL: only the original photo exists. "
    "NEEDS_REVIEW: the photo is shown whole because its cut-out is doubtful; choose with `chooseImageVersion`.",
    ImageVersion: "Version of an image. CUTOUT: the product on the brand's ground. ORIGINAL: the whole photo.",
    Operation: "Operations of the studio on an image, in processing order.",
    RejectionReason: "Why an image could not be used.",
    TaxMode: "How a store's taxes are known. INCLUSIVE: prices include the stated rates. AT_PAYMENT: Stripe Tax.",
    TaxKind: "How an order's tax relates to its prices.",
    StripeLink: "How the platform reaches a merchant's account at Stripe: it opened the account, the merchant linked one "
    "that existed, or the merchant gave an own key.",
    Role: "What a person may do in a store. EDITOR: edit everything, but not publish, pay, refund, invite or delete. "
    "VIEWER: read.",
    Means: "What a person used: a log-in or an API key.",
    KeyScope: "What an API key may do. CONTENT: pages, looks, collections, settings and generations.",
    SignInProvider: "Other companies whose accounts may log merchants in.",
    SupplierProvider: "Source of products. SAMPLE is the sandbox catalog that ships with Zyenta.",
    JobType: "Agent that does a job. VIDEO_GENERATOR is reserved.",
    JobStatus: "Status of a job, a step or a generation. NEEDS_ATTENTION: it ended without a failure and waits for the "
    "merchant's decision; see `attention`.",
    AttentionCode: "Why a generation waits for the merchant.",
    Step: "Step of a store's generation.",
    OrderStatus: "Status of an order. PARTLY_FULFILLED: a carrier has some of the pieces. "
    "CANCELLED: before it was paid, or before it was sent. REFUNDED: all of the payment went back.",
    DisputeStatus: "Status of a dispute. INQUIRY: the bank asks, and no money moved. CLOSED: an inquiry ended without a dispute.",
    EvidenceStatus: "Status of a dispute's evidence. SUBMITTED: the provider is being asked to take it. "
    "ACCEPTED: the provider has it and takes no more. REFUSED: correct it, then submit it once more.",
    EvidenceField: "Part of the evidence for a dispute. RECORD: what happened, in the order of time.",
    EvidenceSource: "Origin of a part of the evidence. LOG: what was recorded. MERCHANT: your own words.",
    PlanState: "State of a merchant's plan. PAST_DUE: a payment failed, and nothing changes in the days of grace. "
    "SUSPENDED: those are over; new stores and generations are refused. CANCELLED: it counts until its end. "
    "FREE: without trial and subscription.",
    Limit: "What a plan limits. STORES: that are not archived. PRODUCTS: of one store. GENERATIONS: stores that are made, or "
    "made again, in a calendar month (UTC). TEAM_MEMBERS: people who share the account.",
    PayoutStatus: "Status of a payout. FAILED is final; a bank can return a payout after it was paid.",
    RefundStatus: "Status of a refund. REQUESTED: the provider is being asked, or carries it out.",
    RateBasis: "What the price of a delivery depends on, besides the country. SUBTOTAL: the price of the goods before discounts.",
    DiscountKind: "What a discount code takes off. PERCENTAGE and AMOUNT: the goods. FREE_SHIPPING: the delivery.",
    AddressKind: "What has an address within a store.",
    DomainStatus: "Status of a store's own domain. PENDING: its proof is looked for. FAILED: the proof did not come in time, "
    "or was lost for too long.",
    DomainProblem: "Why a domain is not proved. DNS_ERROR: its name servers give no usable answer. "
    "TAKEN: another store proved it first.",
    Account: "Account of a ledger. BALANCE: the money at the payment provider, before the provider's own fees for payments. "
    "FEES_OWED: platform fees that the merchant is billed for apart. "
    "UNMATCHED: payments that pay for no order. DISPUTES: money that banks took back for shoppers.",
    EntryKind: "What a ledger entry is about. DISPUTE: its money moved, in either direction.",
    UnmatchedReason: "Why a payment pays for no order. LATE: the order was cancelled. "
    "DUPLICATE: the order was already paid. MISMATCH: the amount differs from the amount due.",
    TargetKind: "What a draft would change.",
    DraftStatus: "Status of a draft. REQUESTED: it is being made. PROPOSED: some fields wait for your decision. "
    "ACCEPTED: all fields were accepted.",
    EditField: "A part of a store that can be set alone. DESCRIPTION: with features, benefits and call to action. "
    "META: title and description for search engines.",
    Availability: "A domain registry's answer about a name. UNKNOWN: the registry was unreachable or its answer unclear.",
    Mood: "Layout of a storefront.",
    HeroKind: "What the top of a storefront's home page shows.",
    Section: "Part of a storefront's home page.",
    ProductSort: "Sort order of products.",
    StoreSort: "Sort order of stores.",
    PageSort: "Sort order of a store's pages. TYPE: about, contact and FAQ first, then the policies, then the others by "
    "title. UPDATED: the latest change first.",
    PageVersionSort: "Sort order of a page's texts.",
    MediaSort: "Sort order of media files.",
    CollectionSort: "Sort order of collections. UPDATED: the latest change first.",
    CategorySort: "Sort order of categories.",
    DomainSort: "Sort order of a store's domains.",
    PersonSort: "Sort order of the people of a store. ROLE: editors first, then viewers.",
    InvitationSort: "Sort order of invitations.",
    ApiKeySort: "Sort order of API keys.",
    OrderSort: "Sort order of orders. TOTAL_HIGH, TOTAL_LOW: by currency first, then by total.",
    DiscountSort: "Sort order of discount codes.",
    DisputeSort: "Sort order of disputes. DUE_FIRST: the nearest deadline for evidence first, and disputes without one last. "
    "AMOUNT_HIGH, AMOUNT_LOW: by currency first, then by amount.",
    PayoutSort: "Sort order of payouts. AMOUNT_HIGH, AMOUNT_LOW: by currency first, then by amount.",
    RejectedWebhookSort: "Sort order of rejected webhooks.",
    GenerationSort: "Sort order of generations.",
    DraftSort: "Sort order of drafts.",
    MomentKind: "What an entry of an order's timeline is about.",
    EventSource: "Who caused an event. AGENT: an agent of a generation, or the studio. PAYMENTS: the payment provider.",
    BlockerCode: "What is missing before a store may be published.",
}
"""Every enum of the schema, with its description."""

for _enum, _description in ENUMS.items():
    strawberry.enum(_enum, description=_description)

SAID_MOST = 160
"""Most characters of what an error says of a wrong value."""


def name_allowed_values(schema: GraphQLSchema) -> None:
    """Make the error of a wrong value name the right ones, in variables and in documents."""
    for type in schema.type_map.values():
        if isinstance(type, GraphQLEnumType) and not type.name.startswith("__"):
            type.coerce_input_value = _naming(type, type.coerce_input_value)  # type: ignore[method-assign]
            type.coerce_input_literal = _naming(type, type.coerce_input_literal)  # type: ignore[method-assign]


def _naming(type: GraphQLEnumType, coerce: Callable[[Any, bool], Any]) -> Callable[..., Any]:
    def coerced(value: Any, hide_suggestions: bool = False) -> Any:  # noqa: FBT001 - as graphql-core calls it
        try:
            return coerce(value, True)  # noqa: FBT003 - as graphql-core takes it
        except GraphQLError as error:
            names = "" if hide_suggestions else f" Use one of: {', '.join(type.values)}."
            # The value comes from the client, and may be long.
            said = error.message if len(error.message) < SAID_MOST else f"{error.message[: SAID_MOST - 1]}…"
            raise GraphQLError(f"{said}{names}", error.nodes) from None

    return coerced
