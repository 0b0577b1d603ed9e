"""
Responses of the contract's calls.

An accepted record has the result {id, processingStatus: "success", message, statusCode: 200} and
the fields its call adds. The result of a refused record has processingStatus "failed" with the
status, message, where and remedy of the error. A refused single request is also a problem document
with that HTTP status; in a bulk response every result has its index.
"""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import orjson
from fastapi.responses import Response

from openiom.kernel import IomError
from openiom.platform.http import PROBLEM_TYPE, problem_response

SUCCESS = "success"
PARTIAL = "partialSuccess"
FAILED = "failed"
RecordResult = dict[str, Any]


def succeeded(
    record_id: str, message: str = "", *, status: str = SUCCESS, **more: Any
) -> RecordResult:
    """Return the result of an accepted record with the additional fields `more`."""
    return {
        **more,
        "id": record_id,
        "processingStatus": status,
        "message": message,
        "statusCode": 200,
    }


def failed(record: Any, error: IomError) -> RecordResult:
    """Return the result of a record, valid or not, that was refused with `error`."""
    result: RecordResult = {
        "id": record_id(record),
        "processingStatus": FAILED,
        "message": error.what,
        "statusCode": error.status,
    }
    if error.where:
        result["where"] = error.where

    if error.remedy:
        result["remedy"] = error.remedy

    return result


def record_id(record: Any) -> str:
    """Return the id of a record as received; "" when it has none."""
    if not isinstance(record, Mapping):
        return ""
    for name, value in record.items():
        if name.lower() == "id" and value is not None:
            return str(value)
    return ""


def bulk_response(results: list[RecordResult]) -> Response:
    """Return one result per record, in the order of the records, each with its index."""
    return json_response([{"index": i, **result} for i, result in enumerate(results)])


def record_response(result: RecordResult, *, path: str, error: IomError | None) -> Response:
    """Return the result of a single record; for a refused one, a problem document with it."""
    if error is None:
        return json_response(result)
    problem = problem_response(error, reference=uuid4().hex[:12], instance=path)
    body = orjson.loads(bytes(problem.body)) | result
    return Response(orjson.dumps(body), status_code=error.status, media_type=PROBLEM_TYPE)


def json_response(body: Any) -> Response:
    """Return `body` as JSON."""
    return Response(orjson.dumps(body), media_type="application/json")
