"""The web server: every room's routes behind one edge, the live stream, and the user interface."""

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Thread

import uvicorn
from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from starlette.middleware.gzip import GZipMiddleware

from openiom.administration import authenticate
from openiom.inventory_visibility import ReservationBatcher
from openiom.platform.geocoding import preload
from openiom.platform.http import install_problem_handlers

from . import event_stream, health, search
from .application import Application
from .middleware import DOCS, SecurityHeaders, SizeLimit
from .resources import built_ui, program_version
from .static_ui import serve_ui
from .worker import spare_the_collector

LISTEN_FD = "OPENIOM_LISTEN_FD"
DESCRIPTION = "Orders in, through a flow anyone can read, sourced, fulfilled, and told back. Every page uses this API."


def create_app(product: Application) -> FastAPI:
    """The ASGI application of one product."""
    tail = event_stream.LiveTail(product.database)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        current_default_thread_limiter().total_tokens = product.settings.web_threads
        tail.start()
        yield
        tail.stop()

    app = FastAPI(
        title="OpenIOM",
        version=program_version(),
        description=DESCRIPTION,
        docs_url=DOCS,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        lifespan=life,
        generate_unique_id_function=lambda route: (
            f"{route.tags[0] if route.tags else 'app'}-{route.name}".replace(" ", "-")
        ),
    )
    _give_state(app, product, tail)
    install_problem_handlers(app)
    for router in (*product.routers(), event_stream.router, search.router, health.router):
        app.include_router(router)
    serve_ui(app, built_ui(product.settings.ui_path))
    # The last added is the outermost: headers on everything, also on refusals; news is never compressed.
    app.add_middleware(GZipMiddleware, minimum_size=1024, compresslevel=5)
    app.add_middleware(SizeLimit, limit=product.settings.message_limit_bytes)
    app.add_middleware(SecurityHeaders)
    return app


def _give_state(app: FastAPI, product: Application, tail: event_stream.LiveTail) -> None:
    """What the rooms' routes read of the process they run in."""
    app.state.database = product.database
    app.state.authenticate = authenticate
    app.state.issuer = product.issuer
    app.state.reserve_together = ReservationBatcher(product.database)
    app.state.configuration = product.configuration
    app.state.environment = product.settings.environment
    app.state.session_hours = product.settings.session_hours
    app.state.registry = product.registry
    app.state.engine = product.engine
    app.state.event_stream = tail
    registry = CollectorRegistry()
    registry.register(health.ProductCollector(product.database, tail))
    app.state.metrics = registry


def listening_socket(host: str, port: int) -> socket.socket:
    """A bound socket; port 0 takes a free one. Raises OSError when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(2048)
    except OSError:
        bound.close()
        raise
    return bound


def inherited_socket() -> socket.socket | None:
    """The socket a supervisor holds open for its web process, so that a restart refuses nobody."""
    given = os.environ.get(LISTEN_FD, "")
    return socket.socket(fileno=int(given)) if given else None


def run_web(product: Application, bound: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT."""
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(product),
            ws="none",
            log_level="warning",
            access_log=False,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=3,
            server_header=False,
        )
    )
    Thread(target=preload, name="places", daemon=True).start()
    # Measured on inventory queries: one in a hundred waited most of a second for a collection that found nothing.
    spare_the_collector()
    try:
        server.run(sockets=[bound])
    finally:
        bound.close()
        product.close()
