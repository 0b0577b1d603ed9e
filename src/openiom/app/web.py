"""The web server: the routes of all packages, the event stream and the user interface."""

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Thread

import uvicorn
from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute
from prometheus_client import CollectorRegistry
from starlette.middleware.gzip import GZipMiddleware

from openiom.administration import authenticate
from openiom.inventory_visibility import ReservationBatcher
from openiom.orders import OrderInbox, OrderIntake
from openiom.platform.clock import utc_now
from openiom.platform.endpoints import limit_threads
from openiom.platform.geocoding import preload
from openiom.platform.http import install_problem_handlers
from openiom.platform.installation import watch_server
from openiom.platform.request_parameters import decode_path_parameters, refuse_unknown_parameters
from openiom.platform.request_values import refuse_unstorable_values

from . import attention, event_stream, health, home, instance_pause, matching_orders, search, towns
from .api_docs import OPENAPI, serve_api_docs
from .api_document import document_problems
from .application import RECEIVE_ORDERS, Application
from .metrics import ApplicationCollector
from .middleware import NamesWithSlashes, SecurityHeaders, SizeLimit
from .resources import built_ui, program_version
from .static_ui import serve_ui
from .web_extensions import load_extensions
from .worker import tune_gc

LISTEN_FDS = "OPENIOM_LISTEN_FDS"
LISTEN_BACKLOG = 2048
DESCRIPTION = (
    "Order intake, orchestration, sourcing, fulfillment and inventory. The user interface uses"
    " this API only."
)


def create_app(application: Application) -> FastAPI:
    """Return the ASGI application that serves `application`."""
    tail = event_stream.EventTail(application.database)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        limit_threads(requests=application.settings.web_threads)
        tail.start()
        yield
        tail.stop()

    app = FastAPI(
        title="OpenIOM",
        version=program_version(),
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url=OPENAPI if application.settings.api_docs else None,
        lifespan=lifespan,
        generate_unique_id_function=_operation_id,
        dependencies=[
            Depends(refuse_unstorable_values),
            Depends(decode_path_parameters),
            Depends(refuse_unknown_parameters),
        ],
    )
    _set_state(app, application, tail)
    install_problem_handlers(app)

    extensions = load_extensions(application)
    app.state.extensions = [extension.name for extension in extensions]
    own = (attention, home, instance_pause, event_stream, search, health, matching_orders, towns)
    for router in (*application.routers(), *(module.router for module in own)):
        app.include_router(router)
    for extension in extensions:
        app.include_router(extension.router)

    document_problems(app)
    if application.settings.api_docs:
        serve_api_docs(app)

    serve_ui(app, built_ui(application.settings.ui_path))
    app.add_middleware(NamesWithSlashes)
    # The last one added is the outermost: security headers are on refusals too.
    app.add_middleware(GZipMiddleware, minimum_size=1024, compresslevel=5)
    app.add_middleware(SizeLimit, limit=application.settings.message_limit_bytes)
    app.add_middleware(SecurityHeaders)
    return app


def _operation_id(route: APIRoute) -> str:
    """Return the id of an operation in the API document, from its first tag and its name."""
    tag = route.tags[0] if route.tags else "app"
    return f"{tag}-{route.name}".replace(" ", "-")


def _set_state(app: FastAPI, application: Application, tail: event_stream.EventTail) -> None:
    """Give the routes what they read of the process they run in."""
    app.state.database = application.database
    app.state.authenticate = authenticate
    app.state.issuer = application.issuer
    app.state.links = application.links
    app.state.reservation_batcher = ReservationBatcher(application.database)
    app.state.order_intake = OrderIntake(application.database, RECEIVE_ORDERS)
    app.state.order_inbox = OrderInbox(application.database, authenticate)
    app.state.configuration = application.configuration
    app.state.environment = application.settings.environment
    app.state.session_hours = application.settings.session_hours
    app.state.registry = application.registry
    app.state.engine = application.engine
    app.state.event_tail = tail
    registry = CollectorRegistry()
    registry.register(ApplicationCollector(application.database, tail))
    app.state.metrics = registry
    app.state.serves_metrics = application.settings.metrics


def listening_socket(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 is any free one. Raise `OSError` when it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)

    try:
        bound.bind((host, port))
        bound.listen(LISTEN_BACKLOG)
    except OSError:
        bound.close()
        raise

    return bound


def inherited_sockets() -> list[socket.socket]:
    """Return the sockets that a supervisor keeps open for this process, the public one first.

    They stay open across restarts of the web process, so no connection is refused meanwhile.
    """
    sockets: list[socket.socket] = []
    for descriptor in os.environ.get(LISTEN_FDS, "").split(","):
        if descriptor:
            sockets.append(socket.socket(fileno=int(descriptor)))
    return sockets


def run_web(application: Application, sockets: list[socket.socket]) -> None:
    """Serve on listening sockets until SIGTERM or SIGINT."""
    watch_server(application.database, clock=utc_now)
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(application),
            ws="none",
            log_level="warning",
            access_log=False,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=3,
            server_header=False,
        )
    )
    Thread(target=preload, name="geocoding", daemon=True).start()
    # One in a hundred inventory queries waited most of a second for a collection of garbage.
    tune_gc()

    try:
        server.run(sockets=sockets)
    finally:
        for bound in sockets:
            bound.close()
        application.close()
