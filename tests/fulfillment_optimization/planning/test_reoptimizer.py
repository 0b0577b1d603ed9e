"""The backlog gets better, and no promise gets worse."""

from datetime import timedelta
from threading import Thread

import pytest
from tests.fulfillment_optimization.sourcing_setup import SourcingSetup
from tests.orders.builders import NOW, event_names

from openiom.fulfillment_optimization import source_orders
from openiom.fulfillment_optimization.planning import Reoptimizer, reoptimizer
from openiom.platform.bulk import execute
from openiom.platform.events import timeline

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def split(sourcing: SourcingSetup) -> SourcingSetup:
    """
    Order 1 is sourced LAMP from A and RUG from B, because A had no RUG; then a RUG arrives at A.
    """
    sourcing.strategy(reoptimize={"enabled": True, "minimum_saving": 1})
    sourcing.stock(LAMP_A=1, RUG_B=1)
    return sourcing


def split_order(sourcing: SourcingSetup, number: str = "1") -> object:
    order = sourcing.order(number, LAMP=1, RUG=1)
    assert sourcing.source(order)[0].ok
    return order


def test_an_order_split_for_want_of_stock_is_joined_when_the_stock_arrives(
    split: SourcingSetup,
) -> None:
    order = split_order(split)
    assert split.sources(order) == {"LAMP": "A", "RUG": "B"}
    split.stock(RUG_A=1)
    assert split.reoptimize(LATER) == 1
    assert split.sources(order) == {"LAMP": "A", "RUG": "A"}
    assert split.reserved(order) == [("LAMP", "A", 1), ("RUG", "A", 1)]

    with split.database.reading() as session:
        event = timeline(session, [order])[0]

    # one parcel (6.00), one split fee (4.00) and 1,112 km (3.89) fewer
    assert (event.name, event.data["saving"]) == ("order.source_changed", "13.89")
    assert event.data["moves"] == [{"product": "RUG", "from": "B", "to": "A"}]
    assert "from B to A, saves 13.89" in str(event.data)
    plan = split.plans()[-1]
    assert (plan["mode"], plan["orders"], plan["moves"]) == ("reoptimize", 1, 1)


def test_nothing_moves_without_a_saving_above_the_price(split: SourcingSetup) -> None:
    order = split_order(split)
    split.stock(RUG_A=1)
    split.strategy(reoptimize={"enabled": True, "minimum_saving": 13.90})
    assert split.reoptimize(LATER) == 0
    assert split.sources(order) == {"LAMP": "A", "RUG": "B"}
    split.strategy(reoptimize={"enabled": False, "minimum_saving": 0})
    assert split.reoptimize(LATER + timedelta(hours=1)) == 0


def test_a_promise_never_gets_worse(split: SourcingSetup) -> None:
    """Joining at A would save as much as ever, but A needs nine days now."""
    order = split_order(split)
    split.source_at("A", 1.0, processing_days=9)
    split.stock(RUG_A=1)
    assert split.reoptimize(LATER) == 0
    assert split.sources(order) == {"LAMP": "A", "RUG": "B"}


def test_released_and_assigned_orders_are_left_alone(split: SourcingSetup) -> None:
    split.stock(LAMP_A=9, RUG_B=9)
    released, assigned, free = (split_order(split, n) for n in "123")

    with split.database.unit_of_work() as session:
        split.order_port.create_fulfillment_orders(session, [released], NOW, "test")
        execute(
            session,
            "UPDATE orders.order_line SET source_reason = 'ann' WHERE order_id = %s",
            (assigned,),
        )

    split.stock(RUG_A=9)
    before = [split.sources(o) for o in (released, assigned)]
    assert split.reoptimize(LATER) == 1
    assert [split.sources(o) for o in (released, assigned)] == before
    assert split.sources(free) == {"LAMP": "A", "RUG": "A"}


def test_an_order_is_moved_no_more_often_than_it_may(split: SourcingSetup) -> None:
    split.strategy(reoptimize={"enabled": True, "max_moves": 1, "minimum_saving": 0.1})
    split.stock(LAMP_A=0, RUG_B=0, LAMP_C=1)
    order = split.order("1", LAMP=1)
    split.source(order)
    split.stock(LAMP_B=1)
    assert split.reoptimize(LATER) == 1
    split.stock(LAMP_A=1)
    assert split.reoptimize(LATER + timedelta(hours=1)) == 0
    assert split.sources(order) == {"LAMP": "B"}
    split.strategy(reoptimize={"enabled": True, "max_moves": 2, "minimum_saving": 0.1})
    assert split.reoptimize(LATER + timedelta(hours=2)) == 1
    assert split.sources(order) == {"LAMP": "A"}


def test_a_run_moves_at_most_its_limit_of_orders_and_the_greatest_savings_first(
    split: SourcingSetup,
) -> None:
    split.strategy(reoptimize={"enabled": True, "max_moved_orders": 1, "minimum_saving": 0.1})
    split.stock(LAMP_A=2, RUG_B=1, RUG_C=1)
    near, far = split_order(split, "1"), split_order(split, "2")
    assert (split.sources(near)["RUG"], split.sources(far)["RUG"]) == ("B", "C")
    split.stock(RUG_A=2)
    assert split.reoptimize(LATER) == 1
    assert (split.sources(near)["RUG"], split.sources(far)["RUG"]) == ("B", "A")


