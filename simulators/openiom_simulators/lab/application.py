"""Wires the lab's two endpoints: mail on a port of its own, HTTP with a page of what arrived."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from openiom_simulators.lab.mailbox import Mailbox
from openiom_simulators.responses import answer


@dataclass(frozen=True, slots=True)
class LabOptions:
    """Port 0 takes a free one; `app.state.smtp_port` tells which."""

    smtp_host: str = "127.0.0.1"
    smtp_port: int = 0
    smtp_fd: int | None = None


def lab_application(options: LabOptions) -> FastAPI:
    """The endpoints; `app.state.mailbox.mails` and `app.state.posts` hold what arrived."""
    mailbox = Mailbox()
    posts: list[dict[str, Any]] = []

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        app.state.smtp_port = await mailbox.start(
            host=options.smtp_host, port=options.smtp_port, fd=options.smtp_fd
        )
        app.state.when_started()
        yield
        await mailbox.stop()

    async def take(request: Request) -> Response:
        body = (await request.body()).decode("utf-8", "replace")
        key = request.headers.get("idempotency-key", "")
        posts.append({"path": request.url.path.removeprefix("/bin"), "key": key, "body": body})
        return answer({"received": len(posts)})

    async def hello(request: Request) -> Response:
        return answer({"takes": "every POST below this address"})

    async def received(request: Request) -> Response:
        return answer({"mails": mailbox.mails, "posts": posts})

    async def health(request: Request) -> Response:
        return answer({"status": "ok"})

    app = FastAPI(
        title="Lab endpoints",
        lifespan=life,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        routes=[
            Route("/_sim/received", received),
            Route("/_sim/health", health),
            Route("/bin/", hello),
            Route("/bin", hello),
            Route("/bin/{rest:path}", take, methods=["POST"]),
        ],
    )
    app.state.mailbox, app.state.posts, app.state.smtp_port = mailbox, posts, 0
    app.state.when_started = lambda: None
    return app
