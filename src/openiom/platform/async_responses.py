"""Routes that acknowledge a request instead of waiting for its result (RFC 7240).

A request with `Prefer: respond-async` is stored and answered with 202. Those that arrive while
others are being stored are stored together next, in one thread and one transaction, so that a
request costs a share of them only. The event loop collects them; what stores them is synchronous.
"""

from abc import abstractmethod
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

from fastapi import Request, Response
from starlette.types import Receive, Scope, Send

from openiom.kernel import IomError

from .endpoints import Endpoint, ThreadRoute, writer_threads
from .request_groups import RequestGroups

RESPOND_ASYNC = b"respond-async"
LINGER_SECONDS = 0.005
"""How long requests wait for others at most, while there are several."""


class AsyncRequest(NamedTuple):
    """A request to acknowledge, with its body as it was sent."""

    request: Request
    body: bytes


class Acknowledgment(NamedTuple):
    """The JSON body of a response, and where the outcome of the request can be read."""

    content: bytes
    location: str = ""


Answer = Acknowledgment | IomError
"""What a request is answered with."""


class AsyncResponseRoute(ThreadRoute):
    """A route that acknowledges the requests that prefer it, and executes the others."""

    def __init__(self, path: str, endpoint: Endpoint, **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        self._groups = RequestGroups[AsyncRequest, Acknowledgment](
            self.acknowledge, threads=writer_threads, linger_seconds=LINGER_SECONDS
        )

    @abstractmethod
    def acknowledge(self, requests: Sequence[AsyncRequest]) -> Sequence[Answer]:
        """Store requests; return an acknowledgment or a refusal of each, in order."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["method"] not in (self.methods or ()) or not prefers_async(scope):
            await super().handle(scope, receive, send)
            return

        request = Request(scope, receive)
        body = await request.body()
        acknowledgment = await self._groups.submit(AsyncRequest(request, body))
        await _response(acknowledgment)(scope, receive, send)


def prefers_async(scope: Scope) -> bool:
    """Return whether a request has the preference `respond-async`."""
    for name, value in scope["headers"]:
        if name == b"prefer":
            for preference in value.lower().split(b","):
                if preference.partition(b";")[0].strip() == RESPOND_ASYNC:
                    return True
    return False


def _response(acknowledgment: Acknowledgment) -> Response:
    headers = {"Preference-Applied": RESPOND_ASYNC.decode()}
    if acknowledgment.location:
        headers["Location"] = acknowledgment.location
    return Response(
        acknowledgment.content,
        status_code=HTTPStatus.ACCEPTED,
        headers=headers,
        media_type="application/json",
    )
