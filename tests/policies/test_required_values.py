"""What a target document must have: null and "" are missing, 0 and false are not."""

from typing import Any

import pytest

from openiom.policies.language.mapping_document import EachRule, FieldRule
from openiom.policies.language.required_values import required_values

FIELDS = [
    FieldRule(path="number", expression="id", required=True),
    FieldRule(path="ship_to.city", expression="city", required=True),
    FieldRule(path="note", expression="note"),
]
LINES = EachRule(
    path="lines",
    over="products",
    required=True,
    fields=[FieldRule(path="quantity", expression="item.quantity", required=True)],
)
COMPLETE = {"number": "1", "ship_to": {"city": "Redmond"}, "lines": [{"quantity": 0}]}


def is_complete(document: dict[str, Any]) -> bool:
    required = required_values(FIELDS, [LINES])
    assert required is not None
    return required.are_in(document)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"number": False}, True),
        ({"number": None}, False),
        ({"number": ""}, False),
        ({"ship_to": None}, False),
        ({"ship_to": {}}, False),
        ({"ship_to": {"city": ""}}, False),
        ({"lines": []}, False),
        ({"lines": None}, False),
        ({"lines": [{"quantity": 2}, {"quantity": None}]}, False),
        ({"lines": [{"quantity": 2}, {}]}, False),
    ],
)
def test_a_document_is_complete_with_a_value_at_every_required_place(
    change: dict[str, Any], expected: bool
) -> None:
    assert is_complete({**COMPLETE, **change}) is expected


def test_elements_of_an_optional_list_are_checked_when_there_are_any() -> None:
    optional = LINES.model_copy(update={"required": False})
    required = required_values([], [optional])
    assert required is not None
    assert required.are_in({})
    assert required.are_in({"lines": [{"quantity": 1}]})
    assert not required.are_in({"lines": [{"quantity": ""}]})


def test_rules_that_require_nothing_need_no_check() -> None:
    assert required_values([FieldRule(path="note", expression="note")], []) is None
    optional = EachRule(path="lines", over="products", fields=[])
    assert required_values([], [optional]) is None
