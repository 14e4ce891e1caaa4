"""Whether a partition is still the one that was read: the last record proves it, and until then it is unverified."""

from dataclasses import replace
from uuid import uuid4

from consumers.runtime.topic_identity import TopicIdentity
from tests.support.builders.records import FakeRecord, activated, record

PARTITION = ("zyenta.events", 0)
FIRST, SECOND, THIRD = (record(activated(uuid4()), offset=offset) for offset in (3, 5, 6))


def unverified_after(*records: FakeRecord) -> TopicIdentity:
    """Return the identity of a topic that a consumer read, and then did not read for a while."""
    identity = TopicIdentity()
    for each in records:
        identity.remember(each)
    identity.require_proof(PARTITION)
    return identity


def test_a_partition_that_was_not_read_needs_no_proof() -> None:
    assert TopicIdentity().require_proof(PARTITION) is None
    assert unverified_after().new_records([FIRST, SECOND]) == [FIRST, SECOND]


def test_an_unverified_partition_is_read_from_its_last_record_and_proof_is_required_once() -> None:
    identity = TopicIdentity()
    identity.remember(FIRST)
    identity.remember(SECOND)
    assert identity.require_proof(PARTITION) == SECOND.offset
    assert identity.require_proof(PARTITION) is None


def test_a_record_that_is_where_it_was_proves_its_partition_and_is_not_new() -> None:
    identity = unverified_after(FIRST, SECOND)
    assert identity.is_unverified(PARTITION)
    assert identity.new_records([SECOND, THIRD]) == [THIRD]
    assert not identity.is_unverified(PARTITION)
    assert identity.new_records([THIRD]) == [THIRD]


def test_another_record_at_that_offset_shows_another_topic_until_it_is_read_from_its_beginning() -> None:
    for instead in (replace(THIRD, offset=SECOND.offset), replace(SECOND, offset=0), THIRD):
        identity = unverified_after(FIRST, SECOND)
        assert identity.new_records([instead]) is None
        assert identity.is_unverified(PARTITION)
        identity.forget([PARTITION])
        assert identity.new_records([FIRST]) == [FIRST]
