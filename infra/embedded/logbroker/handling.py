"""What the request handlers share: their form, and reading and writing things by topic and partition."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from infra.embedded.logbroker.access import Session
from infra.embedded.logbroker.partition import Refused
from infra.embedded.logbroker.transactions import GroupOffset
from infra.embedded.logbroker.wire import Api, ErrorCode, Reader, Writer

NODE = 1
"""Our node id, in a cluster of one."""
UNTHROTTLED = 0
NO_OPERATIONS = -(2**31)
"""Which operations are allowed: not said, as Kafka answers those who did not ask."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request, and the version it is written in."""

    client_id: str
    version: int
    flexible: bool
    session: Session

    @property
    def host(self) -> str:
        """Where the client is."""
        return self.session.host

    @property
    def may_write(self) -> bool:
        """Whether the client is the platform."""
        return self.session.listener.may_write

    @property
    def address(self) -> tuple[str, int]:
        """Where the client finds us: on the listener it came by."""
        return self.session.listener.host, self.session.listener.port

    def answer(self) -> Writer:
        """An empty response."""
        return Writer(flexible=self.flexible)

    def throttled_since(self, version: int) -> Writer:
        """A response that begins, from that version on, with how long the client is held back: never."""
        return self.answer().int32(UNTHROTTLED) if self.version >= version else self.answer()

    def denied(self, code: ErrorCode) -> ErrorCode:
        """The code for those who may not write; none for the platform."""
        return ErrorCode.NONE if self.may_write else code


Answer = Callable[[Reader, Caller], Awaitable[Writer | None]]

NEVER = 2**15


class Handler(NamedTuple):
    """The lowest and the highest version we speak of a request, who answers it, and since when it is flexible."""

    lowest: int
    highest: int
    answer: Answer
    flexible_since: int = NEVER


Handlers = dict[Api, Handler]

ByTopic = dict[str, list[tuple[int, ErrorCode]]]


def code_of(action: Callable[[], object]) -> ErrorCode:
    """Do something; the code to answer with."""
    try:
        action()
    except Refused as refused:
        return refused.code
    return ErrorCode.NONE


def unique(items: Iterable[T]) -> list[T]:
    """Each item once, in order: a short request that repeats itself must not have a long answer."""
    return list(dict.fromkeys(items))


def by_topic(answers: Iterable[tuple[str, int, ErrorCode]]) -> ByTopic:
    """Group answers as responses want them."""
    grouped: ByTopic = {}
    for topic, index, code in answers:
        grouped.setdefault(topic, []).append((index, code))
    return grouped


def write_by_partition(answer: Writer, answers: ByTopic) -> Writer:
    """Tell a code for each partition."""

    def topic(item: tuple[str, list[tuple[int, ErrorCode]]]) -> None:
        answer.string(item[0]).structs(item[1], lambda each: answer.int32(each[0]).int16(each[1]))

    return answer.structs(answers.items(), topic)


def read_offsets(request: Reader, group: str, *, with_epochs: bool = False) -> list[GroupOffset]:
    """The offsets a request wants committed for a group; the leader's epochs mean nothing in a cluster of one."""

    def partition() -> tuple[int, int, str]:
        index, offset = request.int32(), request.int64()
        if with_epochs:
            request.int32()
        return index, offset, request.string()

    topics = request.structs(lambda: (request.string(), request.structs(partition)))
    return [(group, topic, *each) for topic, partitions in topics for each in partitions]
