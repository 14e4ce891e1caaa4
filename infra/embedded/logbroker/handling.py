"""Shared parts of the request handlers: their type, and reading and writing by topic and partition."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from infra.embedded.logbroker.access import Session
from infra.embedded.logbroker.partition import RequestRejected
from infra.embedded.logbroker.transactions import GroupOffset
from infra.embedded.logbroker.wire import Api, ErrorCode, WireReader, WireWriter

NODE = 1
"""The id of the only node."""
UNTHROTTLED = 0
NO_OPERATIONS = -(2**31)
"""Value for “allowed operations not requested”."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Caller:
    """The sender of a request, and the request's version."""

    client_id: str
    version: int
    flexible: bool
    session: Session

    @property
    def host(self) -> str:
        """The client's address."""
        return self.session.host

    @property
    def may_write(self) -> bool:
        """Whether the client is the platform."""
        return self.session.listener.may_write

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of the listener that the client uses."""
        return self.session.listener.host, self.session.listener.port

    def answer(self) -> WireWriter:
        """Return an empty response."""
        return WireWriter(flexible=self.flexible)

    def throttled_since(self, version: int) -> WireWriter:
        """Return a response that begins, from that version on, with a throttle time of zero."""
        return self.answer().int32(UNTHROTTLED) if self.version >= version else self.answer()

    def denied(self, code: ErrorCode) -> ErrorCode:
        """Return the error code for clients that may not write; NONE for the platform."""
        return ErrorCode.NONE if self.may_write else code


Answer = Callable[[WireReader, Caller], Awaitable[WireWriter | None]]

NEVER = 2**15


class Handler(NamedTuple):
    """The supported versions of a request, its handler, and its first flexible version."""

    lowest: int
    highest: int
    answer: Answer
    flexible_since: int = NEVER


Handlers = dict[Api, Handler]

ByTopic = dict[str, list[tuple[int, ErrorCode]]]


def code_of(action: Callable[[], object]) -> ErrorCode:
    """Run an action and return its error code."""
    try:
        action()
    except RequestRejected as rejection:
        return rejection.code
    return ErrorCode.NONE


def unique(items: Iterable[T]) -> list[T]:
    """Return each item once, in order, so that repeated items in a short request do not cause a long answer."""
    return list(dict.fromkeys(items))


def by_topic(answers: Iterable[tuple[str, int, ErrorCode]]) -> ByTopic:
    """Group answers by topic."""
    grouped: ByTopic = {}
    for topic, index, code in answers:
        grouped.setdefault(topic, []).append((index, code))
    return grouped


def write_by_partition(answer: WireWriter, answers: ByTopic) -> WireWriter:
    """Write an error code for each partition."""

    def topic(item: tuple[str, list[tuple[int, ErrorCode]]]) -> None:
        answer.string(item[0]).structs(item[1], lambda each: answer.int32(each[0]).int16(each[1]))

    return answer.structs(answers.items(), topic)


def read_offsets(request: WireReader, group: str, *, with_epochs: bool = False) -> list[GroupOffset]:
    """Read the offsets to commit for a group. Leader epochs are ignored, because there is one node."""

    def partition() -> tuple[int, int, str]:
        index, offset = request.int32(), request.int64()
        if with_epochs:
            request.int32()
        return index, offset, request.string()

    topics = request.structs(lambda: (request.string(), request.structs(partition)))
    return [(group, topic, *each) for topic, partitions in topics for each in partitions]
