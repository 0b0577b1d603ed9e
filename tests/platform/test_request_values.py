"""Paths, queries and bodies with values that PostgreSQL cannot store are refused at the border."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient
from tests.package_app import http_client

from openiom.kernel import Invalid
from openiom.platform.http import RawBody, install_problem_handlers
from openiom.platform.request_values import (
    MAX_BIGINT,
    MAX_NESTING,
    RowId,
    SmallNumber,
    check_body,
    refuse_unstorable_values,
)


@pytest.fixture
def client() -> Iterator[TestClient]:
    app = FastAPI(dependencies=[Depends(refuse_unstorable_values)])
    install_problem_handlers(app)

    @app.post("/echo/{name:path}")
    def echo(name: str, body: dict[str, Any], q: str = "") -> dict[str, Any]:
        return {"name": name, "q": q, "body": body}

    @app.post("/hooks/shop")
    def hook(body: RawBody) -> int:
        return len(body)

    @app.get("/rows/{row}")
    def row(row: RowId, count: SmallNumber = 0) -> list[int]:
        return [row, count]

    with http_client(app) as client:
        yield client


def refusal(body: bytes) -> tuple[str, str]:
    """Return where and why a body is refused."""
    with pytest.raises(Invalid) as refused:
        check_body(body)
    return refused.value.where, refused.value.what


@pytest.mark.parametrize(
    ("body", "where", "what"),
    [
        (b'{"name":"a\\u0000b"}', "body.name", "contains a zero byte"),
        (b'[{"lines":[{"sku":"\\u0000"}]}]', "body.0.lines.0.sku", "contains a zero byte"),
        (b'{"a":{"x\\u0000":1}}', "body.a", "contains a zero byte"),
        (b'{"quantity":9223372036854775808}', "body.quantity", "is a number beyond 64 bits"),
        (b'{"q":[1,-9223372036854775809]}', "body.q.1", "is a number beyond 64 bits"),
        (b'{"q":' + b"7" * 300 + b"}", "body.q", "is a number beyond 64 bits"),
    ],
)
def test_a_value_that_cannot_be_stored_is_refused_with_its_place(
    body: bytes, where: str, what: str
) -> None:
    assert refusal(body) == (where, what)


@pytest.mark.parametrize(
    "body",
    [b'{"a":"\\ud800"}', b'{"a\\udfff":1}', b'{"a":"\xed\xa0\x80"}', b'{"a":NaN}', b'{"a":1e400}'],
)
def test_text_and_numbers_that_only_lenient_parsers_read_are_refused(body: bytes) -> None:
    where, what = refusal(body)

    assert where == "body"
    assert what.startswith("holds a value that is not valid JSON: ")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"client_id=a&client_secret=b",
        b'{"unfinished":',
        b'{"text":"\\\\u0000 and 12345678901234567890"}',
        b'{"pair":"\\ud83d\\ude00"}',
        orjson.dumps({"n": [MAX_BIGINT, -MAX_BIGINT]}),
        b'{"brackets":"' + b"[" * 500 + b'"}',
        b"[" * MAX_NESTING + b"]" * MAX_NESTING,
    ],
)
def test_other_bodies_are_left_alone(body: bytes) -> None:
    check_body(body)


def test_a_body_is_nested_at_most_a_hundred_levels() -> None:
    arrays = b"[" * (MAX_NESTING + 1) + b"]" * (MAX_NESTING + 1)
    objects = b'{"a":' * (MAX_NESTING + 1) + b"1" + b"}" * (MAX_NESTING + 1)

    assert refusal(arrays) == ("body", "is nested deeper than 100 levels")
    assert refusal(objects) == ("body", "is nested deeper than 100 levels")


def test_values_that_a_route_checks_by_record_are_left_to_it_but_not_the_nesting() -> None:
    check_body(b'[{"productId": "a\\u0000b"}]', values_too=False)

    with pytest.raises(Invalid, match="nested deeper"):
        check_body(b"[" * (MAX_NESTING + 1) + b"]" * (MAX_NESTING + 1), values_too=False)


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("/echo/a%00b", "path"),
        ("/echo/a?q=%00", "query"),
        ("/echo/" + "x" * 2_000, "path"),
    ],
)
def test_a_path_or_query_with_a_zero_byte_or_without_end_is_refused(
    client: TestClient, url: str, where: str
) -> None:
    answer = client.post(url, json={})

    assert (answer.status_code, answer.json()["where"]) == (422, where)
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_long_path_with_unusual_characters_is_accepted(client: TestClient) -> None:
    answer = client.post("/echo/" + "%C3%A9" * 300 + "?q=%F0%9F%98%80", json={"a": 1})

    assert answer.json() == {"name": "é" * 300, "q": "😀", "body": {"a": 1}}


def test_a_webhook_is_stored_as_it_was_sent(client: TestClient) -> None:
    assert client.post("/hooks/shop", content=b'{"a":"\\u0000"}').json() == 14


def test_integers_of_a_route_have_the_bounds_of_their_column(client: TestClient) -> None:
    assert client.get(f"/rows/{MAX_BIGINT}?count=2147483647").json() == [MAX_BIGINT, 2**31 - 1]
    for url in (f"/rows/{MAX_BIGINT + 1}", "/rows/-1", "/rows/1?count=2147483648"):
        assert client.get(url).status_code == 422
