"""Evidence reaches Stripe in its own fields, once; the sandbox takes it too."""

from dataclasses import replace
from uuid import UUID

import pytest
from stripe import StripeClient

from domain.kernel import Transient
from domain.order.after_sale.dispute_events import EvidenceFileKind
from domain.order.evidence.fields import EvidenceField
from domain.order.report_ports import DisputeEvidence, EvidenceRequest, FileContent
from infra.adapters.payments.sandbox import SandboxPayments
from infra.adapters.payments.stripe.client import StripeRefused, stripe_client
from infra.adapters.payments.stripe.disputes import FILE_PARAMETERS, KEY, StripeEvidence
from tests.support.fakes.event_log import FixedClock
from tests.support.servers.stripe import StripeServer

PDF = b"%PDF-1.7\n\0\xff a letter"
FILES = {
    kind: FileContent(
        file_id=UUID(int=number), mime_type="image/png" if number % 2 else "application/pdf", data=PDF + bytes([number])
    )
    for number, kind in enumerate(EvidenceFileKind)
}
REQUEST = EvidenceRequest(
    dispute_id="du_1",
    texts={field: f"the text of {field}" for field in EvidenceField},
    idempotency_key="evidence:order:du_1:1",
    files=FILES,
)


@pytest.fixture
def stripe(stripe: StripeServer) -> StripeServer:
    stripe.disputes["du_1"] = {"id": "du_1", "object": "dispute", "status": "needs_response"}
    return stripe


@pytest.fixture(params=["stripe", "sandbox"])
def provider(request: pytest.FixtureRequest, client: StripeClient) -> DisputeEvidence:
    if request.param == "stripe":
        return StripeEvidence(client)
    return SandboxPayments(b"a secret that only tests know", page_url="http://pay.test/pay", clock=FixedClock())


async def test_a_repeat_with_the_same_key_is_taken(provider: DisputeEvidence) -> None:
    for _ in range(2):
        await provider.submit(REQUEST, account_id="acct_1")


async def test_stripes_description_allows_the_request(checked: StripeClient) -> None:
    await StripeEvidence(checked).submit(REQUEST, account_id="acct_1")


async def test_each_field_has_its_name_at_stripe(stripe: StripeServer, client: StripeClient) -> None:
    await StripeEvidence(client).submit(REQUEST, account_id="acct_1")
    *_, (_, path, form) = stripe.requests
    assert (path, form["submit"]) == ("disputes/du_1", "true")
    dispute = stripe.disputes["du_1"]
    assert dispute["evidence"]["uncategorized_text"] == "the text of RECORD"
    assert dispute["evidence"]["shipping_tracking_number"] == "the text of SHIPPING_TRACKING_NUMBER"
    assert len(dispute["evidence"]) == len(EvidenceField) + len(EvidenceFileKind)
    assert dispute["metadata"] == {KEY: REQUEST.idempotency_key}


async def test_files_reach_the_merchants_account_and_the_evidence_names_them(
    stripe: StripeServer, client: StripeClient
) -> None:
    await StripeEvidence(client).submit(REQUEST, account_id="acct_1")
    evidence = stripe.disputes["du_1"]["evidence"]
    for kind, content in FILES.items():
        account, form = stripe.files[evidence[FILE_PARAMETERS[kind]]]
        assert (account, form["purpose"]) == ("acct_1", "dispute_evidence")
        assert form["file"].encode("latin-1") == content.data
        assert form["filename"] == f"{FILE_PARAMETERS[kind]}.{'png' if content.mime_type == 'image/png' else 'pdf'}"


async def test_a_file_is_sent_once_when_the_answer_to_the_evidence_was_lost(
    stripe: StripeServer, client: StripeClient
) -> None:
    dispute = stripe.disputes.pop("du_1")
    for _ in range(2):
        with pytest.raises(StripeRefused):
            await StripeEvidence(client).submit(REQUEST, account_id="acct_1")
    stripe.disputes["du_1"] = dispute
    await StripeEvidence(client).submit(REQUEST, account_id="acct_1")
    assert len(stripe.files) == len(FILES)


async def test_a_file_that_stripe_refuses_leaves_the_dispute_open(stripe: StripeServer, client: StripeClient) -> None:
    stripe.failing = 400
    with pytest.raises(StripeRefused):
        await StripeEvidence(client).submit(REQUEST, account_id="acct_1")
    assert stripe.disputes["du_1"]["status"] == "needs_response"


async def test_an_outage_while_a_file_is_sent_is_worth_a_retry(stripe: StripeServer, client: StripeClient) -> None:
    down = stripe_client("sk_test_1", api_base="http://127.0.0.1:9")
    async with down as unreachable:
        with pytest.raises(Transient):
            await StripeEvidence(unreachable).submit(REQUEST, account_id="acct_1")
    await StripeEvidence(client).submit(REQUEST, account_id="acct_1")


@pytest.mark.parametrize("files", [{}, FILES], ids=["the evidence", "its first file"])
async def test_a_failure_that_stripe_repeats_does_not_let_the_deadline_pass(
    stripe: StripeServer, client: StripeClient, files: dict[EvidenceFileKind, FileContent]
) -> None:
    stripe.stuck = 500
    await StripeEvidence(client).submit(replace(REQUEST, files=files), account_id="acct_1")
    assert stripe.disputes["du_1"]["metadata"] == {KEY: REQUEST.idempotency_key}


async def test_a_repeat_after_the_key_was_forgotten_is_known_by_its_metadata(
    stripe: StripeServer, client: StripeClient
) -> None:
    await StripeEvidence(client).submit(REQUEST, account_id="acct_1")
    stripe.forget_keys()
    await StripeEvidence(client).submit(REQUEST, account_id="acct_1")
    with pytest.raises(StripeRefused, match="already been answered"):
        await StripeEvidence(client).submit(replace(REQUEST, idempotency_key="another"), account_id="acct_1")


async def test_stripe_refuses_unknown_disputes_and_merchants_without_an_account(client: StripeClient) -> None:
    with pytest.raises(StripeRefused):
        await StripeEvidence(client).submit(replace(REQUEST, dispute_id="du_2"), account_id="acct_1")
    with pytest.raises(StripeRefused, match="No account is connected"):
        await StripeEvidence(client).submit(REQUEST, account_id=None)
