"""What every vault of personal data promises: PostgreSQL's, and the one in memory."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from domain.privacy import PersonalData, Sealed
from infra.adapters.master_keys import MasterKeys, key_id_of
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


async def test_a_rotated_master_key_opens_old_values_and_rewraps_their_keys(pool: asyncpg.Pool) -> None:
    person = uuid4()
    sealed = await PostgresPersonalData(pool, MasterKeys([OLD])).seal(person, "Ada")
    rotated = MasterKeys([NEW, OLD])
    personal = PostgresPersonalData(pool, rotated)
    assert await personal.open(sealed) == "Ada"
    assert [await personal.rewrap(), await personal.rewrap()] == [1, 0]
    assert key_id_of(await pool.fetchval("select wrapped_key from person_keys")) == rotated.current
    assert await PostgresPersonalData(pool, MasterKeys([NEW])).open(sealed) == "Ada"
