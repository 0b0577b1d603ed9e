"""The two-step token flow, and the client programs that use it."""

from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from openiom.kernel import Forbidden, Invalid, IomError
from openiom.platform.http import (
    CurrentPrincipal,
    Now,
    RawBody,
    ReadSession,
    WriteSession,
    problem_response,
)

from .clients import check_secret, client_permissions, clients, remove_client, upsert_client
from .token_issuer import ACCESS_SECONDS, ASSERTION_SECONDS, TokenIssuer

CLIENT_SCOPE = "0cdb527f-a8d1-4bf8-9436-b352c68682b2/.default"
INVENTORY_SCOPE = "https://inventoryservice.operations365.dynamics.com/.default"
GRANT, ASSERTION_TYPE, CONTEXT_TYPE = "client_credentials", "aad_app", "finops-env"
OAUTH_ERRORS = {401: "invalid_client", 403: "access_denied", 429: "temporarily_unavailable"}
"""What OAuth 2.0 (RFC 6749, 5.2) calls our refusals."""

router = APIRouter(tags=["administration"])
_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            kind: {"schema": {"type": "object"}}
            for kind in ("application/x-www-form-urlencoded", "application/json")
        },
    }
}


class ClientRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=100)
    roles: list[str] = Field(min_length=1)


class ClientAnswer(BaseModel):
    """`client_secret` is shown this once."""

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


def _issuer(request: Request) -> TokenIssuer:
    found: TokenIssuer = request.app.state.issuer
    return found


@router.get(
    "/{tenant}/oauth2/v2.0/token", name="client assertion, asked with GET", openapi_extra=_FORM
)
@router.post("/{tenant}/oauth2/v2.0/token", name="client assertion", openapi_extra=_FORM)
def client_assertion(
    tenant: str, request: Request, session: WriteSession, body: RawBody, now: Now
) -> JSONResponse:
    """Step 1: client id and secret give an assertion. Any tenant is answered: the client id says who asks."""
    try:
        given = _fields(body)
        _expect(given, "grant_type", GRANT)
        _expect(given, "scope", CLIENT_SCOPE)
        client_id = _needed(given, "client_id")
        secret, address = (
            _needed(given, "client_secret"),
            request.client.host if request.client else "",
        )
        check_secret(session, client_id=client_id, secret=secret, address=address, now=now)
    except IomError as error:
        return _refused(request, error)
    token = _issuer(request).assertion(client_id=client_id, tenant=tenant, now=now)
    seconds = str(ASSERTION_SECONDS)
    return _told(
        {
            "token_type": "Bearer",
            "expires_in": seconds,
            "ext_expires_in": seconds,
            "access_token": token,
        }
    )


@router.post("/token", name="access token", openapi_extra=_FORM)
def access_token(request: Request, session: ReadSession, body: RawBody, now: Now) -> JSONResponse:
    """Step 2: an assertion gives a bearer token of one hour for the environment named as context."""
    issuer = _issuer(request)
    try:
        given = _fields(body)
        _expect(given, "grant_type", GRANT)
        _expect(given, "client_assertion_type", ASSERTION_TYPE)
        _expect(given, "scope", INVENTORY_SCOPE)
        _expect(given, "context_type", CONTEXT_TYPE)
        client_id = issuer.client_of(_needed(given, "client_assertion"), now=now)
        context = _needed(given, "context")
        if context.lower() != issuer.environment.lower():
            what = f"this installation is not the environment {context}"
            raise Forbidden(what, where="context", remedy="ask the installation that serves it")
        name, permissions = client_permissions(session, client_id)
    except IomError as error:
        return _refused(request, error)
    token = issuer.access_token(
        client_id=client_id, name=name, permissions=sorted(permissions), now=now
    )
    return _told({"access_token": token, "token_type": "bearer", "expires_in": ACCESS_SECONDS})


def _fields(body: bytes) -> dict[str, str]:
    """The fields of a form or of a JSON object, whichever the body is: published clients send both."""
    if body.lstrip()[:1] == b"{":
        try:
            return {str(k): str(v) for k, v in orjson.loads(body).items()}
        except orjson.JSONDecodeError as error:
            raise Invalid(f"the body is not JSON: {error}", where="body") from None
    try:
        return dict(parse_qsl(body.decode(), max_num_fields=50))
    except ValueError:
        raise Invalid(
            "the body is neither a form nor JSON", where="body", remedy="send one of them"
        ) from None


def _needed(given: dict[str, str], name: str) -> str:
    if not given.get(name):
        raise Invalid("is missing", where=name, remedy=f"send {name}")
    if "\0" in given[name]:
        raise Invalid("holds a zero byte", where=name, remedy=f"send {name} as it was given to you")
    return given[name]


def _expect(given: dict[str, str], name: str, value: str) -> None:
    if _needed(given, name) != value:
        raise Invalid(f"is not {value}", where=name, remedy=f"send {name}={value}")


def _told(answer: dict[str, Any]) -> JSONResponse:
    return JSONResponse(answer, headers={"cache-control": "no-store"})


def _refused(request: Request, error: IomError) -> JSONResponse:
    """A problem document that OAuth clients can read as well."""
    problem = problem_response(error, reference="", instance=request.url.path)
    code = OAUTH_ERRORS.get(error.status, "invalid_request")
    status = 400 if error.status == 422 else error.status
    body = orjson.loads(bytes(problem.body)) | {
        "status": status,
        "error": code,
        "error_description": f"{error.where}: {error.what}",
    }
    body.pop("reference", None)
    said = {
        name: value
        for name, value in problem.headers.items()
        if name in ("www-authenticate", "retry-after")
    }
    headers = {"cache-control": "no-store"} | said
    return JSONResponse(body, status_code=status, media_type=problem.media_type, headers=headers)


@router.post("/api/v1/clients", status_code=201)
def new_client(
    request: ClientRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> ClientAnswer:
    """A client program for the token flow; one of the same name keeps its id and gets a new secret."""
    principal.require("administration.write")
    client_id, secret = upsert_client(
        session, name=request.name, roles=request.roles, now=now, actor=principal.name
    )
    return ClientAnswer(client_id=client_id, client_secret=secret)


@router.get("/api/v1/clients")
def list_clients(principal: CurrentPrincipal, session: ReadSession) -> Clients:
    """Client programs by name; secrets are not kept."""
    principal.require("administration.read")
    return Clients(
        items=[
            ClientView(
                client_id=c.id,
                name=c.name,
                roles=c.roles,
                created_at=c.created_at,
                created_by=c.created_by,
            )
            for c in clients(session)
        ]
    )


@router.delete("/api/v1/clients/{client_id}", status_code=204)
def end_client(client_id: str, principal: CurrentPrincipal, session: WriteSession) -> None:
    """No more tokens for a client program; those it holds end within the hour."""
    principal.require("administration.write")
    remove_client(session, client_id)
