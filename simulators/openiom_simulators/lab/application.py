"""Composition of the lab: mail on a port of its own, and HTTP with a list of what arrived."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from openiom_simulators.lab.mailbox import Mailbox
from openiom_simulators.responses import health, json_response


@dataclass(frozen=True, slots=True)
class LabOptions:
    """Ports of the lab. Port 0 is a free one, then found in `app.state.smtp_port`."""

    smtp_host: str = "127.0.0.1"
    smtp_port: int = 0
    smtp_fd: int | None = None


def lab_application(options: LabOptions) -> FastAPI:
    """Return the lab; `app.state.mailbox.mails` and `app.state.posts` hold what arrived."""
    mailbox = Mailbox()
    posts: list[dict[str, Any]] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.smtp_port = await mailbox.start(
            host=options.smtp_host, port=options.smtp_port, fd=options.smtp_fd
        )
        app.state.when_started()
        yield
        await mailbox.stop()

    async def receive_post(request: Request) -> Response:
        body = (await request.body()).decode("utf-8", "replace")
        key = request.headers.get("idempotency-key", "")
        posts.append({"path": request.url.path.removeprefix("/bin"), "key": key, "body": body})
        return json_response({"received": len(posts)})

    async def describe(request: Request) -> Response:
        return json_response({"accepts": "every POST below this address"})

    async def received(request: Request) -> Response:
        return json_response({"mails": mailbox.mails, "posts": posts})

    app = FastAPI(
        title="Lab endpoints",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        routes=[
            Route("/_sim/received", received),
            Route("/_sim/health", health),
            Route("/bin/", describe),
            Route("/bin", describe),
            Route("/bin/{rest:path}", receive_post, methods=["POST"]),
        ],
    )
    app.state.mailbox, app.state.posts, app.state.smtp_port = mailbox, posts, 0
    app.state.when_started = lambda: None
    return app
