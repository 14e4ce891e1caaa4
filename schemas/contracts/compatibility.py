"""Which changes of a written event are allowed, and which need a new version.

A change must not break *old data*: the new code must read the bodies in the log with their old meaning. It must not break
*old readers* either: analysts, and processes of the previous release, must understand the new bodies. So a field may be
added if it has a default, and wording may change. An enumeration may get a value, and a limit may be loosened; that is
reported, because readers of the previous release park such events. All other changes are refused.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from schemas.contracts.json_schemas import JsonSchema

NEW_VERSION = (
    "Leave this version as it is: give the changed class the next wire name (…v{next}), lift old bodies in "
    "schemas/upcasters.py, then run zyenta schemas export"
)
_UPPER = ("maxLength", "maxItems", "maximum", "exclusiveMaximum", "maxProperties")
_LOWER = ("minLength", "minItems", "minimum", "exclusiveMinimum", "minProperties")
_MISSING = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One change between the committed schema of an event and its class."""

    event: str
    """Its wire name."""
    field: str
    """A path such as ``lines[].unit_price``; empty for the event itself."""
    why: str
    """The change and its consequence."""
    remedy: str
    """What to do instead; empty if nothing is to be done."""
    refused: bool

    def __str__(self) -> str:
        place = f"{self.event}, field {self.field}" if self.field else self.event
        return f"{place}: {self.why}" + (f" {self.remedy}." if self.remedy else "")


def compare(event: str, committed: JsonSchema, current: JsonSchema) -> list[Finding]:
    """Return the changes of an event, refused ones first; wording does not count."""
    stem, _, version = event.rpartition(".v")
    remedy = NEW_VERSION.format(next=int(version) + 1 if stem and version.isdecimal() else "2")
    findings = [
        Finding(event=event, field=path, why=why, remedy=remedy if refused else "", refused=refused)
        for refused, path, why in _Comparison(committed, current).findings()
    ]
    return sorted(findings, key=lambda finding: not finding.refused)


def removed(event: str) -> Finding:
    """Return the finding for an event that may be in the log and has neither class nor upcaster."""
    return Finding(
        event=event,
        field="",
        why="The event is gone, but the log may hold it: consumers would park it as unknown.",
        remedy="Put it back into schemas/registry.py, or register an upcaster for it in schemas/upcasters.py",
        refused=True,
    )


Change = tuple[bool, str, str]


