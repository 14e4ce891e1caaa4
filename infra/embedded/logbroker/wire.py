"""Reading requests and writing responses: the protocol's primitive types, big-endian."""

import struct
from collections.abc import Callable, Iterable
from enum import IntEnum
from typing import TypeVar

_INT16 = struct.Struct(">h")
_INT32 = struct.Struct(">i")
_INT64 = struct.Struct(">q")

T = TypeVar("T")


class Malformed(Exception):
    """A request that is not what its header says; the connection is closed, as Kafka does."""


class Api(IntEnum):
    """The requests we answer."""

    PRODUCE = 0
    FETCH = 1
    LIST_OFFSETS = 2
    METADATA = 3
    OFFSET_COMMIT = 8
    OFFSET_FETCH = 9
    FIND_COORDINATOR = 10
    JOIN_GROUP = 11
    HEARTBEAT = 12
    LEAVE_GROUP = 13
    SYNC_GROUP = 14
    DESCRIBE_GROUPS = 15
    LIST_GROUPS = 16
    API_VERSIONS = 18
    CREATE_TOPICS = 19
    DELETE_TOPICS = 20
    INIT_PRODUCER_ID = 22
    ADD_PARTITIONS_TO_TXN = 24
    ADD_OFFSETS_TO_TXN = 25
    END_TXN = 26
    TXN_OFFSET_COMMIT = 28
    DELETE_GROUPS = 42


class ErrorCode(IntEnum):
    """Kafka's error codes, as far as we give them."""

    NONE = 0
    OFFSET_OUT_OF_RANGE = 1
    CORRUPT_MESSAGE = 2
    UNKNOWN_TOPIC_OR_PARTITION = 3
    INVALID_TOPIC_EXCEPTION = 17
    ILLEGAL_GENERATION = 22
    INCONSISTENT_GROUP_PROTOCOL = 23
    UNKNOWN_MEMBER_ID = 25
    REBALANCE_IN_PROGRESS = 27
    UNSUPPORTED_VERSION = 35
    TOPIC_ALREADY_EXISTS = 36
    INVALID_PARTITIONS = 37
    UNSUPPORTED_FOR_MESSAGE_FORMAT = 43
    OUT_OF_ORDER_SEQUENCE_NUMBER = 45
    INVALID_PRODUCER_EPOCH = 47
    INVALID_TXN_STATE = 48
    INVALID_PRODUCER_ID_MAPPING = 49
    OPERATION_NOT_ATTEMPTED = 55
    NON_EMPTY_GROUP = 68
    GROUP_ID_NOT_FOUND = 69


class Reader:
    """A cursor over one request."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def _take(self, size: int) -> bytes:
        start, self._at = self._at, self._at + size
        if size < 0 or self._at > len(self._data):
            raise Malformed(f"the request ends inside a field of {size} bytes")
        return self._data[start : self._at]

    def int8(self) -> int:
        """A signed byte."""
        return int.from_bytes(self._take(1), "big", signed=True)

    def int16(self) -> int:
        """A signed 16-bit integer."""
        return int(_INT16.unpack(self._take(2))[0])

    def int32(self) -> int:
        """A signed 32-bit integer."""
        return int(_INT32.unpack(self._take(4))[0])

    def int64(self) -> int:
        """A signed 64-bit integer."""
        return int(_INT64.unpack(self._take(8))[0])

    def optional_string(self) -> str | None:
        """UTF-8 text, or None where the length is -1."""
        size = self.int16()
        try:
            return None if size == -1 else self._take(size).decode()
        except UnicodeDecodeError as error:
            raise Malformed("a string is not UTF-8") from error

    def string(self) -> str:
        """UTF-8 text; none is taken for empty."""
        return self.optional_string() or ""

    def optional_bytes(self) -> bytes | None:
        """Bytes, or None where the length is -1."""
        size = self.int32()
        return None if size == -1 else self._take(size)

    def optional_array(self, item: Callable[[], T]) -> list[T] | None:
        """Items, or None where the count is -1."""
        count = self.int32()
        return None if count == -1 else [item() for _ in range(count)]

    def array(self, item: Callable[[], T]) -> list[T]:
        """Items; none is taken for empty."""
        return self.optional_array(item) or []


class Writer:
    """Collects one response; record batches are kept as they are, not copied."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def int8(self, value: int) -> "Writer":
        """A signed byte."""
        self.parts.append(value.to_bytes(1, "big", signed=True))
        return self

    def int16(self, value: int) -> "Writer":
        """A signed 16-bit integer."""
        self.parts.append(_INT16.pack(value))
        return self

    def int32(self, value: int) -> "Writer":
        """A signed 32-bit integer."""
        self.parts.append(_INT32.pack(value))
        return self

    def int64(self, value: int) -> "Writer":
        """A signed 64-bit integer."""
        self.parts.append(_INT64.pack(value))
        return self

    def string(self, value: str | None) -> "Writer":
        """UTF-8 text, None as length -1."""
        if value is None:
            return self.int16(-1)
        encoded = value.encode()
        self.parts += (_INT16.pack(len(encoded)), encoded)
        return self

    def blob(self, value: bytes) -> "Writer":
        """Bytes with their length."""
        self.parts += (_INT32.pack(len(value)), value)
        return self

    def array(self, items: Iterable[T], item: Callable[[T], object]) -> "Writer":
        """Items with their count; ``item`` writes one of them."""
        counted = list(items)
        self.int32(len(counted))
        for each in counted:
            item(each)
        return self
