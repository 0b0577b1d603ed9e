"""The benchmark of policies compares equal work."""

import pytest
from benchmarks.policies_bench import (
    is_large_in_python,
    judge_in_python,
    map_in_python,
    measure,
    order,
    policy,
    tasks,
    transformation,
)

from openiom.policies import Transformed

ORDERS = [order(number) for number in range(150)]


def test_plain_python_maps_an_order_like_the_mapping() -> None:
    for source, made in zip(ORDERS[:5], transformation().transform_many(ORDERS[:5]), strict=True):
        document, keys = map_in_python(source)
        assert isinstance(made, Transformed)
        assert made.document == document
        made_keys = [(key.table, key.field, key.value, key.into) for key in made.keys]
        assert sorted(made_keys, key=str) == sorted(keys, key=str)


def test_plain_python_judges_an_order_like_the_policy() -> None:
    for source, verdict in zip(ORDERS, policy().evaluate(ORDERS), strict=True):
        passed, _, values, sets = judge_in_python(source)
        assert (verdict.passed, verdict.values, verdict.sets) == (passed, values, sets)


def test_every_branch_of_the_policy_is_measured() -> None:
    outcomes = {(judge_in_python(one)[0], str(judge_in_python(one)[3])) for one in ORDERS}

    assert len(outcomes) == 3
    assert {is_large_in_python(one) for one in ORDERS} == {True, False}


def test_the_tasks_return_one_result_per_record() -> None:
    for name, task in tasks(10).items():
        product, floor = task.product(), task.floor()
        assert isinstance(product, list), name
        assert isinstance(floor, list), name
        assert len(product) == len(floor) == 10, name


def test_figures_are_ratios_to_the_floor() -> None:
    figures = measure(records=20, repeats=1)

    names = {name.removesuffix("_ratio") for name in figures if name.endswith("_ratio")}
    assert names == {"decision_table", "condition", "order_mapping", "order_mapping_from_json"}
    for name in names:
        spent, floor = figures[f"{name}_us_per_record"], figures[f"{name}_floor_us_per_record"]
        assert spent > 0
        assert figures[f"{name}_ratio"] == pytest.approx(spent / floor, rel=0.2, abs=0.1)