class _Comparison:
    def __init__(self, committed: JsonSchema, current: JsonSchema) -> None:
        self._old, self._new = committed, current
        self._under_way: set[tuple[str, str]] = set()

    def findings(self) -> Iterator[Change]:
        return self._fields(self._old, self._new, "")

    def _any(self, old: JsonSchema, new: JsonSchema, path: str) -> Iterator[Change]:
        """Compare the forms of a value: each old form must still decode, and there must be no new one."""
        olds, news = dict(self._forms(old, self._old)), dict(self._forms(new, self._new))
        for kind, form in olds.items():
            if kind in news:
                yield from self._form(form, news[kind], path)
            elif kind == "an integer" and "a number" in news:
                yield True, path, "It was an integer and is a number now: readers who expect whole numbers break."
            else:
                to = " or ".join(news)
                yield True, path, f"It could be {kind} and may only be {to} now: old bodies would not decode."
        for kind in news.keys() - olds.keys():
            if kind != "a number" or "an integer" not in olds:
                yield True, path, f"It may be {kind} now: readers who expect {' or '.join(olds)} break."

    def _form(self, old: JsonSchema, new: JsonSchema, path: str) -> Iterator[Change]:
        if "properties" in old or "properties" in new:
            pair = (str(old.get("title")), str(new.get("title")))
            if pair not in self._under_way:
                self._under_way.add(pair)
                yield from self._fields(old, new, path)
                self._under_way.discard(pair)
        elif old.get("type") == "object":
            yield from self._any(_of(old, "additionalProperties"), _of(new, "additionalProperties"), f"{path}{{}}")
        elif old.get("type") == "array":
            yield from self._items(old, new, path)
        yield from self._values(old, new, path)
        yield from self._limits(old, new, path)

    def _fields(self, old: JsonSchema, new: JsonSchema, path: str) -> Iterator[Change]:
        before, after = old.get("properties", {}), new.get("properties", {})
        must_before, must_after = set(old.get("required", ())), set(new.get("required", ()))
        for name, field in before.items():
            place = f"{path}.{name}" if path else name
            if name not in after:
                yield (
                    True,
                    place,
                    "The field is gone: readers who use it break, and old bodies that have it do not decode.",
                )
                continue
            if name in must_after and name not in must_before:
                yield True, place, "Its default is gone: old bodies without it would not decode."
            elif _default(field) != _default(after[name]) and name not in must_before:
                yield (
                    True,
                    place,
                    (
                        f"Its default was {_default_text(field)} and is {_default_text(after[name])} now: old bodies without it "
                        "would mean something else."
                    ),
                )
            yield from self._any(field, after[name], place)
        for name in after.keys() - before.keys():
            place = f"{path}.{name}" if path else name
            if name in must_after:
                yield True, place, "It is new and required: old bodies do not have it and would not decode."
            else:
                yield False, place, "It is new. Deploy readers first: those of the previous release park such events."

    def _items(self, old: JsonSchema, new: JsonSchema, path: str) -> Iterator[Change]:
        before, after = old.get("prefixItems"), new.get("prefixItems")
        if (before is None) != (after is None) or len(before or ()) != len(after or ()):
            yield True, path, "It is another kind of list now: readers and old bodies disagree about its items."
            return
        for number, (one, other) in enumerate(zip(before or (), after or (), strict=True)):
            yield from self._any(one, other, f"{path}[{number}]")
        if before is None:
            yield from self._any(_of(old, "items"), _of(new, "items"), f"{path}[]")

    def _values(self, old: JsonSchema, new: JsonSchema, path: str) -> Iterator[Change]:
        before, after = _enumerated(old), _enumerated(new)
        if before is None and after is None:
            return
        if before is None:
            yield (
                True,
                path,
                f"Only {_listed(after)} may stand in it now: old bodies with anything else would not decode.",
            )
        elif after is None:
            yield True, path, f"Anything may stand in it now: readers who expect {_listed(before)} break."
        else:
            if lost := [value for value in before if value not in after]:
                yield (
                    True,
                    path,
                    f"{_listed(lost)} may no longer stand in it: old bodies that have it would not decode.",
                )
            if won := [value for value in after if value not in before]:
                yield (
                    False,
                    path,
                    (
                        f"{_listed(won)} may stand in it now. Deploy readers first: those of the previous release park such events."
                    ),
                )

    def _limits(self, old: JsonSchema, new: JsonSchema, path: str) -> Iterator[Change]:
        for key in (*_UPPER, *_LOWER):
            was, now = old.get(key), new.get(key)
            if was == now:
                continue
            if now is not None and (was is None or (now < was if key in _UPPER else now > was)):
                yield True, path, f"{key} was {_shown(was)} and is {now} now: old bodies beyond it would not decode."
            else:
                yield False, path, f"{key} was {was} and is {_shown(now)} now; a reader who checks it must know."
        for key in ("pattern", "multipleOf", "uniqueItems"):
            was, now = old.get(key), new.get(key)
            if was != now and now is not None:
                yield True, path, f"{key} was {_shown(was)} and is {now} now: old bodies might not decode."
            elif was != now:
                yield False, path, f"{key} {was} is gone; a reader who checks it must know."

    def _forms(self, schema: JsonSchema, root: JsonSchema) -> Iterator[tuple[str, JsonSchema]]:
        """Yield the forms that a value may have, each with a name."""
        while "$ref" in schema:
            schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
        if "anyOf" not in schema:
            yield _kind(schema), schema
            return
        forms = [form for each in schema["anyOf"] for form in self._forms(each, root)]
        kinds = [kind for kind, _ in forms]
        for kind, form in forms:
            # Several forms of one kind, as in a union of models, differ by their titles.
            yield (kind if kinds.count(kind) == 1 else f"{kind} {form.get('title', '')}".strip()), form


def _kind(schema: JsonSchema) -> str:
    match schema.get("type"):
        case "string" if "format" in schema:
            return f"text of format {schema['format']}"
        case "string":
            return "text"
        case "object" if "properties" in schema:
            return "an object"
        case "object":
            return "a map"
        case "array":
            return "a list"
        case "integer":
            return "an integer"
        case "number":
            return "a number"
        case "boolean":
            return "true or false"
        case "null":
            return "null"
        case _:
            return "anything"


def _of(schema: JsonSchema, key: str) -> JsonSchema:
    inner = schema.get(key)
    return inner if isinstance(inner, dict) else {}


def _default(schema: JsonSchema) -> Any:
    return schema.get("default", _MISSING)


def _default_text(schema: JsonSchema) -> str:
    return json.dumps(schema["default"], ensure_ascii=False) if "default" in schema else "not stated"


def _enumerated(schema: JsonSchema) -> list[Any] | None:
    return schema.get("enum", [schema["const"]] if "const" in schema else None)


def _listed(values: list[Any] | None) -> str:
    return ", ".join(str(value) for value in values or ())


def _shown(value: Any) -> Any:
    return "not limited" if value is None else value
