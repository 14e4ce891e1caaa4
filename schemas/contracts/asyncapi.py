"""The AsyncAPI 3 document of the log: its topics, headers and messages, made from the code."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from domain.kernel import DomainEvent
from schemas.contracts.json_schemas import JsonSchema, shared_schemas
from schemas.contracts.meanings import meaning_of
from schemas.contracts.sampling import sample_of
from schemas.registry import EVENTS
from schemas.topics import DEAD_LETTERS, IMAGE_WORK, WORK, Topic
from schemas.topics import EVENTS as LOG

Document = dict[str, Any]

_UUID = {"type": "string", "format": "uuid"}
_SHA256 = {"type": "string", "pattern": "^[0-9a-f]{64}$"}

HEADERS: Mapping[str, JsonSchema] = {
    "content-type": {"const": "application/json"},
    "ce_specversion": {"const": "1.0", "description": "CloudEvents, Kafka protocol binding, binary mode."},
    "ce_id": {**_UUID, "description": "The event's id. One event never has two ids."},
    "ce_type": {
        "type": "string",
        "description": "The wire name: `<stream>.<event>.v<n>`. It selects the body's schema.",
    },
    "ce_source": {"type": "string", "description": "`/zyenta/<stream>`."},
    "ce_subject": {**_UUID, "description": "The stream (aggregate) of the event."},
    "ce_time": {"type": "string", "format": "date-time", "description": "When it happened, UTC."},
    "ce_position": {
        "type": "string",
        "pattern": "^[0-9]+$",
        "description": "The position in the whole log: strictly increasing within a partition, with gaps.",
    },
    "ce_streamversion": {
        "type": "string",
        "pattern": "^[0-9]+$",
        "description": "The version of the stream after the event: 1, 2, 3 … without gaps.",
    },
    "ce_tenant": {
        **_UUID,
        "description": "The store's id, or the merchant's id for a merchant's own events. Also the record's key.",
    },
    "ce_correlationid": {**_UUID, "description": "Shared by all events that one request caused."},
    "ce_causationid": {**_UUID, "description": "The event or command that caused it; absent if there was none."},
    "ce_recordedtime": {"type": "string", "format": "date-time", "description": "When it was appended, UTC."},
    "ce_previoushash": {
        **_SHA256,
        "description": "Hash of the previous event of the stream; zeros for the first event.",
    },
    "ce_hash": {
        **_SHA256,
        "description": "SHA-256 over the previous hash and the event's id, stream, version, wire name and body.",
    },
    "ce_traceparent": {"type": "string", "description": "W3C trace context of the request, if it had one."},
    "ce_commandid": {
        **_UUID,
        "description": "The command that appended the event; shared by all events of one transaction.",
    },
    "ce_commanddigest": {
        **_SHA256,
        "description": "SHA-256 of the command's payload; only on the last event of its transaction.",
    },
    "ce_commandresult": {
        "type": "string",
        "description": "The command's result as JSON; only on the last event of its transaction.",
    },
    "ce_actor": {
        "type": "string",
        "description": "Who sent the command: a person's id, SESSION or KEY, and its id. Absent if no person did.",
    },
}
"""The headers that ``schemas.records.content_of`` writes; all are UTF-8 text."""
_YAML_VALUES = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
OPTIONAL_HEADERS = frozenset(
    {"ce_causationid", "ce_traceparent", "ce_commandid", "ce_commanddigest", "ce_commandresult", "ce_actor"}
)

LETTER_HEADERS: Mapping[str, JsonSchema] = {
    "dlq_group": {"type": "string", "description": "The consumer group that gave the record up."},
    "dlq_topic": {"type": "string", "description": "The topic of the record."},
    "dlq_partition": {"type": "string"},
    "dlq_offset": {"type": "string"},
    "dlq_reason": {"type": "string", "description": "Why it was given up, for people."},
    "dlq_traceback": {
        "type": "string",
        "description": "Equal for failures at the same place in the code; may be empty.",
    },
    "dlq_count": {"type": "string", "description": "Number of deliveries."},
    "dlq_parkedat": {"type": "string", "format": "date-time"},
}
"""The headers that ``schemas.internal.deliveries.DeadLetter.to_headers`` adds to the record's own."""

_CHANNELS: Mapping[str, tuple[Topic, str, str]] = {
    "events": (
        LOG,
        "The log",
        "Every event, kept without limit. The key is the tenant, so the events of one store are in order.",
    ),
    "imageWork": (
        IMAGE_WORK,
        "Images to process",
        "Events that announce or request work on images. They are also in the log. The key is the stream; kept for a week.",
    ),
    "deadLetters": (
        DEAD_LETTERS,
        "Dead letters",
        "Unchanged records that a consumer group gave up, with the reason. Other records close such a letter.",
    ),
}


