"""Stripe's own description of its interface, which stripe-mock checks requests against."""

from collections.abc import AsyncIterator

import pytest
from stripe import StripeClient

from infra.adapters.payments.stripe.client import stripe_client
from infra.setup.stripe_mock import StripeMockUnavailable, ensure_stripe_mock
from tests.support.requirements import missing
from tests.support.servers.stripe import checking_server, forwarding
from tests.support.servers.web_server import served


@pytest.fixture(scope="session")
async def checked(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[StripeClient]:
    """A client of stripe-mock, which reads a large description when it starts and keeps nothing of a request."""
    try:
        program = ensure_stripe_mock()
    except StripeMockUnavailable as unavailable:
        missing("stripe-mock", str(unavailable))
    async with (
        checking_server(program, tmp_path_factory.mktemp("stripe-mock")) as address,
        served(forwarding(address)) as port,
        stripe_client("sk_test_1", api_base=f"http://127.0.0.1:{port}") as client,
    ):
        yield client
