"""Keyset pages: the dependency, and cursors with typed fields."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import orjson
import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from openiom.kernel import Invalid
from openiom.platform.http import install_problem_handlers
from openiom.platform.pagination import (
    MAX_ID,
    Page,
    PageRequest,
    RawPageRequest,
    decode_cursor,
    encode_cursor,
    page_request,
    raw_page_request,
)

NUMBERS = list(range(10, 17))
NumberPage = Annotated[PageRequest[int], Depends(page_request(int, default_limit=3, max_limit=5))]

FIRST = datetime(1900, 1, 2, tzinfo=UTC).replace(tzinfo=None)
LAST = datetime(9000, 12, 30, tzinfo=UTC).replace(tzinfo=None)


@pytest.fixture
def client() -> Iterator[TestClient]:
    app = FastAPI()
    install_problem_handlers(app)

    @app.get("/numbers")
    def numbers(paging: NumberPage) -> Page[int]:
        start = paging.after[0] if paging.after else 0
        rows = [number for number in NUMBERS if number > start]
        return paging.page(rows[: paging.fetch_limit], key=lambda number: (number,))

    @app.get("/groups")
    def groups(
        paging: Annotated[RawPageRequest, Depends(raw_page_request())], by: int = 1
    ) -> dict[str, Any]:
        request = paging.keyed_by(*[str] * by)
        return {"after": request.after, "limit": request.limit}

    with TestClient(app) as client:
        yield client


def test_pages_follow_each_other_until_the_last(client: TestClient) -> None:
    shown: list[list[int]] = []
    after: str | None = None
    while after is not None or not shown:
        page = client.get("/numbers", params={"after": after} if after else {}).json()
        shown.append(page["items"])
        after = page["next"]

    assert shown == [[10, 11, 12], [13, 14, 15], [16]]


def test_a_full_last_page_has_no_next(client: TestClient) -> None:
    page = client.get("/numbers", params={"after": encode_cursor(13), "limit": 3}).json()

    assert page == {"items": [14, 15, 16], "next": None}


@pytest.mark.parametrize(("limit", "status"), [(0, 422), (1, 200), (5, 200), (6, 422)])
def test_the_limit_is_bounded(client: TestClient, limit: int, status: int) -> None:
    assert client.get("/numbers", params={"limit": limit}).status_code == status


@pytest.mark.parametrize("cursor", ["x", "W10", encode_cursor("a"), encode_cursor(1, 2)])
def test_a_cursor_of_another_list_is_refused(client: TestClient, cursor: str) -> None:
    response = client.get("/numbers", params={"after": cursor})

    assert response.status_code == 422
    assert response.json()["detail"] == "is not a page cursor of this list"
    assert response.json()["where"] == "after"


def test_a_list_may_decide_its_sort_key_by_other_parameters(client: TestClient) -> None:
    cursor = encode_cursor("red", "L")

    assert client.get("/groups").json() == {"after": None, "limit": 50}
    both = client.get("/groups", params={"by": 2, "after": cursor, "limit": 500})
    assert both.json() == {"after": ["red", "L"], "limit": 500}
    assert client.get("/groups", params={"by": 1, "after": cursor}).status_code == 422


@given(
    text=st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    number=st.integers(0, MAX_ID),
    id=st.uuids(),
    day=st.dates(date(1900, 1, 1), date(9000, 12, 31)),
    moment=st.datetimes(FIRST, LAST, timezones=st.just(UTC)),
    amount=st.decimals(allow_nan=False, allow_infinity=False),
)
def test_values_survive_a_cursor(
    text: str, number: int, id: UUID, day: date, moment: datetime, amount: Decimal
) -> None:
    values = (text, number, id, day, moment, amount)

    assert decode_cursor(encode_cursor(*values), str, int, UUID, date, datetime, Decimal) == values


@pytest.mark.parametrize(
    ("texts", "field"),
    [
        (["-1"], int),
        ([str(2**63)], int),
        (["1.5"], int),
        (["a\0b"], str),
        (["no id"], UUID),
        (["2025-02-30"], date),
        (["yesterday"], datetime),
        (["NaN"], Decimal),
        (["-Infinity"], Decimal),
        (["ten"], Decimal),
        ([None], str),
        ([7], int),
        ({"0": "1"}, int),
    ],
)
def test_a_made_up_cursor_is_refused(texts: object, field: type) -> None:
    cursor = urlsafe_b64encode(orjson.dumps(texts)).decode()

    with pytest.raises(Invalid, match="not a page cursor of this list"):
        decode_cursor(cursor, field)


def test_the_largest_and_the_smallest_id_are_ids() -> None:
    assert decode_cursor(encode_cursor(0), int) == (0,)
    assert decode_cursor(encode_cursor(MAX_ID), int) == (MAX_ID,)


def test_the_first_page_has_no_cursor() -> None:
    assert decode_cursor(None, int) is None
    assert decode_cursor("", int) is None


def test_mistakes_of_the_programmer_are_found_where_they_are_made() -> None:
    with pytest.raises(TypeError, match="cannot hold a float"):
        page_request(float)
    with pytest.raises(TypeError, match="sort key cannot be null"):
        encode_cursor(1, None)
