"""Dated changes of the public contract: counted once, within the window, never touching on hand, promised by day."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from starlette.testclient import TestClient

from openiom.app.application import Application
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
INVARIANTS = Path(__file__).parents[3] / "invariants"


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


def balances_are_their_entries(application: Application) -> None:
    with application.database.reading() as session:
        assert fetch(session, (INVARIANTS / "schedule_entries_add_up.sql").read_text()) == []


def shifted(request: Any) -> Any:
    """A published body with its days moved: the first of them is tomorrow."""
    bodies = request if isinstance(request, list) else [request]
    first = min(date.fromisoformat(d) for body in bodies for d in body["quantitiesByDate"])
    ahead = utc_now().date() + timedelta(days=1) - first
    moved = [
        body
        | {
            "quantitiesByDate": {
                str(date.fromisoformat(d) + ahead): q for d, q in body["quantitiesByDate"].items()
            }
        }
        for body in bodies
    ]
    return moved if isinstance(request, list) else moved[0]


def test_the_samples_of_scheduling_are_taken_and_promised(
    client: TestClient, application: Application, sample: Any
) -> None:
    one, many, now, read = sample(28), sample(29), sample(30), sample(32)
    path = one["path"].format(environmentId="dev")
    answer = client.post(path, json=shifted(one["request"]))
    assert (answer.status_code, answer.json()["processingStatus"]) == (200, "success")
    bulk = client.post(
        many["path"].format(environmentId="dev"), json=shifted(many["request"])
    ).json()
    assert [(a["id"], a["message"]) for a in bulk] == [
        ("id-bike-0001", "counted before"),
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
    balances_are_their_entries(application)


def test_scheduling_leaves_on_hand_alone_and_is_committed_by_its_opposite(
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
    ), "ids of changes and of dated changes are counted apart"
    back = {"quantitiesByDate": {day(3): {"pos": {"inbound": -10}}}}
    client.post(f"{BASE}/onhand/changeschedule", json=scheduled("s-2", **back))
    row = dated(client)
    assert row["quantities"]["pos"]["inbound"] == 10
    assert row["quantitiesByDate"] == {}
    assert {d["iv"]["availabletopromise"] for d in row["atpQuantities"].values()} == {10.0}
    balances_are_their_entries(application)


@pytest.mark.parametrize("offset", [-1, 30, 400])
def test_a_day_outside_the_window_is_refused_and_nothing_of_its_event_is_kept(
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


def test_a_bulk_answers_bad_records_by_index_and_takes_the_rest(client: TestClient) -> None:
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
    assert answers[4]["message"] == "counted before"
    too_many = client.post(f"{BASE}/onhand/changeschedule/bulk", json=[good] * 513)
    assert too_many.status_code == 413


def test_a_bulk_of_512_is_one_batch_and_every_key_is_promised_alone(
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
            mine = [
                (d, q)
                for c in changes
                if c.product == f"P{n}"
                for (d, _, _), q in c.quantities.items()
            ]
            window = [now.date() + timedelta(days=i) for i in range(30)]
            projected = [sum(q for d, q in mine if d <= until) for until in window]
            promised = [min(projected[i:]) for i in range(30)]
            assert [
                v["iv"]["availabletopromise"] for v in together[n].atp_quantities.values()
            ] == promised
    balances_are_their_entries(application)
