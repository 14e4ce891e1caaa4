"""The keys that sign access tokens, after rotations of these keys and of the master keys."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

import pytest

from domain.accounts.signing_keys import KEPT_FOR, SigningPeriod
from gateway.auth.errors import Unauthenticated
from gateway.auth.tokens import AccessTokens, DeviceTokens
from infra.adapters.master_keys import MasterKeys
from infra.bootstrap.gateway import rotated_keys, signing_keys
from tests.support.fakes.event_log import FixedClock

OLD, NEW = bytes([1]) * 32, bytes([2]) * 32


class Periods:
    """Implements ``SigningPeriods`` in memory."""

    def __init__(self, *periods: SigningPeriod) -> None:
        self.periods = list(periods)

    async def all(self) -> Sequence[SigningPeriod]:
        return self.periods

    async def add(self, period: SigningPeriod) -> None:
        self.periods.append(period)


@pytest.mark.parametrize("rotations", [0, 1])
async def test_access_tokens_from_before_a_rotation_of_the_master_key_verify_after_it(rotations: int) -> None:
    clock, person = FixedClock(), uuid4()
    periods = Periods(*[SigningPeriod(kid="r1", signs_from=clock.now() - KEPT_FOR)] * rotations)
    before = AccessTokens(await rotated_keys(MasterKeys([OLD]), periods, clock), clock)
    both = AccessTokens(await rotated_keys(MasterKeys([NEW, OLD]), periods, clock), clock)
    after = AccessTokens(await rotated_keys(MasterKeys([NEW]), periods, clock), clock)
    clock.advance(timedelta(seconds=1))
    old, new = before.sign(person)[0], both.sign(person)[0]
    assert both.read(old).merchant_id == both.read(new).merchant_id == after.read(new).merchant_id == person
    for tokens, foreign in ((after, old), (before, new)):
        with pytest.raises(Unauthenticated):
            tokens.read(foreign)
    names = [key["kid"] for key in both.published_keys()]
    assert len(names) == len(set(names)) == 2


def test_a_device_stays_known_over_a_rotation_of_the_master_key() -> None:
    clock, person = FixedClock(), uuid4()
    token = DeviceTokens(signing_keys(MasterKeys([OLD])), clock).sign(person)
    known = DeviceTokens(signing_keys(MasterKeys([NEW, OLD])), clock).read(token)
    assert known is not None
    assert known.merchant_id == person
    assert DeviceTokens(signing_keys(MasterKeys([NEW])), clock).read(token) is None
