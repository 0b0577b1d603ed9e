"""A transformation that is tried out cannot end this process, nor keep it waiting."""

from collections.abc import Iterator

import pytest

from openiom.kernel import Invalid, TooManyAttempts
from openiom.policies import (
    DraftEvaluator,
    Transformation,
    TransformationDocument,
    Transformed,
    TransformFailure,
)


@pytest.fixture(scope="module")
def evaluator() -> Iterator[DraftEvaluator]:
    evaluator = DraftEvaluator(seconds=2.0)
    yield evaluator
    evaluator.close()


def document(*expressions: str, required: bool = False) -> TransformationDocument:
    fields = []
    for number, expression in enumerate(expressions):
        fields.append({"path": f"f{number}", "expression": expression, "required": required})
    keys = {"product": [{"field": "sku", "value": "sku", "into": "product"}]}
    return TransformationDocument.model_validate(
        {"source": "shop.note", "target": "note", "fields": fields, "keys": keys}
    )


def test_the_result_is_that_of_this_process(evaluator: DraftEvaluator) -> None:
    made = document("total * 1.5", "upper(name)", "missing", "1 / (total - 3)")
    payload = '{"total": 3, "name": "é", "sku": "A/5"}'
    here = Transformation(made)

    draft = evaluator.evaluate(made, payload)

    assert draft.rows == here.explain(payload)
    assert [draft.result] == here.transform_many([payload])
    assert draft.rows[0].value == 4.5


def test_a_transformed_message_keeps_its_lookups(evaluator: DraftEvaluator) -> None:
    draft = evaluator.evaluate(document("total"), '{"total": 7, "sku": "A/5"}')

    assert isinstance(draft.result, Transformed)
    assert draft.result.document == {"f0": 7}
    assert draft.result.keys[0].value == "A/5"


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ('{"sku": "A"}', "is required and the message does not have it"),
        ("[1]", "the message is a list, not an object"),
    ],
)
def test_a_message_that_cannot_be_transformed_says_why(
    evaluator: DraftEvaluator, payload: str, message: str
) -> None:
    draft = evaluator.evaluate(document("total", required=True), payload)

    assert isinstance(draft.result, TransformFailure)
    assert draft.result.message == message


def test_an_evaluation_that_takes_too_long_is_ended(evaluator: DraftEvaluator) -> None:
    endless = document("count(a, count(a, count(a, true) > 0) > 0)")
    payload = '{"a": [' + ",".join(["1"] * 5_000) + "]}"

    with pytest.raises(Invalid) as refused:
        evaluator.evaluate(endless, payload)

    assert refused.value.what == "the transformation cannot be evaluated: it takes too long"
    assert refused.value.where == "shop.note to note"
    assert evaluator.evaluate(document("total"), '{"total": 7}').rows[0].value == 7


def test_an_evaluation_that_exhausts_the_memory_ends_its_child_only() -> None:
    small = DraftEvaluator(seconds=20.0, memory_bytes=1024**3)
    large = document("map(a, map(a, map(a, #)))")
    payload = '{"a": [' + ",".join(["1"] * 700) + "]}"

    try:
        with pytest.raises(Invalid) as refused:
            small.evaluate(large, payload)
    finally:
        small.close()

    assert refused.value.what == "the transformation cannot be evaluated: it needs too much memory"


def test_an_evaluation_that_cannot_start_soon_is_refused() -> None:
    busy = DraftEvaluator(seconds=0.05)

    with busy._lock, pytest.raises(TooManyAttempts) as refused:
        busy.evaluate(document("total"), "{}")

    assert refused.value.retry_after == 1
