"""The principals of concurrent requests are read together, each as its credentials are now."""

import asyncio
from collections import Counter

import httpx
from sqlalchemy.orm import Session
from starlette.requests import Request

from openiom.administration import authenticate, issue_token
from openiom.administration.service import revoke_token
from openiom.app.application import Application
from openiom.app.web import create_app
from openiom.platform.clock import utc_now
from openiom.platform.http import Principal

READ = "/api/v1/orders/counts"


def token_of(application: Application, name: str, role: str) -> str:
    with application.database.unit_of_work() as session:
        return issue_token(session, name=name, roles=[role], now=utc_now(), actor="ann")


async def get_together(
    application: Application, tokens: list[str], *, path: str = READ
) -> tuple[list[int], list[str]]:
    """Request a page with each token at the same time; return statuses, and the tokens read."""
    app = create_app(application)
    read: list[str] = []

    def counted(request: Request, session: Session) -> Principal:
        read.append(request.headers["authorization"])
        return authenticate(request, session)

    app.state.authenticate = counted
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://openiom", timeout=60
    ) as client:
        calls = []
        for token in tokens:
            calls.append(client.get(path, headers={"Authorization": f"Bearer {token}"}))
        answers = await asyncio.gather(*calls)

    return [answer.status_code for answer in answers], read


def test_a_credential_of_many_requests_is_read_a_few_times(application: Application) -> None:
    token = token_of(application, "robot", "viewer")
    statuses, read = asyncio.run(get_together(application, [token] * 40))
    assert statuses == [200] * 40
    assert len(read) < 20


def test_each_request_has_its_own_principal(application: Application) -> None:
    viewer = token_of(application, "viewer", "viewer")
    admin = token_of(application, "admin", "administrator")
    tokens = [viewer, admin, "iom_unknown"] * 5
    path = "/api/v1/api-tokens"
    statuses, _ = asyncio.run(get_together(application, tokens, path=path))
    assert statuses == [403, 200, 401] * 5


def test_a_revoked_token_is_refused_at_once(application: Application) -> None:
    kept, revoked = (token_of(application, name, "viewer") for name in ("kept", "revoked"))
    both = [kept, revoked] * 3
    statuses, _ = asyncio.run(get_together(application, both))
    assert Counter(statuses) == {200: 6}
    with application.database.unit_of_work() as session:
        revoke_token(session, "revoked")

    statuses, _ = asyncio.run(get_together(application, both))
    assert statuses == [200, 401] * 3
