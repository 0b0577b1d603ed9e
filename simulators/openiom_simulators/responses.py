"""JSON in and out of the simulators, without a model per item: bodies are read raw and answered raw."""

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response


class BadBody(Exception):
    """The request body is not the JSON this endpoint takes."""


def answer(document: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON response."""
    return Response(orjson.dumps(document), status, headers, media_type="application/json")


async def json_object(request: Request) -> dict[str, Any]:
    """The body as a JSON object; raises BadBody otherwise."""
    try:
        document = orjson.loads(await request.body())
    except orjson.JSONDecodeError as error:
        raise BadBody(f"the body is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise BadBody("the body must be a JSON object")
    return document
