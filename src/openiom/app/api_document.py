"""The OpenAPI document: every operation documents its errors as problem documents."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from openiom.platform.http import PROBLEM_TYPE

Json = dict[str, Any]

METHODS = ("get", "put", "post", "delete", "patch")
REFUSED = "The request was refused; the problem says why and what to do"
FAILED = "The server could not complete the request; it may be repeated"
_TEXT: Json = {"type": "string"}
PROBLEM_SCHEMAS: Json = {
    "Fault": {
        "title": "Fault",
        "description": "One fault of a request.",
        "type": "object",
        "properties": {"where": _TEXT, "what": _TEXT, "remedy": _TEXT},
        "required": ["where", "what", "remedy"],
    },
    "ProblemDocument": {
        "title": "ProblemDocument",
        "description": "Why a request was not executed (RFC 9457).",
        "type": "object",
        "properties": {
            "type": _TEXT,
            "title": _TEXT,
            "status": {"type": "integer"},
            "detail": {**_TEXT, "description": "What happened"},
            "instance": {**_TEXT, "description": "The path of the request"},
            "reference": {**_TEXT, "description": "Found in the log of the server"},
            "where": {**_TEXT, "description": "The field or parameter at fault"},
            "remedy": {**_TEXT, "description": "What to do"},
            "problems": {"type": "array", "items": {"$ref": "#/components/schemas/Fault"}},
            "problems_omitted": {
                "type": "integer",
                "description": "Faults beyond those listed",
            },
        },
        "required": ["type", "title", "status", "detail"],
    },
}
_FRAMEWORK_SCHEMAS = ("HTTPValidationError", "ValidationError")
"""Schemas of the framework's own error document, which this application never sends."""


def document_problems(app: FastAPI) -> None:
    """Have the application's OpenAPI document describe its errors as they are."""
    framework_document = app.openapi

    def openapi() -> Json:
        if app.openapi_schema is None:
            app.openapi_schema = with_problems(framework_document())
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def with_problems(document: Json) -> Json:
    """Return the document with a problem document for every refusal and failure."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in _FRAMEWORK_SCHEMAS:
        schemas.pop(name, None)

    schemas.update(PROBLEM_SCHEMAS)
    for operation in _operations(document):
        responses = operation["responses"]
        responses.pop("422", None)
        responses["4XX"] = _problem_response(REFUSED)
        responses["5XX"] = _problem_response(FAILED)

    return document


def _operations(document: Json) -> Iterator[Json]:
    for path_item in document["paths"].values():
        for method in METHODS:
            if method in path_item:
                yield path_item[method]


def _problem_response(description: str) -> Json:
    schema = {"$ref": "#/components/schemas/ProblemDocument"}
    return {"description": description, "content": {PROBLEM_TYPE: {"schema": schema}}}
