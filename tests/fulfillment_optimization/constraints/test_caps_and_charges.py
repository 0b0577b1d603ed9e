"""Caps on order lines, and refusals and charges as they add up."""

from dataclasses import dataclass

import numpy as np
import pytest
from tests.fulfillment_optimization.constraints.test_effects import SOURCES, context

from openiom.fulfillment_optimization.constraints import (
    RANKING,
    ConstraintEffects,
    LineCap,
    apply_constraints,
)
from openiom.fulfillment_optimization.constraints.effects import caps_of_sources, line_cap
from openiom.fulfillment_optimization.engine import UNLIMITED, Refusal


def cap(*members: bool, left: int, penalty: float = 0.0) -> LineCap:
    return LineCap(np.array(members), left, penalty)


@pytest.mark.parametrize(
    ("members", "left", "lines", "binds"),
    [
        ((True, False), 2, 3, True),
        ((True, False), 3, 3, False),
        ((True, True), 5, 3, True),
        ((True, True), 6, 3, False),
        ((False, False), 0, 3, False),
        ((True, True), 0, 0, False),
        ((True, True), 0, 1, True),
    ],
)
def test_a_cap_could_bind_when_every_line_is_divided_across_its_members(
    members: tuple[bool, ...], left: int, lines: int, binds: bool
) -> None:
    assert cap(*members, left=left).could_bind(lines) is binds


def test_hard_and_soft_caps_are_kept_apart() -> None:
    effects = ConstraintEffects.none(context())
    hard, soft = cap(True, left=1, penalty=9.0), cap(True, left=2, penalty=4.0)
    effects.limit_lines(hard, hard=True)
    effects.limit_lines(soft, hard=False)
    effects.limit_lines(soft, hard=False)
    assert effects.caps == [hard]
    assert effects.soft_caps == [soft, soft]
    assert effects.penalties == 8.0


@dataclass
class Scope:
    """The source or the list a row names."""

    source: str | None = None
    source_list: str | None = None


@pytest.mark.parametrize(
    ("scopes", "members"),
    [
        ([], [False, False, False]),
        ([Scope()], [True, True, True]),
        ([Scope("B")], [False, True, False]),
        ([Scope("B"), Scope("C")], [False, True, True]),
        ([Scope(source_list="stores"), Scope("B")], [True, True, False]),
        ([Scope("D"), Scope(source_list="unknown")], [False, False, False]),
    ],
)
def test_rows_apply_to_the_sources_that_any_of_them_names(
    scopes: list[Scope], members: list[bool]
) -> None:
    assert SOURCES.members_of_any(scopes).tolist() == members


@pytest.mark.parametrize(
    ("product", "columns"), [(None, [0, 1]), ("LAMP", [0]), ("RUG", [1]), ("SOFA", []), ("", [])]
)
def test_a_row_for_a_product_applies_to_its_column_of_the_stock(
    product: str | None, columns: list[int]
) -> None:
    assert context().columns(product).tolist() == columns


def test_without_products_no_row_has_a_column() -> None:
    empty = context(products=(), stock=np.zeros((3, 0), dtype=np.int64))
    assert empty.columns("LAMP").tolist() == []
    assert empty.columns(None).tolist() == []


def test_a_refusal_of_sources_holds_for_every_order() -> None:
    effects = ConstraintEffects.none(context())
    effects.refuse_order(np.array([False, True, False]), Refusal.CLOSED)
    assert effects.order_refusal.tolist() == [[0, Refusal.CLOSED, 0]] * 2
    effects.refuse_line(np.array([True, True, False]), Refusal.DECLINED)
    effects.refuse_line(np.array([True, False, True]), Refusal.OTHER)
    declined = int(Refusal.DECLINED)
    assert effects.line_refusal.tolist() == [[declined, declined, int(Refusal.OTHER)]] * 3


def test_penalties_of_parcels_add_up_under_their_name() -> None:
    effects = ConstraintEffects.none(context())
    everywhere = np.ones((2, 3), dtype=bool)
    first = everywhere & (np.arange(3) == 0)
    effects.charge_parcel("far", first, 5.0)
    effects.charge_parcel("far", everywhere, 2.0)
    effects.charge_parcel("late", ~everywhere, 3.0)
    effects.charge_parcel("free", everywhere, 0.0)
    assert effects.parcel_parts.keys() == {"far"}
    assert effects.parcel_parts["far"].tolist() == [[7.0, 2.0, 2.0]] * 2
    assert effects.penalties == 10.0


def test_penalties_of_lines_add_up_and_raise_an_open_line_by_the_dearest_of_each() -> None:
    effects = ConstraintEffects.none(context())
    money = np.array([[1.0, 0.0, 4.0], [0.0, 0.0, 0.0], [2.0, 2.0, 2.0]])
    effects.charge_line("stock", money)
    effects.charge_line("stock", money)
    effects.charge_line("nothing", 0.0 * money)
    assert effects.serve_parts.keys() == {"stock"}
    assert effects.serve_parts["stock"].tolist() == (2 * money).tolist()
    assert effects.penalties == 8.0


def test_steps_of_several_priorities_add_up() -> None:
    effects = ConstraintEffects.none(context())
    effects.rank_sources(np.array([[0.0, 1.0, 2.0]] * 3))
    effects.rank_sources(np.array([[3.0, 0.0, 0.0]] * 3))
    assert effects.serve_parts[RANKING].tolist() == [[3.0, 1.0, 2.0]] * 3
    assert effects.ranks == 5


@pytest.mark.parametrize(
    ("kinds", "penalty"),
    [
        ([(False, 4.0), (False, 9.0), (False, 2.0)], 9.0),
        ([(False, 4.0), (True, 0.0)], np.inf),
        ([(True, 0.0), (False, 4.0)], np.inf),
    ],
)
def test_of_several_rules_for_whole_orders_the_strictest_counts(
    kinds: list[tuple[bool, float]], penalty: float
) -> None:
    effects = ConstraintEffects.none(context())
    for hard, amount in kinds:
        effects.require_whole_orders(hard=hard, penalty=amount)
    assert effects.partial_penalty == penalty


@pytest.mark.parametrize(("daily", "left"), [(0, 0), (2, 0), (3, 0), (4, 1), (9, 6)])
def test_order_lines_of_today_are_deducted_from_a_limit(daily: int, left: int) -> None:
    """A and C have one and two order lines today."""
    limit = line_cap(np.array([True, False, True]), daily, context(), 7.0)
    assert (limit.left, limit.penalty) == (left, 7.0)
    assert limit.members.tolist() == [True, False, True]


def test_only_sources_with_a_limit_of_their_own_have_a_cap() -> None:
    caps = caps_of_sources(np.array([5, UNLIMITED, 1]), context(), 3.0)
    assert [one.members.tolist() for one in caps] == [[True, False, False], [False, False, True]]
    assert [(one.left, one.penalty) for one in caps] == [(4, 3.0), (0, 3.0)]


@pytest.mark.parametrize(("daily", "left"), [(3, [2]), (4, []), (99, [])])
def test_a_daily_limit_of_a_source_counts_where_the_lines_could_exceed_it(
    daily: int, left: list[int]
) -> None:
    """There are three lines, and source A has one of today already."""
    of = context(daily_lines=np.array([daily, UNLIMITED, UNLIMITED]))
    effects = apply_constraints([], of)
    assert [one.left for one in effects.caps] == left
    assert effects.soft_caps == []
