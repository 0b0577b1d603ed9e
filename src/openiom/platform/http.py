"""HTTP dependencies and error responses that the routes of all packages share."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Protocol
from uuid import uuid4

import psycopg
import structlog
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DataError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException

from openiom.kernel import Forbidden, Invalid, IomError, Problem, TooManyAttempts, Unavailable

from .clock import utc_now
from .database import Database
from .endpoints import PendingSession, Router, ThreadRoute
from .pagination import Page, encode_cursor
from .request_groups import RequestGroups
from .retry import LOCK_TIMEOUT, is_transient, sqlstate

__all__ = [
    "Authenticator",
    "CurrentPrincipal",
    "Now",
    "PROBLEM_TYPE",
    "Page",
    "Principal",
    "RawBody",
    "ReadSession",
    "Router",
    "WriteSession",
    "credentials_of",
    "current_principal",
    "database",
    "encode_cursor",
    "install_problem_handlers",
    "problem_response",
]

log = structlog.get_logger("http")

PROBLEM_TYPE = "application/problem+json"
ALL_PERMISSIONS = "*"
CREDENTIALS = ("authorization", "cookie")
LONGEST_LOGGED_ERROR = 500
RETRY_SECONDS = 2
"""When a request may be repeated that failed because of the database."""
LONGEST_TEXT = 2_000
"""Most characters of one text in a problem document."""
MOST_PROBLEMS = 100
"""Most faults listed in a problem document."""
UNSTORABLE = frozenset({"22001", "22003", "22007", "22008", "22021", "22P02", "22P05"})
"""SQLSTATEs of values that PostgreSQL refuses; others of their class are faults of a statement."""


_LINK_TOKEN = re.compile(r"(/public/[^/]+/)[^/]+")


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a request acts for: a user or a program, with its permissions (`*` is all of them).

    `sources` are the names of the sources whose work the principal sees; `None` means all sources.
    """

    name: str
    permissions: frozenset[str]
    sources: frozenset[str] | None = None

    def may(self, permission: str) -> bool:
        """Return whether the principal has a permission."""
        return ALL_PERMISSIONS in self.permissions or permission in self.permissions

    def require(self, permission: str) -> None:
        """Raise `Forbidden`, naming the permission, unless the principal has it."""
        if not self.may(permission):
            raise Forbidden(
                f"{self.name} may not do this",
                remedy=f"ask an administrator for the permission {permission}",
            )

    def works_at(self, source: str) -> bool:
        """Return whether the principal sees the work of a source."""
        return self.sources is None or source in self.sources

    def require_source(self, source: str) -> None:
        """Raise `Forbidden` unless the principal sees the work of a source."""
        if not self.works_at(source):
            raise Forbidden(
                f"{self.name} does not work at {source}",
                remedy=f"ask an administrator to add {source} to your sources",
            )


class Authenticator(Protocol):
    """How an application finds the principal of a request."""

    def __call__(self, request: Request, session: Session) -> Principal:
        """Return the principal of `request`. Raise `Unauthenticated`."""


def database(request: Request) -> Database:
    """Return the database of the application that serves `request`."""
    found: Database = request.app.state.database
    return found


def current_principal(request: Request) -> Principal:
    """Return the principal of a request, as its credentials are now. Raise `Unauthenticated`."""
    [principal] = principals_of([request])
    if isinstance(principal, IomError):
        raise principal
    return principal


def principals_of(requests: Sequence[Request]) -> list[Principal | IomError]:
    """Return the principals of requests to one application, or why there is none, in order.

    Credentials that several requests have are read once.
    """
    authenticate: Authenticator = requests[0].app.state.authenticate
    found: dict[tuple[str | None, ...], Principal | IomError] = {}
    with database(requests[0]).reading() as session:
        for request in requests:
            credentials = credentials_of(request)
            if credentials not in found:
                found[credentials] = _authenticated(authenticate, request, session)

    return [found[credentials_of(request)] for request in requests]


