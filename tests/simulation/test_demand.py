"""Demand drawn from past days, and the stock of a scenario on its first morning."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from openiom.fulfillment_optimization import PastLine, PastOrder
from openiom.simulation.demand import (
    DemandPool,
    as_json,
    drawn,
    from_json,
    pool_of,
    starting_stock,
)
from openiom.simulation.request import Demand, ScenarioChanges

MONDAY = date(2026, 11, 2)


def order(
    *products: str, day: int = 0, hour: int = 12, currency: str = "USD", wanted: int | None = None
) -> PastOrder:
    return PastOrder(
        placed_at=datetime(2026, 11, 2, hour, tzinfo=UTC) + timedelta(days=day),
        country="US",
        state="WA",
        place=(47.6, -122.3),
        business=day == 1,
        currency=currency,
        wanted_days=wanted,
        lines=tuple(PastLine(product, 2, 20.0) for product in products),
    )


def draw(pool: DemandPool, days: int = 50, **more: Any) -> list[tuple[PastOrder, ...]]:
    given: dict[str, Any] = {
        "multiplier": 1.0,
        "changes": ScenarioChanges(),
        "seed": 1,
        "run": 0,
        **more,
    }
    return list(drawn(pool, days=days, **given))


def products_of(order: PastOrder) -> tuple[str, ...]:
    return tuple(line.product for line in order.lines)


def changes(**more: Any) -> ScenarioChanges:
    return ScenarioChanges.model_validate(more)


def test_a_pool_has_every_day_with_its_orders_by_time() -> None:
    late, early, last = order("RUG", hour=20), order("LAMP", hour=8), order("BED", day=2)
    pool = pool_of([late, last, early], first=MONDAY, last=MONDAY + timedelta(days=2))
    assert pool.days == ((early, late), (), (last,))
    assert (pool.lines, pool.products) == (3, {"LAMP", "RUG", "BED"})
    assert list(pool.orders()) == [early, late, last]


@pytest.mark.parametrize(
    ("currencies", "expected"),
    [
        ((), ""),
        (("EUR",), "EUR"),
        (("USD", "EUR", "USD"), "USD"),
        (("USD", "EUR"), "EUR"),
    ],
)
def test_the_currency_is_that_of_most_orders(currencies: tuple[str, ...], expected: str) -> None:
    pool = DemandPool((tuple(order("LAMP", currency=c) for c in currencies),))
    assert pool.currency == expected


def test_a_pool_is_stored_and_read_unchanged() -> None:
    nowhere = PastOrder(
        datetime(2026, 11, 2, 9, 30, tzinfo=UTC),
        "CA",
        "",
        None,
        True,
        "",
        3,
        (PastLine("X", 1, 0),),
    )
    pool = DemandPool(((order("LAMP", "RUG", wanted=5), nowhere), ()))
    assert from_json(as_json(pool)) == pool


def test_draws_depend_on_seed_and_run_alone() -> None:
    pool = DemandPool(tuple((order(str(day), day=day),) for day in range(20)))
    assert draw(pool) == draw(pool)
    assert draw(pool, run=1) != draw(pool)
    assert draw(pool, seed=2) != draw(pool)
    assert draw(pool, days=10) == draw(pool)[:10]


def test_without_changes_every_drawn_day_is_a_past_day() -> None:
    days = tuple((order(str(day), day=day),) for day in range(5))
    assert set(draw(DemandPool(days))) == set(days)


@pytest.mark.parametrize(("multiplier", "expected"), [(2.0, {2}), (3.0, {3}), (0.5, {0, 1})])
def test_a_multiplier_repeats_orders_and_rounds_by_chance(
    multiplier: float, expected: set[int]
) -> None:
    pool = DemandPool(((order("LAMP"),),))
    counts = [len(day) for day in draw(pool, days=200, multiplier=multiplier)]
    assert set(counts) == expected
    assert sum(counts) == pytest.approx(200 * multiplier, abs=20)


def test_a_shock_multiplies_orders_with_one_of_its_products() -> None:
    pool = DemandPool(((order("LAMP", "RUG"), order("BED")),))
    shocked = changes(demand_multiplier=3.0, demand_products=["RUG"])
    [day] = draw(pool, days=1, changes=shocked)
    assert [o.lines[0].product for o in day] == ["LAMP", "LAMP", "LAMP", "BED"]
    [everything] = draw(pool, days=1, changes=changes(demand_multiplier=3.0))
    assert len(everything) == 6
    [nothing] = draw(pool, days=1, changes=changes(demand_multiplier=0.0))
    assert nothing == ()


def test_a_new_product_sells_in_orders_of_its_own() -> None:
    pool = DemandPool(((order("RUG", "LAMP"), order("BED")),))
    new = {"product": "NEO", "like": "LAMP", "share": 2.0}
    [day] = draw(pool, days=1, changes=changes(new_products=[new]))
    assert list(map(products_of, day)) == [("RUG", "LAMP"), ("NEO",), ("NEO",), ("BED",)]
    assert day[1].lines[0] == PastLine("NEO", 2, 20.0)
    assert day[1].place == pool.days[0][0].place


def test_a_new_product_follows_the_multiplier_but_not_the_shock() -> None:
    pool = DemandPool(((order("LAMP"),),))
    new = {"product": "NEO", "like": "LAMP", "share": 1.0}
    shocked = changes(new_products=[new], demand_multiplier=5.0)
    [day] = draw(pool, days=1, changes=shocked, multiplier=2.0)
    products = [o.lines[0].product for o in day]
    assert (products.count("LAMP"), products.count("NEO")) == (10, 2)


def test_the_stock_of_a_scenario() -> None:
    stock = {"LAMP": {"SEA": 5, "CHI": 2}, "RUG": {"CHI": 1}}
    found = starting_stock(
        stock,
        changes(
            new_sources=[
                {"name": "NEW", "body": {}, "stock_like": "SEA", "stock": {"RUG": 7, "BED": 3}},
                {"name": "TWIN", "body": {}, "stock_like": "CHI", "stock": {"LAMP": 9}},
            ],
            new_products=[
                {"product": "NEO", "like": "LAMP", "share": 1, "stock": {"SEA": 4}},
                {"product": "RUG", "like": "LAMP", "share": 1, "stock": {"SEA": 6}},
            ],
        ),
    )
    assert found == {
        "LAMP": {"SEA": 5, "CHI": 2, "NEW": 5, "TWIN": 9},
        "RUG": {"CHI": 1, "NEW": 7, "TWIN": 1, "SEA": 6},
        "BED": {"NEW": 3},
        "NEO": {"SEA": 4},
    }
    assert stock == {"LAMP": {"SEA": 5, "CHI": 2}, "RUG": {"CHI": 1}}


def demand(**more: Any) -> Demand:
    body = {"kind": "past", "from": "2026-11-02", "to": "2026-11-08", **more}
    return Demand.model_validate(body)


def test_the_days_of_a_period_include_both_ends() -> None:
    assert demand().days == 7
    assert demand(to="2026-11-02").days == 1
    assert demand(**{"from": "2026-01-01", "to": "2027-01-01"}).days == 366


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"to": "2026-11-01"}, "is before from"),
        ({"from": "2026-01-01", "to": "2027-01-02"}, "at most 366 days"),
        ({"basis_from": "2026-10-01"}, "give both or neither"),
        ({"basis_to": "2026-10-01"}, "give both or neither"),
        ({"basis_from": "2026-10-01", "basis_to": "2026-10-02"}, "its own basis"),
        (
            {"kind": "future", "basis_from": "2026-10-02", "basis_to": "2026-10-01"},
            "give 1 to 366 days",
        ),
        (
            {"kind": "future", "basis_from": "2025-01-01", "basis_to": "2026-01-02"},
            "give 1 to 366 days",
        ),
    ],
)
def test_a_period_that_cannot_be_simulated_is_refused(body: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        demand(**body)


@pytest.mark.parametrize(
    ("first", "last"), [("2026-10-01", "2026-10-01"), ("2025-01-01", "2026-01-01")]
)
def test_a_basis_of_one_day_to_a_year_is_accepted(first: str, last: str) -> None:
    assert demand(kind="future", basis_from=first, basis_to=last).basis_from is not None
