"""
What this contract's calls answer.

A record that was taken answers {id, processingStatus: "success", message, statusCode: 200} and what its call adds.
One that was refused answers processingStatus "failed" with the status, message, where and remedy of the error; alone
it is also a problem document with that HTTP status, in a bulk it stands beside the others with its index.
"""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import orjson
from fastapi.responses import Response

from openiom.kernel import IomError
from openiom.platform.http import PROBLEM_TYPE, problem_response

SUCCESS, PARTIAL, FAILED = "success", "partialSuccess", "failed"
Answer = dict[str, Any]


def succeeded(record_id: str, message: str = "", *, status: str = SUCCESS, **more: Any) -> Answer:
    return {
        **more,
        "id": record_id,
        "processingStatus": status,
        "message": message,
        "statusCode": 200,
    }


def failed(record: Any, error: IomError) -> Answer:
    """The answer for a record, in whatever state it came, that `error` refused."""
    answer = {
        "id": record_id(record),
        "processingStatus": FAILED,
        "message": error.what,
        "statusCode": error.status,
        "where": error.where,
        "remedy": error.remedy,
    }
    return {name: value for name, value in answer.items() if value or name in ("id", "message")}


def record_id(record: Any) -> str:
    """The id a record came with; '' when it has none."""
    if not isinstance(record, Mapping):
        return ""
    return next(
        (
            str(value)
            for name, value in record.items()
            if name.lower() == "id" and value is not None
        ),
        "",
    )


def bulk(answers: list[Answer]) -> Response:
    """One answer a record, in the order of the records, each with its index."""
    return json([{"index": i, **answer} for i, answer in enumerate(answers)])


def single(answer: Answer, *, path: str, error: IomError | None) -> Response:
    """The answer for a request's only record; a refused one is a problem document that carries the answer as well."""
    if error is None:
        return json(answer)
    problem = problem_response(error, reference=uuid4().hex[:12], instance=path)
    body = orjson.loads(bytes(problem.body)) | answer
    return Response(orjson.dumps(body), status_code=error.status, media_type=PROBLEM_TYPE)


def json(body: Any) -> Response:
    return Response(orjson.dumps(body), media_type="application/json")
