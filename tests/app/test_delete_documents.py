"""Documents are deleted unless a document, stock or an order needs them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from openiom.administration import issue_token
from openiom.app.application import Application
from openiom.app.cli import app
from openiom.app.web import create_app
from openiom.fulfillment_optimization.snapshot import snapshot
from openiom.inventory_visibility import StockChange, change_on_hand, inventory_configuration
from openiom.inventory_visibility.default_configuration import DEFAULT
from openiom.platform.bulk import fetch
from openiom.platform.clock import utc_now
from openiom.platform.configuration import ConfigurationDocument, current_documents, get_document
from openiom.policies import Column, Row, decision_table
from openiom_simulators.seed.company import seed_company

ADDRESS = {"country": "US", "state": "WA", "city": "Seattle"}
RATES = {"title": "Rates", "zones": [{"name": "all"}]}


def doc(kind: str, name: str, /, **body: Any) -> dict[str, Any]:
    return {"kind": kind, "name": name, "body": body}


NETWORK = (
    doc("calendar", "weekdays", title="Weekdays"),
    doc("rate_table", "usual", **RATES),
    doc(
        "carrier",
        "ups",
        title="UPS",
        services=[
            {"name": "ground", "title": "Ground", "bands": [{"days": 3}], "rate_table": "usual"}
        ],
    ),
    doc(
        "pickup_schedule",
        "noon",
        title="Noon",
        carrier="ups",
        pickups=[{"weekdays": ["monday"], "at": "12:00"}],
    ),
    doc(
        "source",
        "SEA",
        title="Seattle",
        address=ADDRESS,
        calendar="weekdays",
        pickup_schedule="noon",
    ),
    doc("source_list", "west", title="West", sources=["SEA"]),
    doc(
        "constraint",
        "near",
        title="Near",
        type="maximum_distance",
        entries=[{"source_list": "west", "distance": 9}],
    ),
    doc("strategy", "whole", title="Whole", constraints=["near"]),
    doc("strategy", "first", title="First", alternate="whole", source_list="west"),
)


@pytest.fixture
def network(application: Application) -> Application:
    seed_company(application, [{**d} for d in NETWORK])
    return application


def delete(client: TestClient, kind: str, name: str) -> tuple[int, list[str]]:
    answer = client.delete(f"/api/v1/configuration/{kind}/{name}")
    told = answer.json()
    return answer.status_code, [f"{p['where']}: {p['what']}" for p in told.get("problems", [])]


def test_the_users_of_a_document_are_named_before_it_is_deleted(
    network: Application, client: TestClient
) -> None:
    used = {
        ("calendar", "weekdays"): ["is used by source SEA (calendar)"],
        ("rate_table", "usual"): ["is used by carrier ups (services[*].rate_table)"],
        ("carrier", "ups"): ["is used by pickup_schedule noon (carrier)"],
        ("pickup_schedule", "noon"): ["is used by source SEA (pickup_schedule)"],
        ("source", "SEA"): ["is used by source_list west (sources[*])"],
        ("source_list", "west"): [
            "is used by constraint near (entries[*].source_list)",
            "is used by strategy first (source_list)",
        ],
        ("constraint", "near"): ["is used by strategy whole (constraints[*])"],
        ("strategy", "whole"): ["is used by strategy first (alternate)"],
    }
    for (kind, name), users in used.items():
        assert delete(client, kind, name) == (409, [f"{kind} {name}: {user}" for user in users])

    with network.database.reading() as session:
        assert {d.name for d in current_documents(session, "strategy")} == {"first", "whole"}

    order = ["first", "whole"]
    answers = [delete(client, "strategy", name)[0] for name in order]
    answers += [
        delete(client, *one)[0]
        for one in (("constraint", "near"), ("source_list", "west"), ("source", "SEA"))
    ]
    assert answers == [200] * 5

    with network.database.reading() as session:
        assert snapshot(session).strategies == {}
        assert snapshot(session).sources == ()
        assert fetch(session, "SELECT name FROM fulfillment_optimization.source") == []


def test_a_deletion_is_a_version_that_names_who_did_it_and_is_undone_by_applying_again(
    network: Application, client: TestClient
) -> None:
    told = client.delete("/api/v1/configuration/strategy/first").json()
    assert told == {
        "changes": [
            {"kind": "strategy", "name": "first", "change": "removed", "version": 2, "paths": []}
        ]
    }

    with network.database.reading() as session:
        last = (
            session.query(ConfigurationDocument)
            .filter_by(kind="strategy", name="first", current=True)
            .one()
        )
        assert (last.version, last.deleted, last.actor) == (2, True, "token test")
        body = get_document(session, "strategy", "first", version=1).body

    again = client.post(
        "/api/v1/configuration/apply", json={"documents": [doc("strategy", "first", **body)]}
    )
    assert [(c["change"], c["version"]) for c in again.json()["changes"]] == [("added", 3)]


def test_a_dry_deletion_and_one_of_something_unknown_change_nothing(
    network: Application, client: TestClient
) -> None:
    dry = client.delete("/api/v1/configuration/strategy/first", params={"dry_run": True})
    assert (dry.status_code, dry.json()["changes"][0]["change"]) == (200, "removed")
    assert client.delete("/api/v1/configuration/strategy/third").status_code == 404
    assert client.delete("/api/v1/configuration/sofa/third").status_code == 404
    with network.database.reading() as session:
        assert len(current_documents(session, "strategy")) == 2


def test_who_may_not_write_documents_may_not_delete_them(network: Application) -> None:
    with network.database.unit_of_work() as session:
        token = issue_token(session, name="eyes", roles=["viewer"], now=utc_now(), actor="test")
    with TestClient(create_app(network), headers={"authorization": f"Bearer {token}"}) as viewer:
        assert delete(viewer, "strategy", "first")[0] == 403
    with network.database.reading() as session:
        assert len(current_documents(session, "strategy")) == 2


def add_stock(application: Application, units: Sequence[int]) -> None:
    with application.database.unit_of_work() as session:
        changes = [StockChange("MUG", "SEA", n) for n in units]
        change_on_hand(
            session, changes, mode="change", cause="count", document="", now=utc_now(), actor="t"
        )


def test_a_source_with_stock_stays(application: Application, client: TestClient) -> None:
    seed_company(application, [doc("source", "SEA", title="Seattle", address=ADDRESS)])
    add_stock(application, [3])
    assert delete(client, "source", "SEA") == (
        409,
        ["source SEA: has stock, or stock promised to orders"],
    )
    add_stock(application, [-3])
    assert delete(client, "source", "SEA") == (200, [])


def test_the_default_strategy_stays_until_another_one_is(
    application: Application, client: TestClient
) -> None:
    seed_company(application, [doc("strategy", "first", title="First", is_default=True)])
    seed_company(application, [doc("strategy", "other", title="Other", is_default=True)])
    what = "strategy other: is the default: orders that name no strategy use it"
    assert delete(client, "strategy", "other") == (409, [what])
    assert delete(client, "strategy", "first") == (200, [])


def test_a_policy_that_sets_a_strategy_is_one_of_its_users(
    application: Application, client: TestClient
) -> None:
    table = decision_table(
        columns=[Column(name="Origin", field="origin")],
        rows=[Row(when={"Origin": "'web'"}, set={"strategy": "first"})],
    )
    policy = {"name": "choose", "type": "execution", "entity": "order", "content": table}
    seed_company(
        application, [doc("strategy", "first", title="First"), doc("policy", "choose", **policy)]
    )
    assert delete(client, "strategy", "first") == (
        409,
        ["strategy first: is used by policy choose (row 1, set.strategy)"],
    )


def test_a_flow_is_a_user_of_its_policies_and_its_strategy(
    application: Application, client: TestClient
) -> None:
    table = decision_table(
        columns=[Column(name="Origin", field="origin")], rows=[Row(when={"Origin": "'web'"})]
    )
    policy = {"name": "sane", "type": "execution", "entity": "order", "content": table}
    steps = [
        {"id": "start", "kind": "start", "to": {"next": "check"}},
        {"id": "check", "kind": "policies", "policies": ["sane"], "to": {"passed": "find"}},
        {
            "id": "find",
            "kind": "action",
            "action": "fulfillment_optimization.source",
            "parameters": {"strategy": "first"},
            "to": {"succeeded": "end"},
        },
        {"id": "end", "kind": "end"},
    ]
    flow = {
        "title": "Web",
        "subject": "order",
        "trigger": {"event": "order.created"},
        "steps": steps,
    }
    documents = [
        doc("strategy", "first", title="First"),
        doc("policy", "sane", **policy),
        doc("flow", "web", **flow),
    ]
    seed_company(application, documents)
    assert delete(client, "policy", "sane") == (
        409,
        ["policy sane: is used by flow web (steps[*].policies[*])"],
    )
    assert delete(client, "strategy", "first") == (
        409,
        ["strategy first: is used by flow web (steps[*].parameters.strategy)"],
    )
    assert [
        delete(client, *one)[0]
        for one in (("flow", "web"), ("policy", "sane"), ("strategy", "first"))
    ] == [200] * 3

    with application.database.reading() as session:
        assert fetch(session, "SELECT active FROM orchestration.flow WHERE name = 'web'") == [
            (False,)
        ]


def test_deleting_the_inventory_configuration_brings_the_shipped_one_back(
    application: Application, client: TestClient
) -> None:
    own = {**DEFAULT, "allocation_groups": ["region"]}
    seed_company(application, [doc("inventory_configuration", "default", **own)])

    with application.database.reading() as session:
        assert inventory_configuration(session).allocation_groups == ("region",)

    assert delete(client, "inventory_configuration", "default") == (200, [])
    with application.database.reading() as session:
        assert inventory_configuration(session).allocation_groups == tuple(
            DEFAULT["allocation_groups"]
        )


def test_a_name_with_slashes_is_deleted_too(application: Application, client: TestClient) -> None:
    body = {"table": "unit", "field": "name", "value": "each", "internal": "ea"}
    unit = doc("unit", "ea", title="Each")
    seed_company(application, [unit, doc("mapping", "unit/default/name=each", **body)])
    assert delete(client, "mapping", "unit%2Fdefault%2Fname%3Deach") == (200, [])


def test_the_command_line_deletes_and_prunes(
    network: Application, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENIOM_DATABASE_URL", network.database.url)
    monkeypatch.setenv("OPENIOM_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    iom, folder = CliRunner(), tmp_path / "out"
    refused = iom.invoke(app, ["config", "delete", "strategy", "whole"])
    assert "is used by strategy first (alternate)" in str(refused.exception)
    iom.invoke(app, ["config", "export", str(folder), "--kind", "strategy"])
    (folder / "strategy" / "first.yaml").unlink()
    would = iom.invoke(app, ["config", "diff", str(folder), "--prune"])
    pruned = iom.invoke(app, ["config", "apply", str(folder), "--prune"])
    assert (
        would.exit_code,
        "removed" in would.output,
        "1 changed, 1 unchanged" in pruned.output,
    ) == (1, True, True)
    both = iom.invoke(app, ["config", "delete", "strategy", "whole"])
    assert "1 changed" in both.output

    with network.database.reading() as session:
        assert current_documents(session, "strategy") == []


def test_documents_that_orders_name_stay_until_the_orders_end(
    application: Application, client: TestClient
) -> None:
    documents = (
        doc("unit", "ea", title="Each"),
        doc("currency", "NOK", title="Norwegian krone"),
        doc("account", "Ann", title="Ann"),
        doc("price_list", "fair", title="Fair", currency="NOK"),
        doc("product", "MUG", name="Mug"),
    )
    seed_company(application, documents)
    line = {"external_id": "1", "product": "MUG", "unit": "ea", "quantity": 1}
    order = {
        "external_id": "1001",
        "number": "1001",
        "placed_at": "2026-11-20T11:00:00Z",
        "currency": "NOK",
        "account": "Ann",
        "price_list": "fair",
        "ship_to": {"country": "NO"},
        "total_amount": "0",
        "lines": [line],
    }
    [placed] = client.post("/api/v1/orders", json={"orders": [order]}).json()["results"]
    names = (("unit", "ea"), ("currency", "NOK"), ("account", "Ann"), ("price_list", "fair"))
    refusals = [delete(client, kind, name) for kind, name in names]
    assert [status for status, _ in refusals] == [409] * 4
    assert refusals[1][1][-1] == "currency NOK: is the currency of orders that are not done"

    client.post("/api/v1/orders/cancel", json={"ids": [placed["id"]]}).raise_for_status()
    in_use = {what for kind, name in names for what in delete(client, kind, name)[1]}
    assert not [what for what in in_use if "orders" in what]
