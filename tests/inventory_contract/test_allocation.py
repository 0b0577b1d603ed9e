"""Allocations of the public contract: allocate, unallocate, reallocate, consume and query."""

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from openiom.app.application import Application
from openiom.inventory_visibility import available
from openiom.platform.bulk import fetch
from openiom.platform.database import Database

BASE = "/api/environment/dev"
WHERE = {"siteId": "1", "locationId": "11", "colorId": "red"}
BIKE = {"productId": "Bike", "organizationId": "usmf", "dimensions": WHERE}
US = {"channel": "Online", "customerGroup": "VIP", "region": "US"}
EU = {"channel": "Online", "customerGroup": "VIP", "region": "EU"}
INVARIANTS = Path(__file__).parents[2] / "invariants"


def stock(client: TestClient, units: float, **of: Any) -> None:
    body = BIKE | {"id": f"stock-{units}", "quantities": {"iom": {"onhand": units}}} | of
    assert client.post(f"{BASE}/onhand", json=body).status_code == 200


def operate(
    client: TestClient,
    kind: str,
    identity: str,
    groups: dict[str, str],
    quantity: float,
    **more: Any,
) -> Any:
    body = BIKE | {"id": identity, "groups": groups, "quantity": quantity} | more
    return client.post(f"{BASE}/allocation/{kind}", json=body)


def figures(
    client: TestClient, groups: dict[str, str] | None = None, **of: Any
) -> dict[tuple[str, ...], list[float]]:
    """Return {groups: [allocated, cumulative, consumed, cumulative]}."""
    answer = client.post(f"{BASE}/allocation/query", json=BIKE | {"groups": groups or {}} | of)
    assert answer.status_code == 200, answer.text
    return {
        tuple(row["groups"].values()): list(row["quantities"]["@iv"].values())
        for row in answer.json()
    }


def measures(client: TestClient) -> dict[str, Any]:
    filters = {
        "organizationId": ["usmf"],
        "productId": ["Bike"],
        "siteId": ["1"],
        "locationId": ["11"],
    }
    body = {"filters": filters, "groupByValues": ["colorId"], "returnNegative": True}
    (row,) = client.post(
        f"{BASE}/onhand/indexquery", json=body, headers={"Api-Version": "1.0"}
    ).json()
    return dict(row["quantities"])


def assert_invariants(database: Database) -> None:
    with database.reading() as session:
        for name in ("allocations_add_up", "allocation_consumption_is_reserved"):
            assert fetch(session, (INVARIANTS / f"{name}.sql").read_text()) == [], name


def test_the_published_samples_of_allocations(
    client: TestClient, application: Application, sample: Any
) -> None:
    stock(client, 30)
    give, move, read = sample(35), sample(37), sample(40)
    assert (
        client.post(give["path"].format(environmentId="dev"), json=give["request"]).status_code
        == 200
    )
    after = measures(client)["@iv"]
    assert (after["@allocated"], after["@available_to_allocate"]) == (10, 20)
    assert (
        client.post(move["path"].format(environmentId="dev"), json=move["request"]).status_code
        == 200
    )
    rows = client.post(read["path"].format(environmentId="dev"), json=read["request"]).json()
    assert [(tuple(r["groups"].values()), r["quantities"]["@iv"]["@allocated"]) for r in rows] == [
        (("Online", "VIP", "EU"), 2),
        (("Online", "VIP", "US"), 8),
    ]
    assert measures(client)["@iv"]["@allocated"] == 10
    assert_invariants(application.database)


def test_the_pool_is_never_allocated_twice_and_a_refusal_changes_nothing(
    client: TestClient, application: Application
) -> None:
    assert operate(client, "allocate", "a-0", US, 1).status_code == 409
    stock(client, 10)
    assert operate(client, "allocate", "a-1", US, 7).status_code == 200
    refused = operate(client, "allocate", "a-2", EU, 4)
    assert (refused.status_code, refused.json()["message"]) == (
        409,
        "3 units are available to allocate",
    )
    assert figures(client) == {("Online", "VIP", "US"): [7, 7, 0, 0]}
    assert operate(client, "allocate", "a-2", EU, 3).json()["message"] == "", (
        "a refused id may be sent again"
    )
    assert_invariants(application.database)


def test_every_operation_is_applied_once(client: TestClient, application: Application) -> None:
    stock(client, 10)
    for _ in range(3):
        assert operate(client, "allocate", "a-1", US, 4).status_code == 200
        assert operate(client, "unallocate", "a-2", US, 1).status_code == 200
        assert operate(client, "reallocate", "a-3", EU, 1, sourceGroups=US).status_code == 200
        assert operate(client, "consume", "a-4", US, 1).status_code == 200

    assert figures(client) == {
        ("Online", "VIP", "EU"): [1, 1, 0, 0],
        ("Online", "VIP", "US"): [1, 3, 1, 1],
    }
    assert_invariants(application.database)


def test_no_operation_uses_more_than_is_allocated_to_the_group(
    client: TestClient, application: Application
) -> None:
    stock(client, 10)
    operate(client, "allocate", "a-1", US, 4)
    before = figures(client)

    for kind, more in (("unallocate", {}), ("consume", {}), ("reallocate", {"sourceGroups": US})):
        groups = EU if kind == "reallocate" else US
        refused = operate(client, kind, f"too-much-{kind}", groups, 5, **more)
        assert refused.status_code == 409
        assert "4 units are allocated to Online > VIP > US, requested 5" in refused.text

    assert figures(client) == before
    assert_invariants(application.database)


