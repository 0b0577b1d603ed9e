"""An invalid page cursor is the caller's mistake in every list."""

import re

import pytest
from starlette.testclient import TestClient

from openiom.platform.http import encode_cursor

MADE_UP = ("x", "\0", "9" * 40, "-1", "[]", '{"a": "NaN?"}')


@pytest.mark.parametrize("value", MADE_UP, ids=repr)
def test_no_list_breaks_on_a_cursor_that_was_made_up(client: TestClient, value: str) -> None:
    paths = client.get("/api/openapi.json").json()["paths"]
    lists: list[str] = []
    for path, methods in paths.items():
        parameters = methods.get("get", {}).get("parameters", [])
        if "after" in [parameter["name"] for parameter in parameters]:
            lists.append(path)

    assert len(lists) > 20
    told = {}
    for path in lists:
        for fields in range(1, 6):
            asked = {"after": encode_cursor(*[value] * fields), "product": "x", "source": "y"}
            told[path, fields] = client.get(
                re.sub(r"\{[^}]*\}", "1", path), params=asked
            ).status_code

    assert {where: status for where, status in told.items() if status not in (200, 404, 422)} == {}
