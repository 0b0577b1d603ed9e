"""Routes for sessions, API tokens and configuration documents."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import Body, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from openiom.kernel import Unauthenticated
from openiom.platform.clock import utc_now
from openiom.platform.configuration import Configuration, DocumentChange
from openiom.platform.http import (
    CurrentPrincipal,
    Now,
    Principal,
    ReadSession,
    Router,
    WriteSession,
    database,
)

from .clients import check_token_is_current
from .models import ApiToken
from .roles import ROLE_KIND, require_documents, require_roles
from .service import (
    api_token_of,
    api_tokens,
    display_name,
    is_use_to_be_recorded,
    issue_token,
    principal_of_token,
    record_use,
    revoke_token,
    sign_in,
    sign_out,
)
from .sign_in_delay import check_delay, count_failure, forget_failures
from .token_issuer import TokenIssuer, looks_signed

COOKIE = "openiom_session"
SECONDS_PER_HOUR = 3600
router = Router(prefix="/api/v1", tags=["administration"])


class Credentials(BaseModel):
    model_config = ConfigDict(extra="forbid")

    email: str = Field(min_length=3, max_length=320)
    password: str = Field(min_length=1, max_length=1024)


class SessionView(BaseModel):
    """Who is signed in; `extensions` are the names of the routes that other packages add."""

    name: str
    email: str
    permissions: list[str]
    environment: str
    extensions: list[str] = []


class TokenRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=100)
    roles: list[str] = Field(min_length=1, max_length=100)
    days: int = Field(90, ge=1, le=730, description="Days after which the token expires")


class TokenAnswer(BaseModel):
    """A new API token; `token` is not shown again."""

    name: str
    token: str
    expires_at: datetime


class ApiTokenView(BaseModel):
    """An API token without its secret part; its last use is exact to ten minutes."""

    name: str
    roles: list[str]
    created_at: datetime
    created_by: str
    expires_at: datetime
    last_used_at: datetime | None


class ApiTokens(BaseModel):
    items: list[ApiTokenView]


class DocumentView(BaseModel):
    kind: str
    name: str
    body: dict[str, Any]


class Documents(BaseModel):
    documents: list[DocumentView]


class ApplyRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    documents: list[DocumentView] = Field(max_length=5000)
    dry_run: bool = Field(False, description="Return the changes without making them")
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
    """Return the principal of a request's bearer token or session cookie.

    Raise `Unauthenticated`, or `Forbidden` for a token of another environment.
    """
    token = _token_of(request)
    if not token:
        raise Unauthenticated("no credentials were sent", remedy="sign in, or send an API token")
    if looks_signed(token):
        issuer: TokenIssuer = request.app.state.issuer
        access = issuer.access(token, now=utc_now())
        check_token_is_current(session, client_id=access.client_id, issued_at=access.issued_at)
        return access.principal

    api_token = api_token_of(session, token)
    principal = principal_of_token(session, token, utc_now())
    if is_use_to_be_recorded(api_token, utc_now()):
        with database(request).unit_of_work() as own_session:
            record_use(own_session, token, utc_now())

    return principal


@router.post("/session")
def open_session(
    credentials: Credentials, request: Request, response: Response, now: Now
) -> SessionView:
    """Sign in; the session token is set as a cookie that scripts cannot read."""
    hours: int = request.app.state.session_hours
    address = request.client.host if request.client else ""
    with database(request).unit_of_work() as session:
        check_delay(session, email=credentials.email, address=address, now=now)
        opened = sign_in(
            session, email=credentials.email, password=credentials.password, now=now, hours=hours
        )
        if opened is None:
            count_failure(session, email=credentials.email, address=address, now=now)
        else:
            forget_failures(session, email=credentials.email, address=address)

    if opened is None:
        raise Unauthenticated("incorrect e-mail or password", remedy="try again")

    token, principal = opened
    response.set_cookie(
        COOKIE,
        token,
        max_age=hours * SECONDS_PER_HOUR,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )

    with database(request).reading() as session:
        return _view(request, session, principal)


@router.get("/session")
def current_session(request: Request, session: ReadSession) -> SessionView | None:
    """Return the current user, null without a session; an invalid bearer token is refused.

    The user interface requests this first, so a missing session is a result and not an error.
    """
    try:
        principal = authenticate(request, session)
    except Unauthenticated:
        if "authorization" in request.headers:
            raise

        return None

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
    """Issue a token for a program; it replaces an older one of the same name."""
    principal.require("administration.write")
    require_roles(session, principal, request.roles)
    lifetime = timedelta(days=request.days)
    token = issue_token(
        session,
        name=request.name,
        roles=request.roles,
        now=now,
        actor=principal.name,
        lifetime=lifetime,
    )
    return TokenAnswer(name=request.name, token=token, expires_at=now + lifetime)


@router.get("/api-tokens")
def list_tokens(principal: CurrentPrincipal, session: ReadSession) -> ApiTokens:
    """Return all API tokens by name, expired ones of the last 30 days included."""
    principal.require("administration.read")
    return ApiTokens(items=[_token_view(token) for token in api_tokens(session)])


@router.delete("/api-tokens/{name:path}", status_code=204)
def end_token(name: str, principal: CurrentPrincipal, session: WriteSession) -> None:
    """Revoke an API token; it is refused from then on."""
    principal.require("administration.write")
    revoke_token(session, name)


@router.get("/configuration")
def export_configuration(
    request: Request, principal: CurrentPrincipal, session: ReadSession, kind: str | None = None
) -> Documents:
    """Return all current documents, ready to be applied elsewhere; secrets are masked."""
    principal.require("configuration.read")
    documents = _configuration(request).export(session, [kind] if kind else None)
    views = [DocumentView.model_validate(document) for document in documents]
    return Documents(documents=views)


@router.post("/configuration/apply")
def apply_configuration(
    request: Request,
    body: Annotated[ApplyRequest, Body()],
    principal: CurrentPrincipal,
    session: WriteSession,
    now: Now,
) -> Changes:
    """Store documents, all or none; with `dry_run`, return the changes without making them."""
    principal.require("configuration.write")
    kinds = {document.kind for document in body.documents}
    roles = [document.body for document in body.documents if document.kind == ROLE_KIND]
    require_documents(principal, kinds, roles)
    changes = _configuration(request).apply(
        session,
        [document.model_dump() for document in body.documents],
        at=now,
        actor=principal.name,
        dry_run=body.dry_run,
        prune=body.prune,
    )
    return _changes(changes)


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
    """Delete a document; refused with everything that still needs it.

    Its versions are kept, and applying a document of this name brings it back.
    """
    principal.require("configuration.write")
    require_documents(principal, [kind], [])
    changes = _configuration(request).remove(
        session, [(kind, name)], at=now, actor=principal.name, dry_run=dry_run
    )
    return _changes(changes)


def _token_view(token: ApiToken) -> ApiTokenView:
    return ApiTokenView(
        name=token.name,
        roles=token.roles,
        created_at=token.created_at,
        created_by=token.created_by,
        expires_at=token.expires_at,
        last_used_at=token.last_used_at,
    )


def _token_of(request: Request) -> str:
    """Return the bearer token or session cookie of a request, empty when it has neither."""
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return bearer.strip()
    return request.cookies.get(COOKIE, "")


def _configuration(request: Request) -> Configuration:
    configuration: Configuration = request.app.state.configuration
    return configuration


def _view(request: Request, session: Session, principal: Principal) -> SessionView:
    return SessionView(
        name=display_name(session, principal),
        email=principal.name,
        permissions=sorted(principal.permissions),
        environment=request.app.state.environment,
        extensions=request.app.state.extensions,
    )


def _changes(changes: Sequence[DocumentChange]) -> Changes:
    views: list[ChangeView] = []
    for change in changes:
        views.append(
            ChangeView(
                kind=change.kind,
                name=change.name,
                change=change.change,
                version=change.version,
                paths=list(change.paths),
            )
        )

    return Changes(changes=views)
