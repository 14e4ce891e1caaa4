"""What every page goes through: session, origin and form token first, then the page, then errors as pages."""

import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from fastapi import APIRouter
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Scope

from gateway.dashboard.backend import Backend
from gateway.dashboard.forms import CSRF, Form, FormTokens, check_origin, read_form
from gateway.dashboard.library import document
from gateway.dashboard.notices import Notices
from gateway.dashboard.problems import SPOKEN, LogInNeeded, Problem, not_found
from gateway.dashboard.rendering import Renderer
from gateway.dashboard.roles import Roles
from gateway.dashboard.sessions import BrowserSession
from gateway.dashboard.visit import NO_STORE, Visit, log_in_path

logger = logging.getLogger(__name__)
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Shell:
    """What all pages share; one per application.

    Args:
        backend: the dashboard's dependencies.
        routes: of all pages.
    """

    def __init__(self, backend: Backend, routes: Sequence[BaseRoute]) -> None:
        self._backend = backend
        self._renderer = Renderer(route.path for route in routes if isinstance(route, Route))
        self._roles = Roles(routes, lambda name: backend.documents.role_of(document(name)))
        self._tokens, self._notices = FormTokens(backend.secrets), Notices(backend.secrets)
        images = " ".join(("'self'", "data:", *backend.image_origins))
        uploads = " ".join(("'self'", *backend.upload_origins))
        self._headers = {
            "content-security-policy": (
                f"default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src {images}; "
                f"connect-src {uploads}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
            ),
            # Not "no-referrer": with it, browsers hide the origin of forms.
            "referrer-policy": "same-origin",
        }

    def visit(self, request: Request) -> Visit:
        """Begin a visit. It has no session yet."""
        session = BrowserSession(self._backend, request)
        return Visit(
            request,
            session,
            Form(),
            renderer=self._renderer,
            tokens=self._tokens,
            notices=self._notices,
            roles=self._roles,
            send_file=self._backend.send_file,
        )

    async def answer(self, request: Request, page: Callable[[Request], Coroutine[Any, Any, Response]]) -> Response:
        """Answer a request by a page, or by the page of an error."""
        visit = self.visit(request)
        request.state.visit = visit
        try:
            await visit.session.open()
            if request.method not in SAFE:
                check_origin(request, self._backend.public_host)
                visit.form = await read_form(request)
                self._tokens.check(visit.form[CSRF], visit.session)
            response = await page(request)
        except Exception as error:  # noqa: BLE001 - every error gets a page
            response = self._of_error(visit, error)
        finally:
            # Files of a form are temporary files.
            await request.close()
        visit.session.cookies.write(response)
        response.headers.update(self._headers)
        return response

    def too_large(self, scope: Scope, limit: int) -> Response:
        """Return the page for a form of more bytes than the gateway reads."""
        message = f"What you sent is larger than {limit:,} bytes. Nothing was changed. Go back and send less at once."
        response = self._of_problem(self.visit(Request(scope)), Problem("BODY_TOO_LARGE", message))
        response.headers.update(self._headers)
        return response

    def too_many(self, scope: Scope, seconds: int) -> Response:
        """Return the page for a browser that asks too often."""
        message = f"This network asks for very many pages. Nothing was changed. Try again in {seconds} seconds."
        problem = Problem("TOO_MANY_REQUESTS", message, retry_after=seconds)
        response = self._of_problem(self.visit(Request(scope)), problem)
        response.headers.update(self._headers)
        return response

    def _of_error(self, visit: Visit, error: Exception) -> Response:
        match error:
            case LogInNeeded():
                visit.session.end()
                return _to_log_in(visit)
            case Problem():
                return self._of_problem(visit, error)
            case RequestValidationError():
                return self._of_problem(visit, Problem("INVALID_INPUT", _first_fault(error)))
            case HTTPException(status_code=404):
                return self._of_problem(visit, not_found("page"))
            case HTTPException():
                return self._of_problem(visit, Problem("INVALID_INPUT", str(error.detail)))
            case _:
                logger.error("internal error of the page %s", visit.path, exc_info=error)
                return self._of_problem(visit, Problem("INTERNAL", SPOKEN["INTERNAL"]))

    def _of_problem(self, visit: Visit, problem: Problem) -> Response:
        number = getattr(visit.request.state, "request_id", "")
        response = visit.page("problems/page.html", status=problem.status, problem=problem, request_id=number)
        if problem.retry_after is not None:
            response.headers["retry-after"] = str(problem.retry_after)
        return response


def _to_log_in(visit: Visit) -> Response:
    path = log_in_path(visit.request)
    if visit.is_partial:
        return Response(status_code=204, headers={**NO_STORE, "hx-redirect": path})
    return RedirectResponse(path, status_code=303, headers=NO_STORE)


def _first_fault(error: RequestValidationError) -> str:
    first = error.errors()[0]
    return f"{first['loc'][-1]}: {first['msg']}."


class DashboardRoute(APIRoute):
    """A route whose requests go through the shell."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        page = super().get_route_handler()

        async def handler(request: Request) -> Response:
            shell: Shell = request.app.state.dashboard
            return await shell.answer(request, page)

        return handler


def area_router() -> APIRouter:
    """Return the router of an area. Its paths begin with ``/dashboard``."""
    return APIRouter(route_class=DashboardRoute, include_in_schema=False)
