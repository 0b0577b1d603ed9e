"""
Which strategy sources an order, what its alternate does, and when orders wait to be planned
together.
"""

from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from tests.fulfillment_optimization.sourcing_setup import SourcingSetup
from tests.orders.builders import NOW, event_names

from openiom.fulfillment_optimization import source_orders
from openiom.fulfillment_optimization.decision_queries import list_decisions
from openiom.fulfillment_optimization.planning import window_end
from openiom.kernel import Invalid


def test_the_strategy_of_the_order_wins_over_the_one_of_the_step_and_over_the_default(
    sourcing: SourcingSetup,
) -> None:
    for name in "ABC":
        sourcing.configure("source_list", f"only-{name}", sources=[name])
        sourcing.strategy(f"from-{name}", source_list=f"only-{name}", is_default=name == "C")

    sourcing.stock(LAMP_A=9, LAMP_B=9, LAMP_C=9)
    own, step, none = (
        sourcing.order("1", strategy="from-A", LAMP=1),
        sourcing.order("2", LAMP=1),
        sourcing.order("3", LAMP=1),
    )
    sourcing.source(own, step, strategy="from-B")
    sourcing.source(none)
    assert [sourcing.sources(o)["LAMP"] for o in (own, step, none)] == ["A", "B", "C"]


def test_the_strategy_marked_last_is_the_default_one(sourcing: SourcingSetup) -> None:
    sourcing.configure("source_list", "b", sources=["B"])
    sourcing.configure("source_list", "c", sources=["C"])
    sourcing.strategy("first", is_default=True, source_list="c")
    sourcing.strategy("second", is_default=True, source_list="b")
    sourcing.stock(LAMP_A=9, LAMP_B=9, LAMP_C=9)
    order = sourcing.order("1", LAMP=1)
    sourcing.source(order)
    assert sourcing.sources(order) == {"LAMP": "B"}


def test_an_order_with_an_unknown_or_expired_strategy_fails_without_delaying_others(
    sourcing: SourcingSetup,
) -> None:
    sourcing.strategy("summer", effective_to="2026-08-31")
    sourcing.stock(LAMP_A=9)
    unknown, over, fine = (
        sourcing.order("1", strategy="none such", LAMP=1),
        sourcing.order("2", strategy="summer", LAMP=1),
        sourcing.order("3", LAMP=1),
    )
    outcomes = sourcing.source(unknown, over, fine)
    assert [o.ok for o in outcomes] == [False, False, True]
    assert "no strategy named none such" in outcomes[0].reason
    assert "not in force" in outcomes[1].reason
    assert event_names(sourcing.database, over)[-1] == "fulfillment.optimization.failed"


def test_what_stores_cannot_serve_goes_to_the_warehouses(sourcing: SourcingSetup) -> None:
    sourcing.configure("source_list", "stores", sources=["A", "B"])
    sourcing.configure("source_list", "warehouses", sources=["C"])
    sourcing.strategy("warehouses", source_list="warehouses")
    sourcing.strategy("stores", source_list="stores", alternate="warehouses")
    sourcing.stock(LAMP_A=1, LAMP_C=9)
    first, second = (
        sourcing.order("1", strategy="stores", LAMP=1),
        sourcing.order("2", strategy="stores", LAMP=1),
    )
    outcomes = sourcing.source(first, second)
    assert [sourcing.sources(o)["LAMP"] for o in (first, second)] == ["A", "C"]
    assert outcomes[1].details["strategies"] == ["stores", "warehouses"]

    with sourcing.database.reading() as session:
        tried = [(d.strategy, d.complete) for d in list_decisions(session, second)]

    assert sorted(tried) == [("stores", False), ("warehouses", True)]
    assert [(p["strategy"], p["orders"]) for p in sourcing.plans()] == [
        ("stores", 2),
        ("warehouses", 1),
    ]


def test_the_alternate_plans_the_rest_of_a_partly_served_order(sourcing: SourcingSetup) -> None:
    sourcing.configure("source_list", "stores", sources=["A"])
    sourcing.strategy("all", allow_partial=True)
    sourcing.strategy("stores", source_list="stores", alternate="all", allow_partial=True)
    sourcing.stock(LAMP_A=1, RUG_B=1)
    order = sourcing.order("1", strategy="stores", LAMP=1, RUG=1, BED=1)
    outcome = sourcing.source(order)[0]
    assert outcome.ok
    assert outcome.details["missing"] == ["BED"]
    assert sourcing.sources(order) == {"LAMP": "A", "RUG": "B", "BED": None}


