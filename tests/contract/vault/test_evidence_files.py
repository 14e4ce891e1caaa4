"""What every store of evidence files promises: PostgreSQL's, and the one in memory."""

from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest
from cryptography.exceptions import InvalidTag

from domain.order.evidence.files import EvidenceFiles
from domain.privacy import PersonalData
from infra.adapters.master_keys import MasterKeys
from infra.adapters.postgres.evidence_files import PostgresEvidenceFiles
from infra.adapters.postgres.vault import PostgresPersonalData
from tests.support.builders.samples import NOON
from tests.support.fakes.vault import MemoryEvidenceFiles, MemoryPersonalData

LETTER = b"%PDF-1.7 Dear Ada, \0\xff"


@pytest.fixture
def personal(request: pytest.FixtureRequest) -> PersonalData:
    if request.node.callspec.params["files"] == "memory":
        return MemoryPersonalData()
    return PostgresPersonalData(request.getfixturevalue("pool"), MasterKeys([b"k" * 32]))


@pytest.fixture(params=["memory", "postgresql"])
def files(request: pytest.FixtureRequest, personal: PersonalData) -> EvidenceFiles:
    if request.param == "memory":
        return MemoryEvidenceFiles(personal)
    return PostgresEvidenceFiles(request.getfixturevalue("pool"), personal)


async def test_a_content_comes_back_until_it_is_deleted(files: EvidenceFiles) -> None:
    id, other, person = uuid4(), uuid4(), uuid4()
    assert await files.get(id) is None
    await files.put(id, person, b"first")
    await files.put(id, person, LETTER)
    await files.put(other, person, b"")
    assert await files.get(id) == LETTER
    assert await files.get(other) == b""
    await files.delete([id, uuid4()])
    await files.delete([id])
    assert await files.get(id) is None
    assert await files.get(other) == b""


async def test_a_forgotten_persons_contents_cannot_be_read_and_go(files: EvidenceFiles, personal: PersonalData) -> None:
    ada, ben, hers, his = uuid4(), uuid4(), uuid4(), uuid4()
    await files.put(hers, ada, LETTER)
    await files.put(his, ben, b"his")
    await personal.forget(ada)
    assert await files.get(hers) is None, "A backup has the row, and not the key."
    await files.forget(ada)
    assert await files.get(hers) is None
    assert await files.get(his) == b"his"


async def test_a_content_that_was_sent_waits_for_its_person_and_goes_if_it_is_not_added(files: EvidenceFiles) -> None:
    early, late, added, ada, ben = (uuid4() for _ in range(5))
    for id, at in ((early, NOON), (late, NOON + timedelta(minutes=30)), (added, NOON)):
        await files.receive(id, ada, b"first", at=at)
        await files.receive(id, ada, LETTER, at=at)
    assert await files.received(early, ada) == LETTER
    assert (await files.received(early, ben), await files.received(uuid4(), ada)) == (None, None)
    await files.put(added, ada, LETTER)
    assert await files.received(added, ada) is None, "It is a file of the evidence now."
    await files.delete_received(NOON + timedelta(minutes=1))
    assert (await files.received(early, ada), await files.get(early)) == (None, None)
    assert (await files.received(late, ada), await files.get(added)) == (LETTER, LETTER)
    await files.forget(ada)
    assert await files.received(late, ada) is None


async def test_a_content_at_rest_does_not_show_and_belongs_to_its_id(pool: asyncpg.Pool) -> None:
    files = PostgresEvidenceFiles(pool, PostgresPersonalData(pool, MasterKeys([b"k" * 32])))
    one, two = uuid4(), uuid4()
    await files.put(one, uuid4(), LETTER)
    row = await pool.fetchrow("select * from evidence_files where id = $1", one)
    assert row is not None
    assert b"Ada" not in row["content"]
    await pool.execute("update evidence_files set id = $2 where id = $1", one, two)
    with pytest.raises(InvalidTag):
        await files.get(two)
    await files.delete([two])