def document() -> Document:
    """Return the document."""
    events = list(EVENTS.values())
    work = [event.__name__ for name, event in EVENTS.items() if name in WORK]
    carried = {
        "events": [event.__name__ for event in events],
        "imageWork": work,
        "deadLetters": ["DeadLetter", "LetterDone"],
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Zyenta event log",
            "version": "1.0.0",
            "description": (
                "All events of the platform, in order, for any Kafka client. An event may get another field without a new "
                "version, so ignore unknown fields. Every change that would break a reader gets a new wire name. "
                "Read with isolation.level=read_committed."
            ),
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "log": {
                "host": "{bootstrapServers}",
                "protocol": "kafka",
                "description": "Apache Kafka, Redpanda, or the broker of “zyenta up”.",
                "variables": {"bootstrapServers": {"default": "127.0.0.1:9092"}},
            }
        },
        "channels": {name: _channel(name, carried[name]) for name in _CHANNELS},
        "operations": {
            f"send{name[0].upper()}{name[1:]}": {
                "action": "send",
                "channel": {"$ref": f"#/channels/{name}"},
                "summary": f"Zyenta writes to {topic.name}; you may read it.",
            }
            for name, (topic, _, _) in _CHANNELS.items()
        },
        "components": {
            "messages": {event.__name__: _message(event) for event in events} | _LETTERS,
            "schemas": _shared(),
        },
    }


def as_yaml(document: Document) -> str:
    """Return a document as YAML in block style, with strings quoted as in JSON."""
    return "\n".join(_lines(document, 0)) + "\n"


def _channel(name: str, messages: list[str]) -> Document:
    topic, title, description = _CHANNELS[name]
    config = dict(topic.config)
    settings: Document = {"retention.ms": int(config["retention.ms"])}
    if "cleanup.policy" in config:
        settings["cleanup.policy"] = [config["cleanup.policy"]]
    return {
        "address": topic.name,
        "title": title,
        "description": description,
        "servers": [{"$ref": "#/servers/log"}],
        "messages": {message: {"$ref": f"#/components/messages/{message}"} for message in messages},
        "bindings": {
            "kafka": {"partitions": topic.partitions, "topicConfiguration": settings, "bindingVersion": "0.5.0"}
        },
    }


def _message(event: type[DomainEvent]) -> Document:
    meaning = meaning_of(event)
    return {
        "name": event.wire_name,
        "title": event.__name__,
        "summary": meaning.partition("\n\n")[0],
        "description": meaning,
        "correlationId": {"location": "$message.header#/ce_correlationid"},
        "headers": {"$ref": "#/components/schemas/EventHeaders"},
        "payload": {"$ref": f"#/components/schemas/{event.__name__}"},
        "bindings": {"kafka": {"key": _UUID, "bindingVersion": "0.5.0"}},
        "examples": [{"name": "sample", "payload": sample_of(event)}],
    }


_LETTERS: dict[str, Document] = {
    "DeadLetter": {
        "name": "DeadLetter",
        "title": "Dead letter",
        "summary": "A record that one consumer group gave up; other groups are not affected.",
        "headers": {
            "allOf": [
                {"$ref": "#/components/schemas/EventHeaders"},
                {"type": "object", "properties": dict(LETTER_HEADERS), "required": list(LETTER_HEADERS)},
            ]
        },
        "payload": {"description": "The record's value, byte for byte."},
    },
    "LetterDone": {
        "name": "LetterDone",
        "title": "Letter done",
        "summary": "A dead letter was replayed or dropped; it is not listed any more.",
        "headers": {
            "type": "object",
            "properties": {
                "dlq_done": {"enum": ["replayed", "dropped"]},
                "dlq_id": {
                    "type": "string",
                    "description": "`<group>/<event id>` of the letter, or `<group>/<topic>/<partition>/<offset>`.",
                },
                "dlq_doneat": {"type": "string", "format": "date-time"},
            },
            "required": ["dlq_done", "dlq_id", "dlq_doneat"],
        },
        "payload": {"type": "null"},
    },
}


def _shared() -> dict[str, JsonSchema]:
    headers = {
        "title": "EventHeaders",
        "type": "object",
        "properties": dict(HEADERS),
        "required": [name for name in HEADERS if name not in OPTIONAL_HEADERS],
    }
    bodies = shared_schemas(EVENTS.values(), ref_template="#/components/schemas/{model}")
    return {"EventHeaders": headers, **{name: _as_draft_7(schema) for name, schema in sorted(bodies.items())}}


def _as_draft_7(value: Any) -> Any:
    """Translate to JSON Schema draft 7, on which AsyncAPI builds: it ignores all keys beside a reference."""
    if isinstance(value, list):
        return [_as_draft_7(each) for each in value]
    if not isinstance(value, dict):
        return value
    translated = {("items" if key == "prefixItems" else key): _as_draft_7(each) for key, each in value.items()}
    if "$ref" in translated and len(translated) > 1:
        return {"allOf": [{"$ref": translated.pop("$ref")}], **translated}
    return translated


def _lines(value: Any, depth: int) -> Iterator[str]:
    indent = "  " * depth
    if isinstance(value, dict):
        for key, each in value.items():
            name = key if key.isidentifier() and key not in _YAML_VALUES else json.dumps(key, ensure_ascii=False)
            if isinstance(each, dict | list) and each:
                yield f"{indent}{name}:"
                yield from _lines(each, depth + 1)
            else:
                yield f"{indent}{name}: {json.dumps(each, ensure_ascii=False)}"
        return
    for each in value:
        if isinstance(each, dict | list) and each:
            first, *rest = _lines(each, depth + 1)
            yield f"{indent}- {first.lstrip()}"
            yield from rest
        else:
            yield f"{indent}- {json.dumps(each, ensure_ascii=False)}"
