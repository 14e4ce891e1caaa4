"""What the request handlers share: their form, and reading and writing things by topic and partition."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from infra.embedded.logbroker.partition import Refused
from infra.embedded.logbroker.transactions import GroupOffset
from infra.embedded.logbroker.wire import Api, ErrorCode, Reader, Writer

NODE = 1
"""Our node id, in a cluster of one."""
UNTHROTTLED = 0


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request, and the version it is written in."""

    client_id: str
    host: str
    version: int

    def throttled_since(self, version: int) -> Writer:
        """A response that begins, from that version on, with how long the client is held back: never."""
        return Writer().int32(UNTHROTTLED) if self.version >= version else Writer()


Handler = Callable[[Reader, Caller], Awaitable[Writer | None]]
Handlers = dict[Api, tuple[int, int, Handler]]
"""The lowest and the highest version we speak of each request, and who answers it."""

ByTopic = dict[str, list[tuple[int, ErrorCode]]]


def code_of(action: Callable[[], object]) -> ErrorCode:
    """Do something; the code to answer with."""
    try:
        action()
    except Refused as refused:
        return refused.code
    return ErrorCode.NONE


def by_topic(answers: Iterable[tuple[str, int, ErrorCode]]) -> ByTopic:
    """Group answers as responses want them."""
    grouped: ByTopic = {}
    for topic, index, code in answers:
        grouped.setdefault(topic, []).append((index, code))
    return grouped


def write_by_partition(answer: Writer, answers: ByTopic) -> Writer:
    """Tell a code for each partition."""

    def topic(item: tuple[str, list[tuple[int, ErrorCode]]]) -> None:
        answer.string(item[0]).array(item[1], lambda each: answer.int32(each[0]).int16(each[1]))

    return answer.array(answers.items(), topic)


def read_offsets(request: Reader, group: str) -> list[GroupOffset]:
    """The offsets a request wants committed for a group."""

    def partition() -> tuple[int, int, str]:
        return request.int32(), request.int64(), request.string()

    topics = request.array(lambda: (request.string(), request.array(partition)))
    return [(group, topic, *each) for topic, partitions in topics for each in partitions]
