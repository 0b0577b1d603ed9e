"""Expressions compile once, are evaluated for many records, and report what is wrong and where."""

from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from uuid import UUID

import orjson
import pytest

from openiom.kernel import Invalid
from openiom.policies import Condition, Expression, Failure
from openiom.policies.language import check_cell, check_expression, values_read
from openiom.policies.language.expression import (
    EXACT_LIMIT,
    _locate,
    _unexpected,
    as_json,
    call_engine,
    engine_message,
    literal,
    normalize,
    pick,
)


def test_a_bad_record_fails_alone_and_shows_the_values_it_had():
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
    ("text", "message"),
    [
        ("a.b +", "Unexpected end of unary expression at position 6"),
        ("quantity lines", "unexpected `lines` at position 10"),
        (
            "round_up(quantity)",
            "unexpected `(quantity)` at position 9; `round_up` is not a function",
        ),
        ("1 +* 2", "Unexpected token: Operator at position 4"),
        ("a (b and c or d and e or f)", "unexpected `(b and c or d and e ` at position 3"),
        ("  ", "the expression is empty"),
        ("", "the expression is empty"),
    ],
)
def test_an_invalid_expression_is_refused_with_text_and_position(text, message):
    with pytest.raises(Invalid) as refusal:
        Expression(text, where="flow condition")

    assert refusal.value.where == "flow condition"
    assert message in refusal.value.what


def test_a_valid_expression_has_no_problems():
    assert check_expression("a + b", where="here") == []
    assert check_cell("> 5", where="here") == []


def test_a_cell_is_checked_as_a_comparison():
    assert check_expression("> 5", where="here") != []
    [problem] = check_cell("> >", where="row 1")
    assert problem.where == "row 1"
    assert problem.what.startswith("`> >` is not a valid expression: ")


def test_a_number_too_large_to_be_exact_is_refused_and_a_string_keeps_it():
    record = {"id": 9007199254740993}

    assert "wrap the expression in string(...)" in Expression("id").evaluate(record).message
    assert Expression("string(id)").evaluate(record) == "9007199254740993"


def test_facts_may_hold_decimals_dates_and_ids():
    facts = {"total": Decimal("19.99"), "day": date(2026, 3, 1), "id": UUID(int=7), "n": 1}

    assert Condition("total > 19.98 and total < 20").evaluate(facts) is True
    assert Expression("day").evaluate(facts) == "2026-03-01"
    assert Expression("$root.id").evaluate(facts) == str(UUID(int=7))


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({}, False),
        ({"express": True}, True),
        ({"express": False}, False),
        ({"express": None}, False),
    ],
)
def test_a_condition_is_false_when_its_field_is_missing(record, expected):
    assert Condition("express").evaluate(record) is expected


@pytest.mark.parametrize("value", [4, 0, "true", []])
def test_a_condition_fails_on_anything_but_true_or_false(value):
    failure = Condition("quantity").evaluate({"quantity": value})
    assert isinstance(failure, Failure)
    assert failure.message == f"evaluates to {value!r}, not to true or false"
    assert failure.values == {"quantity": value}


def test_a_condition_passes_the_failure_of_its_expression_on():
    failure = Condition("quantity + 1 > 2").evaluate({"quantity": "x"})
    assert isinstance(failure, Failure)
    assert failure.expression == "quantity + 1 > 2"


def test_conditions_can_read_lists_of_related_records():
    heavy = Condition("some(lines, #.weight > 20) and not(ship_to.country in ['US', 'CA'])")
    light = {"lines": [{"weight": 3}], "ship_to": {"country": "MX"}}

    assert heavy.evaluate({"lines": [{"weight": 21}], "ship_to": {"country": "MX"}}) is True
    assert heavy.evaluate(light) is False


def test_fields_named_in_templates_and_by_dynamic_access_are_passed_on():
    names = {"first": "Ada", "last": "L", "x": 1}

    assert Expression("`${first} ${last}`").evaluate(names) == "Ada L"
    assert Expression("$root['a b']").evaluate({"a b": 5}) == 5


def test_an_expression_shows_its_text_and_roots():
    assert repr(Expression("a + 1")) == "Expression('a + 1')"
    assert repr(Condition("a")) == "Condition('a')"
    assert Expression("a + b.c").roots == {"a", "b", "c"}
    assert Expression("$root.a").roots is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3.0, 3),
        (-2.0, -2),
        (2.5, 2.5),
        ("3.0", "3.0"),
        (True, True),
        (None, None),
        ([1.0, "a", [2.0]], [1, "a", [2]]),
        ({"a": 1.0, "b": {"c": 2.0}}, {"a": 1, "b": {"c": 2}}),
        ({"a": None, "b": "x"}, {"a": None, "b": "x"}),
        (float(EXACT_LIMIT - 1), EXACT_LIMIT - 1),
        (-float(EXACT_LIMIT - 1), 1 - EXACT_LIMIT),
    ],
)
def test_whole_floats_become_whole_numbers(value, expected):
    found = normalize(value)
    assert found == expected
    assert type(found) is type(expected)


