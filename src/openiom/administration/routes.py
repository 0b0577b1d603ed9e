"""Sign-in, and configuration documents over HTTP."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from openiom.kernel import Unauthenticated
from openiom.platform.clock import utc_now
from openiom.platform.configuration import Change, Configuration
from openiom.platform.http import (
    CurrentPrincipal,
    Now,
    Principal,
    ReadSession,
    WriteSession,
    database,
)

from .service import issue_token, principal_of_token, profile, sign_in, sign_out
from .token_issuer import TokenIssuer, looks_signed

COOKIE = "openiom_session"
router = APIRouter(prefix="/api/v1", tags=["administration"])


class Credentials(BaseModel):
    model_config = ConfigDict(extra="forbid")

    email: str = Field(min_length=3, max_length=320)
    password: str = Field(min_length=1, max_length=1024)


class SessionView(BaseModel):
    name: str
    email: str
    permissions: list[str]
    environment: str


class TokenRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=100)
    roles: list[str] = Field(min_length=1)


class TokenAnswer(BaseModel):
    """`token` is shown this once."""

    name: str
    token: str


class DocumentView(BaseModel):
    kind: str
    name: str
    body: dict[str, Any]


class Documents(BaseModel):
    documents: list[DocumentView]


class ApplyRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    documents: list[DocumentView] = Field(max_length=5000)
    dry_run: bool = Field(False, description="Only say what would change")
    prune: bool = Field(
        False, description="Delete the documents of these kinds that are not among these"
    )


class ChangeView(BaseModel):
    kind: str
    name: str
    change: Literal["added", "changed", "unchanged", "removed"]
    version: int
    paths: list[str]


class Changes(BaseModel):
    changes: list[ChangeView]


def authenticate(request: Request, session: Session) -> Principal:
    """Who sends the bearer token or session cookie of a request. Raises Unauthenticated or Forbidden."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip() if scheme.lower() == "bearer" else request.cookies.get(COOKIE, "")
    if not token:
        raise Unauthenticated("nobody is signed in", remedy="sign in, or send an API token")
    if looks_signed(token):
        issuer: TokenIssuer = request.app.state.issuer
        return issuer.principal(token, now=utc_now())
    return principal_of_token(session, token, utc_now())


def _view(request: Request, session: Session, principal: Principal) -> SessionView:
    return SessionView(
        name=profile(session, principal)[1],
        email=principal.name,
        permissions=sorted(principal.permissions),
        environment=request.app.state.environment,
    )


@router.post("/session")
def open_session(
    credentials: Credentials, request: Request, response: Response, now: Now
) -> SessionView:
    """Sign in; the session travels in a cookie scripts cannot read."""
    hours: int = request.app.state.session_hours
    with database(request).unit_of_work() as session:
        opened = sign_in(
            session, email=credentials.email, password=credentials.password, now=now, hours=hours
        )
    if opened is None:
        raise Unauthenticated("e-mail and password do not belong together", remedy="try again")
    token, principal = opened
    secure = request.url.scheme == "https"
    response.set_cookie(
        COOKIE, token, max_age=hours * 3600, httponly=True, samesite="lax", secure=secure
    )
    with database(request).reading() as session:
        return _view(request, session, principal)


@router.get("/session")
def current_session(request: Request, session: ReadSession) -> SessionView | None:
    """Who is signed in; null when nobody is. A bearer token that is not good is refused as everywhere."""
    try:
        principal = authenticate(request, session)
    except Unauthenticated:
        if "authorization" in request.headers:
            raise
        return None  # the pages ask this first: that nobody has signed in yet is an answer, not an error
    return _view(request, session, principal)


@router.delete("/session", status_code=204)
def close_session(request: Request, response: Response, session: WriteSession) -> None:
    """Sign out."""
    sign_out(session, request.cookies.get(COOKIE, ""))
    response.delete_cookie(COOKIE)


@router.post("/api-tokens", status_code=201)
def new_token(
    request: TokenRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> TokenAnswer:
    """A token for a program; it replaces an older one of the same name."""
    principal.require("administration.write")
    token = issue_token(
        session, name=request.name, roles=request.roles, now=now, actor=principal.name
    )
    return TokenAnswer(name=request.name, token=token)


def _configuration(request: Request) -> Configuration:
    found: Configuration = request.app.state.configuration
    return found


@router.get("/configuration")
def export_configuration(
    request: Request, principal: CurrentPrincipal, session: ReadSession, kind: str | None = None
) -> Documents:
    """Every document in use, ready to be applied elsewhere; secrets masked or as references."""
    principal.require("configuration.read")
    documents = _configuration(request).export(session, [kind] if kind else None)
    return Documents(documents=[DocumentView(**d) for d in documents])


@router.post("/configuration/apply")
def apply_configuration(
    request: Request,
    asked: Annotated[ApplyRequest, Body()],
    principal: CurrentPrincipal,
    session: WriteSession,
    now: Now,
) -> Changes:
    """Store documents, all or none; `dry` only says what would change."""
    principal.require("configuration.write")
    documents = [d.model_dump() for d in asked.documents]
    done = _configuration(request).apply(
        session, documents, at=now, actor=principal.name, dry_run=asked.dry_run, prune=asked.prune
    )
    return _changes(done)


@router.delete("/configuration/{kind}/{name:path}")
def delete_document(
    request: Request,
    kind: str,
    name: str,
    principal: CurrentPrincipal,
    session: WriteSession,
    now: Now,
    dry_run: bool = False,
) -> Changes:
    """Take a document out of use; refused with everything that still needs it. Applied again, it is back."""
    principal.require("configuration.write")
    return _changes(
        _configuration(request).remove(
            session, [(kind, name)], at=now, actor=principal.name, dry_run=dry_run
        )
    )


def _changes(done: Sequence[Change]) -> Changes:
    return Changes(
        changes=[
            ChangeView(
                kind=c.kind, name=c.name, change=c.change, version=c.version, paths=list(c.paths)
            )
            for c in done
        ]
    )
