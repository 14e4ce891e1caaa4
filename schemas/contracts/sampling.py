"""One plausible body for each event: made from its JSON Schema, always the same, with every field filled.

A sample is committed under ``schemas/samples`` once. It stands for the bodies that were written while its version was
current, and never changes. The words below may change.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from domain.kernel import DomainEvent
from schemas.contracts.json_schemas import JsonSchema, json_schema

NAMESPACE = UUID("5a1e7e2a-0000-4000-8000-000000000000")
INSTANTS = {"deadline": "2026-11-23T12:10:00Z"}
NOW = "2026-11-23T12:00:00Z"

WORDS: Mapping[str, Any] = {
    # "<class>.<field>" takes precedence over "<field>".
    "ApiKeyMade.prefix": "zyk_3f8a1c2b",
    "ApiKeyMade.scopes": ["READ", "PRODUCTS"],
    "StripeAccountConnected.account_id": "acct_1PgafTB7WZ01zgkW",
    "StripeAccountStatusChanged.account_id": "acct_1PgafTB7WZ01zgkW",
    "StripeAccountDisconnected.account_id": "acct_1PgafTB7WZ01zgkW",
    "WithdrawalReceived.number": 1,
    "ReturnRequested.reason": "It does not fit",
    "ReturnRequested.deadline": "2026-12-21",
    "ReturnApproved.instructions": "Put the order number into the parcel.",
    "ReturnDeclined.reason": "The lamp was used for weeks.",
    "OrderPlaced.return_days": 30,
    "OrderPlaced.store_name": "Neon Haven",
    "SourcedLine.stock": 40,
    "SourcedLine.cost": {"minor": 2400, "currency": "USD"},
    "SourcedLine.freight": {"minor": 500, "currency": "USD"},
    "SourcedLine.duty": {"minor": 200, "currency": "USD"},
    "SourcingChecked.cost": {"minor": 1900, "currency": "USD"},
    "SourcingChecked.income": {"minor": 2900, "currency": "USD"},
    "OrderHeld.loss": {"minor": 200, "currency": "USD"},
    "LineSubstituted.extra_cost": {"minor": 400, "currency": "USD"},
    "SupplierOrderLine.price_limit": {"minor": 2900, "currency": "USD"},
    "OrderHeld.message": "The goods cost 31.00 USD with freight and duty, and the payment leaves 29.00 USD: a loss of 2.00 USD.",
    "SupplierOrderLine.source_id": "SS-12345678",
    "SupplierOrderRequested.attempt": 1,
    "SupplierOrderRequested.idempotency_key": "supplier-order:00000000-0000-4000-8000-000000000001:SAMPLE",
    "SupplierOrderPlaced.external_id": "SO-10001",
    "SupplierOrderPlaced.surplus": 0,
    "SupplierOrderFailed.reason": "0 of SS-12345678-01 are left, and 1 were ordered.",
    "SupplierOrderFailed.attempt": 1,
    "SessionEnded.session_id": "00000000-0000-4000-8000-000000000001",
    "RecoveryCodesMade.count": 10,
    "PasswordChanged.api_keys_left": 2,
    "PasswordChanged.passkeys_left": 1,
    "RecoveryCodeUsed.left": 9,
    "RefundRequested.return_number": 1,
    "RefundSucceeded.unsent": 0,
    "RefundFailed.unsent": 0,
    **{
        f"{name}.number": 1
        for name in ("ReturnRequested", "ReturnApproved", "ReturnDeclined", "ReturnReceived", "ReplacementSent")
    },
    "ReturnPolicy.days": 30,
    "ReturnPolicy.reasons": ["I changed my mind", "It does not fit"],
    "delivered_on": "2026-12-07",
    "WithdrawalReceived.deadline": "2026-12-21",
    "message_id": "7f3c1c0ea6d95c0c9f7b3f0f3ad1c9d2@shops.example",
    "MailRefused.reason": "550 5.1.1",
    "part": "brand",
    "answer_sha256": "3a6eb0790f39ac87c94f3856b2dd2c5d110e6811602261a9a923d3bb23adc8b7",
    "CallUse.provider": "openai",
    "requests": 1,
    "prompt_tokens": 1240,
    "completion_tokens": 410,
    "cost_microdollars": 1130,
    "model": "gpt-5-mini",
    "prompt": "brand.v1",
    "prompt_sha256": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
    "parameters": {"max_tokens": "8000"},
    "request_ids": ["req_9f2c1d"],
    "fallbacks": ["The language model “gpt-5”: is over its limit"],
    "OutsideCallRecorded.step": "brand",
    "DraftRequested.hint": "warmer, and no jokes",
    "FieldChange.base": "Neon Desk Lamp",
    "FieldChange.proposed": "A Neon Lamp for Late Desks",
    "FieldChange.field": "TITLE",
    "DraftRequested.fields": ["TITLE"],
    "DraftAccepted.fields": ["TITLE"],
    "DraftTarget.kind": "PRODUCT",
    "DraftProposed.note": "Sentences that joke were left out.",
    "DraftFailed.reason": "The model gave no usable answer. Ask for a new draft.",
    "BrandEdited.fields": ["NAME"],
    "target_version": 7,
    "FollowedField.field": "META",
    "FollowedField.fingerprint": "5feceb66ffc86f38d952786c6d696c79",
    "requirements": ["external_account"],
    "disabled_reason": "requirements.past_due",
    "niche": "Cyberpunk home decor",
    "name": "Neon Haven",
    "slug": "neon-haven",
    "title": "Neon Desk Lamp",
    "variant_title": "Violet",
    "ImportedVariant.title": "Violet",
    "PageWritten.title": "About Neon Haven",
    "PageWritten.slug": "about",
    "ProductAdded.slug": "neon-desk-lamp",
    "ProductCopyWritten.slug": "neon-desk-lamp",
    "ProductImported.slug": "neon-desk-lamp",
    "original_title": "LED Neon Lamp USB Desk Night Light",
    "original_description": "LED lamp, USB powered.",
    "description": "A lamp that turns a desk into a skyline.",
    "features": ["USB powered", "Dimmable"],
    "benefits": ["Light that does not tire the eyes"],
    "call_to_action": "Take the skyline home.",
    "meta_title": "Neon Desk Lamp | Neon Haven",
    "meta_description": "A dimmable neon lamp for desks that work at night.",
    "content": "# About us\n\nIt began with one lamp.",
    "audience": "People who work at night",
    "tone": "bold",
    "contact_email": "hello@neonhaven.com",
    "Voice.tone": ["bold", "knowing"],
    "tagline": "Light up the night",
    "story": "It began with one lamp in a dark room. It went on from there.",
    "concept": "A lamp in a doorway",
    "svg": '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="3"/></svg>',
    "heading": "Orbitron",
    "FontPair.body": "Rajdhani",
    "domain": "neonhaven.com",
    "rationale": "Short, and it glows.",
    "keywords": ["neon lamp", "cyberpunk desk lamp"],
    "colours": ["violet"],
    "category": "Lamps",
    "tags": ["neon", "desk"],
    "attributes": {"Power": "USB, 5 V", "Material": "Aluminum"},
    "fit": 0.93,
    "value": 0.95,
    "weight": 0.4,
    "destination": "DE",
    "landed_cost": {"minor": 1310, "currency": "USD"},
    "duty": {"minor": 360, "currency": "USD"},
    "ScoreTerm.name": "category",
    "NicheReading.things": ["home decor", "wall art"],
    "NicheReading.categories": ["home decor"],
    "NicheReading.audience": ["night worker"],
    "NicheReading.setting": ["desk"],
    "NicheReading.style": ["cyberpunk"],
    "NicheReading.unknown": ["zorbly"],
    "NicheReading.separate": ["yoga mats", "fishing lures"],
    "NicheReading.suggestions": ["cyberpunk lamps"],
    "NicheReading.read_by": "house",
    "NicheUnderstood.cautions": ["“iPhone” is a trade mark."],
    "Attention.message": "3 of 150 candidates fit the niche. Choose another niche, or go on with these.",
    "Attention.suggestions": ["neon lamps", "wall art", "desk lamps"],
    "CategoryCount.count": 42,
    "StepNeedsAttention.step": "scout",
    "GenerationNeedsAttention.step": "scout",
    "sku": "NDL-1-V",
    "options": {"Colour": "Violet"},
    "keyword_density": {"neon lamp": 0.021},
    "reading_ease": 68.5,
    "words": 120,
    "url": "https://images.example/L-1/1.jpg",
    "source_url": "https://supplier.example/listings/L-1",
    "ImageProcessingRequested.source_url": "https://images.example/L-1/1.jpg",
    "source_id": "L-1",
    "alt_text": "A violet neon lamp on a desk",
    "source_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "key": "sha256/9f/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08.webp",
    "Rendition.name": "large",
    "mime_type": "image/webp",
    "width": 1600,
    "height": 1600,
    "source_width": 1200,
    "source_height": 1200,
    "size_bytes": 84211,
    "seconds": 1.5,
    "position": 0,
    "attempt": 1,
    "originator_version": 2,
    **{
        f"{first}.originator_version": 1
        for first in (
            "MerchantRegistered",
            "StoreRequested",
            "SlugReserved",
            "HostnameTaken",
            "GenerationStarted",
            "ProductImported",
            "ProductAdded",
            "ImageProcessingRequested",
            "OrderPlaced",
            "WebhookReceived",
            "WebhookRejected",
            "DraftRequested",
        )
    },
    "done": 4,
    "StepProgressed.total": 18,
    "candidates": 243,
    "SupplierReport.candidates": 120,
    "duplicates": 12,
    "fitting": 31,
    "rejected": {"NO_PHOTO": 12, "DOES_NOT_FIT": 76},
    "shipping_days": [5, 9],
    "stock": 25,
    "on_hand": 25,
    "days": 21,
    "time_zone": "Europe/Berlin",
    "earliest": "2026-11-28",
    "latest": "2026-12-02",
    "PageVersionRef.number": 3,
    "PageVersionRef.type": "TERMS_OF_SERVICE",
    "quantity": 2,
    "item": "neon-desk-lamp",
    "message": "Wrote the copy of “Neon Desk Lamp”",
    "ImageRejected.message": "The supplier has no image at this address.",
    "summary": "18 products from 243 candidates",
    "reason": "The supplier did not answer.",
    "BrandGenerated.reason": "It is the shortest of the five, and its domain is free.",
    "PaymentFailed.reason": "The card was declined.",
    "PaymentUnmatched.reason": "LATE",
    "OrderCancelled.reason": "It was not paid in time.",
    "error": "It answered too slowly; what it had sent by then was used.",
    "written_by": "house",
    "CollectionRule.tags": ["gift"],
    "CollectionRule.categories": ["Desk Lamps"],
    "price_from": {"minor": 1000, "currency": "USD"},
    "price_to": {"minor": 3000, "currency": "USD"},
    "CollectionWritten.title": "Gifts under 30",
    "CollectionWritten.slug": "gifts-under-30",
    "CollectionWritten.text": "Small things that **glow**.",
    "CategoryDescribed.category": "desk-lamps",
    "CategoryDescribed.title": "Desk lamps",
    "CategoryDescribed.text": "All the desk lamps of the shop, in one place.",
    "AddressMoved.target": "desk-lamps",
    "AddressMoved.kind": "CATEGORY",
    "AddressMoved.slug": "lamps-for-desks",
    "AddressMoved.former": "desk-lamps",
    "DomainConnected.name": "shop.fern.example",
    "DomainProofMissing.name": "shop.fern.example",
    "DomainVerified.name": "shop.fern.example",
    "DomainProofLost.name": "shop.fern.example",
    "DomainProofFound.name": "shop.fern.example",
    "DomainFailed.name": "shop.fern.example",
    "DomainRemoved.name": "shop.fern.example",
    "PrimaryDomainChosen.name": "shop.fern.example",
    "HostnameTaken.name": "shop.fern.example",
    "token": "4d3f0f2f9c1b6a5e7d8c9b0a1f2e3d4c5b6a7980",
    "number": "ZY-7Q2M4K",
    "currency": "USD",
    "cost": {"minor": 800, "currency": "USD"},
    "price": {"minor": 1495, "currency": "USD"},
    "lowest": {"minor": 1495, "currency": "USD"},
    "highest": {"minor": 2495, "currency": "USD"},
    "unit_price": {"minor": 1495, "currency": "USD"},
    "missing": 2,
    "compare_at": {"minor": 1995, "currency": "USD"},
    "subtotal": {"minor": 2990, "currency": "USD"},
    "OrderPlaced.shipping_zone": "European Union",
    "ShippingZone.name": "European Union",
    "ShippingZone.free_from": {"minor": 5000, "currency": "USD"},
    "countries": ["AT", "DE"],
    "basis": "FLAT",
    "up_to": 2000,
    "RateBand.price": {"minor": 490, "currency": "USD"},
    "unknown_weight": 500,
    "code": "SUMMER10",
    "DiscountTerms.kind": "PERCENTAGE",
    "basis_points": 1000,
    "DiscountTerms.amount": {"minor": 500, "currency": "USD"},
    "minimum": {"minor": 2000, "currency": "USD"},
    "starts_at": "2026-11-23T00:00:00Z",
    "ends_at": "2026-12-24T00:00:00Z",
    "most_uses": 100,
    "most_uses_per_shopper": 1,
    "shopper": "5f2b8c0d9a417e63",
    "DiscountCodeCreated.originator_version": 1,
    "StockNoticeRequested.originator_version": 1,
    "CartLinkRequested.originator_version": 1,
    "StockNoticeRequested.consent": "You get one mail when it is back, after you confirm your address by a link.",
    "OrderDiscount.kind": "PERCENTAGE",
    "OrderDiscount.shares": [{"minor": 299, "currency": "USD"}],
    "OrderDiscount.amount": {"minor": 299, "currency": "USD"},
    "owed_fee": {"minor": 150, "currency": "USD"},
    "taken_fee": {"minor": 150, "currency": "USD"},
    "OrderPlaced.shipping": {"minor": 0, "currency": "USD"},
    "tax": {"minor": 0, "currency": "USD"},
    "OrderPlaced.total": {"minor": 2990, "currency": "USD"},
    "amount": {"minor": 2990, "currency": "USD"},
    "platform_fee": {"minor": 150, "currency": "USD"},
    "provider": "SAMPLE",
    "account_id": "merchant-1042",
    "country": "DE",
    "parts": ["vat_id", "register_entry"],
    "source_provider": "SAMPLE",
    "PageWritten.type": "ABOUT",
    "StepProgressed.step": "copy",
    "StepSucceeded.step": "scout",
    "StepFailed.step": "scout",
    "GenerationFailed.step": "scout",
    "PaymentSessionOpened.provider": "sandbox",
    "session_id": "cs_sandbox_1",
    "intent_id": "pi_sandbox_1",
    "carrier": "Sample Post",
    "tracking_number": "SP123456789",
    "dispute_id": "du_1PgafTB7WZ01zgkW",
    "DisputeOpened.reason": "product_not_received",
    "DisputeOpened.status": "NEEDS_RESPONSE",
    "DisputeDeadlineNear.reason": "product_not_received",
    "DisputeEvidenceRefused.reason": "This dispute has already been answered.",
    "DisputeEvidenceFileAdded.mime_type": "application/pdf",
    "DisputeEvidenceFileAdded.size_bytes": 184_320,
    "DisputeEvidenceFileAdded.pages": 3,
    "DisputeEvidenceSubmitted.idempotency_key": "evidence:5f9e4b2a-8d57-5a0e-9a1b-2f6c1d3e4a5b:du_1:1",
    "edition": 1,
    "DisputeStatusChanged.status": "UNDER_REVIEW",
    "DisputeClosed.status": "WON",
    "taken": {"minor": 2990, "currency": "USD"},
    "DisputeFundsMoved.fee": {"minor": 1500, "currency": "USD"},
    "movements": 1,
    "payout_id": "po_1PgafTB7WZ01zgkW",
    "arrival_on": "2026-11-30",
    "PayoutFailed.reason": "The bank account is closed.",
    "PayoutPaid.originator_version": 1,
    "OwedFeesPaid.originator_version": 1,
    "OwedFeesPaid.reference": "INV-2026-11-7",
    "ParcelShipped.number": 1,
    "ParcelCorrected.number": 1,
    "unsent": 2,
    "PaidOrderCancelled.reason": "The supplier has none left.",
    "RefundRequested.shipping": {"minor": 0, "currency": "USD"},
    "RefundRequested.reason": "The lamp arrived broken.",
    "fee_refund": {"minor": 150, "currency": "USD"},
    "idempotency_key": "refund:5f9e4b2a-8d57-5a0e-9a1b-2f6c1d3e4a5b",
    **dict.fromkeys(
        ("RefundReported.external_id", "RefundSucceeded.external_id", "RefundFailed.external_id"),
        "re_1PgafTB7WZ01zgkW",
    ),
    "RefundFailed.reason": "expired or canceled card",
    "subscription_id": "sub_1PgafTB7WZ01zgkW",
    "customer_id": "cus_QXg1o8vcGmoR32",
    "plan": "store-builder",
    "limit": "PRODUCTS",
    "scope": "5f9e4b2a-8d57-5a0e-9a1b-2f6c1d3e4a5b",
    "AllowanceUsed.count": 20,
    "AllowanceReturned.count": 1,
    "UsageCounted.stores": 1,
    "StoreProducts.products": 20,
    "source": "sandbox-payments",
    "external_id": "evt_sandbox_1",
    "WebhookReceived.type": "checkout.session.completed",
    "WebhookRejected.type": "checkout.session.completed",
    "CutoutReview.confidence": 0.41,
    "CutoutReview.reason": "Parts of the product may be missing: strong edges lie outside the cut-out.",
    "CutoutReview.signals": {"lost_edges": 0.7},
    "WebhookRejected.reason": "It names an order that does not exist.",
    "WebhookReceived.body": '{"id":"evt_sandbox_1","type":"checkout.session.completed"}',
    "ciphertext": "v1.1.AAECAwQFBgcICQoL.c2VhbGVkIHVuZGVyIGEga2V5IG9mIHRoZSBwZXJzb24",
    "primary": "#5b21b6",
    "secondary": "#0e7490",
    "accent": "#be185d",
    "background": "#ffffff",
    "surface": "#f5f3ff",
    "text": "#1e1b4b",
    "on_primary": "#ffffff",
    "on_accent": "#ffffff",
    "ground": "#f5f3ff",
}
_SCORE = 0.7


class NoSample(Exception):
    """A field has no example for its name and shape."""

    def __init__(self, owner: str, field: str, schema: JsonSchema) -> None:
        super().__init__(f"no sample for {owner}.{field} ({schema}): add an example to schemas/contracts/sampling.py")


def sample_of(event: type[DomainEvent]) -> dict[str, Any]:
    """Return a sample body of an event.

    Raises:
        NoSample: a field has no example.
    """
    schema = json_schema(event)
    stream = event.wire_name.partition(".")[0]
    body = _object(schema, schema.get("$defs", {}))
    return {**body, "originator_id": _id(f"{stream}_id")}


def _object(schema: JsonSchema, shared: Mapping[str, JsonSchema]) -> dict[str, Any]:
    return {name: _value(field, shared, schema["title"], name) for name, field in schema.get("properties", {}).items()}


def _value(schema: JsonSchema, shared: Mapping[str, JsonSchema], owner: str, field: str) -> Any:
    if "anyOf" in schema:
        return _value(schema["anyOf"][0], shared, owner, field)
    target = shared[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    for name in (f"{owner}.{field}", field):
        if name in WORDS and _fits(WORDS[name], target):
            return WORDS[name]
    if "properties" in target:
        return _object(target, shared)
    if target.get("type") == "array" and "items" in target:
        return [_value(target["items"], shared, owner, field.removesuffix("s"))]
    return _plain(target, owner, field)


def _plain(schema: JsonSchema, owner: str, field: str) -> Any:
    match schema:
        case {"enum": [first, *_]}:
            return first
        case {"format": "uuid"}:
            return _id(field)
        case {"format": "date-time"}:
            return INSTANTS.get(field, NOW)
        case {"type": "number"}:
            return _SCORE
        case {"type": "boolean"}:
            return True
        case _:
            raise NoSample(owner, field, schema)


def _fits(value: Any, schema: JsonSchema) -> bool:
    kind = {str: "string", int: "integer", float: "number", list: "array", dict: "object"}[type(value)]
    # Without a type, any JSON fits.
    if schema.get("type", kind) != kind or ("enum" in schema and value not in schema["enum"]):
        return False
    return "properties" not in schema or set(value) == set(schema["properties"])


def _id(field: str) -> str:
    """Return an id that depends on the field's name alone, so that samples refer to one another."""
    return str(uuid5(NAMESPACE, {"person_id": "shopper_id"}.get(field, field)))