def test_alternates_that_name_each_other_come_to_an_end(sourcing: SourcingSetup) -> None:
    sourcing.strategy("two")
    sourcing.strategy("one", alternate="two")
    sourcing.strategy("two", alternate="one")
    order = sourcing.order("1", strategy="one", LAMP=1)
    assert sourcing.source(order)[0].ok is False
    assert [p["strategy"] for p in sourcing.plans()] == ["one", "two"]


def test_a_strategy_refuses_what_does_not_exist(sourcing: SourcingSetup) -> None:
    for wrong in (
        {"constraints": ["x"]},
        {"rate_table": "x"},
        {"source_list": "x"},
        {"alternate": "default"},
    ):
        with pytest.raises(Invalid):
            sourcing.strategy(**wrong)

    with pytest.raises(Invalid):
        sourcing.configure(
            "constraint", "c", type="maximum_distance", entries=[{"source": "none", "distance": 1}]
        )

    with pytest.raises(Invalid):
        sourcing.configure(
            "constraint",
            "c",
            type="maximum_distance",
            entries=[{"source_list": "no", "distance": 1}],
        )


def test_a_changed_constraint_applies_to_the_next_batch(
    sourcing: SourcingSetup,
) -> None:
    sourcing.configure("constraint", "near", type="maximum_distance", entries=[{"distance": 500}])
    sourcing.strategy(constraints=["near"])
    sourcing.stock(LAMP_B=9)
    first, second = sourcing.order("1", LAMP=1), sourcing.order("2", LAMP=1)
    assert sourcing.source(first)[0].ok is False
    sourcing.configure("constraint", "near", type="maximum_distance", entries=[{"distance": 5000}])
    assert sourcing.source(second)[0].ok is True


# --- the day of a source
# ------------------------------------------------------------------------------------------


def test_parcels_and_lines_are_counted_per_day_over_all_batches(
    sourcing: SourcingSetup,
) -> None:
    sourcing.source_at("A", 1.0, daily_parcels=2)
    sourcing.stock(LAMP_A=9, RUG_A=9, LAMP_B=9, RUG_B=9)
    orders = [sourcing.order(str(n), LAMP=1, RUG=1) for n in range(4)]
    sourcing.source(*orders[:1])
    assert sourcing.day("A") == [(1, 2)]
    sourcing.source(*orders[1:3])
    assert [sourcing.sources(o)["LAMP"] for o in orders[:3]] == ["A", "A", "B"]
    assert sourcing.day("A") == [(2, 4)]
    sourcing.source(orders[3], now=NOW + timedelta(days=1))
    assert sourcing.sources(orders[3])["LAMP"] == "A"
    assert sourcing.day("A") == [(2, 4), (1, 2)]
    assert sourcing.day("B") == []  # nothing limits its day


def test_a_day_is_local_to_its_source(sourcing: SourcingSetup) -> None:
    sourcing.source_at("A", 1.0, daily_parcels=1, time_zone="Pacific/Auckland")
    sourcing.stock(LAMP_A=9, LAMP_B=9)
    one, two = sourcing.order("1", LAMP=1), sourcing.order("2", LAMP=1)
    sourcing.source(one, now=datetime(2026, 11, 20, 10, tzinfo=UTC))  # 23:00 in Auckland
    sourcing.source(two, now=datetime(2026, 11, 20, 12, tzinfo=UTC))  # 01:00 the next day
    assert [sourcing.sources(o)["LAMP"] for o in (one, two)] == ["A", "A"]


def test_a_daily_limit_of_a_source_list_applies_over_all_batches(sourcing: SourcingSetup) -> None:
    sourcing.configure("source_list", "stores", sources=["A", "B"])
    sourcing.configure(
        "constraint",
        "cap",
        type="maximum_order_lines",
        entries=[{"source_list": "stores", "lines": 2}],
    )
    sourcing.strategy(constraints=["cap"])
    sourcing.stock(LAMP_A=9, LAMP_B=9, LAMP_C=9)
    orders = [sourcing.order(str(n), LAMP=1) for n in range(3)]

    for order in orders:
        sourcing.source(order)

    assert [sourcing.sources(o)["LAMP"] for o in orders] == ["A", "A", "C"]


