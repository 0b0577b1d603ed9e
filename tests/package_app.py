"""An application with the routes of one package, and a principal with the permissions of a test."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient

from openiom.platform.database import Database
from openiom.platform.http import Principal, install_problem_handlers


def package_app(
    database: Database,
    *routers: APIRouter,
    permissions: Collection[str],
    principal: str = "ann",
    **state: Any,
) -> FastAPI:
    """Return an application with these routers.

    Its `state.permissions` may change between requests; `state` is what its routes read.
    """
    app = FastAPI()
    app.state.database = database
    app.state.permissions = permissions
    app.state.authenticate = lambda request, session: Principal(
        principal, frozenset(app.state.permissions)
    )

    for name, value in state.items():
        setattr(app.state, name, value)

    install_problem_handlers(app)
    for router in routers:
        app.include_router(router)

    return app


@contextmanager
def http_client(app: FastAPI) -> Iterator[TestClient]:
    """Yield a client that receives a 500 response instead of the server's exception."""
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client
