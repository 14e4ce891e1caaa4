"""Requests of tools about the cluster: brokers, configurations and sizes. Requests to change them are rejected."""

from collections.abc import Mapping, Sequence

from infra.embedded.logbroker.handling import (
    NO_OPERATIONS,
    NODE,
    UNTHROTTLED,
    Caller,
    Handler,
    Handlers,
    unique,
)
from infra.embedded.logbroker.topics import Topics
from infra.embedded.logbroker.wire import Api, ErrorCode, WireReader, WireWriter, name_of

_TOPIC, _BROKER = 2, 4
"""Kinds of resource with a configuration here; the protocol has more."""
_DEFAULT_VALUE = 5
"""The source of each value: a default that cannot be changed."""
_BOOLEAN, _STRING, _INT, _LONG, _LIST = 1, 2, 3, 5, 7

Configuration = Mapping[str, tuple[str, int]]
"""Value and type of each entry."""

_OF_TOPICS: Configuration = {
    "cleanup.policy": ("delete", _LIST),
    "compression.type": ("producer", _STRING),
    "message.timestamp.type": ("CreateTime", _STRING),
    "min.insync.replicas": ("1", _INT),
    "retention.bytes": ("-1", _LONG),
    "retention.ms": ("-1", _LONG),
}
"""Configuration of every topic in Kafka's terms: nothing is deleted, and batches stay unchanged."""

_OF_BROKERS: Configuration = {
    "auto.create.topics.enable": ("false", _BOOLEAN),
    "broker.id": (str(NODE), _INT),
    "delete.topic.enable": ("true", _BOOLEAN),
    "log.retention.ms": ("-1", _LONG),
}


