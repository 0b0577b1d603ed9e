"""Routes whose endpoint runs, renders its response and commits in one thread.

FastAPI runs a plain endpoint in one thread of a pool, renders its result in another one, and leaves
the sessions it depends on in a third. With as many requests waiting for a row as there are threads,
the request that has locked the row waits for a thread before it can commit, and nothing moves any
more. Here a request needs one thread from its first statement to its commit.

Requests that may change data have threads of their own. However many of them wait for a lock,
requests that only read are served.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from functools import partial, wraps
from typing import Any

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar
from fastapi import APIRouter, Response
from fastapi.datastructures import DefaultPlaceholder
from fastapi.exceptions import ResponseValidationError
from fastapi.routing import APIRoute
from fastapi.utils import is_body_allowed_for_status_code
from sqlalchemy.orm import Session
from starlette.routing import BaseRoute, Match
from starlette.types import Scope

Endpoint = Callable[..., Any]
OpenSession = Callable[[], AbstractContextManager[Session]]
SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))
DEFAULT_WRITERS = 30
_writers: RunVar[CapacityLimiter] = RunVar("openiom_writers")


class PendingSession:
    """A session that is opened in the thread of the endpoint that requested it."""

    def __init__(
        self, open_session: Callable[[], AbstractContextManager[Session]], *, writes: bool
    ):
        self.open = open_session
        self.writes = writes


class ThreadRoute(APIRoute):
    """A route whose plain endpoint does all its work in one thread. See the module."""

    def __init__(self, path: str, endpoint: Endpoint, **options: Any) -> None:
        if _is_plain(endpoint):
            endpoint = self._in_one_thread(endpoint)

        super().__init__(path, endpoint, **options)

    def _in_one_thread(self, endpoint: Endpoint) -> Endpoint:
        @wraps(endpoint)
        async def run(**values: Any) -> Any:
            work = partial(self._work, endpoint, values)
            limiter = writer_threads() if self._may_write(values.values()) else None
            return await to_thread.run_sync(work, limiter=limiter)

        return run

    def _may_write(self, values: Iterable[Any]) -> bool:
        """Return whether the request takes a thread of those for changes.

        Without a session of its own, an endpoint opens them itself, or calls code that does.
        """
        writes = [value.writes for value in values if isinstance(value, PendingSession)]
        if writes:
            return any(writes)
        return not SAFE_METHODS.issuperset(self.methods or ())

    def _work(self, endpoint: Endpoint, values: Mapping[str, Any]) -> Any:
        with ExitStack() as sessions:
            arguments = dict(values)
            for name, value in values.items():
                if isinstance(value, PendingSession):
                    arguments[name] = sessions.enter_context(value.open())

            return self._render(endpoint(**arguments), values.values())

    def _render(self, result: Any, values: Iterable[Any]) -> Any:
        """Return the response with a result, or the result where FastAPI renders it cheaply."""
        if isinstance(result, Response) or self.response_field is None:
            return result

        if not isinstance(self.response_class, DefaultPlaceholder):
            return result

        return self._json_response(self._serialize(self.response_field, result), values)

    def _serialize(self, field: Any, result: Any) -> bytes:
        """Return a result as JSON. Raise `ResponseValidationError` if it does not fit its model."""
        value, errors = field.validate(result, {}, loc=("response",))
        if errors:
            raise ResponseValidationError(errors=errors, body=result)
        content: bytes = field.serialize_json(value, by_alias=self.response_model_by_alias)
        return content

    def _json_response(self, content: bytes, values: Iterable[Any]) -> Response:
        """Return a response with the status and headers that the endpoint has chosen."""
        status, headers = self._status_and_headers(values)
        if not is_body_allowed_for_status_code(status):
            content = b""

        response = Response(content, status_code=status, media_type="application/json")
        response.headers.raw.extend(headers)
        return response

    def _status_and_headers(self, values: Iterable[Any]) -> tuple[int, list[tuple[bytes, bytes]]]:
        """Return the status and headers of the injected response, by default those of the route."""
        status, headers = self.status_code or 200, []
        for injected in values:
            if isinstance(injected, Response):
                status = injected.status_code or status
                headers = injected.headers.raw
        return status, headers


class Router(APIRouter):
    """A router of a package. Use it instead of `APIRouter`, and include it without a prefix.

    A request is compared with the routes one by one. With hundreds of them that took most of the
    time of a small request, so a router first looks at how the path begins.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(route_class=ThreadRoute, **options)
        self._beginnings: tuple[str, ...] = ()
        self._routes_known = 0

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return whether a route of this router matches; most routers see that none begins so."""
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if not path.startswith(self.beginnings()):
            return Match.NONE, {}
        return super().matches(scope)

    def beginnings(self) -> tuple[str, ...]:
        """Return what the paths of the routes begin with, up to their first parameter."""
        if self._routes_known != len(self.routes):
            self._beginnings = tuple(sorted(set(_beginnings(self.routes))))
            self._routes_known = len(self.routes)

        return self._beginnings


def _beginnings(routes: Iterable[BaseRoute]) -> Iterator[str]:
    for route in routes:
        included = getattr(route, "original_router", None)
        if isinstance(included, Router):
            yield from included.beginnings()
        else:
            # Of a route whose path is not known, any path may be.
            yield getattr(route, "path", "").partition("{")[0]


def writer_threads() -> CapacityLimiter:
    """Return the threads of this event loop for requests that may change data."""
    try:
        return _writers.get()
    except LookupError:
        limiter = CapacityLimiter(DEFAULT_WRITERS)
        _writers.set(limiter)
        return limiter


def limit_threads(*, requests: int) -> None:
    """Serve so many requests at once that only read; call it in the server's event loop.

    Three quarters as many that may change data are served beside them.
    """
    to_thread.current_default_thread_limiter().total_tokens = requests
    writer_threads().total_tokens = max(1, requests * 3 // 4)


def _is_plain(endpoint: Endpoint) -> bool:
    """Return whether an endpoint blocks the thread that calls it."""
    is_generator = inspect.isgeneratorfunction(endpoint) or inspect.isasyncgenfunction(endpoint)
    return not is_generator and not inspect.iscoroutinefunction(endpoint)
