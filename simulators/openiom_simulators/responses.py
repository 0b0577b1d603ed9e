"""JSON requests and responses without a model per document."""

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response


class InvalidBody(Exception):
    """The request body is not the JSON that the endpoint accepts."""


def json_response(
    document: Any, *, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """Return a JSON response."""
    return Response(orjson.dumps(document), status, headers, media_type="application/json")


async def json_object(request: Request) -> dict[str, Any]:
    """Return the body as a JSON object. Raise `InvalidBody`."""
    try:
        document = orjson.loads(await request.body())
    except orjson.JSONDecodeError as error:
        raise InvalidBody(f"the body is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise InvalidBody("the body must be a JSON object")
    return document


async def optional_json_object(request: Request) -> dict[str, Any]:
    """Return the body as a JSON object, an empty one without a body. Raise `InvalidBody`."""
    return await json_object(request) if await request.body() else {}


async def health(request: Request) -> Response:
    """Confirm that the simulator is running."""
    return json_response({"status": "ok"})
