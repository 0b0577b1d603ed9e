"""Routes of the two-step token flow, and of the client programs that use it."""

from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import orjson
from fastapi import Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from openiom.kernel import Forbidden, Invalid, IomError
from openiom.platform.http import (
    CurrentPrincipal,
    Now,
    RawBody,
    ReadSession,
    Router,
    WriteSession,
    problem_response,
)

from .clients import check_secret, client_permissions, clients, remove_client, upsert_client
from .models import Client
from .roles import require_roles
from .token_issuer import ACCESS_SECONDS, ASSERTION_SECONDS, TokenIssuer

CLIENT_SCOPE = "0cdb527f-a8d1-4bf8-9436-b352c68682b2/.default"
INVENTORY_SCOPE = "https://inventoryservice.operations365.dynamics.com/.default"
GRANT_TYPE = "client_credentials"
ASSERTION_TYPE = "aad_app"
CONTEXT_TYPE = "finops-env"
MAX_FORM_FIELDS = 50
OAUTH_ERRORS = {401: "invalid_client", 403: "access_denied", 429: "temporarily_unavailable"}
"""Error codes of OAuth 2.0 (RFC 6749, section 5.2) by HTTP status; others are `invalid_request`."""
NO_STORE = {"cache-control": "no-store"}

router = Router(tags=["administration"])
_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {"schema": {"type": "object"}},
            "application/json": {"schema": {"type": "object"}},
        },
    }
}


class ClientRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=100)
    roles: list[str] = Field(min_length=1)


class ClientAnswer(BaseModel):
    """A client with its new secret; `client_secret` is not shown again."""

    client_id: str
    client_secret: str


class ClientView(BaseModel):
    client_id: str
    name: str
    roles: list[str]
    created_at: datetime
    created_by: str


class Clients(BaseModel):
    items: list[ClientView]


@router.get(
    "/{tenant}/oauth2/v2.0/token", name="client assertion, asked with GET", openapi_extra=_FORM
)
@router.post("/{tenant}/oauth2/v2.0/token", name="client assertion", openapi_extra=_FORM)
def client_assertion(
    tenant: str, request: Request, session: WriteSession, body: RawBody, now: Now
) -> JSONResponse:
    """Step 1: exchange client id and secret for an assertion. Every tenant name is accepted."""
    try:
        fields = _parse_fields(body)
        _expect(fields, "grant_type", GRANT_TYPE)
        _expect(fields, "scope", CLIENT_SCOPE)
        client_id = _required(fields, "client_id")
        secret = _required(fields, "client_secret")
        address = request.client.host if request.client else ""
        check_secret(session, client_id=client_id, secret=secret, address=address, now=now)
    except IomError as error:
        return _oauth_problem(request, error)

    token = _issuer(request).assertion(client_id=client_id, tenant=tenant, now=now)
    answer = {
        "token_type": "Bearer",
        "expires_in": str(ASSERTION_SECONDS),
        "ext_expires_in": str(ASSERTION_SECONDS),
        "access_token": token,
    }
    return JSONResponse(answer, headers=NO_STORE)


@router.post("/token", name="access token", openapi_extra=_FORM)
def access_token(request: Request, session: ReadSession, body: RawBody, now: Now) -> JSONResponse:
    """Step 2: exchange an assertion for an access token of the environment named as context."""
    issuer = _issuer(request)
    try:
        fields = _parse_fields(body)
        _expect(fields, "grant_type", GRANT_TYPE)
        _expect(fields, "client_assertion_type", ASSERTION_TYPE)
        _expect(fields, "scope", INVENTORY_SCOPE)
        _expect(fields, "context_type", CONTEXT_TYPE)
        client_id = issuer.client_of(_required(fields, "client_assertion"), now=now)
        _check_environment(issuer, _required(fields, "context"))
        name, permissions = client_permissions(session, client_id)
    except IomError as error:
        return _oauth_problem(request, error)

    token = issuer.access_token(
        client_id=client_id, name=name, permissions=sorted(permissions), now=now
    )
    answer = {"access_token": token, "token_type": "bearer", "expires_in": ACCESS_SECONDS}
    return JSONResponse(answer, headers=NO_STORE)