def test_a_soft_daily_cap_is_passed_only_when_nothing_else_can_serve(
    sourcing: SourcingSetup,
) -> None:
    cap = {
        "type": "maximum_order_lines",
        "hard": False,
        "penalty": 5,
        "entries": [{"source": "A", "lines": 1}],
    }
    sourcing.configure("constraint", "cap", **cap)
    sourcing.strategy(constraints=["cap"])
    sourcing.stock(LAMP_A=9, LAMP_B=1)
    orders = [sourcing.order(str(n), LAMP=1) for n in range(3)]
    sourcing.source(*orders)
    assert sorted(sourcing.sources(o)["LAMP"] for o in orders) == ["A", "A", "B"]
    parts = sourcing.rows("SELECT parts FROM fulfillment_optimization.sourcing_plan")[0][0]
    assert parts["beyond the order lines of the day"] == 5


def test_two_concurrent_batches_never_exceed_the_capacity_of_a_day(sourcing: SourcingSetup) -> None:
    sourcing.source_at("A", 1.0, daily_parcels=5)
    sourcing.stock(LAMP_A=99, LAMP_B=99)
    orders = [sourcing.order(str(n), LAMP=1) for n in range(16)]

    def work(mine: int) -> None:
        for order in orders[mine::4]:
            with sourcing.database.unit_of_work() as session:
                source_orders(session, sourcing.order_port, [order], now=NOW, actor="test")

    threads = [Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join()

    assert sorted(sourcing.sources(o)["LAMP"] or "" for o in orders) == ["A"] * 5 + ["B"] * 11
    assert sourcing.day("A") == [(5, 5)]
    sourcing.check()


# --- batches -------------------------------------------------------------------------------------
# -----------------


def test_batch_windows_form_a_fixed_grid() -> None:
    at = datetime(2026, 11, 20, 12, 1, 30, tzinfo=UTC)
    assert window_end(at, 2) == datetime(2026, 11, 20, 12, 2, tzinfo=UTC)
    assert window_end(datetime(2026, 11, 20, 12, 2, tzinfo=UTC), 2) == datetime(
        2026, 11, 20, 12, 4, tzinfo=UTC
    )
    assert window_end(at, 0.5) == datetime(2026, 11, 20, 12, 2, tzinfo=UTC)


def test_a_batch_collects_orders_until_its_window_closes_and_plans_them_together(
    sourcing: SourcingSetup,
) -> None:
    """In sequence the first order would take the only pair at A, and the second would be split."""
    sourcing.strategy(batch={"enabled": True, "minutes": 2})
    sourcing.stock(LAMP_A=1, RUG_A=1, LAMP_B=1)
    single, pair = sourcing.order("1", LAMP=1), sourcing.order("2", LAMP=1, RUG=1)
    early = sourcing.source(single, pair, now=NOW + timedelta(seconds=30))
    assert [o.retry_at for o in early] == [NOW + timedelta(minutes=2)] * 2
    assert event_names(sourcing.database, single)[-1] == "order.created"
    assert sourcing.plans() == []
    late = sourcing.source(single, pair, now=NOW + timedelta(minutes=2), resumed=(single, pair))
    assert [o.ok for o in late] == [True, True]
    assert (sourcing.sources(single), sourcing.sources(pair)) == (
        {"LAMP": "B"},
        {"LAMP": "A", "RUG": "A"},
    )
    plan = sourcing.plans()[0]
    assert (plan["mode"], plan["orders"], plan["gap"]) == ("batch", 2, 0)
    assert plan["lower_bound"] == plan["cost"] > 0


def test_many_orders_competing_for_stock_are_planned_together_without_a_window(
    sourcing: SourcingSetup,
) -> None:
    sourcing.stock(LAMP_A=3, LAMP_B=9, RUG_A=9)
    for most, mode in ((2, "batch"), (5, "realtime")):
        sourcing.strategy(batch={"contention": most})
        orders = [sourcing.order(f"{mode}-{n}", LAMP=1) for n in range(4)]
        sourcing.source(*orders)
        assert sourcing.plans()[-1]["mode"] == mode
        sourcing.stock(LAMP_A=6 if most == 2 else 20)

    sourcing.strategy(batch={"contention": 2})
    sourcing.source(*(sourcing.order(f"calm-{n}", RUG=1) for n in range(4)))
    assert sourcing.plans()[-1]["mode"] == "realtime"


def test_a_batch_stores_shadow_prices_that_orders_in_real_time_do_not_pay(
    sourcing: SourcingSetup,
) -> None:
    """The last LAMP at A is scarce for pairs; a single LAMP still ships from the cheaper A."""
    sourcing.strategy(batch={"contention": 1}, weights={"split": 15})
    sourcing.stock(LAMP_A=2, RUG_A=9, LAMP_B=9)
    pairs = [sourcing.order(f"pair-{n}", LAMP=1, RUG=1) for n in range(3)]
    sourcing.source(*pairs)
    assert sourcing.plans()[-1]["mode"] == "batch"
    [(price,)] = sourcing.rows(
        "SELECT price FROM fulfillment_optimization.shadow_price"
        " WHERE source = 'A' AND product = 'LAMP'"
    )
    assert price > 3.5  # B is 9 degrees farther: 1,000 km at 0.35 a hundred
    sourcing.stock(LAMP_A=3)
    alone = sourcing.order("alone", LAMP=1)
    sourcing.source(alone)
    assert sourcing.plans()[-1]["mode"] == "realtime"
    assert sourcing.sources(alone) == {"LAMP": "A"}


# --- divided lines
# ------------------------------------------------------------------------------------------------


def test_a_line_divided_across_sources_becomes_lines_that_add_up(sourcing: SourcingSetup) -> None:
    sourcing.strategy(max_line_sources=2)
    sourcing.stock(LAMP_A=3, LAMP_B=2)
    order = sourcing.order("1", LAMP=5)
    assert sourcing.source(order)[0].details["sources"] == ["A", "B"]
    lines = sourcing.rows(
        "SELECT line_number, quantity, source, discount::text, tax::text, external_id"
        " FROM orders.order_line"
        " WHERE order_id = %s ORDER BY line_number",
        order,
    )
    assert lines == [
        (1, 3, "A", "0.3000", "0.6000", "LAMP"),
        (2, 2, "B", "0.2000", "0.4000", "LAMP"),
    ]
    assert sourcing.reserved(order) == [("LAMP", "A", 3), ("LAMP", "B", 2)]
    assert sourcing.rows("SELECT line_count FROM orders.order WHERE id = %s", order) == [(2,)]
    assert "order_line.split" in event_names(sourcing.database, order)

    with sourcing.database.unit_of_work() as session:
        outcome = sourcing.order_port.create_fulfillment_orders(session, [order], NOW, "test")[0]

    assert outcome.ok
    sourcing.check()

    with sourcing.database.reading() as session:
        chosen = list_decisions(session, order)[0].chosen

    assert [(c.source, c.quantity) for c in chosen] == [("A", 3), ("B", 2)]


def test_the_rest_of_a_partly_served_line_stays_open(sourcing: SourcingSetup) -> None:
    sourcing.strategy(max_line_sources=2, allow_partial=True)
    sourcing.stock(LAMP_A=3)
    order = sourcing.order("1", LAMP=5)
    outcome = sourcing.source(order)[0]
    assert (outcome.ok, outcome.details["missing"]) == (True, ["LAMP"])
    lines = sourcing.rows(
        "SELECT quantity, source FROM orders.order_line WHERE order_id = %s ORDER BY line_number",
        order,
    )
    assert lines == [(3, "A"), (2, None)]


def test_sourcing_an_order_twice_keeps_its_reservations_and_sources_only_the_rest(
    sourcing: SourcingSetup,
) -> None:
    sourcing.strategy(allow_partial=True)
    sourcing.stock(LAMP_A=9)
    order = sourcing.order("1", LAMP=2, RUG=1)
    assert sourcing.source(order)[0].details["missing"] == ["RUG"]
    sourcing.stock(RUG_B=1)
    outcome = sourcing.source(order)[0]
    assert (outcome.ok, outcome.details["sources"]) == (True, ["A", "B"])
    assert sourcing.reserved(order) == [("LAMP", "A", 2), ("RUG", "B", 1)]
    assert sourcing.source(order)[0].ok
    assert sourcing.reserved(order) == [("LAMP", "A", 2), ("RUG", "B", 1)]