def credentials_of(request: Request) -> tuple[str | None, ...]:
    """Return the headers that say who a request acts for."""
    return tuple(request.headers.get(name) for name in CREDENTIALS)


def _authenticated(
    authenticate: Authenticator, request: Request, session: Session
) -> Principal | IomError:
    try:
        return authenticate(request, session)
    except IomError as error:
        return error


async def _principal(request: Request) -> Principal:
    """Return the principal of a request, read together with those of concurrent requests."""
    state = request.app.state
    if not hasattr(state, "principals"):
        state.principals = RequestGroups[Request, Principal](principals_of)
    principal: Principal = await state.principals.submit(request)
    return principal


# Coroutines, because FastAPI gives a plain function a thread of its own for every request.
async def _write_session(request: Request) -> PendingSession:
    return PendingSession(database(request).unit_of_work, writes=True)


async def _read_session(request: Request) -> PendingSession:
    return PendingSession(database(request).reading, writes=False)


async def current_time() -> datetime:
    return utc_now()


async def _raw_body(request: Request) -> bytes:
    return await request.body()


WriteSession = Annotated[Session, Depends(_write_session)]
"""A session that is committed once when the route returns, and rolled back when it raises.

It is opened, used and committed in the thread of the endpoint; see `endpoints`."""
ReadSession = Annotated[Session, Depends(_read_session)]
"""A read-only session."""
CurrentPrincipal = Annotated[Principal, Depends(_principal)]
"""The principal of the request; the request is refused with 401 when there is none."""
Now = Annotated[datetime, Depends(current_time)]
"""The time of the request."""
RawBody = Annotated[bytes, Depends(_raw_body)]
"""The body as it was sent; its size has been limited before."""


def problem_response(error: IomError, *, reference: str, instance: str) -> JSONResponse:
    """Return an error as a problem document (RFC 9457).

    Its size is bounded whatever the request was: texts are cut, and only the first faults listed.
    """
    body: dict[str, Any] = {
        "type": f"urn:openiom:problem:{error.code}",
        "title": error.code.replace("_", " "),
        "status": error.status,
        "detail": _shown(error.what),
        "instance": _shown(instance),
        "reference": reference,
    }
    if error.where:
        body["where"] = _shown(error.where)

    if error.remedy:
        body["remedy"] = _shown(error.remedy)

    if error.problems:
        body["problems"] = [_problem_body(problem) for problem in error.problems[:MOST_PROBLEMS]]

    if len(error.problems) > MOST_PROBLEMS:
        body["problems_omitted"] = len(error.problems) - MOST_PROBLEMS

    headers: dict[str, str] = {}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"

    if isinstance(error, TooManyAttempts | Unavailable):
        headers["Retry-After"] = str(error.retry_after)

    return JSONResponse(body, status_code=error.status, media_type=PROBLEM_TYPE, headers=headers)


def install_problem_handlers(app: FastAPI) -> None:
    """Return every error as a problem document, with a reference that is also in the log.

    Routes that are added to `app` itself do their work in one thread, as those of a `Router`.
    """
    app.router.route_class = ThreadRoute
    app.exception_handler(IomError)(_on_known_error)
    app.exception_handler(RequestValidationError)(_on_invalid_request)
    app.exception_handler(HTTPException)(_on_http_error)
    app.exception_handler(Exception)(_on_unexpected_error)

    for refused_value in (psycopg.DataError, DataError):
        app.exception_handler(refused_value)(_on_unstorable_value)

    for fault in (DBAPIError, psycopg.Error, PoolTimeout):
        app.exception_handler(fault)(_on_database_error)


def _on_known_error(request: Request, error: IomError) -> JSONResponse:
    reference = _new_reference()
    log.info(
        "refused",
        code=error.code,
        what=str(error)[:LONGEST_LOGGED_ERROR],
        path=_loggable(request.url.path),
        reference=reference,
    )
    return problem_response(error, reference=reference, instance=request.url.path)


