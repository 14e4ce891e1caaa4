"""Evidence for disputes at Stripe."""

import io
from collections.abc import Awaitable, Mapping
from typing import Any, cast

import stripe
from stripe.params import DisputeUpdateParams

from domain.order.after_sale.dispute_events import EvidenceFileKind
from domain.order.evidence.fields import EvidenceField
from domain.order.evidence.files import TYPES
from domain.order.report_ports import EvidenceRequest, FileContent
from infra.adapters.payments.stripe.client import StripeRefused, ask, create

PARAMETERS: Mapping[EvidenceField, str] = {
    EvidenceField.CUSTOMER_NAME: "customer_name",
    EvidenceField.CUSTOMER_EMAIL: "customer_email_address",
    EvidenceField.SHIPPING_ADDRESS: "shipping_address",
    EvidenceField.PRODUCT_DESCRIPTION: "product_description",
    EvidenceField.SHIPPING_CARRIER: "shipping_carrier",
    EvidenceField.SHIPPING_TRACKING_NUMBER: "shipping_tracking_number",
    EvidenceField.SHIPPING_DATE: "shipping_date",
    EvidenceField.REFUND_POLICY: "refund_policy_disclosure",
    EvidenceField.REFUND_REFUSAL: "refund_refusal_explanation",
    EvidenceField.DUPLICATE_EXPLANATION: "duplicate_charge_explanation",
    EvidenceField.RECORD: "uncategorized_text",
}
"""Stripe's name of each field."""
FILE_PARAMETERS: Mapping[EvidenceFileKind, str] = {
    EvidenceFileKind.RECEIPT: "receipt",
    EvidenceFileKind.CUSTOMER_COMMUNICATION: "customer_communication",
    EvidenceFileKind.SHIPPING_DOCUMENTATION: "shipping_documentation",
    EvidenceFileKind.CUSTOMER_SIGNATURE: "customer_signature",
    EvidenceFileKind.REFUND_POLICY: "refund_policy",
    EvidenceFileKind.SERVICE_DOCUMENTATION: "service_documentation",
    EvidenceFileKind.DUPLICATE_CHARGE_DOCUMENTATION: "duplicate_charge_documentation",
    EvidenceFileKind.OTHER: "uncategorized_file",
}
"""Stripe's name of the field for each kind of file."""
KEY = "zyenta_evidence"
"""The metadata that says which submission Stripe has."""


class StripeEvidence:
    """Implements :class:`domain.order.report_ports.DisputeEvidence`."""

    def __init__(self, client: stripe.StripeClient) -> None:
        self._client = client

    async def submit(self, request: EvidenceRequest, *, account_id: str | None) -> None:
        """Submit evidence from the merchant's account. Stripe passes it on to the bank at once and takes no more.

        Files go first, each to Stripe's store of files on the same account; the evidence then names them.

        Raises:
            StripeRefused: retrying cannot help.
            Transient: Stripe cannot be reached; retrying may help.
        """
        if account_id is None:
            raise StripeRefused("No account is connected. Answer the dispute in Stripe's dashboard.")
        evidence = {PARAMETERS[field]: text for field, text in request.texts.items()}
        for kind, file in request.files.items():
            evidence[FILE_PARAMETERS[kind]] = await self._file_id(FILE_PARAMETERS[kind], file, account_id)
        params = cast(
            "DisputeUpdateParams",
            {"evidence": evidence, "submit": True, "metadata": {KEY: request.idempotency_key}},
        )
        try:
            await create(
                lambda key: self._client.v1.disputes.update_async(
                    request.dispute_id, params=params, options={"stripe_account": account_id, "idempotency_key": key}
                ),
                request.idempotency_key,
            )
        except StripeRefused:
            # Stripe forgets keys after a day and refuses a second submission. The first one may have been this.
            if not await self._has(request, account_id):
                raise

    async def _file_id(self, name: str, file: FileContent, account_id: str) -> str:
        """Send a file and return Stripe's id of it. A repeat returns the same id for a day."""
        content = io.BytesIO(file.data)
        # Stripe's library takes the name from here. The merchant's own name may name a person.
        content.name = f"{name}.{TYPES[file.mime_type]}"

        def send(key: str) -> Awaitable[stripe.File]:
            content.seek(0)
            return self._client.v1.files.create_async(
                {"purpose": "dispute_evidence", "file": content},
                options={"stripe_account": account_id, "idempotency_key": key},
            )

        return (await create(send, f"file:{file.file_id}")).id

    async def _has(self, request: EvidenceRequest, account_id: str) -> bool:
        """Whether Stripe has this very submission."""
        options: stripe.RequestOptions = {"stripe_account": account_id}
        answer = await ask(self._client.v1.disputes.retrieve_async(request.dispute_id, options=options))
        dispute: Mapping[str, Any] = answer.to_dict()
        details = dispute.get("evidence_details") or {}
        metadata = dispute.get("metadata") or {}
        return bool(details.get("submission_count")) and metadata.get(KEY) == request.idempotency_key