@router.post("/api/v1/clients", status_code=201)
def new_client(
    request: ClientRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> ClientAnswer:
    """Create a client; one that has the same name keeps its id and gets a new secret."""
    principal.require("administration.write")
    require_roles(session, principal, request.roles)
    client_id, secret = upsert_client(
        session, name=request.name, roles=request.roles, now=now, actor=principal.name
    )
    return ClientAnswer(client_id=client_id, client_secret=secret)


@router.get("/api/v1/clients")
def list_clients(principal: CurrentPrincipal, session: ReadSession) -> Clients:
    """Return all clients by name, without their secrets."""
    principal.require("administration.read")
    return Clients(items=[_client_view(client) for client in clients(session)])


@router.delete("/api/v1/clients/{client_id}", status_code=204)
def end_client(client_id: str, principal: CurrentPrincipal, session: WriteSession) -> None:
    """Delete a client; its access tokens are refused from then on."""
    principal.require("administration.write")
    remove_client(session, client_id)


def _issuer(request: Request) -> TokenIssuer:
    issuer: TokenIssuer = request.app.state.issuer
    return issuer


def _client_view(client: Client) -> ClientView:
    return ClientView(
        client_id=client.id,
        name=client.name,
        roles=client.roles,
        created_at=client.created_at,
        created_by=client.created_by,
    )


def _check_environment(issuer: TokenIssuer, context: str) -> None:
    if context.lower() != issuer.environment.lower():
        raise Forbidden(
            f"this installation is not the environment {context}",
            where="context",
            remedy="send the request to the installation that serves it",
        )


def _parse_fields(body: bytes) -> dict[str, str]:
    """Return the fields of a form or of a JSON object: published clients send both.

    Raise `Invalid`.
    """
    if body.lstrip()[:1] == b"{":
        try:
            fields = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise Invalid(f"the body is not JSON: {error}", where="body") from None

        return {str(name): str(value) for name, value in fields.items()}

    try:
        return dict(parse_qsl(body.decode(), max_num_fields=MAX_FORM_FIELDS))
    except ValueError:
        raise Invalid(
            "the body is neither a form nor JSON", where="body", remedy="send one of them"
        ) from None


def _required(fields: dict[str, str], name: str) -> str:
    """Return a field. Raise `Invalid` when it is missing or PostgreSQL cannot store it."""
    value = fields.get(name)
    if not value:
        raise Invalid("is missing", where=name, remedy=f"send {name}")
    if "\0" in value:
        raise Invalid("contains a zero byte", where=name, remedy=f"send {name} without it")
    return value


def _expect(fields: dict[str, str], name: str, value: str) -> None:
    """Raise `Invalid` unless a field has this value."""
    if _required(fields, name) != value:
        raise Invalid(f"is not {value}", where=name, remedy=f"send {name}={value}")


def _oauth_problem(request: Request, error: IomError) -> JSONResponse:
    """Return a problem document with the fields that OAuth clients read as well."""
    problem = problem_response(error, reference="", instance=request.url.path)
    status = 400 if error.status == 422 else error.status
    body: dict[str, Any] = orjson.loads(bytes(problem.body))
    body["status"] = status
    body["error"] = OAUTH_ERRORS.get(error.status, "invalid_request")
    body["error_description"] = f"{error.where}: {error.what}"
    body.pop("reference", None)
    headers = dict(NO_STORE)

    for name in ("www-authenticate", "retry-after"):
        if name in problem.headers:
            headers[name] = problem.headers[name]

    return JSONResponse(body, status_code=status, media_type=problem.media_type, headers=headers)