def test_members_that_are_null_can_be_stripped():
    value = {"a": None, "b": {"c": None, "d": 1.0}, "e": [{"f": None, "g": "x"}, None]}
    assert normalize(value, strip=True) == {"b": {"d": 1}, "e": [{"g": "x"}, None]}


@pytest.mark.parametrize("value", [float(EXACT_LIMIT), -float(EXACT_LIMIT), 1e300])
def test_numbers_from_the_limit_on_are_refused(value):
    with pytest.raises(ValueError, match="is too large to be exact"):
        normalize([value])


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("a", {"b": [{"c": 1}, {"c": 2}]}),
        ("a.b[1].c", 2),
        ("a.b[0]", {"c": 1}),
        ("a.b[2]", None),
        ("a.x.y", None),
        ("x", None),
        ("t[1]", 6),
        ("a.b.c", None),
        ("n.m", None),
    ],
)
def test_a_value_is_picked_by_its_path(path, value):
    record = {"a": {"b": [{"c": 1}, {"c": 2}]}, "t": (5, 6), "n": 3}
    assert pick(record, path) == value


def test_the_values_read_are_shown_by_path():
    record = {"ship_to": {"city": "NYC"}, "total": 3}
    assert values_read("ship_to.city + total + missing", record) == {
        "ship_to.city": "NYC",
        "total": 3,
        "missing": None,
    }


def test_records_are_written_as_json_the_engine_takes():
    value = {
        "price": Decimal("1.5"),
        "day": date(2026, 3, 1),
        "at": datetime(2026, 3, 1, 12),  # noqa: DTZ001
        "id": UUID(int=1),
        "tags": {"b", "a"},
        "frozen": frozenset({2, 1}),
        "inner": MappingProxyType({"x": 1}),
        "other": 1 + 2j,
    }
    assert orjson.loads(as_json(value)) == {
        "price": 1.5,
        "day": "2026-03-01",
        "at": "2026-03-01T12:00:00",
        "id": str(UUID(int=1)),
        "tags": ["a", "b"],
        "frozen": [1, 2],
        "inner": {"x": 1},
        "other": "(1+2j)",
    }


def test_what_json_cannot_hold_is_refused():
    with pytest.raises(ValueError, match="the record cannot be read"):
        as_json({"n": 2**70})


def test_the_engine_gets_a_mapping_as_a_dictionary():
    received = []
    call_engine(received.append, MappingProxyType({"a": 1}))
    assert received == [{"a": 1}]
    assert type(received[0]) is dict


def test_the_engine_gets_json_when_it_cannot_take_a_value():
    def evaluate(record: object) -> object:
        if not isinstance(record, bytes):
            raise TypeError("no decimals")
        return record

    assert call_engine(evaluate, {"a": Decimal("1.5")}) == b'{"a":1.5}'


def test_a_failing_expression_is_not_tried_again():
    calls = []

    def evaluate(record: object) -> object:
        calls.append(record)
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        call_engine(evaluate, {"a": 1})

    assert len(calls) == 1


@pytest.mark.parametrize(
    ("error", "message"),
    [
        ("plain", "plain"),
        ('{"source": "Opcode Add: no"}', "Add: no"),
        ('{"source": "no"}', "no"),
        ('{"other": 1}', '{"other": 1}'),
        ("[1]", "[1]"),
        ("first\n\nStack backtrace:\n 1: x", "first"),
    ],
)
def test_the_message_of_the_engine_is_unwrapped(error, message):
    assert engine_message(RuntimeError(error)) == message


@pytest.mark.parametrize(
    "value", ["", "a'b", 'a"b', "a'b\"c'", "\\n", {"a b": "it's", "c": [1, None]}, [True, 0.5]]
)
def test_a_literal_is_evaluated_to_its_value(value):
    assert Expression(literal(value)).evaluate({}) == value


@pytest.mark.parametrize(
    ("text", "beginning", "expected"),
    [
        ("quantity lines", "quantity", "unexpected `lines` at position 10"),
        ("f(x)", "f", "unexpected `(x)` at position 2; `f` is not a function"),
        ("1 (x)", "1", "unexpected `(x)` at position 3"),
        ("f x", "f", "unexpected `x` at position 3"),
        ("a " + "b" * 30, "a", f"unexpected `{'b' * 20}` at position 3"),
    ],
)
def test_what_follows_a_valid_beginning_is_unexpected(text, beginning, expected):
    assert _unexpected(text, beginning) == expected


def test_without_a_valid_beginning_the_fault_is_at_the_first_position():
    def refuse(text: str) -> None:
        raise RuntimeError("odd")

    assert _locate("x y", RuntimeError("odd"), refuse) == "odd at position 1"
    assert _locate("x y", RuntimeError("odd at 4"), refuse) == "odd at position 5"
    assert _locate("x y", RuntimeError("odd at (2, 3)"), refuse) == "odd at position 3"
