"""Bid prices learned from earlier orders, by a turn of their own; orders only read them."""

from datetime import timedelta

import pytest
from tests.fulfillment_optimization.sourcing_setup import SourcingSetup, sourcing_setup
from tests.orders.builders import NOW

from openiom.app.demand_gateway import DemandGateway
from openiom.fulfillment_optimization.planning import PriceLearningWorker
from openiom.platform.database import Database

TOMORROW = NOW + timedelta(days=1)


@pytest.fixture
def sourcing(database: Database) -> SourcingSetup:
    return sourcing_setup(database)


def pairs_yesterday(sourcing: SourcingSetup) -> None:
    """
    Three orders a day want LAMP and RUG together, which only A has; one unit of LAMP is left
    there.
    """
    sourcing.strategy(weights={"split": 15})
    sourcing.stock(LAMP_A=3, RUG_A=9, LAMP_B=9)
    sourcing.source(*(sourcing.order(f"pair-{n}", LAMP=1, RUG=1) for n in range(3)))
    sourcing.stock(LAMP_A=4)


def test_an_order_leaves_a_unit_that_is_worth_more_to_orders_like_yesterdays(
    sourcing: SourcingSetup,
) -> None:
    pairs_yesterday(sourcing)
    assert (
        PriceLearningWorker(DemandGateway()).run_once(sourcing.database, limit=1, now=TOMORROW).rows
        == 1
    )
    curves = dict(
        sourcing.rows(
            "SELECT product || '@' || source, step_costs"
            " FROM fulfillment_optimization.opportunity_cost"
        )
    )
    assert curves.keys() >= {"@", "LAMP@A"}
    assert curves["@"] == []
    last = curves["LAMP@A"][0]
    assert (
        3.5 < last < 30
    )  # B is 1,000 km farther at 0.35 a hundred; a split parcel costs 21 and its carriage

    alone = sourcing.order("alone", LAMP=1)
    sourcing.source(alone, now=TOMORROW)
    assert sourcing.plans()[-1]["mode"] == "realtime"
    assert sourcing.sources(alone) == {"LAMP": "B"}
    # what an order pays for waiting stands in no cost of it
    assert float(sourcing.plans()[-1]["cost"]) == pytest.approx(
        6 + 0.4 + 0.05 + 0.35 * 11.1195, abs=0.01
    )

    pair = sourcing.order("pair", LAMP=1, RUG=1)
    sourcing.source(pair, now=TOMORROW)
    assert sourcing.sources(pair) == {"LAMP": "A", "RUG": "A"}


def test_prices_follow_the_stock_and_expire_after_a_day(
    sourcing: SourcingSetup,
) -> None:
    pairs_yesterday(sourcing)
    PriceLearningWorker(DemandGateway()).run_once(sourcing.database, limit=1, now=TOMORROW)
    sourcing.stock(LAMP_A=40)
    plenty = sourcing.order("plenty", LAMP=1)
    sourcing.source(plenty, now=TOMORROW)
    assert sourcing.sources(plenty) == {"LAMP": "A"}
    sourcing.stock(LAMP_A=5)  # four are promised: one is left
    late = sourcing.order("late", LAMP=1)
    sourcing.source(late, now=TOMORROW + timedelta(hours=25))
    assert sourcing.sources(late) == {"LAMP": "A"}


def test_prices_are_learned_once_an_hour_and_only_where_orders_pay_them(
    sourcing: SourcingSetup,
) -> None:
    pairs_yesterday(sourcing)
    turn = PriceLearningWorker(DemandGateway())
    assert turn.run_once(sourcing.database, limit=1, now=TOMORROW).rows == 1
    assert turn.run_once(sourcing.database, limit=1, now=TOMORROW + timedelta(minutes=59)).rows == 0
    other = PriceLearningWorker(DemandGateway())
    assert (
        other.run_once(sourcing.database, limit=1, now=TOMORROW + timedelta(minutes=59)).rows == 0
    )
    assert (
        other.run_once(sourcing.database, limit=1, now=TOMORROW + timedelta(minutes=60)).rows == 1
    )
    sourcing.strategy(batch={"bid_prices": False})
    assert (
        PriceLearningWorker(DemandGateway())
        .run_once(sourcing.database, limit=1, now=TOMORROW + timedelta(hours=9))
        .rows
        == 0
    )


def test_without_orders_nothing_is_worth_anything_and_that_is_known(
    sourcing: SourcingSetup,
) -> None:
    sourcing.strategy()
    found = PriceLearningWorker(DemandGateway()).learn(sourcing.database, "default", NOW)
    assert found.curves == {}
    [(source,)] = sourcing.rows("SELECT source FROM fulfillment_optimization.opportunity_cost")
    assert source == ""
