"""Whether a partition is still the one that was read: proven by the last record taken, in doubt until then."""

from dataclasses import replace
from uuid import uuid4

from consumers.runtime.topic_identity import TopicIdentity
from tests.support.builders.records import FakeRecord, activated, record

PARTITION = ("zyenta.events", 0)
FIRST, SECOND, THIRD = (record(activated(uuid4()), offset=offset) for offset in (3, 5, 6))


def read(*records: FakeRecord) -> TopicIdentity:
    """Return the places of a consumer that took records, and was then away."""
    places = TopicIdentity()
    for each in records:
        places.took(each)
    places.doubt(PARTITION)
    return places


def test_nothing_is_to_be_proven_before_something_was_taken() -> None:
    assert TopicIdentity().doubt(PARTITION) is None
    assert read().new_in([FIRST, SECOND]) == [FIRST, SECOND]


def test_a_partition_in_doubt_is_read_from_the_last_record_taken_and_not_doubted_twice() -> None:
    places = TopicIdentity()
    places.took(FIRST)
    places.took(SECOND)
    assert places.doubt(PARTITION) == SECOND.offset
    assert places.doubt(PARTITION) is None


def test_a_record_that_is_where_it_was_proves_its_partition_and_is_not_new() -> None:
    places = read(FIRST, SECOND)
    assert places.doubts(PARTITION)
    assert places.new_in([SECOND, THIRD]) == [THIRD]
    assert not places.doubts(PARTITION)
    assert places.new_in([THIRD]) == [THIRD]


def test_another_record_there_or_none_tells_of_another_topic_until_that_is_read_from_its_beginning() -> None:
    for instead in (replace(THIRD, offset=SECOND.offset), replace(SECOND, offset=0), THIRD):
        places = read(FIRST, SECOND)
        assert places.new_in([instead]) is None
        assert places.doubts(PARTITION)
        places.forget([PARTITION])
        assert places.new_in([FIRST]) == [FIRST]
