"""Refused webhook calls are logged up to a budget: a stranger cannot fill the disk."""

from datetime import UTC, datetime, timedelta

from openiom.providers.refusals import LOGGED_PER_MINUTE, RefusalBudget

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_the_first_refusals_of_a_minute_are_logged() -> None:
    budget = RefusalBudget(per_minute=2)

    answers = [budget.admit("shop", now=NOW + timedelta(seconds=second)) for second in range(5)]

    assert answers == [0, 0, None, None, None]


def test_the_next_minute_says_how_many_were_left_out() -> None:
    budget = RefusalBudget(per_minute=2)
    for _ in range(5):
        budget.admit("shop", now=NOW)

    later = NOW + timedelta(minutes=1)
    assert [budget.admit("shop", now=later) for _ in range(3)] == [3, 0, None]


def test_every_instance_has_its_own_budget() -> None:
    budget = RefusalBudget(per_minute=1)
    budget.admit("shop", now=NOW)

    assert budget.admit("shop", now=NOW) is None
    assert budget.admit("warehouse", now=NOW) == 0


def test_a_stranger_causes_less_than_three_megabytes_a_day() -> None:
    """A row of the log has up to 2,000 characters of text."""
    assert LOGGED_PER_MINUTE * 60 * 24 * 100 < 3_000_000
