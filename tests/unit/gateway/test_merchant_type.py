"""The GraphQL type of merchants."""

from typing import Any, cast
from uuid import uuid4

from domain.merchant.events import StripeLink
from gateway.graphql.types.merchant import User
from projections.merchants.views import MerchantView, StripeAccountView
from tests.support.builders.samples import NOON, sealed


def test_graphql_returns_every_field_of_the_merchant_read_model() -> None:
    view = MerchantView(
        id=uuid4(),
        email=sealed(),
        name=None,
        email_verified_at=NOON,
        image_url="https://images.example/me.png",
        stripe_account_id="acct_1",
        stripe_onboarded=True,
        stripe=StripeAccountView(
            account_id="acct_1",
            live=False,
            link=StripeLink.OPENED,
            charges_enabled=True,
            payouts_enabled=False,
            details_submitted=True,
            requirements=("external_account",),
            disabled_reason=None,
        ),
        suppliers=(),
        created_at=NOON,
        updated_at=NOON,
    )
    user = User.of(view, cast("Any", None))
    assert (user.email_verified, user.image) == (NOON, "https://images.example/me.png")
    assert (user.stripe_account_id, user.stripe_onboarded) == ("acct_1", True)
    assert user.stripe_account is not None
    assert (user.stripe_account.charges_enabled, user.stripe_account.payouts_enabled) == (True, False)
    assert [need.code for need in user.stripe_account.requirements] == ["external_account"]
