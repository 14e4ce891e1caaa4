"""Reading of requests and writing of responses: the protocol's primitive types, big-endian."""

import struct
from collections.abc import Callable, Iterable
from enum import IntEnum
from typing import TypeVar

_INT16 = struct.Struct(">h")
_INT32 = struct.Struct(">i")
_INT64 = struct.Struct(">q")
_VARINT_BITS = 35

T = TypeVar("T")


class Malformed(Exception):
    """A malformed request. The connection is closed, as in Kafka."""


class Api(IntEnum):
    """The protocol's requests by name, including unsupported ones, which error messages name."""

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
    SASL_HANDSHAKE = 17
    API_VERSIONS = 18
    CREATE_TOPICS = 19
    DELETE_TOPICS = 20
    DELETE_RECORDS = 21
    INIT_PRODUCER_ID = 22
    OFFSET_FOR_LEADER_EPOCH = 23
    ADD_PARTITIONS_TO_TXN = 24
    ADD_OFFSETS_TO_TXN = 25
    END_TXN = 26
    WRITE_TXN_MARKERS = 27
    TXN_OFFSET_COMMIT = 28
    DESCRIBE_ACLS = 29
    CREATE_ACLS = 30
    DELETE_ACLS = 31
    DESCRIBE_CONFIGS = 32
    ALTER_CONFIGS = 33
    ALTER_REPLICA_LOG_DIRS = 34
    DESCRIBE_LOG_DIRS = 35
    SASL_AUTHENTICATE = 36
    CREATE_PARTITIONS = 37
    CREATE_DELEGATION_TOKEN = 38
    RENEW_DELEGATION_TOKEN = 39
    EXPIRE_DELEGATION_TOKEN = 40
    DESCRIBE_DELEGATION_TOKEN = 41
    DELETE_GROUPS = 42
    ELECT_LEADERS = 43
    INCREMENTAL_ALTER_CONFIGS = 44
    ALTER_PARTITION_REASSIGNMENTS = 45
    LIST_PARTITION_REASSIGNMENTS = 46
    OFFSET_DELETE = 47
    DESCRIBE_CLIENT_QUOTAS = 48
    ALTER_CLIENT_QUOTAS = 49
    DESCRIBE_USER_SCRAM_CREDENTIALS = 50
    ALTER_USER_SCRAM_CREDENTIALS = 51
    DESCRIBE_QUORUM = 55
    UPDATE_FEATURES = 57
    DESCRIBE_CLUSTER = 60
    DESCRIBE_PRODUCERS = 61
    UNREGISTER_BROKER = 64
    DESCRIBE_TRANSACTIONS = 65
    LIST_TRANSACTIONS = 66
    CONSUMER_GROUP_HEARTBEAT = 68
    CONSUMER_GROUP_DESCRIBE = 69
    GET_TELEMETRY_SUBSCRIPTIONS = 71
    PUSH_TELEMETRY = 72
    LIST_CONFIG_RESOURCES = 74
    DESCRIBE_TOPIC_PARTITIONS = 75
    SHARE_GROUP_HEARTBEAT = 76
    SHARE_GROUP_DESCRIBE = 77
    SHARE_FETCH = 78
    SHARE_ACKNOWLEDGE = 79
    DESCRIBE_SHARE_GROUP_OFFSETS = 90


def name_of(key: int) -> str:
    """Return a request's name for messages; its number if it is newer than this list."""
    try:
        return Api(key).name
    except ValueError:
        return f"request {key}"


class ErrorCode(IntEnum):
    """Kafka's error codes, as far as the broker uses them."""

    NONE = 0
    OFFSET_OUT_OF_RANGE = 1
    CORRUPT_MESSAGE = 2
    UNKNOWN_TOPIC_OR_PARTITION = 3
    OFFSET_METADATA_TOO_LARGE = 12
    INVALID_TOPIC_EXCEPTION = 17
    ILLEGAL_GENERATION = 22
    INCONSISTENT_GROUP_PROTOCOL = 23
    UNKNOWN_MEMBER_ID = 25
    INVALID_SESSION_TIMEOUT = 26
    REBALANCE_IN_PROGRESS = 27
    TOPIC_AUTHORIZATION_FAILED = 29
    GROUP_AUTHORIZATION_FAILED = 30
    CLUSTER_AUTHORIZATION_FAILED = 31
    UNSUPPORTED_SASL_MECHANISM = 33
    ILLEGAL_SASL_STATE = 34
    UNSUPPORTED_VERSION = 35
    TOPIC_ALREADY_EXISTS = 36
    INVALID_PARTITIONS = 37
    INVALID_REQUEST = 42
    UNSUPPORTED_FOR_MESSAGE_FORMAT = 43
    OUT_OF_ORDER_SEQUENCE_NUMBER = 45
    INVALID_PRODUCER_EPOCH = 47
    INVALID_TXN_STATE = 48
    INVALID_PRODUCER_ID_MAPPING = 49
    TRANSACTIONAL_ID_AUTHORIZATION_FAILED = 53
    OPERATION_NOT_ATTEMPTED = 55
    SASL_AUTHENTICATION_FAILED = 58
    NON_EMPTY_GROUP = 68
    GROUP_ID_NOT_FOUND = 69
    GROUP_MAX_SIZE_REACHED = 81
    FENCED_INSTANCE_ID = 82


