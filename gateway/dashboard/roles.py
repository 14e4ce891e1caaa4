"""What a visitor's role in a store allows: forms and links that it does not allow are shown, but switched off.

A page says with ``sends`` which mutations its form may send, and with ``opens`` which ones it is for. The permissions of the
API say which role each mutation needs. So no template asks for a role. The API decides again when a form is sent.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from html import unescape
from typing import Any, TypeVar

from starlette.routing import BaseRoute, Match, Route

Page = TypeVar("Page", bound=Callable[..., Any])
_STORES = "/dashboard/stores/"
PAST = "Nothing can be changed in the past."
RANKS = {"VIEWER": 0, "EDITOR": 1, "OWNER": 2}
_FORM = re.compile(r'(<form\b[^>]*\bmethod="post"[^>]*>)(.*?)</form>', re.DOTALL)
_ACTION, _ID = re.compile(r'\baction="([^"]*)"'), re.compile(r'\bid="([^"]*)"')
_LINK = re.compile(rf'\bhref="({_STORES}[^"]*)"')
_UPLOAD = re.compile(r'\bdata-upload="([^"]*)"')
"""Where a script takes files; see ``upload.js``."""
_DIALOG = re.compile(r'<div id="([^"]*)" class="dialog"')
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def sends(*documents: str, **by_name: str) -> Callable[[Page], Page]:
    """Say which mutations a page sends when its form is posted.

    Args:
        documents: any of them.
        by_name: for a path that ends in a name, the document of each.
    """

    def mark(page: Page) -> Page:
        page.sends = by_name or documents  # type: ignore[attr-defined]
        return page

    return mark


def opens(*documents: str, **by_anchor: str) -> Callable[[Page], Page]:
    """Say which mutations a page is for, so that links to it are of no use without the role for one of them.

    Args:
        documents: any of them.
        by_anchor: for a part of a page, the document of each.
    """

    def mark(page: Page) -> Page:
        page.opens = {"": documents} | {name: (document,) for name, document in by_anchor.items()}  # type: ignore[attr-defined]
        return page

    return mark


def documents_of(page: object) -> frozenset[str] | None:
    """Return all documents that a page may send. None if it does not say."""
    said: Mapping[str, str] | Iterable[str] | None = getattr(page, "sends", None)
    if said is None:
        return None
    return frozenset(said.values() if isinstance(said, Mapping) else said)


class Roles:
    """Knows which role each form needs; one per process.

    Args:
        routes: of all pages.
        role_of: returns the weakest role that may send a document.
    """

    def __init__(self, routes: Iterable[BaseRoute], role_of: Callable[[str], str]) -> None:
        pages = [route for route in routes if isinstance(route, Route)]
        self._routes = [route for route in pages if documents_of(route.endpoint)]
        self._openers = [route for route in pages if hasattr(route.endpoint, "opens")]
        self._role_of = role_of
        self._needed = lru_cache(maxsize=1_000)(self._find)
        self._opened = lru_cache(maxsize=1_000)(self._find_opened)

    def needed(self, action: str) -> str | None:
        """Return the weakest role that may send something by a form. None if the form is not a store's.

        Args:
            action: the path that the form posts to.
        """
        return self._needed(_of_any(action.partition("?")[0]))

    def opened(self, href: str) -> str | None:
        """Return the weakest role that a link is of use to. None if it is of use to every role.

        Args:
            href: the address that the link leads to, with its anchor.
        """
        path, _, anchor = href.partition("#")
        return self._opened(_of_any(path.partition("?")[0]), anchor)

    def _find_opened(self, path: str, anchor: str) -> str | None:
        for route in self._openers:
            if route.matches({"type": "http", "method": "GET", "path": path})[0] is Match.FULL:
                parts: Mapping[str, Iterable[str]] = getattr(route.endpoint, "opens", {})
                return min(map(self._role_of, parts.get(anchor, parts[""])), key=RANKS.__getitem__, default=None)
        return None

    def _find(self, path: str) -> str | None:
        for route in self._routes:
            match, scope = route.matches({"type": "http", "method": "POST", "path": path})
            if match is Match.FULL:
                said = getattr(route.endpoint, "sends", ())
                if isinstance(said, Mapping):
                    said = [said[name] for name in map(str, scope["path_params"].values()) if name in said]
                return min(map(self._role_of, said), key=RANKS.__getitem__, default=None)
        return None

    def switch_off(self, html: str, role: str, roles: Mapping[str, str]) -> str:
        """Return a page with the forms switched off that the visitor may not send, and the buttons and links to them.

        Args:
            html: the page.
            role: the visitor's role in the page's store.
            roles: those in other stores, by the store's id.
        """

        def why(path: str, needed: str | None) -> str | None:
            own = roles.get(path.removeprefix(_STORES)[:36], role)
            return reason(needed) if needed is not None and RANKS[own] < RANKS[needed] else None

        html = _switch_off(html, lambda action: why(action, self.needed(action)))
        return _unlink(html, lambda href: why(href, self.opened(href)))

    def freeze(self, html: str) -> str:
        """Return a page of the past with the forms of its store switched off. Its searches stay."""
        html = _switch_off(html, lambda action: PAST if action.startswith(_STORES) else None)
        return _unlink(html, lambda href: None if self.opened(href) is None else PAST)


def reason(role: str) -> str:
    """Return why a form is switched off."""
    return "Only the owner of the store may do this." if role == "OWNER" else "Your role in this store is viewer."


def _switch_off(html: str, why: Callable[[str], str | None]) -> str:
    """Return a page with forms that post switched off, and with them the buttons that open them.

    Args:
        html: the page.
        why: takes the path that a form posts to. Returns why it is switched off; None if it is not.
    """
    off, ids = [], set()
    for form in _FORM.finditer(html):
        action = _ACTION.search(form[1])
        said = None if action is None else why(unescape(action[1]))
        if said is not None:
            off.append((form, said))
            ids |= set(_ID.findall(form[1]))
            ids |= _dialog_around(html, form.start())
    for form, said in reversed(off):
        content = f'<fieldset class="off" disabled title="{said}">{form[2]}</fieldset>'
        html = f"{html[: form.start()]}{form[1]}{content}</form>{html[form.end() :]}"
    if ids:
        names = "|".join(map(re.escape, sorted(ids)))
        html = re.sub(rf'(?:form|popovertarget)="(?:{names})"(?! popovertargetaction)', r"\g<0> disabled", html)

    def unless_off(place: re.Match[str]) -> str:
        said = why(unescape(place[1]))
        return place[0] if said is None else f'inert title="{said}"'

    return _UPLOAD.sub(unless_off, html)


def _unlink(html: str, why: Callable[[str], str | None]) -> str:
    """Return a page with links switched off. ``why`` takes an address; see :func:`_switch_off`."""

    def unless_off(link: re.Match[str]) -> str:
        said = why(unescape(link[1]))
        return link[0] if said is None else f'role="link" aria-disabled="true" title="{said}"'

    return _LINK.sub(unless_off, html)


def _of_any(path: str) -> str:
    """Return a path with one id for all, so that one answer counts for all products and orders."""
    return _UUID.sub("0" * 8 + "-0000" * 3 + "-" + "0" * 12, path)


def _dialog_around(html: str, at: int) -> set[str]:
    """Return the id of the dialog around a place."""
    for dialog in reversed(list(_DIALOG.finditer(html, 0, at))):
        inside = html[dialog.start() : at]
        return {dialog[1]} if inside.count("<div") > inside.count("</div>") else set()
    return set()
