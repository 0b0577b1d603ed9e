"""Expressions compile once, answer for many, and say what is wrong and where."""

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest

from openiom.kernel import Invalid
from openiom.policies import Condition, Expression, Failure


def test_a_bad_record_fails_alone_and_says_which_values_it_had():
    doubled = Expression("quantity * 2")

    answers = doubled.evaluate_many([{"quantity": 3}, {"quantity": "three"}, {"quantity": 1.25}])

    assert answers[0] == 6
    assert type(answers[0]) is int
    assert answers[1] == Failure(
        "quantity * 2", "Multiply: Unsupported type", {"quantity": "three"}
    )
    assert answers[2] == 2.5


def test_a_failure_carries_no_stack_trace_of_the_engine():
    failure = Expression("upper(name)").evaluate({"name": None})

    assert isinstance(failure, Failure)
    assert failure.message == "CallFunction: Function `upper` failed: Argument on 0 is not a string"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a.b +", "Unexpected end of unary expression at position 6"),
        ("quantity lines", "unexpected `lines` at position 10"),
        (
            "round_up(quantity)",
            "unexpected `(quantity)` at position 9; `round_up` is not a function",
        ),
        ("1 +* 2", "Unexpected token: Operator at position 4"),
        ("  ", "the expression is empty"),
    ],
)
def test_an_invalid_expression_is_refused_with_text_and_position(text, told):
    with pytest.raises(Invalid) as refusal:
        Expression(text, where="flow condition")

    assert refusal.value.where == "flow condition"
    assert told in refusal.value.what


def test_a_number_too_large_to_be_exact_is_refused_and_a_string_keeps_it():
    record = {"id": 9007199254740993}

    assert "wrap the expression in string(...)" in Expression("id").evaluate(record).message
    assert Expression("string(id)").evaluate(record) == "9007199254740993"


def test_facts_may_hold_decimals_dates_and_ids():
    facts = {"total": Decimal("19.99"), "day": date(2026, 3, 1), "id": UUID(int=7), "n": 1}

    assert Condition("total > 19.98 and total < 20").evaluate(facts) is True
    assert Expression("day").evaluate(facts) == "2026-03-01"
    assert Expression("$root.id").evaluate(facts) == str(UUID(int=7))


def test_a_condition_is_false_when_its_field_is_missing_and_fails_on_anything_but_true_or_false():
    assert Condition("express").evaluate_many([{}, {"express": True}, {"express": None}]) == [
        False,
        True,
        False,
    ]
    assert (
        Condition("quantity").evaluate({"quantity": 4}).message
        == "evaluates to 4, not to true or false"
    )


def test_lists_of_related_records_can_be_asked():
    heavy = Condition("some(lines, #.weight > 20) and not(ship_to.country in ['US', 'CA'])")

    assert (
        heavy.evaluate({"lines": [{"weight": 3}, {"weight": 21}], "ship_to": {"country": "MX"}})
        is True
    )
    assert heavy.evaluate({"lines": [{"weight": 3}], "ship_to": {"country": "MX"}}) is False


def test_fields_named_only_inside_templates_and_dynamic_access_are_still_handed_over():
    assert (
        Expression("`${first} ${last}`").evaluate({"first": "Ada", "last": "L", "x": 1}) == "Ada L"
    )
    assert Expression("$root['a b']").evaluate({"a b": 5}) == 5
