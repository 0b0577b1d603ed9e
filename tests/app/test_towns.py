"""The towns of maps."""

import pytest
from starlette.testclient import TestClient
from tests.app.test_attention import get

BAY_AREA = {"west": -123, "south": 37, "east": -121.5, "north": 38.2}


def test_the_largest_towns_of_an_area_come_first(client: TestClient) -> None:
    answer = client.get("/api/v1/towns", params={**BAY_AREA, "limit": 3})
    towns = answer.json()["towns"]
    assert [town["name"] for town in towns] == ["San Jose", "San Francisco", "Oakland"]
    assert towns[0]["country"] == "US"
    assert (round(towns[0]["latitude"]), round(towns[0]["longitude"])) == (37, -122)


def test_an_empty_sea_has_no_towns(client: TestClient) -> None:
    assert get(client, "/towns?west=-40&south=30&east=-39&north=31") == {"towns": []}


@pytest.mark.parametrize("wrong", [{"west": -181}, {"north": 91}, {"limit": 0}, {"limit": 201}])
def test_areas_beyond_the_world_are_refused(client: TestClient, wrong: dict[str, float]) -> None:
    answer = client.get("/api/v1/towns", params={**BAY_AREA, **wrong})
    assert answer.status_code == 422
