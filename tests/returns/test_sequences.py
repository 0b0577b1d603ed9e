"""Random sequences of operations, and people who act at the same time."""

from collections.abc import Callable
from decimal import Decimal
from random import Random
from uuid import UUID

import pytest
from tests.fulfillment.test_races import start_inline
from tests.returns.builders import (
    NOW,
    broken_invariants,
    delivered,
    detail,
    inspect,
    line,
    line_ids,
    measure,
    new_return,
    receive,
    refunds,
    request,
    returned,
    shop,
)

from openiom.platform.database import Database
from openiom.returns import approve_returns, cancel_returns, close_returns


class Story:
    """Random operations on the returns of one order."""

    def __init__(self, database: Database, random: Random) -> None:
        self.database = database
        self.random = random
        prices = line(quantity=7, unit_price="9.99"), line("Lamp", 3, unit_price="33.35")
        self.order = delivered(database, *prices)
        self.sold = line_ids(database, self.order)
        self.returns: list[UUID] = []

    def step(self) -> None:
        """Do one thing that may be refused."""
        choices: list[Callable[[], object]] = [self.create, self.create]
        if self.returns:
            choices += [self.receive, self.receive, self.inspect, self.inspect, self.end]
        self.random.choice(choices)()

    def create(self) -> None:
        chosen = self.random.sample(self.sold, self.random.choice((1, 2)))
        items = [(i, self.random.randint(1, 4)) for i in chosen]
        reason = self.random.choice(("no_longer_needed", "defective"))
        outcome = self.random.choice(("refund", "refund", "replacement"))
        timing = self.random.choice(("standard", "advanced")) if outcome != "refund" else ""
        wanted = new_return(self.order, *items, reason=reason, outcome=outcome, timing=timing)
        (result,) = request(self.database, wanted)
        if result.ok:
            assert result.id
            self.returns.append(result.id)

    def _line(self) -> UUID:
        found = detail(self.database, self.random.choice(self.returns))
        return self.random.choice(found.lines).id

    def receive(self) -> None:
        receive(self.database, (self._line(), self.random.randint(1, 4)))

    def inspect(self) -> None:
        disposition = self.random.choice(("restock", "restock", "scrap", "reject"))
        item = (self._line(), self.random.randint(1, 3))
        inspect(self.database, item, disposition=disposition)

    def end(self) -> None:
        one = self.random.choice(self.returns)
        operation = self.random.choice((approve_returns, cancel_returns, close_returns))
        with self.database.unit_of_work() as session:
            operation(session, [one], NOW, "ann")


@pytest.mark.parametrize("seed", range(12))
def test_units_and_money_are_conserved(database: Database, seed: int) -> None:
    shop(database, {"rules": [{"title": "5 %", "restocking_fee_percent": "5"}]})
    story = Story(database, Random(seed))
    before = measure(database, "Accu Scale", "onhand") + measure(database, "Lamp", "onhand")
    for _ in range(40):
        story.step()

    assert broken_invariants(database) == []
    found = [detail(database, one) for one in story.returns]
    restocked = sum(
        inspection.quantity
        for one in found
        for item in one.lines
        for inspection in item.inspections
        if inspection.disposition == "restock"
    )
    after = measure(database, "Accu Scale", "onhand") + measure(database, "Lamp", "onhand")
    assert after - before == restocked
    assert sum(map(Decimal, refunds(database, story.order))) <= Decimal("169.98")


def test_two_people_who_receive_the_same_unit_receive_it_once(database: Database) -> None:
    shop(database)
    order = delivered(database)
    [sold] = line_ids(database, order)
    one = returned(database, new_return(order, (sold, 1)))
    only = one.lines[0].id

    def act() -> bool:
        return receive(database, (only, 1), condition="new", disposition="restock")[0].ok

    before = measure(database, "Accu Scale", "onhand")
    assert sorted(start_inline(act, act, act)) == [False, False, True]
    assert refunds(database, order) == ["10.00"]
    assert measure(database, "Accu Scale", "onhand") == before + 1
    assert broken_invariants(database) == []


def test_two_returns_of_the_last_unit_have_one_winner(database: Database) -> None:
    shop(database)
    order = delivered(database, line(quantity=1))
    [sold] = line_ids(database, order)

    def act() -> bool:
        return request(database, new_return(order, (sold, 1)))[0].ok

    assert sorted(start_inline(act, act, act)) == [False, False, True]
    assert broken_invariants(database) == []
