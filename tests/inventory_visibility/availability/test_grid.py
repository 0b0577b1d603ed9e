"""The visibility grid and the lists beside it, over HTTP, with exact numbers."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from starlette.testclient import TestClient

from openiom.inventory_visibility import (
    MeasureChange,
    SoftReservationRequest,
    StockChange,
    change_on_hand,
    inventory_configuration,
    post_measures,
    soft_reserve,
)
from openiom.kernel import new_id
from openiom.platform.database import Database

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PREFIX = "/api/v1/inventory"


@pytest.fixture
def stocked(database: Database) -> Database:
    """A lamp at two sources, a tee in two colors at one."""
    counted = [("LAMP", "SEA", 10), ("LAMP", "CHI", 4), ("TEE", "SEA", 2)]
    with database.unit_of_work() as session:
        change_on_hand(
            session,
            [StockChange(product, source, Decimal(units)) for product, source, units in counted],
            mode="set",
            cause="count",
            document="C-1",
            now=NOW,
            actor="dana",
        )
        tees = [("red", 5), ("blue", 7)]
        post_measures(
            session,
            [
                *(
                    MeasureChange(
                        "",
                        "TEE",
                        "SEA",
                        {("pos", "inbound"): Decimal(u)},
                        dimensions={"colorid": c},
                    )
                    for c, u in tees
                ),
                MeasureChange("", "LAMP", "SEA", {("pos", "outbound"): Decimal(3)}),
            ],
            formula=inventory_configuration(session).formula,
            now=NOW,
            actor="pos",
            cause="register",
        )
        soft_reserve(
            session,
            [
                SoftReservationRequest(
                    "",
                    "LAMP",
                    "SEA",
                    Decimal(2),
                    expires_at=NOW + timedelta(hours=1),
                    document="20480",
                ),
                SoftReservationRequest("", "LAMP", "CHI", Decimal(4), document="20481"),
            ],
            now=NOW,
            actor="dana",
        )

    return database


def read(client: TestClient, path: str, **query: Any) -> dict[str, Any]:
    answer = client.get(f"{PREFIX}{path}", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_measures_of_every_source_system_are_shown_with_calculated_ones(
    client: TestClient, stocked: Database
) -> None:
    rows = read(client, "/visibility", product="LAMP")["items"]
    assert [r["values"] for r in rows] == [
        {"product": "LAMP", "source": "CHI"},
        {"product": "LAMP", "source": "SEA"},
    ]
    sea = rows[1]
    assert (sea["on_hand"], sea["reserved"], sea["available"], sea["keys"]) == (7, 2, 5, 1)
    assert sea["stock_id"] is not None
    assert sea["measures"]["iom"] == {"onhand": 10}
    assert sea["measures"]["pos"]["outbound"] == 3
    assert sea["measures"]["iv"]["softreservordered"] == 2
    assert sea["measures"]["iv"]["availabletoreserve"] == 5


def test_groups_add_up_what_is_behind_them_and_their_keys_can_be_listed(
    client: TestClient, stocked: Database
) -> None:
    by_product = read(client, "/visibility", group_by="product")["items"]
    assert [(r["values"]["product"], r["keys"], r["on_hand"]) for r in by_product] == [
        ("LAMP", 2, 11),
        ("TEE", 3, 14),
    ]
    assert by_product[0]["stock_id"] is None
    keys = read(client, "/keys", product="TEE", source="SEA")["items"]
    by_color = sorted((k["dimensions"].get("colorid", ""), k["on_hand"]) for k in keys)
    assert by_color == [
        ("", 2),
        ("blue", 7),
        ("red", 5),
    ]
    assert read(client, f"/keys/{keys[1]['stock_id']}") == keys[1]
    assert client.get(f"{PREFIX}/keys/999999").status_code == 404


def test_dimensions_group_and_filter(client: TestClient, stocked: Database) -> None:
    rows = read(client, "/visibility", group_by="source,colorid,siteid", product="TEE")["items"]
    assert [(tuple(r["values"].values()), r["on_hand"]) for r in rows] == [
        (("SEA", "", "SEA"), 2),
        (("SEA", "blue", "SEA"), 7),
        (("SEA", "red", "SEA"), 5),
    ]
    red = read(client, "/visibility", dimension=["ColorId=red"])["items"]
    assert [(r["values"]["product"], r["on_hand"]) for r in red] == [("TEE", 5)]
    refused = client.get(f"{PREFIX}/visibility", params={"group_by": "product,'; DROP TABLE"})
    assert refused.status_code == 422


def test_pages_of_groups_follow_each_other_without_a_gap(
    client: TestClient, stocked: Database
) -> None:
    seen, after = [], None
    while True:
        page = read(client, "/visibility", limit=1, **({"after": after} if after else {}))
        seen += [tuple(r["values"].values()) for r in page["items"]]
        after = page["next"]
        if after is None:
            break

    assert seen == [("LAMP", "CHI"), ("LAMP", "SEA"), ("TEE", "SEA")]


def test_short_keeps_only_groups_of_which_nothing_may_be_promised(
    client: TestClient, stocked: Database
) -> None:
    rows = read(client, "/visibility", short=True)["items"]
    assert [r["values"] for r in rows] == [{"product": "LAMP", "source": "CHI"}]
    assert read(client, "/visibility", group_by="product", short=True)["items"] == []


def test_the_shape_says_what_measures_are_made_of(client: TestClient, stocked: Database) -> None:
    found = read(client, "/shape")
    assert found["organizations"] == [""]
    assert found["reservable"] == ["iv", "availabletoreserve"]
    assert [d["name"] for d in found["dimensions"]] == ["siteid", "colorid", "sizeid", "styleid"]
    iv = next(s for s in found["systems"] if s["name"] == "iv")
    soft = next(m for m in iv["measures"] if m["name"] == "softreserved")
    assert soft["title"] == "SoftReserved"
    assert [(t["sign"], t["measure"]) for t in soft["terms"]] == [
        ("+", "softreservphysical"),
        ("+", "softreservordered"),
    ]


def test_what_expires_next_comes_first(client: TestClient, stocked: Database) -> None:
    rows = read(client, "/reservations/expiring")["items"]
    assert [(r["document"], r["open"]) for r in rows] == [("20480", 2)]
    assert read(client, "/reservations/expiring", product="TEE")["items"] == []
    assert read(client, "/reservations/expiring", line=str(new_id()))["items"] == []
    assert read(client, "/reservations", line=str(new_id()))["items"] == []


def test_manual_allocations_move_pools_once_and_a_refusal_changes_nothing(
    client: TestClient, stocked: Database
) -> None:
    def act(**body: Any) -> dict[str, Any]:
        answer = client.post(
            f"{PREFIX}/allocations/operations",
            json={"operations": [{"product": "LAMP", "source": "SEA", **body}]},
        )
        assert answer.status_code == 200, answer.text
        result: dict[str, Any] = answer.json()["results"][0]
        return result

    assert act(id="a1", kind="allocate", groups=["web", "vip"], quantity="3")["ok"]
    assert act(id="a1", kind="allocate", groups=["web", "vip"], quantity="3") == {
        **{"id": "a1", "ok": True, "duplicate": True, "reason": ""}
    }
    assert act(id="a2", kind="reallocate", groups=["pos"], sources=["web", "vip"], quantity="1")[
        "ok"
    ]
    refused = act(id="a3", kind="allocate", groups=["web"], quantity="100")
    assert (refused["ok"], refused["reason"]) == (False, "2 units are available to allocate")

    pools = read(client, "/allocations/pools")["items"]
    assert [(p["groups"], p["allocated"], p["keys"]) for p in pools] == [
        (["pos"], 1, 1),
        (["web", "vip"], 2, 1),
    ]
    sea = read(client, "/visibility", product="LAMP", source="SEA")["items"][0]
    assert (sea["allocated"], sea["available"]) == (3, 2)
    web = next(a for a in read(client, "/allocations")["items"] if a["groups"] == ["web", "vip"])
    moved = read(client, f"/allocations/{web['id']}/moves")["items"]
    assert [(m["operation"], m["allocated"], m["document"]) for m in moved] == [
        ("reallocate", -1, "a2"),
        ("allocate", 3, "a1"),
    ]


def test_an_invalid_path_of_groups_is_refused_with_a_remedy(
    client: TestClient, stocked: Database
) -> None:
    body = {
        "id": "x",
        "kind": "allocate",
        "product": "LAMP",
        "source": "SEA",
        "groups": ["web", " "],
        "quantity": "1",
    }
    answer = client.post(f"{PREFIX}/allocations/operations", json={"operations": [body]})
    assert answer.status_code == 422
    assert "channel, customerGroup" in answer.json()["remedy"]
    assert read(client, "/allocations/pools")["items"] == []
