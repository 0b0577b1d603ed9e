"""Every cost has a currency: the strategy's or the company's; two are never added up."""

from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.app.test_explain import PLACES, configure, explain, ordered, sourced, stock
from tests.orders.builders import master_data

from openiom.app.application import Application
from openiom.app.order_gateway import OrderGateway
from openiom.fulfillment_optimization import source_orders
from openiom.kernel import Invalid
from openiom.platform.clock import utc_now


@pytest.fixture
def company_application(application: Application) -> Application:
    master_data(application.database, "Lamp", "Shade")
    configure(
        application, *(("source", n, {"title": n, "address": place}) for n, place in PLACES.items())
    )
    return application


def company(company_application: Application, currency: str) -> None:
    configure(
        company_application,
        ("company", "default", {"title": "Fabrikam", "accounting_currency": currency}),
    )


def strategy(company_application: Application, name: str = "default", **body: Any) -> None:
    configure(company_application, ("strategy", name, {"title": name, **body}))


def quoted(client: TestClient, **more: Any) -> dict[str, Any]:
    lines = [{"line_id": "1", "product": "Lamp", "quantity": 1}]
    answer = client.post(
        "/api/v1/sourcing/quote", json={"destination": PLACES["SEA"], "lines": lines, **more}
    )
    found: dict[str, Any] = answer.json()
    return found


def test_plans_decisions_explanations_and_quotes_say_the_currency_of_the_company(
    client: TestClient, company_application: Application
) -> None:
    company(company_application, "CAD")
    stock(company_application, Lamp_SEA=1, Lamp_CHI=9)
    order = ordered(company_application, "1")
    assert quoted(client)["plan"]["currency"] == "CAD"
    sourced(company_application, order)
    [plan] = client.get("/api/v1/sourcing/plans").json()["items"]
    detail = client.get(f"/api/v1/sourcing/plans/{plan['id']}").json()
    [decision] = client.get(f"/api/v1/orders/{order}/sourcing").json()["decisions"]
    told = explain(client, order)
    assert {found["currency"] for found in (plan, detail, decision, told)} == {"CAD"}
    ways = [way["text"] for c in told["lines"][0]["candidates"] for way in c["wins_with"]]
    assert any(text.endswith("CAD off") for text in ways)


def test_a_strategy_may_count_in_its_own_and_what_was_planned_keeps_the_one_it_had(
    client: TestClient, company_application: Application
) -> None:
    company(company_application, "USD")
    strategy(
        company_application,
        currency="EUR",
        batch={"enabled": True, "minutes": 1},
        allow_partial=True,
    )
    stock(company_application, Lamp_SEA=1, Lamp_CHI=9)
    orders = [ordered(company_application, str(n)) for n in range(3)]

    with company_application.database.unit_of_work() as session:
        source_orders(
            session, OrderGateway(), orders, now=utc_now(), actor="test", resumed=frozenset(orders)
        )

    strategy(company_application, currency="GBP")
    assert client.get("/api/v1/sourcing/plans").json()["items"][0]["currency"] == "EUR"
    assert client.get("/api/v1/sourcing/shadow-prices").json()["currency"] == "EUR"
    assert quoted(client)["plan"]["currency"] == "GBP"


def test_kilometers_have_no_currency_and_neither_has_a_company_that_never_said(
    client: TestClient, company_application: Application
) -> None:
    stock(company_application, Lamp_SEA=1)
    assert quoted(client)["plan"]["currency"] == ""
    company(company_application, "USD")
    strategy(company_application, "near", objective="distance")
    assert quoted(client, strategy="near")["plan"]["currency"] == ""


def test_what_would_be_added_up_must_be_in_one_currency(
    client: TestClient, company_application: Application
) -> None:
    company(company_application, "USD")
    strategy(company_application, "second", currency="EUR")

    with pytest.raises(Invalid) as refused:
        strategy(company_application, "first", alternate="second")

    assert "second counts in EUR, this one in USD" in str([str(p) for p in refused.value.problems])
    strategy(company_application, "second", currency="USD")
    strategy(company_application, "first", alternate="second")

    with pytest.raises(Invalid):
        strategy(company_application, "second", currency="EUR")

    zones = {
        "title": "Zones",
        "zones": [{"name": "all"}],
        "prices": [{"zone": "all", "up_to_kg": 9, "price": 5}],
    }
    configure(company_application, ("rate_table", "euro", {**zones, "currency": "EUR"}))

    with pytest.raises(Invalid) as rates:
        strategy(company_application, "third", rate_table="euro")

    assert "euro is in EUR" in str([str(p) for p in rates.value.problems])
    strategy(company_application, "third", rate_table="euro", currency="EUR")


def test_a_company_that_changes_its_books_cannot_make_two_currencies_one(
    client: TestClient, company_application: Application
) -> None:
    """The alternate serves in euro what the first left open in dollars: they have no sum."""
    company(company_application, "EUR")
    strategy(company_application, "second", currency="EUR")
    configure(company_application, ("source_list", "sea", {"title": "Seattle", "sources": ["SEA"]}))
    strategy(
        company_application, "first", source_list="sea", alternate="second", allow_partial=True
    )
    stock(company_application, Lamp_SEA=1, Shade_CHI=1)
    lines = [{"line_id": p, "product": p, "quantity": 1} for p in ("Lamp", "Shade")]
    assert quoted(client, strategy="first", lines=lines)["plan"]["currency"] == "EUR"
    company(company_application, "USD")
    answer = quoted(client, strategy="first", lines=lines)
    assert (answer["status"], "EUR, USD" in answer["detail"]) == (409, True)
