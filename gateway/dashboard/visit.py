"""One request to the dashboard, as the pages see it."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote, urlencode
from uuid import UUID, uuid4, uuid5

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from gateway.dashboard.backend import SendFile
from gateway.dashboard.forms import CSRF, REVISION, Form, FormTokens
from gateway.dashboard.library import document
from gateway.dashboard.notices import Notices
from gateway.dashboard.parts import TRIES, WHOLE, Part, Unanswered, failures_of, fill, is_query
from gateway.dashboard.problems import LogInNeeded, Problem, Refusals, not_found, problem_of, refusals_of
from gateway.dashboard.rendering import Renderer
from gateway.dashboard.roles import Roles, documents_of
from gateway.dashboard.sessions import NOTICE, REFRESH, ROOT, BrowserSession, code_of

NO_STORE = {"cache-control": "no-store"}
NOTICE_SECONDS = 60
TRAVEL = "as-of"
"""The parameter of addresses that names a time of the past."""


class Change:
    """The outcome of a mutation."""

    def __init__(self, payload: dict[str, Any]) -> None:
        self.payload = payload
        self.errors = refusals_of(payload)
        """Why it was refused. Empty, which is false, if it was carried out."""

    def __getitem__(self, name: str) -> Any:
        return self.payload[name]


class Visit:
    """A visitor's request: runs documents as the visitor and renders pages."""

    def __init__(
        self,
        request: Request,
        session: BrowserSession,
        form: Form,
        *,
        renderer: Renderer,
        tokens: FormTokens,
        notices: Notices,
        roles: Roles,
        send_file: SendFile,
    ) -> None:
        self.request, self.session, self.form = request, session, form
        self._renderer, self._tokens, self._notices, self._roles = renderer, tokens, notices, roles
        self._send_file = send_file
        self.role = "OWNER"
        """The visitor's role in the page's store. Account pages are the visitor's own."""
        self.roles: dict[str, str] = {}
        """The visitor's roles in other stores that the page shows, by the store's id."""
        self._store: dict[str, Any] | None = None
        self.zone = "UTC"
        """IANA time zone of the page's times: that of its store."""
        self.shows_times = False
        """Whether the page shows a time, and so has to say in which zone."""
        self.revision = ""
        """The revision of what the page edits. Its forms send it, so that a second editor overwrites nothing."""
        self.overtaken = False
        """Whether a change was refused because somebody else changed the same thing after the form was made."""

    @property
    def user(self) -> dict[str, Any] | None:
        """The visitor's ``id``, ``email`` and ``name``. None if the visitor is not logged in."""
        return self.session.user

    @property
    def now(self) -> datetime:
        """The time, aware UTC."""
        return self.session.now

    @property
    def path(self) -> str:
        return self.request.url.path

    @property
    def present_only(self) -> str:
        """Why the page shows the present, though its address asks for the past. Empty if it does not."""
        why: str = getattr(self.request.scope.get("endpoint"), "present_only", "")
        return why if self.travel else ""

    @property
    def travel(self) -> str:
        """What addresses of the same store need to show the time that this page's address asks for; empty for the present."""
        text = self.request.query_params.get(TRAVEL, "").strip()[:64]
        return f"?{TRAVEL}={quote(text)}" if text else ""

    def within(self, path: str, **query: str) -> str:
        """Return an address of the same store, at the time that this page's address asks for."""
        more = urlencode(query)
        return path + self.travel + (("&" if self.travel else "?") + more if more else "")

    @property
    def is_partial(self) -> bool:
        """Whether htmx asks for a part of a page."""
        return self.request.headers.get("hx-request") == "true"

    async def run(self, name: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Run the document ``documents/<name>.graphql`` as the visitor. Return its data.

        A part of it that could not be read is an :class:`Unanswered`. See ``parts.py``.

        Raises:
            LogInNeeded: the session has ended.
            Problem: the API answered with an error about the whole page. The shell shows it as a page.
        """
        given, left_out = dict(variables or {}), dict[Part, Unanswered]()
        for _ in range(TRIES):
            answer = await self.session.answer(name, given, parts=frozenset(left_out))
            if not answer.get("errors"):
                break
            if code_of(answer) == "UNAUTHENTICATED":
                raise LogInNeeded
            failures = failures_of(answer) if is_query(document(name)) else None
            if failures is None:
                raise problem_of(answer["errors"][0])
            for each in failures:
                if each.place is not None:
                    fill(answer["data"], each.place, each.gap)
            missing = {each.part: each.gap for each in failures if each.place is None}
            if not missing:
                break
            left_out |= missing
        else:
            raise problem_of(answer["errors"][0])
        data: dict[str, Any] = answer["data"]
        for part, gap in left_out.items():
            fill(data, part, gap)
        return data

    async def part(self, name: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Run a document for a part of the page. Return its data; if it cannot be read, its root is an :class:`Unanswered`."""
        try:
            return await self.run(name, variables)
        except Problem as problem:
            if problem.code in WHOLE:
                raise
            gap = Unanswered(problem)
            return defaultdict(lambda: gap)

    async def change(self, name: str, input: Mapping[str, Any] | None = None, *, part: str = "", **more: Any) -> Change:
        """Run a document with one mutation and the variable ``$input``. The next page shows what it changed.

        A form that is sent twice changes things once: the command id comes from the form and the input. Documents of
        mutations that take no ``commandId`` are left alone. The same goes for the revision that the form began with.

        Args:
            name: the document.
            input: its ``$input``. A ``commandId`` of your own counts.
            part: tells mutations with equal input apart, if one form sends several.
            more: other variables.

        Raises:
            LogInNeeded, Problem: see :meth:`run`. A refusal is not a problem; see :attr:`Change.errors`.
        """
        declared = documents_of(self.request.scope.get("endpoint"))
        if declared is not None and name not in declared:
            raise LookupError(f"{self.request.scope['endpoint'].__name__} sends {name}: add it to its `sends`.")
        given = dict(input or {})
        if self.session.takes(name, "commandId") and "commandId" not in given:
            given["commandId"] = str(uuid5(self.form.command_id, f"{name}\0{part}\0{given!r}"))
        if self.session.takes(name, "expectedRevision") and self.form[REVISION]:
            given["expectedRevision"] = self.form[REVISION]
        (payload,) = (await self.run(name, {"input": given, **more})).values()
        change = Change(payload)
        self.session.saw(payload.get("consistencyToken"))
        self.overtaken |= change.errors.has("CHANGED_MEANWHILE")
        return change

    async def enter(self, payload: dict[str, Any]) -> None:
        """Keep the tokens of a log-in. The session that the browser had ends, because no page leads to it any more."""
        before = self.session.cookies.get(REFRESH)
        if before is not None:
            await self.run("session/log_out", {"input": {"refreshToken": before}})
        self.session.begin(payload)

    async def send_file(self, address: str, mime_type: str, data: bytes) -> None:
        """Send a file to the address that a mutation gave for it, as a script does by PUT."""
        await self._send_file(address, mime_type, data)

    async def store(self, store_id: UUID | str) -> dict[str, Any]:
        """Return the store that the page belongs to. The page then has the store's navigation and time zone.

        Raises:
            Problem: the store is unknown, or another merchant's.
        """
        if self._store is None:
            try:
                store = (await self.run("shell/store", {"id": str(store_id)}))["store"]
            except Problem as problem:
                if problem.code != "NOT_FOUND":
                    raise
                raise not_found("store") from problem
            if store is None:
                raise not_found("store")
            self._store, self.zone, self.role = store, store["timeZone"], store["role"]
        return self._store

    def page(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """Render ``templates/<template>`` as a page."""
        return HTMLResponse(self.render(template, **values), status_code=status, headers=NO_STORE)

    def render(self, template: str, **values: Any) -> str:
        """Render a template with the shell's values: ``visit``, ``user``, ``store``, ``notice``, ``errors`` and ``form``."""
        notice = None if self.is_partial else self._notices.read(self.session.cookies.get(NOTICE))
        if notice is not None:
            self.session.cookies.delete(NOTICE)
        values.setdefault("errors", Refusals())
        values.setdefault("form", self.form)
        values.setdefault("store", self._store)
        html = self._renderer.render(template, visit=self, user=self.user, notice=notice, **values)
        if values.get("past"):
            return self._roles.freeze(html)
        if {self.role, *self.roles.values()} == {"OWNER"}:
            return html
        return self._roles.switch_off(html, self.role, self.roles)

    def redirect(self, path: str, *, notice: str | None = None) -> Response:
        """Send the browser to another page of the dashboard (303), which shows the notice."""
        if notice is not None:
            self.session.cookies.set(NOTICE, self._notices.sign(notice), max_age=NOTICE_SECONDS)
        return RedirectResponse(own_path(path), status_code=303, headers=NO_STORE)

    def leave_for(self, url: str, *, name: str) -> Response:
        """Send the browser to a page of another company, such as “Stripe”. Forms themselves may not lead there."""
        return self.page("shell/leave.html", url=url, name=name)

    def with_query(self, **changes: str | None) -> str:
        """Return the page's own address with other query parameters. None removes one."""
        query = {**self.request.query_params, **changes}
        kept = {name: value for name, value in query.items() if value is not None}
        return self.path + (f"?{urlencode(kept)}" if kept else "")

    def form_token(self, revision: str | None = None) -> dict[str, str]:
        """Return the hidden fields of a form; ``forms.csrf()`` writes them.

        Args:
            revision: of what the form edits; None for that of the page.
        """
        # What was refused for another reason, or is previewed, still began with the revision that its form names.
        begun = "" if self.overtaken else self.form[REVISION]
        token = self._tokens.sign(self.session)
        return {"name": CSRF, "token": token, "command": str(uuid4()), "revision": revision or begun or self.revision}


def own_path(path: str | None) -> str:
    """Return a path of the dashboard; anything else becomes its first page. The text may come from a visitor."""
    inside = path is not None and (path == ROOT or path.startswith((f"{ROOT}/", f"{ROOT}?")))
    return path if inside and path is not None and "\\" not in path and path.isprintable() else ROOT


def log_in_path(request: Request) -> str:
    """Return the log-in page that leads back to what the browser asked for."""
    came_for = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    wanted = came_for if request.method == "GET" and came_for != ROOT else None
    return f"{ROOT}/log-in" + (f"?next={quote(wanted, safe='')}" if wanted else "")


async def _guest(request: Request) -> Visit:
    visit: Visit = request.state.visit
    return visit


async def _logged_in(request: Request) -> Visit:
    visit: Visit = request.state.visit
    if visit.user is None:
        raise LogInNeeded
    return visit


Guest = Annotated[Visit, Depends(_guest)]
"""The visit of a page that needs no log-in."""
Visitor = Annotated[Visit, Depends(_logged_in)]
"""The visit of a page for logged-in merchants. Others are sent to the log-in page."""

__all__ = ["Change", "Guest", "Visit", "Visitor", "document", "own_path"]
