"""Servers that stand for Stripe: one that keeps what it receives, and stripe-mock, which checks requests."""

from collections.abc import AsyncIterator

import pytest
from stripe import StripeClient

from infra.adapters.payments.stripe.client import stripe_client
from infra.setup.stripe_mock import StripeMockUnavailable, ensure_stripe_mock
from tests.support.fakes.event_log import FixedClock
from tests.support.requirements import missing
from tests.support.servers.stripe import StripeServer, checking_server, forwarding
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


@pytest.fixture
async def stripe() -> AsyncIterator[StripeServer]:
    server = StripeServer(FixedClock())
    async with served(server.app()) as port:
        server.address = f"http://127.0.0.1:{port}"
        yield server


@pytest.fixture
async def client(stripe: StripeServer) -> AsyncIterator[StripeClient]:
    async with stripe_client("sk_test_1", api_base=stripe.address) as client:
        yield client
