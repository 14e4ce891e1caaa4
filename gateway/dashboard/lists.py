"""Pages of lists: which part of a connection an address asks for."""

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.dashboard.visit import Visit


def window(visit: Visit, size: int) -> dict[str, Any]:
    """Return the variables of the page of a connection that ``after`` or ``before`` in the address names."""
    query = visit.request.query_params
    if query.get("before"):
        return {"last": size, "before": query["before"]}
    return {"first": size, "after": query.get("after") or None}


def chosen(visit: Visit, name: str, options: Sequence[str]) -> str | None:
    """Return the option that the address chooses. None if it chooses no option."""
    value = visit.request.query_params.get(name, "")
    return value if value in options else None


def picture(image: Mapping[str, Any], size: str = "thumbnail") -> dict[str, Any] | None:
    """Return the rendition of an image for a list: the named size, else the smallest. None if it has none."""
    renditions: Sequence[dict[str, Any]] = image["renditions"]
    return next((each for each in renditions if each["name"] == size), renditions[0] if renditions else None)
