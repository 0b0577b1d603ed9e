"""A sourcing decision can be read as it was made after the order has shipped."""

from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.app.test_explain import PLACES, company_application, configure, ordered, sourced, stock

from openiom.app.application import Application
from openiom.fulfillment import create_fulfillment_orders
from openiom.kernel import new_id
from openiom.orders import record_shipped
from openiom.platform.bulk import execute, fetch
from openiom.platform.clock import utc_now

__all__ = ["company_application"]


def sourcing(client: TestClient, order: Any) -> dict[str, Any]:
    response = client.get(f"/api/v1/orders/{order}/sourcing")
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def ship(application: Application, order: Any) -> None:
    with application.database.unit_of_work() as session:
        assert create_fulfillment_orders(session, [order], utc_now(), "flow")[0].ok
        query = "SELECT id FROM orders.order_line WHERE order_id = %s"
        [line_id] = [row[0] for row in fetch(session, query, (order,))]
        record_shipped(session, [(line_id, 1)], utc_now(), "wms")


def test_the_decision_stays_as_it_was_made(
    client: TestClient, company_application: Application
) -> None:
    stock(company_application, Lamp_SEA=1, Lamp_CHI=9, Lamp_NYC=0)
    order = ordered(company_application, "1")
    sourced(company_application, order)
    made = sourcing(client, order)
    [decision] = made["decisions"]
    candidates = {one["source"]: one for one in decision["candidates"]}
    assert candidates["SEA"]["chosen"] is True
    assert candidates["SEA"]["difference"] is None
    more = candidates["CHI"]["total"] - candidates["SEA"]["total"]
    assert more > 0
    assert candidates["CHI"]["difference"] == pytest.approx(more, abs=0.0001)
    assert (candidates["NYC"]["difference"], candidates["NYC"]["refused"]) == (
        None,
        "nothing on hand",
    )

    ship(company_application, order)
    stock(company_application, Lamp_SEA=0, Lamp_CHI=0, Lamp_NYC=5)
    closed = {"title": "Seattle", "active": False, "address": PLACES["SEA"]}
    configure(company_application, ("source", "SEA", closed))
    assert client.post("/api/v1/sourcing/explain", json={"order_id": str(order)}).status_code == 404
    assert sourcing(client, order) == made
    assert made["moves"] == []


def test_a_line_that_the_reoptimizer_moved_says_from_where(
    client: TestClient, company_application: Application
) -> None:
    stock(company_application, Lamp_SEA=1, Lamp_CHI=9)
    order, other = ordered(company_application, "1"), ordered(company_application, "2")
    sourced(company_application, order, other)
    [decision, *_] = sourcing(client, order)["decisions"]
    line_id = decision["chosen"][0]["line_id"]
    with company_application.database.unit_of_work() as session:
        for moved_order, to_source in ((order, "CHI"), (other, "NYC"), (order, "NYC")):
            execute(
                session,
                "INSERT INTO fulfillment_optimization.reoptimization_move"
                " (plan_id, order_id, line_id, from_source, to_source, saving, moved_at)"
                " SELECT id, %s, %s, 'SEA', %s, 1.4, '2026-11-30T08:00:00Z'"
                " FROM fulfillment_optimization.sourcing_plan LIMIT 1",
                (moved_order, line_id if moved_order == order else new_id(), to_source),
            )

    moves = sourcing(client, order)["moves"]
    assert [move["to_source"] for move in moves] == ["NYC", "CHI"]
    assert moves[1] == {
        "line_id": line_id,
        "moved_at": "2026-11-30T08:00:00Z",
        "from_source": "SEA",
        "to_source": "CHI",
        "saving": 1.4,
        "currency": decision["currency"],
    }
