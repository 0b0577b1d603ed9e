"""Routes of one room alone, asked by somebody with exactly the permissions a test gives."""

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
    """The application; its `state.permissions` may change between requests, and `state` is what its routes read."""
    app = FastAPI()
    app.state.database, app.state.permissions = database, permissions
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
    """A client that is answered a 500 as a browser would be, instead of being given the exception."""
    with TestClient(app, raise_server_exceptions=False) as asking:
        yield asking
