"""What every vault of personal data promises: PostgreSQL's, and the one in memory."""

import asyncio
from uuid import UUID, uuid4

import asyncpg
import pytest

from domain.privacy import PersonalData, Sealed
from infra.adapters.master_keys import MasterKeys
from infra.adapters.postgres.rewrapping import rewrap
from infra.adapters.postgres.vault import PostgresPersonalData
from tests.support.fakes.vault import MemoryPersonalData

OLD, NEW = b"o" * 32, b"n" * 32


@pytest.fixture(params=["memory", "postgresql"])
def personal(request: pytest.FixtureRequest) -> PersonalData:
    if request.param == "memory":
        return MemoryPersonalData()
    return PostgresPersonalData(request.getfixturevalue("pool"), MasterKeys([OLD]))


async def test_a_sealed_value_opens_and_does_not_show(personal: PersonalData) -> None:
    person = uuid4()
    for value in ("ada@example.com", "Ωμέγα, 5 Rue de l'Église", ""):
        sealed = await personal.seal(person, value)
        assert sealed.person_id == person
        assert await personal.open(sealed) == value
        assert not value or value not in sealed.ciphertext


async def test_sealing_twice_gives_two_ciphertexts(personal: PersonalData) -> None:
    person = uuid4()
    first, second = await personal.seal(person, "Ada"), await personal.seal(person, "Ada")
    assert first.ciphertext != second.ciphertext
    assert await personal.open_many((first, second)) == ["Ada", "Ada"]


async def test_values_of_many_people_open_in_their_order(personal: PersonalData) -> None:
    ada, ben = uuid4(), uuid4()
    sealed = [await personal.seal(ada, "Ada"), await personal.seal(ben, "Ben"), await personal.seal(ada, "Lovelace")]
    await personal.forget(ben)
    assert list(await personal.open_many(sealed)) == ["Ada", None, "Lovelace"]
    assert list(await personal.open_many(())) == []


async def test_a_forgotten_persons_values_stay_closed_after_new_ones_are_sealed(personal: PersonalData) -> None:
    person = uuid4()
    before = await personal.seal(person, "Ada")
    await personal.forget(person)
    await personal.forget(person)
    assert await personal.open(before) is None
    after = await personal.seal(person, "Ada again")
    assert await personal.open(before) is None
    assert await personal.open(after) == "Ada again"


async def test_a_value_relabeled_as_another_persons_does_not_open(personal: PersonalData) -> None:
    ada, ben = uuid4(), uuid4()
    sealed = await personal.seal(ada, "Ada")
    await personal.seal(ben, "Ben")
    assert await personal.open(Sealed(person_id=ben, ciphertext=sealed.ciphertext)) is None


async def test_values_sealed_at_the_same_time_for_one_person_all_open(personal: PersonalData) -> None:
    person = uuid4()
    values = [f"value {number}" for number in range(8)]
    sealed = await asyncio.gather(*(personal.seal(person, value) for value in values))
    assert list(await personal.open_many(sealed)) == values


async def test_a_shopper_is_found_by_an_address_in_any_spelling_until_the_person_is_forgotten(
    personal: PersonalData,
) -> None:
    ada, again, other, store = uuid4(), uuid4(), uuid4(), uuid4()
    sealed = await personal.seal_address(ada, store, "Ada@Example.com")
    await personal.seal_address(again, store, "ada@example.com")
    await personal.seal_address(other, store, "ben@example.com")
    await personal.seal_address(other, store, "ben@example.org")
    assert await personal.open(sealed) == "Ada@Example.com"

    async def found(email: str, *, of: UUID = store) -> set[UUID]:
        return set((await personal.with_address(of, email)).person_ids)

    assert await found(" ADA@example.COM ") == {ada, again}
    assert await found("ada@example.com", of=uuid4()) == set()
    assert (await found("ben@example.com"), await found("ben@example.org")) == (set(), {other})
    await personal.forget(ada)
    assert await found("ada@example.com") == {again}


async def test_digests_of_addresses_outlive_a_rotation_and_do_not_tell_equal_addresses_of_two_stores(
    pool: asyncpg.Pool,
) -> None:
    first, second, here, there = (uuid4() for _ in range(4))
    old = PostgresPersonalData(pool, MasterKeys([OLD]))
    assert (await old.with_address(here, "ada@example.com")).complete_since is None
    await old.seal_address(first, here, "ada@example.com")
    await old.seal_address(second, there, "ada@example.com")
    await rewrap(pool, MasterKeys([NEW, OLD]))
    new = PostgresPersonalData(pool, MasterKeys([NEW]))
    matches = await new.with_address(here, "ada@example.com")
    assert list(matches.person_ids) == [first]
    assert matches.complete_since is not None
    digests = await pool.fetch("select digest from shopper_addresses")
    assert len({row["digest"] for row in digests}) == 2
