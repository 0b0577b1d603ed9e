"""Stock policies: their rules, their problems, and what a change of them makes available."""

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError
from tests.inventory_visibility.builders import NOW, configured, product, stocked

from openiom.inventory_visibility import available
from openiom.inventory_visibility.availability.stock_policies import (
    MAX_PAIRS,
    STOCK_POLICY,
    PolicyRule,
    StockPolicyBody,
    rules_of,
)
from openiom.platform.bulk import fetch
from openiom.platform.configuration import Configuration
from openiom.platform.database import Database

FREED = (
    "SELECT data->>'cause', data->>'document', data->'keys', actor FROM platform.business_event"
    " WHERE name = 'inventory.availability_increased' ORDER BY id"
)


def policy(name: str = "p", **body: Any) -> tuple[str, str, dict[str, Any]]:
    return "stock_policy", name, {"title": name, **body}


def rules(**body: Any) -> list[tuple[str, str, str, int, int]]:
    found = rules_of(StockPolicyBody.model_validate({"title": "P", **body}))
    return [
        (one.product, one.source, one.channel, int(one.units), int(one.percent)) for one in found
    ]


def problems(**body: Any) -> list[tuple[str, str]]:
    assert STOCK_POLICY.check is not None
    found = STOCK_POLICY.check(None, "p", {"title": "P", **body})  # type: ignore[arg-type]
    return [(problem.where, problem.what) for problem in found]


def events(database: Database) -> list[tuple[Any, ...]]:
    """What became available since the last call."""
    with database.unit_of_work() as session:
        found = fetch(session, FREED)
        fetch(session, "DELETE FROM platform.business_event RETURNING id")
    return found


def test_a_policy_without_products_and_sources_is_for_all_of_them() -> None:
    assert rules(safety_stock=3) == [("", "", "", 3, 0)]
    assert rules(buffers={"web": {"units": 2}}) == [("", "", "web", 2, 0)]


def test_a_policy_has_a_rule_for_every_product_at_every_source() -> None:
    assert rules(products=["B", "A", "B"], sources=["SEA", "CHI"], safety_stock=1) == [
        ("A", "CHI", "", 1, 0),
        ("A", "SEA", "", 1, 0),
        ("B", "CHI", "", 1, 0),
        ("B", "SEA", "", 1, 0),
    ]


def test_safety_stock_and_buffers_are_rules_of_their_own() -> None:
    found = rules(
        products=["A"],
        safety_stock=0,
        buffers={" web ": {"units": 2, "percent": 5}, "*": {"percent": 10}},
    )
    assert found == [("A", "", "", 0, 0), ("A", "", "web", 2, 5), ("A", "", "*", 0, 10)]


def test_a_policy_keeps_something_back() -> None:
    assert problems() == [("body", "withholds nothing")]
    assert problems(safety_stock=0) == []
    assert problems(buffers={"web": {"units": 1}}) == []


def test_channels_of_a_policy_have_distinct_names() -> None:
    what = "a channel has no name or is named twice"
    one = {"units": 1}
    assert problems(buffers={" ": one}) == [("buffers", what)]
    assert problems(buffers={"web": one, " WEB": one}) == [("buffers", what)]
    assert problems(buffers={"web": one, "shop": one, "*": one}) == []