def test_a_backlog_is_improved_only_after_the_configured_interval(split: SourcingSetup) -> None:
    split_order(split)
    split.stock(RUG_A=1)
    turn = Reoptimizer(split.order_port)
    assert turn.run_once(split.database, limit=9, now=LATER).rows == 1
    plans = len(split.plans())

    for minutes, more in ((1, 0), (14, 0), (16, 1)):
        turn.run_once(split.database, limit=9, now=LATER + timedelta(minutes=minutes))
        assert len(split.plans()) == plans + more

    assert split.reoptimize(LATER + timedelta(minutes=20)) == 0  # another process sees the last run
    assert len(split.plans()) == plans + 1


def test_one_move_may_free_the_stock_for_another(split: SourcingSetup) -> None:
    """C serves order 1 for want of a BED at B; order 2 holds the BED at B and can go to A."""
    split.strategy(reoptimize={"enabled": True, "minimum_saving": 0.5})
    split.stock(LAMP_A=0, RUG_B=0, BED_B=1, BED_C=1)
    first, second = split.order("1", BED=1), split.order("2", BED=1)
    split.source(first)
    split.source(second)
    assert (split.sources(first), split.sources(second)) == ({"BED": "B"}, {"BED": "C"})
    split.stock(BED_A=1)
    assert split.reoptimize(LATER) >= 1
    ends = sorted([split.sources(first)["BED"], split.sources(second)["BED"]])
    assert ends == ["A", "B"]
    assert len(split.reserved(first)) == len(split.reserved(second)) == 1


def test_an_order_stays_when_its_new_stock_is_reserved_between_plan_and_move(
    split: SourcingSetup, monkeypatch
) -> None:
    order = split_order(split)
    split.stock(RUG_A=1)
    think = reoptimizer.improve_backlog

    def slow(*given):
        found = think(*given)
        rival = split.order("rival", RUG=1)
        split.source(rival)
        return found

    monkeypatch.setattr(reoptimizer, "improve_backlog", slow)
    assert split.reoptimize(LATER) == 0
    assert split.sources(order) == {"LAMP": "A", "RUG": "B"}
    assert split.reserved(order) == [("LAMP", "A", 1), ("RUG", "B", 1)]
    assert "order.source_changed" not in event_names(split.database, order)


def test_an_order_released_between_plan_and_move_is_not_touched(
    split: SourcingSetup, monkeypatch
) -> None:
    order = split_order(split)
    split.stock(RUG_A=1)
    think = reoptimizer.improve_backlog

    def slow(*given):
        found = think(*given)
        with split.database.unit_of_work() as session:
            split.order_port.create_fulfillment_orders(session, [order], NOW, "test")
        return found

    monkeypatch.setattr(reoptimizer, "improve_backlog", slow)
    assert split.reoptimize(LATER) == 0
    assert split.sources(order) == {"LAMP": "A", "RUG": "B"}


def test_days_follow_the_moves(split: SourcingSetup) -> None:
    split.source_at("A", 1.0, daily_parcels=9)
    split.source_at("B", 10.0, daily_parcels=9)
    split_order(split)
    assert (split.day("A"), split.day("B")) == ([(1, 1)], [(1, 1)])
    split.stock(RUG_A=1)
    assert split.reoptimize(LATER) == 1
    assert (split.day("A"), split.day("B")) == ([(1, 2)], [(0, 0)])


def test_no_order_goes_to_a_source_whose_day_is_full(split: SourcingSetup) -> None:
    split.source_at("A", 1.0, daily_parcels=1)
    split.stock(LAMP_A=1, LAMP_B=9, RUG_B=9)
    one = split.order("1", LAMP=1)
    two = split.order("2", LAMP=1)
    split.source(one, two)
    assert (split.sources(one), split.sources(two)) == ({"LAMP": "A"}, {"LAMP": "B"})
    split.stock(LAMP_A=9)
    assert split.reoptimize(LATER) == 0
    assert split.reoptimize(LATER + timedelta(days=1)) == 1
    assert split.sources(two) == {"LAMP": "A"}


def test_concurrent_sourcing_and_re_optimization_promise_no_unit_twice(
    sourcing: SourcingSetup,
) -> None:
    """
    Three threads source single lamps while the backlog of pairs is joined again and again as rugs
    arrive.
    """
    sourcing.strategy(
        reoptimize={"enabled": True, "minimum_saving": 0.1, "minutes": 0.001, "max_moves": 99}
    )
    sourcing.stock(LAMP_A=40, RUG_B=10, LAMP_B=40)
    pairs = [split_order(sourcing, f"pair-{n}") for n in range(10)]
    singles = [sourcing.order(f"single-{n}", RUG=1) for n in range(12)]
    sourcing.stock(RUG_A=8, RUG_C=12)
    errors: list[Exception] = []

    def source(mine: int) -> None:
        for order in singles[mine::3]:
            try:
                with sourcing.database.unit_of_work() as session:
                    source_orders(session, sourcing.order_port, [order], now=NOW, actor="test")
            except Exception as error:
                errors.append(error)

    threads = [Thread(target=source, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()

    for n in range(4):
        sourcing.reoptimize(LATER + timedelta(minutes=n))

    for thread in threads:
        thread.join()

    sourcing.reoptimize(LATER + timedelta(hours=1))
    assert errors == []
    sourcing.check()

    for order in (*pairs, *singles):
        lines = sourcing.sources(order)
        assert [(p, s, 1) for p, s in sorted(lines.items())] == sourcing.reserved(order)

    [(rugs,)] = sourcing.rows(
        "SELECT count(*) FROM orders.order_line WHERE product = 'RUG' AND source = 'A'"
    )
    assert rugs == 8  # every rug at A is worth having, and none is promised twice
