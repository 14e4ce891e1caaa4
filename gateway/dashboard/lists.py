"""Pages of lists: which part of a connection an address asks for."""

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.dashboard.forms import Form
from gateway.dashboard.visit import Visit

PAGE, SEARCH, SEARCHED = ".page", ".search", ".searched"
"""Ends of the names of fields of a list to choose from; see ``forms.picker``."""


def window(visit: Visit, size: int, of: str = "", *, from_end: bool = False) -> dict[str, Any]:
    """Return the variables of the page of a connection that ``after`` or ``before`` in the address names.

    Args:
        visit: the visit.
        size: entries of the page.
        of: the list's name, on pages that have several. It begins the names in the address, as ``versions-after``, and
            those of the variables, as ``$versionsAfter``. Give ``tables.pages`` the same.
        from_end: whether the first page has the last entries, as in a history whose newest entries are read first.
    """
    query, mark = visit.request.query_params, f"{of}-" if of else ""
    if query.get(f"{mark}before"):
        found: dict[str, Any] = {"last": size, "before": query[f"{mark}before"]}
    elif from_end and not query.get(f"{mark}after"):
        found = {"last": size}
    else:
        found = {"first": size, "after": query.get(f"{mark}after") or None}
    return _named(found, of)


def onward(visit: Visit, size: int, of: str = "") -> dict[str, Any]:
    """Return the variables of :func:`window` for a connection that only goes on."""
    return _named(
        {"first": size, "after": visit.request.query_params.get(f"{of}-after" if of else "after") or None}, of
    )


def picked(form: Form, size: int, of: str) -> dict[str, Any]:
    """Return the variables of the page of a list to choose from. The form asks for it, so that nothing typed is lost.

    Args:
        form: the form that was sent, or an empty one.
        size: entries of the page.
        of: the name of the list's field; see :func:`window`.
    """
    way, _, cursor = form[of + PAGE].partition(":")
    # Another search begins with its first page.
    if form[of + SEARCH] != form[of + SEARCHED]:
        way = ""
    found = {"last": size, "before": cursor} if way == "before" else {"first": size, "after": cursor or None}
    return {
        **_named(found if way in {"before", "after"} else {"first": size}, of),
        f"{of}Search": form.text(of + SEARCH),
    }


def is_picking(form: Form) -> bool:
    """Whether a form asks for another part of a list to choose from, and not to be saved.

    Enter sends a form too. It looks for what was typed into the search since the page was made.
    """
    if any(name.endswith(PAGE) for name in form):
        return True
    changed = (
        name for name in form if name.endswith(SEARCH) and form[name] != form[name.removesuffix(SEARCH) + SEARCHED]
    )
    return not form["do"] and any(changed)


def _named(variables: dict[str, Any], of: str) -> dict[str, Any]:
    return {of + name.capitalize() if of else name: value for name, value in variables.items()}


def chosen(visit: Visit, name: str, options: Sequence[str]) -> str | None:
    """Return the option that the address chooses. None if it chooses no option."""
    value = visit.request.query_params.get(name, "")
    return value if value in options else None


def picture(image: Mapping[str, Any], size: str = "thumbnail") -> dict[str, Any] | None:
    """Return the rendition of an image for a list: the named size, else the smallest. None if it has none."""
    renditions: Sequence[dict[str, Any]] = image["renditions"]
    return next((each for each in renditions if each["name"] == size), renditions[0] if renditions else None)
