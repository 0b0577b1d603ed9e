"""Explanations as they are stored with a decision: candidates, money and refusals."""

from typing import Any

import numpy as np
import orjson
import pytest
from tests.fulfillment_optimization.builders import Answer, order, place, plan, setting, stock

from openiom.fulfillment_optimization.engine import Refusal
from openiom.fulfillment_optimization.explanations import (
    MOST_CANDIDATES,
    TEXTS,
    explanation_json,
    explanations,
    refusal_text,
)

NEAR, FAR = place("NEAR", 1.0), place("FAR", 10.0)


def explained(found: Answer) -> list[dict[str, Any]]:
    return explanations(found.plan, found.framed.names)


def two_orders(**units: int) -> list[dict[str, Any]]:
    """Two orders of two lamps and a desk from two sources."""
    lines = [*order("first", LAMP=2, DESK=1), *order("second", LAMP=2)]
    return explained(plan(lines, setting([NEAR, FAR]), stock(**units)))


def test_every_refusal_has_a_text_and_only_none_has_an_empty_one() -> None:
    assert set(TEXTS) == set(Refusal)
    for refusal in Refusal:
        assert (refusal_text(int(refusal)) == "") is (refusal is Refusal.NONE)


def test_texts_are_distinct() -> None:
    assert len(set(TEXTS.values())) == len(TEXTS)


@pytest.mark.parametrize(
    ("refusal", "text"),
    [
        (Refusal.INACTIVE, "not active"),
        (Refusal.NO_CAPACITY, "no capacity left today"),
        (Refusal.NOT_ON_HAND, "nothing on hand"),
        (Refusal.NOT_ENOUGH_ON_HAND, "not enough on hand for the whole line"),
        (Refusal.NOT_ALLOCATED, "not allocated to this channel"),
    ],
)
def test_a_refusal_in_words(refusal: Refusal, text: str) -> None:
    assert refusal_text(int(refusal)) == text


def test_an_unknown_refusal_is_an_error() -> None:
    with pytest.raises(ValueError, match="is not a valid Refusal"):
        refusal_text(10_000)


def test_an_order_has_its_lines_candidates_and_choices() -> None:
    first, second = two_orders(LAMP_NEAR=4, DESK_FAR=1)
    assert first["sources"] == ["NEAR", "FAR"]
    assert first["chosen"] == ["NEAR", "FAR"]
    assert first["quantity"].tolist() == [2, 1]
    assert first["on_hand"].tolist() == [[4, 0], [0, 1]]
    assert first["considered"] == 2
    assert second["chosen"] == ["NEAR"]
    assert second["quantity"].tolist() == [2]
    assert second["on_hand"].tolist() == [[4, 0]]


def test_a_line_without_stock_is_open_and_its_sources_are_refused() -> None:
    partial = setting([NEAR, FAR], allow_partial=True)
    (first,) = explained(plan(order("first", LAMP=2, DESK=1), partial, stock(LAMP_NEAR=4)))
    assert first["chosen"] == ["NEAR", None]
    assert first["refused"].tolist() == [
        [Refusal.NONE, Refusal.NOT_ON_HAND],
        [Refusal.NOT_ON_HAND, Refusal.NOT_ON_HAND],
    ]


def test_too_few_units_are_refused_as_such() -> None:
    first, _ = two_orders(LAMP_NEAR=4, LAMP_FAR=1)
    assert first["refused"][0].tolist() == [Refusal.NONE, Refusal.NOT_ENOUGH_ON_HAND]


def test_the_parts_of_an_order_add_up_to_the_cost_of_the_plan() -> None:
    lines = [*order("first", LAMP=2, DESK=1), *order("second", LAMP=2)]
    found = plan(lines, setting([NEAR, FAR]), stock(LAMP_NEAR=4, DESK_FAR=1))
    total = sum(sum(record["parts"].values()) for record in explained(found))
    assert total == pytest.approx(found.plan.cost, abs=0.001)


def test_money_of_a_candidate_has_four_decimals_and_the_shape_of_its_rows() -> None:
    first, _ = two_orders(LAMP_NEAR=4, DESK_FAR=1)
    for money in first["parcel"].values():
        assert money.shape == (2,)
        assert (money == money.round(4)).all()
    for money in first["serve"].values():
        assert money.shape == (2, 2)


def test_the_cheapest_candidates_and_every_chosen_one_are_stored() -> None:
    many = [place(f"S{number:02}", 1.0 + number) for number in range(MOST_CANDIDATES + 5)]
    farthest = many[-1].name
    found = plan(order("first", LAMP=1), setting(many), stock(**{f"LAMP_{farthest}": 1}))
    (record,) = explained(found)
    names = sorted(one.name for one in many)
    assert record["sources"] == [*names[:MOST_CANDIDATES], farthest]
    assert record["chosen"] == [farthest]
    assert record["considered"] == MOST_CANDIDATES + 5


def test_a_record_is_stored_as_json() -> None:
    table = np.arange(6).reshape(2, 3)
    record = {"refused": table[:, ::2], "chosen": [None, "SEA"], "parcel": {1: np.int64(2)}}
    stored = orjson.loads(explanation_json(record))
    assert stored == {
        "refused": [[0, 2], [3, 5]],
        "chosen": [None, "SEA"],
        "parcel": {"1": 2},
    }


def test_only_arrays_are_made_contiguous() -> None:
    with pytest.raises(TypeError, match="set"):
        explanation_json({"refused": {1, 2}})
