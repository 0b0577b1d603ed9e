"""The web edge shared by every room: who is asking, one commit per request, problem+json, keyset pages."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Protocol, TypeVar
from uuid import uuid4

import orjson
import structlog
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException

from openiom.kernel import Forbidden, Invalid, IomError, Problem, TooManyAttempts

from . import paging
from .database import Database
from .events import utc_now
from .paging import Page, encode_cursor

log = structlog.get_logger("http")
T = TypeVar("T")

__all__ = [
    "CurrentPrincipal",
    "Now",
    "Page",
    "Principal",
    "RawBody",
    "ReadSession",
    "WriteSession",
    "Authenticator",
    "database",
    "decode_cursor",
    "encode_cursor",
    "install_problem_handlers",
    "now",
    "paginate",
    "parse_id",
    "principal",
    "problem_response",
    "raw_body",
    "reading",
    "writing",
]

PROBLEM = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking: a user or an API token, and the permissions they hold (`*` is all)."""

    name: str
    permissions: frozenset[str]

    def require(self, permission: str) -> None:
        """Raises Forbidden naming the permission that is missing."""
        if "*" not in self.permissions and permission not in self.permissions:
            raise Forbidden(
                f"{self.name} may not do this",
                remedy=f"ask an administrator for the permission {permission}",
            )


class Authenticator(Protocol):
    def __call__(self, request: Request, session: Session) -> Principal:
        """Who sent `request`. Raises Unauthenticated."""


def database(request: Request) -> Database:
    found: Database = request.app.state.database
    return found


def writing(request: Request) -> Iterator[Session]:
    """A session committed once when the request ends well, and rolled back otherwise."""
    with database(request).unit_of_work() as session:
        yield session


def reading(request: Request) -> Iterator[Session]:
    with database(request).reading() as session:
        yield session


def principal(request: Request) -> Principal:
    authenticate: Authenticator = request.app.state.authenticate
    with database(request).reading() as session:
        return authenticate(request, session)


def now() -> datetime:
    return utc_now()


async def raw_body(request: Request) -> bytes:
    """The body as it came, whatever its type; here because only this edge may await. Its size is limited before."""
    return await request.body()


WriteSession = Annotated[Session, Depends(writing, scope="function")]
ReadSession = Annotated[Session, Depends(reading, scope="function")]
CurrentPrincipal = Annotated[Principal, Depends(principal)]
Now = Annotated[datetime, Depends(now)]
RawBody = Annotated[bytes, Depends(raw_body)]


def parse_id(text: str) -> int:
    """Return a number as PostgreSQL stores ids. Raise ValueError."""
    number = int(text)
    if not 0 <= number < 2**63:
        raise ValueError(f"{text} is not an id")
    return number


def decode_cursor(
    cursor: str | None, fields: int, *kinds: Callable[[str], object]
) -> list[str] | None:
    """Return the sort key in `cursor` as texts. Use `page_request` of platform.paging instead."""
    if not cursor:
        return None
    values = paging.decode_cursor(cursor, *[str] * fields)
    try:
        for read, value in zip(kinds, values or (), strict=False):
            read(value)
    except ValueError:
        what = "is not a page cursor of this list"
        raise Invalid(what, where="after", remedy="start from the first page") from None
    return list(values or ())


def paginate(rows: Sequence[T], *, limit: int, key: Any) -> tuple[list[T], str | None]:
    """Return a page and the cursor of the next. Use `page_request` of platform.paging instead."""
    request: paging.PageRequest[Any] = paging.PageRequest(None, limit)
    return request.split(rows, key=key)


def problem_response(error: IomError, *, reference: str, instance: str) -> JSONResponse:
    """RFC 9457: what, where, why and what to do."""
    body = {
        "type": f"urn:openiom:problem:{error.code}",
        "title": error.code.replace("_", " "),
        "status": error.status,
        "detail": error.what,
        "instance": instance,
        "reference": reference,
        "where": error.where or None,
        "remedy": error.remedy or None,
        "problems": [
            {"where": p.where, "what": p.what, "remedy": p.remedy} for p in error.problems
        ],
    }
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}
    if isinstance(error, TooManyAttempts):
        headers["Retry-After"] = str(error.retry_after)
    shown = {k: v for k, v in body.items() if v not in (None, [])}
    return JSONResponse(shown, status_code=error.status, media_type=PROBLEM, headers=headers)


def install_problem_handlers(app: FastAPI) -> None:
    """Every error leaves as problem+json with a reference that is also in the log."""

    @app.exception_handler(IomError)
    def on_known(request: Request, error: IomError) -> JSONResponse:
        reference = uuid4().hex[:12]
        log.info(
            "refused",
            code=error.code,
            what=str(error)[:500],
            path=request.url.path,
            reference=reference,
        )
        return problem_response(error, reference=reference, instance=request.url.path)

    @app.exception_handler(RequestValidationError)
    def on_invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        problems = [
            Problem(".".join(str(part) for part in e["loc"]), e["msg"]) for e in error.errors()
        ]
        invalid = Invalid(
            "the request is not valid", problems=problems, remedy="see /api/docs for its shape"
        )
        return problem_response(invalid, reference=uuid4().hex[:12], instance=request.url.path)

    @app.exception_handler(HTTPException)
    def on_http(request: Request, error: HTTPException) -> JSONResponse:
        known = IomError(
            str(error.detail),
            remedy="see /api/docs for what exists" if error.status_code == 404 else "",
        )
        response = problem_response(known, reference=uuid4().hex[:12], instance=request.url.path)
        body = orjson.loads(bytes(response.body)) | {
            "status": error.status_code,
            "title": str(error.detail),
            "type": "about:blank",
        }
        return JSONResponse(
            body, status_code=error.status_code, media_type=PROBLEM, headers=error.headers
        )

    @app.exception_handler(Exception)
    def on_bug(request: Request, error: Exception) -> JSONResponse:
        reference = uuid4().hex[:12]
        log.error("bug", path=request.url.path, reference=reference, exc_info=error)
        bug = IomError(
            "something broke on our side", remedy=f"tell an administrator the reference {reference}"
        )
        return problem_response(bug, reference=reference, instance=request.url.path)
