"""Bodies of events from their JSON Schemas, for property tests."""

import json
from datetime import date, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from domain.kernel import DomainEvent
from schemas.contracts.json_schemas import JsonSchema, json_schema

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
DAYS = st.dates(date(1970, 1, 1), date(2200, 1, 1)).map(date.isoformat)
INSTANTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=ZONES).map(datetime.isoformat)  # noqa: DTZ001
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
ANY = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), TEXTS),
    lambda values: st.one_of(st.lists(values, max_size=2), st.dictionaries(TEXTS, values, max_size=2)),
    max_leaves=4,
)


def bodies(event: type[DomainEvent]) -> st.SearchStrategy[bytes]:
    """Return a strategy for JSON bodies that an event must accept, with and without optional fields."""
    schema = json_schema(event)
    return _values(schema, schema).map(lambda body: json.dumps(body).encode())


def _values(schema: JsonSchema, root: JsonSchema) -> st.SearchStrategy[Any]:
    match schema:
        case {"$ref": reference}:
            return _values(root["$defs"][reference.rpartition("/")[2]], root)
        case {"anyOf": forms}:
            return st.one_of([_values(form, root) for form in forms])
        case {"enum": values}:
            return st.sampled_from(values)
        case {"properties": fields}:
            required = set(schema.get("required", ()))
            made = {name: _values(field, root) for name, field in fields.items()}
            return st.fixed_dictionaries(
                {name: each for name, each in made.items() if name in required},
                optional={name: each for name, each in made.items() if name not in required},
            )
        case {"additionalProperties": values}:
            return st.dictionaries(TEXTS, _values(values, root), max_size=3)
        case {"prefixItems": items}:
            return st.tuples(*(_values(item, root) for item in items)).map(list)
        case {"items": items}:
            return st.lists(_values(items, root), min_size=schema.get("minItems", 0), max_size=3)
        case _:
            return _plain(schema)


def _plain(schema: JsonSchema) -> st.SearchStrategy[Any]:
    match schema:
        case {"format": "uuid"}:
            return st.uuids().map(str)
        case {"format": "date"}:
            return DAYS
        case {"format": "date-time"}:
            return INSTANTS
        case {"pattern": pattern}:
            return st.from_regex(pattern.replace("$", r"\Z"))
        case {"type": "string"}:
            return TEXTS
        case {"type": "integer"}:
            return st.integers(-(2**63), 2**63 - 1)
        case {"type": "number"}:
            return FLOATS
        case {"type": "boolean"}:
            return st.booleans()
        case {"type": "null"}:
            return st.none()
        case _ if "type" not in schema:
            return ANY
        case _:
            raise NotImplementedError(f"no strategy for {schema}")