def _on_invalid_request(request: Request, error: RequestValidationError) -> JSONResponse:
    problems: list[Problem] = []
    for fault in error.errors():
        where = ".".join(map(str, fault["loc"]))
        problems.append(Problem(where, fault["msg"]))

    invalid = Invalid(
        "the request is not valid", problems=problems, remedy="see /api/docs for its schema"
    )
    return problem_response(invalid, reference=_new_reference(), instance=request.url.path)


def _on_unstorable_value(request: Request, error: psycopg.DataError | DataError) -> JSONResponse:
    original = error.orig if isinstance(error, DataError) else error
    if getattr(original, "sqlstate", None) not in UNSTORABLE:
        return _unexpected_problem(error, path=_loggable(request.url.path))

    reference = _new_reference()
    log.warning(
        "unstorable_value", path=_loggable(request.url.path), reference=reference, exc_info=error
    )
    what = str(original).partition("\n")[0]
    invalid = Invalid(
        f"the database cannot store a value of the request: {what}",
        remedy="correct the value and repeat the request",
    )
    return problem_response(invalid, reference=reference, instance=request.url.path)


def _on_http_error(request: Request, error: HTTPException) -> JSONResponse:
    return _http_problem(error, path=_loggable(request.url.path))


def _on_database_error(request: Request, error: Exception) -> JSONResponse:
    if not is_transient(error):
        return _unexpected_problem(error, path=_loggable(request.url.path))

    reference = _new_reference()
    log.warning(
        "database_unavailable",
        error=str(error)[:LONGEST_LOGGED_ERROR],
        path=_loggable(request.url.path),
        reference=reference,
    )
    return problem_response(_unavailable(error), reference=reference, instance=request.url.path)


def _on_unexpected_error(request: Request, error: Exception) -> JSONResponse:
    return _unexpected_problem(error, path=_loggable(request.url.path))


def _unexpected_problem(error: Exception, *, path: str) -> JSONResponse:
    reference = _new_reference()
    log.error("unexpected_error", path=path, reference=reference, exc_info=error)
    internal = IomError(
        "an internal error occurred",
        remedy=f"give an administrator the reference {reference}",
    )
    return problem_response(internal, reference=reference, instance=path)


def _unavailable(error: Exception) -> Unavailable:
    if sqlstate(error) == LOCK_TIMEOUT:
        return Unavailable(
            "another request is changing the same rows",
            retry_after=RETRY_SECONDS,
            remedy="repeat the request; nothing has changed",
        )

    return Unavailable(
        "the database does not respond",
        retry_after=RETRY_SECONDS,
        remedy="repeat the request; an administrator finds the reason in the log",
    )


def _http_problem(error: HTTPException, *, path: str) -> JSONResponse:
    body = {
        "type": "about:blank",
        "title": str(error.detail),
        "status": error.status_code,
        "detail": str(error.detail),
        "instance": path,
        "reference": _new_reference(),
    }
    if error.status_code == 404:
        body["remedy"] = "see /api/docs for the paths that exist"

    return JSONResponse(
        body, status_code=error.status_code, media_type=PROBLEM_TYPE, headers=error.headers
    )


def _problem_body(problem: Problem) -> dict[str, str]:
    return {
        "where": _shown(problem.where),
        "what": _shown(problem.what),
        "remedy": _shown(problem.remedy),
    }


def _shown(text: str) -> str:
    """Return a text as a problem document shows it: valid Unicode of a bounded length."""
    if len(text) > LONGEST_TEXT:
        text = f"{text[:LONGEST_TEXT]}…"
    return text.encode(errors="replace").decode()


def _loggable(path: str) -> str:
    """Return a path without the token of a signed link."""
    return _LINK_TOKEN.sub(r"\1***", path)


def _new_reference() -> str:
    return uuid4().hex[:12]
