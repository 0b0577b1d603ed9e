"""The OpenAPI document names the errors of every operation and the bounds of every integer."""

from collections.abc import Iterator
from typing import Any

import pytest

from openiom.app.application import Application
from openiom.app.web import create_app

Json = dict[str, Any]


@pytest.fixture
def document(application: Application) -> Json:
    return create_app(application).openapi()


def operations(document: Json) -> Iterator[tuple[str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def test_every_operation_documents_its_refusals_and_failures(document: Json) -> None:
    schema = {"$ref": "#/components/schemas/ProblemDocument"}
    for name, operation in operations(document):
        for status in ("4XX", "5XX"):
            content = operation["responses"][status]["content"]
            assert content == {"application/problem+json": {"schema": schema}}, name

        assert "422" not in operation["responses"], name


def test_the_error_document_of_the_framework_is_not_documented(document: Json) -> None:
    schemas = document["components"]["schemas"]

    assert "HTTPValidationError" not in schemas
    assert {"ProblemDocument", "Fault"} <= schemas.keys()


def test_the_document_is_made_once(application: Application) -> None:
    app = create_app(application)

    assert app.openapi() is app.openapi()


def test_every_integer_that_a_request_sends_has_a_largest_value(document: Json) -> None:
    unbounded = []
    for name, operation in operations(document):
        sent = [*operation.get("parameters", ()), operation.get("requestBody", {})]
        unbounded += [name for schema in schemas_in(sent, document, set()) if is_unbounded(schema)]

    assert unbounded == []


def is_unbounded(schema: Json) -> bool:
    return schema.get("type") == "integer" and not {"maximum", "exclusiveMaximum"} & schema.keys()


def schemas_in(node: Any, document: Json, seen: set[str]) -> Iterator[Json]:
    """Yield every object of a part of the document, following each reference once."""
    if isinstance(node, list):
        for element in node:
            yield from schemas_in(element, document, seen)

    if not isinstance(node, dict):
        return

    yield node
    reference = node.get("$ref")
    if isinstance(reference, str) and reference not in seen:
        seen.add(reference)
        referred = document["components"]["schemas"][reference.rpartition("/")[2]]
        yield from schemas_in(referred, document, seen)

    for member in node.values():
        yield from schemas_in(member, document, seen)
