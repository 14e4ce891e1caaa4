"""Decisions of a merchant, and ids."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.ids import derived, slug_stream, uuid7
from domain.kernel import CorruptStream
from domain.merchant.aggregate import MERCHANT, evolve, register
from domain.merchant.errors import OtherAccountConnected, SupplierNotConnected
from domain.merchant.events import (
    MerchantRegistered,
    StripeAccountStatusChanged,
    StripeLink,
    SupplierConnected,
    SupplierDisconnected,
    SupplierProvider,
)
from domain.payee.aggregate import PAYEE, claim
from domain.payee.errors import AccountOfAnotherMerchant
from tests.support.builders.samples import NOON, sealed

ID = uuid4()


def test_a_merchant_registers_and_connects_suppliers_once_each() -> None:
    email = sealed(ID)
    events = register(ID, email=email, name=None, at=NOON)
    assert events == (MerchantRegistered(originator_id=ID, originator_version=1, occurred_at=NOON, email=email),)
    merchant = MERCHANT.fold(events)
    assert merchant is not None
    sample = SupplierProvider.SAMPLE
    with pytest.raises(SupplierNotConnected):
        merchant.disconnect(sample, at=NOON)
    connected = merchant.connect(sample, at=NOON)
    assert connected == (SupplierConnected(originator_id=ID, originator_version=2, occurred_at=NOON, provider=sample),)
    merchant = MERCHANT.fold(connected, merchant)
    assert merchant is not None
    assert merchant.suppliers == {sample: None}
    assert merchant.connect(sample, at=NOON) == ()
    other = merchant.connect(sample, account_id="shop-7", at=NOON)
    assert other == (
        SupplierConnected(
            originator_id=ID, originator_version=3, occurred_at=NOON, provider=sample, account_id="shop-7"
        ),
    )
    assert evolve(merchant, other[0]).connect(sample, account_id="shop-7", at=NOON) == ()
    gone = merchant.disconnect(sample, at=NOON)
    assert gone == (SupplierDisconnected(originator_id=ID, originator_version=3, occurred_at=NOON, provider=sample),)
    assert MERCHANT.fold(gone, merchant) == evolve(merchant, gone[0])


def test_events_without_a_beginning_are_corrupt() -> None:
    with pytest.raises(CorruptStream):
        evolve(
            None,
            SupplierConnected(
                originator_id=ID, originator_version=1, occurred_at=NOON, provider=SupplierProvider.SAMPLE
            ),
        )


@for_all(st.integers(0, 2**48 - 1), st.integers(0, 2**74 - 1))
def test_a_new_id_is_a_uuid_of_version_7_that_holds_the_time(unix_ms: int, entropy: int) -> None:
    id = uuid7(unix_ms, entropy)
    assert (id.version, id.variant) == (7, "specified in RFC 4122")
    assert id.int >> 80 == unix_ms


def test_later_ids_sort_after_earlier_ones() -> None:
    ms = int(datetime(2026, 11, 23, tzinfo=UTC).timestamp() * 1000)
    ids = [uuid7(ms + n) for n in range(50)]
    assert ids == sorted(ids)
    assert len({uuid7(ms) for _ in range(1000)}) == 1000


@for_all(st.uuids(), st.text(min_size=1, max_size=20))
def test_a_derived_id_is_the_same_every_time_and_differs_by_cause_and_name(cause: UUID, name: str) -> None:
    assert derived(cause, name) == derived(cause, name)
    assert derived(cause, name) != derived(cause, name + "x")
    assert derived(cause, name) != derived(UUID(int=cause.int ^ 1), name)


def test_a_slug_has_one_stream() -> None:
    assert slug_stream("neon") == slug_stream("neon") != slug_stream("neon-2")


def test_an_account_at_stripe_belongs_to_its_first_merchant() -> None:
    account = PAYEE.fold(claim(None, "acct_1", merchant_id=ID, at=NOON))
    assert claim(account, "acct_1", merchant_id=ID, at=NOON) == ()
    with pytest.raises(AccountOfAnotherMerchant, match="acct_1"):
        claim(account, "acct_1", merchant_id=uuid4(), at=NOON)


def test_another_way_to_the_same_account_keeps_what_stripe_said_of_it() -> None:
    merchant = MERCHANT.fold(register(ID, email=sealed(ID), name=None, at=NOON))
    assert merchant is not None
    for events in (
        merchant.connect_stripe("acct_1", live=False, at=NOON),
        (status_of("acct_1", version=3),),
    ):
        merchant = MERCHANT.fold(events, merchant)
        assert merchant is not None
    assert merchant.connect_stripe("acct_1", live=False, at=NOON) == ()
    (changed,) = merchant.connect_stripe("acct_1", live=False, link=StripeLink.OWN_KEY, at=NOON)
    merchant = evolve(merchant, changed)
    assert merchant.stripe is not None
    assert (merchant.stripe.link, merchant.stripe.status.charges_enabled) == (StripeLink.OWN_KEY, True)
    with pytest.raises(OtherAccountConnected):
        merchant.connect_stripe("acct_2", live=False, link=StripeLink.EXISTING, at=NOON)


def status_of(account_id: str, *, version: int) -> StripeAccountStatusChanged:
    return StripeAccountStatusChanged(
        originator_id=ID,
        originator_version=version,
        occurred_at=NOON,
        account_id=account_id,
        charges_enabled=True,
        payouts_enabled=True,
        details_submitted=True,
    )
