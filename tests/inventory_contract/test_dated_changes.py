"""Dated changes of the public contract: applied once, in the window, without effect on hand."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Any

import pytest
from starlette.testclient import TestClient

from openiom.app.application import Application
from openiom.inventory_contract.changes import ALREADY_APPLIED
from openiom.inventory_visibility import (
    ScheduleChange,
    dated_quantities,
    inventory_configuration,
    post_schedule,
)
from openiom.platform.bulk import fetch
from openiom.platform.clock import utc_now

BASE = "/api/environment/dev"
BIKE = {"organizationId": "usmf", "productId": "Bike"}
WHERE = {"SiteId": "1", "LocationId": "11", "ColorId": "Red", "SizeId": "Small"}
FILTERS = {"organizationId": ["usmf"], "productId": ["Bike"], "siteId": ["1"], "locationId": ["11"]}
INVARIANTS = Path(__file__).parents[2] / "invariants"


def day(offset: int) -> str:
    return (utc_now().date() + timedelta(days=offset)).isoformat()


def scheduled(identity: str, **more: Any) -> dict[str, Any]:
    return {"id": identity, **BIKE, "dimensions": WHERE, **more}


def dated(client: TestClient, **more: Any) -> dict[str, Any]:
    body = {
        "filters": FILTERS,
        "groupByValues": ["ColorId", "SizeId"],
        "returnNegative": True,
        "QueryATP": True,
    }
    answer = client.post(
        f"{BASE}/onhand/indexquery", json={**body, **more}, headers={"Api-Version": "1.0"}
    )
    assert answer.status_code == 200, answer.text
    (row,) = answer.json()
    return dict(row)


def assert_balances_are_their_entries(application: Application) -> None:
    with application.database.reading() as session:
        assert fetch(session, (INVARIANTS / "schedule_entries_add_up.sql").read_text()) == []


def moved_to_tomorrow(request: Any) -> Any:
    """Return a published body with its days moved, so that the first of them is tomorrow."""
    bodies = request if isinstance(request, list) else [request]
    first = min(date.fromisoformat(d) for body in bodies for d in body["quantitiesByDate"])
    offset = utc_now().date() + timedelta(days=1) - first

    moved = []
    for body in bodies:
        by_date = {}
        for published_day, quantities in body["quantitiesByDate"].items():
            by_date[str(date.fromisoformat(published_day) + offset)] = quantities

        moved.append(body | {"quantitiesByDate": by_date})

    return moved if isinstance(request, list) else moved[0]


def test_the_published_samples_of_dated_changes(
    client: TestClient, application: Application, sample: Any
) -> None:
    one, many, now, read = sample(28), sample(29), sample(30), sample(32)
    path = one["path"].format(environmentId="dev")
    answer = client.post(path, json=moved_to_tomorrow(one["request"]))
    assert (answer.status_code, answer.json()["processingStatus"]) == (200, "success")
    bulk = client.post(
        many["path"].format(environmentId="dev"), json=moved_to_tomorrow(many["request"])
    ).json()
    assert [(a["id"], a["message"]) for a in bulk] == [
        ("id-bike-0001", ALREADY_APPLIED),
        ("id-car-0002", ""),
    ]
    assert (
        client.post(now["path"].format(environmentId="dev"), json=now["request"]).status_code == 200
    )
    query = read["query"] | {"ATPFromDate": day(0), "ATPToDate": day(9)}
    rows = client.get(read["path"].format(environmentId="dev"), params=query).json()
    small, big = sorted(rows, key=lambda r: r["dimensions"]["sizeid"], reverse=True)
    assert small["quantitiesByDate"] == {
        f"{day(1)}T00:00:00": {"pos": {"inbound": 10.0}, "iv": {"availabletopromise": 10.0}}
    }
    by_day = [d["iv"]["availabletopromise"] for _, d in sorted(small["atpQuantities"].items())]
    assert by_day == [0.0] + [10.0] * 9
    assert set(big["atpQuantities"]) == {f"{day(n)}T00:00:00Z" for n in range(10)}
    assert {d["iv"]["availabletopromise"] for d in big["atpQuantities"].values()} == {10.0}
    assert_balances_are_their_entries(application)


def test_a_dated_change_does_not_change_on_hand_and_its_opposite_cancels_it(
    client: TestClient, application: Application
) -> None:
    inbound = {"quantitiesByDate": {day(3): {"pos": {"inbound": 10}}}}
    assert (
        client.post(f"{BASE}/onhand/changeschedule", json=scheduled("s-1", **inbound)).status_code
        == 200
    )
    assert dated(client)["quantities"].get("pos", {}).get("inbound", 0) == 0
    assert (
        client.post(
            f"{BASE}/onhand", json=scheduled("s-1", quantities={"pos": {"inbound": 10}})
        ).json()["processingStatus"]
        == "success"
    ), "ids of changes and of dated changes are separate"
    back = {"quantitiesByDate": {day(3): {"pos": {"inbound": -10}}}}
    client.post(f"{BASE}/onhand/changeschedule", json=scheduled("s-2", **back))
    row = dated(client)
    assert row["quantities"]["pos"]["inbound"] == 10
    assert row["quantitiesByDate"] == {}
    assert {d["iv"]["availabletopromise"] for d in row["atpQuantities"].values()} == {10.0}
    assert_balances_are_their_entries(application)


@pytest.mark.parametrize("offset", [-1, 30, 400])
def test_a_day_outside_the_window_is_refused_and_nothing_is_stored(
    client: TestClient, application: Application, offset: int
) -> None:
    good, bad = day(0), day(offset)
    body = scheduled(
        "w-1", quantitiesByDate={good: {"pos": {"inbound": 1}}, bad: {"pos": {"inbound": 1}}}
    )
    answer = client.post(f"{BASE}/onhand/changeschedule", json=body)
    assert answer.status_code == 409
    assert f"{bad} is outside the schedule, which goes from {day(0)} to {day(29)}" in answer.text

    with application.database.reading() as session:
        assert fetch(session, "SELECT count(*) FROM inventory_visibility.schedule_event") == [(0,)]

    body["quantitiesByDate"] = {day(29): {"pos": {"inbound": 1}}}
    assert client.post(f"{BASE}/onhand/changeschedule", json=body).json()["message"] == ""


def test_invalid_records_of_a_bulk_fail_by_index_and_the_others_are_applied(
    client: TestClient,
) -> None:
    good = scheduled("b-1", quantitiesByDate={day(1): {"pos": {"inbound": 1}}})
    bodies = [
        good,
        scheduled("b-2", quantitiesByDate={"soon": {"pos": {"inbound": 1}}}),
        scheduled("b-3", quantitiesByDate={day(1): {"fno": {"arrived": 1}}}),
        scheduled("b-4"),
        good,
    ]
    answers = client.post(f"{BASE}/onhand/changeschedule/bulk", json=bodies).json()
    assert [a["statusCode"] for a in answers] == [200, 422, 403, 422, 200]
    assert answers[4]["message"] == ALREADY_APPLIED
    too_many = client.post(f"{BASE}/onhand/changeschedule/bulk", json=[good] * 513)
    assert too_many.status_code == 413


def projection(changes: list[ScheduleChange], today: date) -> list[Any]:
    """Return the sum of all changes up to each of the next 30 days."""
    on_day = [Decimal(0)] * 30
    for change in changes:
        for (changed_day, _, _), quantity in change.quantities.items():
            on_day[(changed_day - today).days] += quantity
    return list(accumulate(on_day))


def test_a_batch_of_512_changes_projects_every_product_separately(
    application: Application,
) -> None:
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    random = Random(3)
    changes = [
        ScheduleChange(
            f"usmf/{n}",
            "usmf",
            f"P{n % 40}",
            "11",
            {
                (
                    now.date() + timedelta(days=random.randint(0, 29)),
                    "pos",
                    "inbound",
                ): random.randint(-9, 9)
            },
            {"siteid": "1"},
        )
        for n in range(512)
    ]

    with application.database.unit_of_work() as session:
        assert all(a.ok for a in post_schedule(session, changes, now=now, actor="t", cause="test"))
        ids = {
            r[0]: r[1] for r in fetch(session, "SELECT product, id FROM inventory_visibility.stock")
        }
        configuration = inventory_configuration(session)
        together = dated_quantities(
            session,
            [[ids[f"P{n}"]] for n in range(40)],
            configuration=configuration,
            today=now.date(),
        )

        for n in range(40):
            projected = projection([c for c in changes if c.product == f"P{n}"], now.date())
            promised = [min(projected[i:]) for i in range(30)]
            assert [
                v["iv"]["availabletopromise"] for v in together[n].atp_quantities.values()
            ] == promised

    assert_balances_are_their_entries(application)