def test_units_move_from_a_group_to_one_below_it(
    client: TestClient, application: Application
) -> None:
    stock(client, 10)
    operate(client, "allocate", "a-1", {"channel": "Online"}, 6)
    assert (
        operate(client, "reallocate", "a-2", US, 2, sourceGroups={"channel": "Online"}).status_code
        == 200
    )
    assert figures(client) == {("Online",): [4, 4, 0, 0], ("Online", "VIP", "US"): [2, 2, 0, 0]}
    assert figures(client, {"channel": "Online", "customerGroup": "VIP"}) == {
        ("Online", "VIP", "US"): [2, 2, 0, 0]
    }
    assert figures(client, {"channel": "Store"}) == {}
    assert_invariants(application.database)


def test_consume_posts_measures_with_the_sign_opposite_to_the_formula(
    client: TestClient, application: Application
) -> None:
    stock(client, 0, quantities={"pos": {"inbound": 10}})
    operate(client, "allocate", "a-1", US, 6)
    wrong = operate(
        client, "consume", "a-2", US, 2, physicalMeasures={"pos": {"inbound": "Addition"}}
    )
    assert wrong.status_code == 409
    assert "opposite" in wrong.text
    used = operate(
        client, "consume", "a-2", US, 2, physicalMeasures={"pos": {"inbound": "Subtraction"}}
    )
    assert used.status_code == 200
    now = measures(client)
    assert now["pos"]["inbound"] == 8
    assert now["@iv"]["@available_to_allocate"] == 4, "consumed units leave both sides"
    assert figures(client) == {("Online", "VIP", "US"): [4, 6, 2, 2]}
    assert_invariants(application.database)


def test_consume_into_a_soft_reservation_reserves_the_units(
    client: TestClient, application: Application
) -> None:
    stock(client, 10)
    operate(client, "allocate", "a-1", US, 6)
    used = operate(
        client, "consume", "a-2", US, 2, physicalMeasures={"iv": {"softreserved": "Addition"}}
    )
    assert used.status_code == 200, used.text
    now = measures(client)
    assert (now["iv"]["softreserved"], now["iv"]["availabletoreserve"]) == (2, 8)
    assert now["@iv"]["@available_to_allocate"] == 4
    assert_invariants(application.database)


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ({"customerGroup": "VIP"}, "channel is missing"),
        ({"channel": "Online", "region": "US"}, "customerGroup is missing"),
        ({"planet": "Mars"}, "planet is not an allocation group"),
        ({}, "names no group"),
    ],
)
def test_groups_must_start_at_the_top_without_a_gap(
    client: TestClient, groups: dict[str, str], message: str
) -> None:
    stock(client, 10)
    refused = operate(client, "allocate", "a-1", groups, 1)
    assert refused.status_code == 422
    assert message in refused.text
    assert operate(client, "allocate", "a-2", US, 0).status_code == 422
    assert figures(client) == {}


def test_a_product_is_always_allocated_at_the_same_dimensions(client: TestClient) -> None:
    stock(client, 10)
    plain = {"dimensions": {"siteId": "1", "locationId": "11"}}
    operate(client, "allocate", "a-1", US, 1)
    refused = operate(client, "allocate", "a-2", US, 1, **plain)
    assert (refused.status_code, "always allocated by the same dimensions" in refused.text) == (
        409,
        True,
    )
    assert figures(client, **plain) == {}
    operate(client, "unallocate", "a-3", US, 1)
    assert operate(client, "allocate", "a-4", US, 1, **plain).status_code == 200, (
        "nothing is allocated, so it may change"
    )


def test_eight_levels_are_the_maximum(client: TestClient, application: Application) -> None:
    names = [f"level{n}" for n in range(1, 9)]
    body = client.get(f"{BASE}/configuration").json()
    body["allocation_groups"] = names
    assert client.put(f"{BASE}/configuration", json=body).status_code == 200
    stock(client, 10)
    assert operate(client, "allocate", "a-1", {name: "x" for name in names}, 1).status_code == 200
    body["allocation_groups"] = [*names, "level9"]
    assert client.put(f"{BASE}/configuration", json=body).status_code == 422
    assert list(figures(client)) == [("x",) * 8]


def test_allocated_own_stock_is_not_available_to_other_requesters(
    client: TestClient, application: Application
) -> None:
    own = {"organizationId": "main", "dimensions": {"siteId": "SEA", "locationId": "SEA"}}
    stock(client, 10, **own)
    assert (
        operate(
            client, "allocate", "a-1", {"channel": "Online", "customerGroup": "VIP"}, 4, **own
        ).status_code
        == 200
    )

    with application.database.reading() as session:
        assert available(session, ["Bike"]) == {("Bike", "SEA"): 6}
        assert available(session, ["Bike"], channel="online", customer_group="vip") == {
            ("Bike", "SEA"): 10
        }
        assert available(session, ["Bike"], channel="Online") == {("Bike", "SEA"): 6}

    page = client.get("/api/v1/inventory/allocations").json()
    assert [(r["product"], r["source"], r["groups"], r["allocated"]) for r in page["items"]] == [
        ("Bike", "SEA", ["Online", "VIP"], 4)
    ]