class WireReader:
    """A cursor over one request.

    From some version on, each request has the flexible form: lengths are variable and fields may be tagged. A handler
    reads both the same way.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self.flexible = False

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
        """UTF-8 text or null."""
        size = self._varint() - 1 if self.flexible else self.int16()
        return self._text(size)

    def header_string(self) -> str | None:
        """Text or null in a request header, where the length has a fixed size in both forms."""
        return self._text(self.int16())

    def string(self) -> str:
        """UTF-8 text; null becomes empty."""
        return self.optional_string() or ""

    def optional_bytes(self) -> bytes | None:
        """Bytes or null."""
        size = self._size()
        return None if size == -1 else self._take(size)

    def optional_array(self, item: Callable[[], T]) -> list[T] | None:
        """Items or null."""
        count = self._size()
        if count < -1 or count > len(self._data) - self._at:
            raise Malformed(f"the request ends before its {count} items")
        return None if count == -1 else [item() for _ in range(count)]

    def array(self, item: Callable[[], T]) -> list[T]:
        """Items; null becomes empty."""
        return self.optional_array(item) or []

    def structs(self, item: Callable[[], T]) -> list[T]:
        """Items with tagged fields at their end; null becomes empty."""
        return self.optional_structs(item) or []

    def optional_structs(self, item: Callable[[], T]) -> list[T] | None:
        """Items with tagged fields at their end, or null."""

        def tagged() -> T:
            found = item()
            self.tags()
            return found

        return self.optional_array(tagged)

    def tags(self) -> None:
        """Skip the tagged fields, which the flexible form has at the end of each structure."""
        if self.flexible:
            for _ in range(self._varint()):
                self._varint()
                self._take(self._varint())

    def _size(self) -> int:
        return self._varint() - 1 if self.flexible else self.int32()

    def _text(self, size: int) -> str | None:
        try:
            return None if size == -1 else self._take(size).decode()
        except UnicodeDecodeError as error:
            raise Malformed("a string is not UTF-8") from error

    def _varint(self) -> int:
        value = shift = 0
        while shift < _VARINT_BITS:
            byte = self._take(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
        raise Malformed("a variable-length integer has no end")


class WireWriter:
    """A writer for one response in either form. Record batches are not copied."""

    def __init__(self, *, flexible: bool = False) -> None:
        self.parts: list[bytes] = []
        self._flexible = flexible

    def int8(self, value: int) -> "WireWriter":
        """A signed byte."""
        self.parts.append(value.to_bytes(1, "big", signed=True))
        return self

    def int16(self, value: int) -> "WireWriter":
        """A signed 16-bit integer."""
        self.parts.append(_INT16.pack(value))
        return self

    def int32(self, value: int) -> "WireWriter":
        """A signed 32-bit integer."""
        self.parts.append(_INT32.pack(value))
        return self

    def int64(self, value: int) -> "WireWriter":
        """A signed 64-bit integer."""
        self.parts.append(_INT64.pack(value))
        return self

    def string(self, value: str | None) -> "WireWriter":
        """UTF-8 text or null."""
        encoded = None if value is None else value.encode()
        size = -1 if encoded is None else len(encoded)
        self.parts.append(_varint(size + 1) if self._flexible else _INT16.pack(size))
        self.parts.append(encoded or b"")
        return self

    def blob(self, value: bytes) -> "WireWriter":
        """Bytes with their length."""
        self._size(len(value)).parts.append(value)
        return self

    def array(self, items: Iterable[T], item: Callable[[T], object]) -> "WireWriter":
        """Items with their count; ``item`` writes one of them."""
        counted = list(items)
        self._size(len(counted))
        for each in counted:
            item(each)
        return self

    def structs(self, items: Iterable[T], item: Callable[[T], object]) -> "WireWriter":
        """Items with tagged fields at their end."""

        def tagged(each: T) -> None:
            item(each)
            self.tags()

        return self.array(items, tagged)

    def tags(self) -> "WireWriter":
        """An empty list of tagged fields, which the flexible form has at the end of each structure."""
        if self._flexible:
            self.parts.append(b"\0")
        return self

    def _size(self, size: int) -> "WireWriter":
        self.parts.append(_varint(size + 1) if self._flexible else _INT32.pack(size))
        return self


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
