"""Simulations over HTTP and in a worker: started, run, compared, copied and committed."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from starlette.testclient import TestClient
from tests.fulfillment_optimization.quote_setup import (
    CHICAGO,
    MIAMI,
    NOW,
    SEATTLE,
    doc,
    goods,
    put,
    source,
    stock,
    stock_hash,
)

from openiom.administration import issue_token
from openiom.app.application import Application
from openiom.inventory_visibility import ScheduleChange, post_schedule
from openiom.orders import receive_orders
from openiom.platform.batches import drain
from openiom.platform.bulk import execute, fetch
from openiom.platform.clock import utc_now
from openiom.platform.http import encode_cursor
from openiom.provider_contract import InboundDocument
from openiom.simulation import SimulationWorker
from openiom.simulation import worker as workers
from openiom.simulation.kpis import KPIS

INVARIANTS = Path(__file__).parents[2] / "invariants"
URL = "/api/v1/simulations"
PATHS = {"PYTHONPATH": str(Path(__file__).parents[2] / "src")}
HANGING_WORKER = """
import sys, time
from openiom.simulation import worker
from openiom.platform.database import Database
from openiom.platform.clock import utc_now

def hang(*_, **__):
    print("in a run", flush=True)
    time.sleep(120)

worker.simulate = hang
worker.SimulationWorker().run_once(Database(sys.argv[1]), limit=1, now=utc_now())
"""
INBOUND = ("pos", "inbound")
CITIES = (SEATTLE, CHICAGO, SEATTLE)


def order(day: int, number: int) -> dict[str, Any]:
    """Two lamps for 20.00, from Seattle or Chicago."""
    at = datetime(2026, 11, 2, 9 + number, tzinfo=UTC) + timedelta(days=day)
    return {
        "external_id": f"{day}-{number}",
        "number": f"{day}-{number}",
        "placed_at": at.isoformat(),
        "currency": "USD",
        "total_amount": "20.00",
        "customer": {"name": "Ann Lee"},
        "ship_to": {"name": "Ann Lee", "line1": "1 Main St", **CITIES[number % 3]},
        "lines": [
            {
                "external_id": "1",
                "product": "LAMP",
                "unit": "ea",
                "quantity": 2,
                "unit_price": "10.00",
            }
        ],
    }


@pytest.fixture
def shop(application: Application) -> Application:
    """Two sources, a week of three orders a day."""
    put(application, *goods("LAMP"), source("SEA", SEATTLE), source("CHI", CHICAGO))
    stock(application.database, LAMP_SEA=30, LAMP_CHI=30)
    orders = [order(day, number) for day in range(7) for number in range(3)]
    with application.database.unit_of_work() as session:
        arrived = [InboundDocument(i, "store", document) for i, document in enumerate(orders)]
        assert all(taken.ok for taken in receive_orders(session, arrived, NOW, "intake"))
    return application


def scenario(**more: Any) -> dict[str, Any]:
    demand = {"kind": "past", "from": "2026-11-02", "to": "2026-11-08"}
    return {"name": "What if", "demand": demand, "runs": 4, "seed": 1, **more}


def start(client: TestClient, **more: Any) -> dict[str, Any]:
    answer = client.post(URL, json=scenario(**more))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def finished(client: TestClient, application: Application, **more: Any) -> dict[str, Any]:
    made = start(client, **more)
    drain(application.database, [SimulationWorker()])
    found: dict[str, Any] = client.get(f"{URL}/{made['id']}").json()
    assert (found["state"], found["error"]) == ("finished", "")
    return found


def test_a_scenario_runs_beside_its_baseline_and_touches_nothing_live(
    shop: Application, client: TestClient
) -> None:
    before = stock_hash(shop.database)
    made = start(client, changes={"closed_sources": ["CHI"]})
    assert (made["state"], made["progress"], made["basis_orders"], made["basis_lines"]) == (
        "waiting",
        0.0,
        21,
        21,
    )
    assert SimulationWorker().run_once(shop.database, limit=1, now=utc_now()).rows == 1
    assert client.get(f"{URL}/{made['id']}").json()["progress"] == 0.25
    drain(shop.database, [SimulationWorker()])
    found = client.get(f"{URL}/{made['id']}").json()
    assert (found["state"], found["progress"], found["currency"]) == ("finished", 1.0, "USD")
    assert found["cost_currency"] == "USD"
    baseline, changed = found["summary"]["baseline"]["kpis"], found["summary"]["scenario"]["kpis"]
    assert set(baseline) == set(KPIS)
    assert baseline["orders"] == {"mean": 21.0, "lower": 21.0, "upper": 21.0}
    assert (baseline["fill_rate"]["mean"], baseline["sources_used"]["mean"]) == (1.0, 2.0)
    assert (changed["fill_rate"]["mean"], changed["sources_used"]["mean"]) == (
        round(15 / 21, 6),
        1.0,
    )
    assert baseline["revenue"]["mean"] == 420.0
    assert changed["revenue"]["mean"] == 300.0
    gap = found["summary"]["difference"]["revenue"]
    assert gap == {"mean": -120.0, "lower": -120.0, "upper": -120.0, "certain": True}
    assert len(found["summary"]["scenario"]["daily"]["revenue"]["upper"]) == 7
    assert list(found["summary"]["scenario"]["by_source"]) == ["SEA"]
    assert stock_hash(shop.database) == before


def test_two_currencies_are_not_compared(shop: Application, client: TestClient) -> None:
    answer = client.post(URL, json=scenario(changes={"strategy": {"body": {"currency": "EUR"}}}))
    assert (answer.status_code, "counts in EUR" in answer.json()["detail"]) == (422, True)


def test_a_scenario_that_changes_nothing_reports_a_difference_of_exactly_zero(
    shop: Application, client: TestClient
) -> None:
    found = finished(client, shop)
    assert {tuple(gap.values()) for gap in found["summary"]["difference"].values()} == {
        (0.0, 0.0, 0.0, False)
    }
    assert found["changed"] == []


def test_future_demand_is_drawn_from_its_basis_and_multiplied(
    shop: Application, client: TestClient
) -> None:
    basis = {"basis_from": "2026-11-02", "basis_to": "2026-11-08"}
    demand = {
        "kind": "future",
        "from": "2027-01-04",
        "to": "2027-01-06",
        "multiplier": 2.0,
        **basis,
    }
    found = finished(client, shop, demand=demand)
    assert found["summary"]["baseline"]["kpis"]["orders"]["mean"] == 18.0
    assert len(found["summary"]["baseline"]["daily"]["orders"]["mean"]) == 3


def test_a_demand_shock_meets_the_scenario_and_not_its_baseline(
    shop: Application, client: TestClient
) -> None:
    found = finished(client, shop, template="demand_shock", changes={"demand_multiplier": 3.0})
    assert found["summary"]["baseline"]["kpis"]["orders"]["mean"] == 21.0
    assert found["summary"]["scenario"]["kpis"]["orders"]["mean"] == 63.0


def test_the_run_of_a_killed_worker_is_repeated_with_the_same_figures(
    shop: Application, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = finished(client, shop, changes={"closed_sources": ["CHI"]})
    made = start(client, changes={"closed_sources": ["CHI"]})
    now = utc_now()
    SimulationWorker().run_once(shop.database, limit=1, now=now)

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(workers, "_count_run", killed)
        with pytest.raises(KeyboardInterrupt):
            SimulationWorker().run_once(shop.database, limit=1, now=now)
    assert (
        SimulationWorker().run_once(shop.database, limit=1, now=now + timedelta(seconds=5)).rows
        == 0
    )
    assert client.get(f"{URL}/{made['id']}").json()["runs_done"] == 1
    later = now + timedelta(minutes=2)
    while SimulationWorker().run_once(shop.database, limit=1, now=later).rows:
        pass
    again = client.get(f"{URL}/{made['id']}").json()
    assert (again["state"], again["runs_done"]) == ("finished", 4)
    assert again["summary"] == whole["summary"]
    with shop.database.reading() as session:
        assert fetch(session, (INVARIANTS / "simulations_add_up.sql").read_text()) == []
    with shop.database.unit_of_work() as session:
        execute(
            session,
            "DELETE FROM simulation.simulation_result WHERE run = 3 AND scenario = 'baseline'",
        )
        broken = fetch(session, (INVARIANTS / "simulations_add_up.sql").read_text())
    assert {(state, runs, done, figures) for _, state, runs, done, figures in broken} == {
        ("finished", 4, 4, 7)
    }


def test_a_simulation_survives_a_worker_killed_in_the_middle_of_a_run(
    shop: Application, client: TestClient
) -> None:
    made = start(client)
    child = subprocess.Popen(
        [sys.executable, "-c", HANGING_WORKER, shop.database.url],
        stdout=subprocess.PIPE,
        env=os.environ | PATHS,
    )
    try:
        assert child.stdout
        assert child.stdout.readline() == b"in a run\n"
        waiting = client.get(f"{URL}/{made['id']}").json()
        assert (waiting["state"], waiting["runs_done"]) == ("running", 0)
        assert SimulationWorker().run_once(shop.database, limit=1, now=utc_now()).rows == 0
    finally:
        child.kill()
        child.communicate()
    later = utc_now() + timedelta(minutes=2)
    while SimulationWorker().run_once(shop.database, limit=1, now=later).rows:
        pass
    found = client.get(f"{URL}/{made['id']}").json()
    assert (found["state"], found["runs_done"]) == ("finished", 4)


def test_a_worker_that_lost_its_lease_writes_nothing(shop: Application, client: TestClient) -> None:
    made = UUID(start(client)["id"])
    with shop.database.unit_of_work() as session:
        claimed = workers._claim(session, UUID(int=1), utc_now())
    assert claimed is not None
    with shop.database.unit_of_work() as session:
        execute(session, "UPDATE simulation.simulation SET lease = %s", (UUID(int=2),))
    figures = workers._run(shop.database, claimed, 0)
    with shop.database.unit_of_work() as session:
        assert not workers._count_run(session, made, UUID(int=1), figures, 0)
        assert fetch(session, "SELECT count(*) FROM simulation.simulation_result") == [(0,)]


def test_a_run_that_breaks_ends_the_simulation_with_its_error(
    shop: Application, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = start(client)

    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(workers, "simulate", broken)
    drain(shop.database, [SimulationWorker()])
    found = client.get(f"{URL}/{made['id']}").json()
    assert (found["state"], found["error"]) == ("failed", "ZeroDivisionError: by nothing")


def test_a_commit_applies_what_was_simulated_and_shows_every_field_that_changes(
    shop: Application, client: TestClient
) -> None:
    body = {"title": "Near", "type": "maximum_distance", "entries": [{"distance": 5000}]}
    changes = {
        "closed_sources": ["CHI"],
        "constraints": [{"name": "near", "body": body}],
        "strategy": {"body": {"weights": {"split": 9.0}}},
    }
    found = finished(client, shop, changes=changes)
    assert [(d["kind"], d["name"], d["change"]) for d in found["changed"]] == [
        ("source", "CHI", "changed"),
        ("constraint", "near", "added"),
        ("strategy", "default", "added"),
    ]
    assert found["changed"][0]["paths"] == [{"path": "active", "before": None, "after": False}]
    answer = client.post(f"{URL}/{found['id']}/commit")
    assert (answer.status_code, answer.json()["changed"]) == (200, found["changed"])
    documents = client.get("/api/v1/configuration", params={"kind": "strategy"}).json()["documents"]
    assert documents[0]["body"]["weights"]["split"] == 9.0
    assert documents[0]["body"]["constraints"] == ["near"]
    again = client.post(f"{URL}/{found['id']}/commit")
    assert (again.status_code, again.json()["detail"]) == (
        409,
        "the simulation is committed already",
    )
    after = finished(client, shop)
    assert after["summary"]["baseline"]["kpis"] == found["summary"]["scenario"]["kpis"]


def test_nothing_is_committed_before_the_simulation_has_finished(
    shop: Application, client: TestClient
) -> None:
    made = start(client, changes={"closed_sources": ["CHI"]})
    before = stock_hash(shop.database)
    assert client.post(f"{URL}/{made['id']}/commit").status_code == 409
    assert stock_hash(shop.database) == before
    idle = finished(client, shop)
    refused = client.post(f"{URL}/{idle['id']}/commit")
    assert refused.json()["detail"] == "the simulation changes no document"


def test_a_copy_has_the_demand_and_stock_of_its_original(
    shop: Application, client: TestClient
) -> None:
    original = finished(client, shop, name="As it is")
    stock(shop.database, LAMP_SEA=0)
    new = {"name": "MIA", "body": {"title": "Miami", "address": MIAMI}, "stock": {"LAMP": 100}}
    changes = {"closed_sources": ["CHI"], "new_sources": [new]}
    answer = client.post(
        f"{URL}/{original['id']}/clone", json={"name": "Miami instead", "changes": changes}
    )
    copy = answer.json()
    assert (answer.status_code, copy["cloned_from"], copy["request"]["seed"]) == (
        201,
        original["id"],
        1,
    )
    drain(shop.database, [SimulationWorker()])
    found = client.post(f"{URL}/compare", json={"simulations": [original["id"], copy["id"]]}).json()
    assert [(c["name"], c["sources"], c["from"], c["to"]) for c in found["columns"]] == [
        ("As it is", 2, "2026-11-02", "2026-11-08"),
        ("Miami instead", 2, "2026-11-02", "2026-11-08"),
    ]
    kpis = [c["kpis"] for c in found["columns"]]
    assert [k["fill_rate"]["mean"] for k in kpis] == [1.0, 1.0]
    assert [k["orders_per_week"]["mean"] for k in kpis] == [21.0, 21.0]
    distance = [k["avg_fulfillment_distance_km"]["mean"] for k in kpis]
    assert found["difference"][0]["cost"] == {
        "mean": 0.0,
        "lower": 0.0,
        "upper": 0.0,
        "certain": False,
    }
    gap = found["difference"][1]["avg_fulfillment_distance_km"]
    assert (gap["mean"], gap["certain"]) == (
        pytest.approx(distance[1] - distance[0], abs=1e-5),
        True,
    )


def test_simulations_of_different_demand_are_compared_without_a_difference(
    shop: Application, client: TestClient
) -> None:
    first, second = finished(client, shop), finished(client, shop, seed=2)
    found = client.post(f"{URL}/compare", json={"simulations": [first["id"], second["id"]]}).json()
    assert found["difference"][1] is None
    waiting = start(client)
    refused = client.post(f"{URL}/compare", json={"simulations": [first["id"], waiting["id"]]})
    assert refused.json()["detail"] == "What if is waiting"


def test_simulations_asked_for_apart_are_compared_run_by_run_while_demand_and_stock_are_the_same(
    shop: Application, client: TestClient
) -> None:
    first, second = (
        finished(client, shop),
        finished(client, shop, changes={"closed_sources": ["CHI"]}),
    )
    stock(shop.database, LAMP_SEA=29)
    third = finished(client, shop)
    ids = [one["id"] for one in (first, second, third)]
    found = client.post(f"{URL}/compare", json={"simulations": ids}).json()["difference"]
    assert (found[1]["sources_used"]["mean"], found[2]) == (-1.0, None)


@pytest.mark.parametrize(
    ("more", "where"),
    [
        ({"demand": {"kind": "past", "from": "2020-01-01", "to": "2020-01-02"}}, "demand.from"),
        ({"changes": {"closed_sources": ["NOPE"]}}, "changes.closed_sources.0"),
        ({"demand": {"kind": "past", "from": "2026-11-08", "to": "2026-11-02"}}, "body.demand"),
        ({"runs": 1}, "body.runs"),
        (
            {"demand": {"kind": "past", "from": "2026-11-02", "to": "2026-11-08", "multiplier": 0}},
            "body.demand.multiplier",
        ),
    ],
)
def test_a_simulation_that_cannot_be_run_is_refused_with_its_path(
    shop: Application, client: TestClient, more: dict[str, Any], where: str
) -> None:
    answer = client.post(URL, json=scenario(**more))
    body = answer.json()
    assert answer.status_code == 422
    assert where in [body.get("where"), *[p["where"] for p in body.get("problems", [])]]
    assert client.get(URL).json()["items"] == []


def test_a_change_that_could_not_be_committed_is_refused_before_it_is_run(
    shop: Application, client: TestClient
) -> None:
    before = stock_hash(shop.database)
    body = {
        "title": "X",
        "type": "maximum_order_lines",
        "entries": [{"source": "NOPE", "lines": 3}],
    }
    answer = client.post(URL, json=scenario(changes={"constraints": [{"name": "x", "body": body}]}))
    assert (answer.status_code, "no source named NOPE" in answer.text) == (422, True)
    assert stock_hash(shop.database) == before


def test_the_list_pages_newest_first_and_a_simulation_can_be_removed(
    shop: Application, client: TestClient
) -> None:
    made = [start(client, name=f"S{i}")["id"] for i in range(3)]
    page = client.get(URL, params={"limit": 2}).json()
    assert [row["name"] for row in page["items"]] == ["S2", "S1"]
    rest = client.get(URL, params={"limit": 2, "after": page["next"]}).json()
    assert ([row["name"] for row in rest["items"]], rest["next"]) == (["S0"], None)
    cursors = [page["next"][:-2], encode_cursor("yesterday", made[0])]
    assert [client.get(URL, params={"after": c}).status_code for c in cursors] == [422, 422]
    client.post(f"{URL}/{made[1]}/clone", json={"name": "copy"})
    assert [client.delete(f"{URL}/{made[i]}").status_code for i in (0, 1)] == [204, 204]
    with shop.database.reading() as session:
        assert fetch(session, "SELECT count(*) FROM simulation.simulation_input") == [(2,)]
    assert client.get(f"{URL}/{made[0]}").status_code == 404


def test_reading_does_not_allow_to_ask_for_one_and_committing_needs_the_right_to_configure(
    shop: Application, client: TestClient
) -> None:
    put(
        shop,
        doc("role", "planner", title="Planner", permissions=["sourcing.read", "sourcing.write"]),
    )
    with shop.database.unit_of_work() as session:
        tokens = {
            r: issue_token(session, name=r, roles=[r], now=utc_now(), actor="t")
            for r in ("viewer", "planner")
        }
    asking = {role: {"authorization": f"Bearer {token}"} for role, token in tokens.items()}
    assert client.post(URL, json=scenario(), headers=asking["viewer"]).status_code == 403
    made = client.post(
        URL, json=scenario(changes={"closed_sources": ["CHI"]}), headers=asking["planner"]
    ).json()
    drain(shop.database, [SimulationWorker()])
    assert client.get(f"{URL}/{made['id']}", headers=asking["viewer"]).json()["state"] == "finished"
    refused = client.post(f"{URL}/{made['id']}/commit", headers=asking["planner"])
    assert (refused.status_code, "configuration.write" in refused.text) == (403, True)


def test_supply_scheduled_for_the_days_ahead_is_kept_with_a_simulation_and_arrives_in_it(
    shop: Application, client: TestClient
) -> None:
    today = utc_now().date()
    arriving = [
        ScheduleChange(
            event_id=f"supply-{units}", organization="", product="LAMP", source="SEA",
            quantities={(today + timedelta(days=ahead), *INBOUND): Decimal(units)},
        )
        for ahead, units in ((0, 3), (4, 6), (99, 40))
    ]  # fmt: skip
    stock(shop.database, LAMP_SEA=2, LAMP_CHI=0)
    alone = finished(client, shop)
    with shop.database.unit_of_work() as session:
        posted = post_schedule(session, arriving, now=utc_now(), actor="t", cause="test")
    assert all(one.ok for one in posted), posted
    supplied = finished(client, shop)
    assert alone["summary"]["baseline"]["kpis"]["orders_in_full"]["mean"] == 1
    served = supplied["summary"]["baseline"]
    # five units on the first morning, six on the fifth: two orders, then three
    assert served["kpis"]["orders_in_full"]["mean"] == 5
    assert [round(rate, 2) for rate in served["daily"]["fill_rate"]["mean"]] == [
        0.67,
        0,
        0,
        0,
        1.0,
        0,
        0,
    ]
