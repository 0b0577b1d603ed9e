"""Availability to promise equals a projection by hand."""

from datetime import date, timedelta
from decimal import Decimal
from random import Random

import numpy as np

from openiom.inventory_visibility.availability.atp import atp, first_day, project

TODAY = date(2026, 11, 20)


def after(days: int) -> date:
    return TODAY + timedelta(days=days)


def projected_by_hand(
    on_hand: Decimal, entries: list[tuple[date, Decimal]], days: int
) -> list[tuple[Decimal, Decimal]]:
    """(projected, promise) of each day, every figure counted from the beginning."""

    def quantity_on(day: date) -> Decimal:
        stock = on_hand
        for when, quantity in entries:
            if TODAY <= when <= day:
                stock = stock + quantity
        return stock

    window = [after(n) for n in range(days)]
    projected = [quantity_on(day) for day in window]
    return [(projected[n], min(projected[n:])) for n in range(days)]


def test_the_worked_example_of_the_reference() -> None:
    schedule = {TODAY: Decimal(-5), after(1): Decimal(20), after(3): Decimal(-40)}
    timeline = atp(Decimal(50), schedule, today=TODAY, days=7)
    assert [d.projected for d in timeline] == [45, 65, 65, 25, 25, 25, 25]
    assert [d.atp for d in timeline] == [25] * 7
    assert [d.supply for d in timeline] == [0, 20, 0, 0, 0, 0, 0]
    assert [d.demand for d in timeline] == [5, 0, 0, 40, 0, 0, 0]


def test_ten_thousand_random_schedules_equal_a_projection_by_hand() -> None:
    random = Random(20261120)
    for case in range(10_000):
        days = random.randint(1, 9) if case % 50 else random.randint(20, 60)
        on_hand = Decimal(random.randint(-50_000, 500_000)) / 10_000
        entries = [
            (
                after(random.randint(-4, days + 4)),
                Decimal(random.randint(-300_000, 300_000)) / 10_000,
            )
            for _ in range(random.randint(0, 12))
        ]
        timeline = atp(on_hand, entries, today=TODAY, days=days)
        assert [(d.projected, d.atp) for d in timeline] == projected_by_hand(
            on_hand, entries, days
        ), (
            case,
            on_hand,
            entries,
        )


def test_a_window_of_180_days_equals_the_projection_by_hand() -> None:
    random = Random(180)
    for _ in range(5):
        entries = [
            (after(random.randint(0, 179)), Decimal(random.randint(-90, 90))) for _ in range(60)
        ]
        timeline = atp(Decimal(100), entries, today=TODAY, days=180)
        assert [(d.projected, d.atp) for d in timeline] == projected_by_hand(
            Decimal(100), entries, 180
        )


def test_many_keys_are_projected_each_by_itself() -> None:
    random = np.random.default_rng(4)
    on_hand = random.integers(0, 1000, 300)
    supply, demand = random.integers(0, 50, (300, 30)), random.integers(0, 60, (300, 30))
    together = project(on_hand, supply, demand)
    for key in range(300):
        alone = project(on_hand[key : key + 1], supply[key : key + 1], demand[key : key + 1])
        assert (together.atp[key] == alone.atp[0]).all()
        assert (together.projected[key] == alone.projected[0]).all()


def test_what_comes_later_is_promised_from_its_day_on_and_never_before() -> None:
    timeline = atp(Decimal(2), {after(3): Decimal(10)}, today=TODAY, days=7)
    assert first_day(timeline, Decimal(2)) == TODAY
    assert first_day(timeline, Decimal(3)) == after(3)
    assert first_day(timeline, Decimal(13)) is None