def test_a_policy_names_a_limited_number_of_products_at_sources() -> None:
    sources = [f"S{number}" for number in range(100)]
    products = [f"P{number}" for number in range(MAX_PAIRS // 100)]
    assert problems(products=products, sources=sources, safety_stock=1) == []
    assert problems(products=[*products, "X"], sources=sources, safety_stock=1) == [
        ("products", "names 100100 products at sources, at most 100000")
    ]
    assert problems(products=products * 100, safety_stock=1) == []


@pytest.mark.parametrize(
    "buffer",
    [{}, {"units": 0}, {"units": -1}, {"percent": 101}, {"percent": 1.2345}, {"units": "1.00001"}],
)
def test_a_buffer_is_units_or_percent_within_limits(buffer: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        StockPolicyBody.model_validate({"title": "P", "buffers": {"web": buffer}})


def test_rules_are_compared_by_value() -> None:
    one = PolicyRule("A", "", "web", Decimal("2.0"), Decimal(0))
    assert one == PolicyRule("A", "", "web", Decimal(2), Decimal("0.000"))
    assert len({one, PolicyRule("A", "", "web", Decimal(2), Decimal(0))}) == 1


@pytest.fixture
def lamps(database: Database) -> Database:
    """Twenty lamps at SEA and at CHI, and a desk."""
    configured(database, product("LAMP"), product("DESK"))
    stocked(database, LAMP__SEA=20, LAMP__CHI=20, DESK__SEA=20)
    events(database)
    return database


def test_more_safety_stock_makes_nothing_available(lamps: Database) -> None:
    configured(lamps, policy(safety_stock=3))
    assert events(lamps) == []
    with lamps.reading() as session:
        assert available(session, ["LAMP"]) == {("LAMP", "SEA"): 17, ("LAMP", "CHI"): 17}


def test_less_safety_stock_is_published_with_its_keys(lamps: Database) -> None:
    configured(lamps, policy(safety_stock=3), policy("sea", sources=["SEA"], safety_stock=5))
    configured(lamps, policy("sea", sources=["SEA"], safety_stock=4))
    assert events(lamps) == [
        ("stock policy", "sea", [["DESK", "SEA"], ["LAMP", "SEA"]], "test"),
    ]
    configured(lamps, policy("sea", sources=["SEA"], products=["LAMP"], safety_stock=4))
    assert events(lamps) == [("stock policy", "sea", [["DESK", "SEA"]], "test")]


def test_a_changed_buffer_is_published_as_its_rule(lamps: Database) -> None:
    configured(lamps, policy(buffers={"web": {"units": 3}, "shop": {"units": 2}}))
    assert events(lamps) == [("stock policy", "p", [["", ""]], "test")]
    configured(lamps, policy(products=["LAMP"], buffers={"web": {"units": 3}}))
    assert events(lamps) == [("stock policy", "p", [["", ""], ["LAMP", ""]], "test")]


def test_a_policy_that_did_not_change_publishes_nothing(lamps: Database) -> None:
    body = policy(safety_stock=3, buffers={"web": {"units": 3}})
    configured(lamps, body)
    events(lamps)
    configured(lamps, ("stock_policy", "p", {**body[2], "title": "Another title"}))
    assert events(lamps) == []


def removed(database: Database, configuration: Configuration, *names: str) -> None:
    with database.unit_of_work() as session:
        documents = [("stock_policy", name) for name in names]
        configuration.remove(session, documents, at=NOW, actor="test")


def test_a_removed_policy_makes_its_units_available(lamps: Database) -> None:
    configuration = configured(lamps, policy(products=["LAMP"], safety_stock=3))
    removed(lamps, configuration, "p")
    assert events(lamps) == [
        ("stock policy", "p", [["LAMP", "CHI"], ["LAMP", "SEA"]], "test"),
    ]

    with lamps.reading() as session:
        rows = fetch(session, "SELECT count(*) FROM inventory_visibility.stock_policy_rule")
        assert rows == [(0,)]
        assert available(session, ["LAMP"]) == {("LAMP", "SEA"): 20, ("LAMP", "CHI"): 20}


def test_new_stock_gets_the_safety_stock_of_the_most_specific_policy(lamps: Database) -> None:
    configured(
        lamps,
        policy("all", safety_stock=1),
        policy("source", sources=["NYC"], safety_stock=2),
        policy("product", products=["LAMP"], safety_stock=3),
        policy("both", products=["LAMP"], sources=["NYC"], safety_stock=4),
    )
    stocked(lamps, LAMP__NYC=20, DESK__NYC=20, LAMP__LAX=20, DESK__LAX=20)

    with lamps.reading() as session:
        rows = fetch(
            session,
            "SELECT product, source, safety_stock::int FROM inventory_visibility.stock"
            " WHERE source IN ('NYC', 'LAX') ORDER BY product, source",
        )

    assert rows == [
        ("DESK", "LAX", 1),
        ("DESK", "NYC", 2),
        ("LAMP", "LAX", 3),
        ("LAMP", "NYC", 4),
    ]