class ClusterRequests:
    """Read-only descriptions of a cluster with one node, for tools."""

    def __init__(self, topics: Topics, *, cluster_id: str) -> None:
        self._topics = topics
        self._cluster_id = cluster_id
        self.handlers: Handlers = {
            Api.DESCRIBE_CLUSTER: Handler(0, 1, self._describe_cluster, flexible_since=0),
            Api.DESCRIBE_CONFIGS: Handler(1, 4, self._describe_configs, flexible_since=4),
            Api.DESCRIBE_LOG_DIRS: Handler(1, 4, self._describe_log_dirs, flexible_since=2),
            Api.DELETE_RECORDS: Handler(0, 1, self._delete_records),
            Api.CREATE_PARTITIONS: Handler(0, 1, self._create_partitions),
            Api.ALTER_CONFIGS: Handler(0, 1, self._alter_configs),
            Api.INCREMENTAL_ALTER_CONFIGS: Handler(0, 0, self._alter_configs_by_one),
        }

    async def _describe_cluster(self, _request: WireReader, caller: Caller) -> WireWriter:
        answer = caller.answer().int32(UNTHROTTLED).int16(ErrorCode.NONE).string(None)
        if caller.version >= 1:
            answer.int8(1)  # its brokers, not its controllers
        host, port = caller.address
        answer.string(self._cluster_id).int32(NODE)
        answer.structs([NODE], lambda node: answer.int32(node).string(host).int32(port).string(None))
        return answer.int32(NO_OPERATIONS)

    async def _describe_configs(self, request: WireReader, caller: Caller) -> WireWriter:
        def wanted() -> tuple[int, str, tuple[str, ...] | None]:
            kind, name, keys = request.int8(), request.string(), request.optional_array(request.string)
            return kind, name, None if keys is None else tuple(keys)

        resources = unique(request.structs(wanted))
        answer = caller.answer().int32(UNTHROTTLED)

        def entry(item: tuple[str, tuple[str, int]]) -> None:
            name, (value, kind) = item
            answer.string(name).string(value).int8(1).int8(_DEFAULT_VALUE).int8(0)
            answer.structs([], answer.string)  # no synonyms of the value
            if caller.version >= 3:
                answer.int8(kind).string(None)

        def resource(each: tuple[int, str, tuple[str, ...] | None]) -> None:
            kind, name, keys = each
            error, message, entries = self._configuration(kind, name)
            answer.int16(error).string(message).int8(kind).string(name)
            answer.structs([item for item in entries.items() if keys is None or item[0] in keys], entry)

        return answer.structs(resources, resource)

    def _configuration(self, kind: int, name: str) -> tuple[ErrorCode, str | None, Configuration]:
        if kind == _TOPIC:
            if self._topics.of(name) is None:
                return (
                    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
                    f"Unknown topic {name!r}. Use a name that METADATA lists.",
                    {},
                )
            return ErrorCode.NONE, None, _OF_TOPICS
        if kind == _BROKER and name in {"", str(NODE)}:
            return ErrorCode.NONE, None, _OF_BROKERS
        return ErrorCode.INVALID_REQUEST, f"No configuration for {name!r}. Use a topic or broker {NODE}.", {}

    async def _describe_log_dirs(self, request: WireReader, caller: Caller) -> WireWriter:
        wanted = request.optional_structs(lambda: (request.string(), tuple(request.array(request.int32))))
        names = self._topics.names() if wanted is None else [name for name, _ in wanted]
        indexes = {} if wanted is None else dict(wanted)
        sizes = [
            (
                name,
                [(index, each.size) for index, each in enumerate(partitions) if index in indexes.get(name, (index,))],
            )
            for name in unique(names)
            if (partitions := self._topics.of(name)) is not None
        ]
        answer = caller.answer().int32(UNTHROTTLED)
        if caller.version >= 3:
            answer.int16(ErrorCode.NONE)

        def partition(each: tuple[int, int]) -> None:
            answer.int32(each[0]).int64(each[1]).int64(0).int8(0)

        def directory(name: str) -> None:
            answer.int16(ErrorCode.NONE).string(name)
            answer.structs(sizes, lambda item: answer.string(item[0]).structs(item[1], partition))
            if caller.version >= 4:
                answer.int64(-1).int64(-1)  # size and free space of the disk: not reported

        # A bare name, because readers need not know the path on this machine.
        return answer.structs(["log"], directory)

    async def _delete_records(self, request: WireReader, caller: Caller) -> WireWriter:
        topics = request.array(lambda: (request.string(), request.array(lambda: (request.int32(), request.int64()))))
        error, _ = _refusal(caller, Api.DELETE_RECORDS)
        answer = caller.answer().int32(UNTHROTTLED)
        return answer.array(
            topics,
            lambda item: answer.string(item[0]).array(
                item[1], lambda each: answer.int32(each[0]).int64(-1).int16(error)
            ),
        )

    async def _create_partitions(self, request: WireReader, caller: Caller) -> WireWriter:
        def wanted() -> str:
            name, _count = request.string(), request.int32()
            request.optional_array(lambda: request.array(request.int32))
            return name

        topics = request.array(wanted)
        error, message = _refusal(caller, Api.CREATE_PARTITIONS)
        answer = caller.answer().int32(UNTHROTTLED)
        return answer.array(topics, lambda name: answer.string(name).int16(error).string(message))

    async def _alter_configs(self, request: WireReader, caller: Caller) -> WireWriter:
        entry = lambda: (request.string(), request.optional_string())  # noqa: E731
        resources = request.array(lambda: (request.int8(), request.string(), request.array(entry)))
        return _refuse_altering(resources, caller, Api.ALTER_CONFIGS)

    async def _alter_configs_by_one(self, request: WireReader, caller: Caller) -> WireWriter:
        entry = lambda: (request.string(), request.int8(), request.optional_string())  # noqa: E731
        resources = request.array(lambda: (request.int8(), request.string(), request.array(entry)))
        return _refuse_altering(resources, caller, Api.INCREMENTAL_ALTER_CONFIGS)


def _refuse_altering(resources: Sequence[tuple[int, str, object]], caller: Caller, api: Api) -> WireWriter:
    answer = caller.answer().int32(UNTHROTTLED)

    def resource(each: tuple[int, str, object]) -> None:
        kind, name, _ = each
        denied = ErrorCode.TOPIC_AUTHORIZATION_FAILED if kind == _TOPIC else ErrorCode.CLUSTER_AUTHORIZATION_FAILED
        error, message = _refusal(caller, api, denied)
        answer.int16(error).string(message).int8(kind).string(name)

    return answer.array(resources, resource)


def _refusal(
    caller: Caller, api: Api, denied: ErrorCode = ErrorCode.TOPIC_AUTHORIZATION_FAILED
) -> tuple[ErrorCode, str]:
    """Return error code and message for a rejected change."""
    if not caller.may_write:
        return denied, "This listener is read-only. Use the listener with a log-in."
    return ErrorCode.UNSUPPORTED_VERSION, f"The embedded broker does not support {name_of(api)}."
