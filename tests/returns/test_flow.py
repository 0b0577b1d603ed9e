"""A flow over return orders, in the whole application."""

from pathlib import Path

import yaml
from tests.returns.builders import (
    NOW,
    delivered,
    detail,
    line_ids,
    new_return,
    receive,
    request,
    shop,
)

from openiom import orchestration
from openiom.app.application import Application
from openiom.platform.batches import drain
from openiom.platform.database import Database
from openiom.returns import approve_returns

FLOWS = Path(__file__).parents[2] / "simulators/openiom_simulators/seed/documents"


def test_the_flow_of_the_demo_waits_for_the_goods_and_closes_the_return(
    database: Database, application: Application
) -> None:
    shop(database, {"rules": [{"title": "by hand", "auto_approve": False}]})
    flow = yaml.safe_load((FLOWS / "64_fabrikam_returns.yaml").read_text())
    with database.unit_of_work() as session:
        application.configuration.apply(session, [flow], at=NOW, actor="test")

    order = delivered(database)
    [sold] = line_ids(database, order)
    drain(database, orchestration.workers(application.engine))
    result = request(database, new_return(order, (sold, 1)))[0]
    assert result.id
    drain(database, orchestration.workers(application.engine))
    assert detail(database, result.id).state == "requested"

    with database.unit_of_work() as session:
        assert approve_returns(session, [result.id], NOW, "ann")[0].ok
    drain(database, orchestration.workers(application.engine))
    line = detail(database, result.id).lines[0]
    assert receive(database, (line.id, 1), condition="new", disposition="restock")[0].ok
    assert detail(database, result.id).state == "inspected"

    drain(database, orchestration.workers(application.engine))
    assert detail(database, result.id).state == "closed"


def test_facts_of_a_return_have_its_lines_and_its_order(
    database: Database, application: Application
) -> None:
    shop(database)
    order = delivered(database)
    result = request(database, new_return(order, (line_ids(database, order)[0], 2)))[0]
    assert result.id
    entity = application.entities["return_order"]
    with database.reading() as session:
        facts = entity.facts(session, [result.id])[result.id]
        assert entity.label_of(session, [result.id]) == {result.id: result.number}
        assert entity.root_of(session, [result.id]) == {result.id: order}
        children = application.entities["order"].children["return_order"]
        assert children(session, [order]) == {order: [result.id]}

    assert (facts["state"], facts["order"]["number"]) == ("approved", "1001")
    assert [(one["product"], one["quantity"]) for one in facts["lines"]] == [("Accu Scale", 2)]
