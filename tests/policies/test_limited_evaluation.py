"""What is evaluated on behalf of a request gives the same answers, within limits."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from openiom.kernel import TooManyAttempts
from openiom.policies import (
    DIRECT,
    Column,
    CompiledPolicy,
    ComputedValue,
    Condition,
    DraftEnded,
    DraftEvaluator,
    Failure,
    LimitedEvaluation,
    PolicyDocument,
    Row,
    Transformation,
    TransformationDocument,
    decision_table,
)

RECORDS: list[dict[str, Any]] = [
    {"country": "US", "total": Decimal("19.99"), "lines": [{"sku": "A", "quantity": 3}]},
    {"country": "CA", "total": 5, "placed_at": datetime(2026, 3, 1, tzinfo=UTC)},
    {"country": "é", "total": "much", "id": UUID(int=7), "day": date(2026, 3, 1)},
    {"country": None, "total": -(2**40)},
    {},
]
CONDITIONS = (
    "country == 'US'",
    "total > 10",
    "some(lines, #.quantity > 2)",
    "country",
    "$root.country in ['CA', 'US']",
    "placed_at == '2026-03-01T00:00:00+00:00'",
    "len(lines) / total > 0",
)
ENDLESS = "x = split('" + "1," * 4_900 + "1', ','); count(x, count(x, count(x, true) > 0) > 0) > 0"
"""An expression that no limit of its text refuses and that would take an hour."""


@pytest.fixture(scope="module")
def drafts() -> Iterator[DraftEvaluator]:
    drafts = DraftEvaluator(seconds=1.0)
    yield drafts
    drafts.close()


@pytest.fixture
def limited(drafts: DraftEvaluator) -> LimitedEvaluation:
    return LimitedEvaluation(drafts)


def policy(*rows: Row, otherwise: Row | None = None) -> CompiledPolicy:
    columns = [Column(name="Country", field="country"), Column(name="Rule")]
    content = decision_table(columns=columns, rows=list(rows), otherwise=otherwise)
    return CompiledPolicy(
        PolicyDocument(name="choose", type="execution", entity="order", content=content)
    )


@pytest.mark.parametrize("text", CONDITIONS)
def test_a_condition_has_the_answers_of_this_process(limited: LimitedEvaluation, text: str) -> None:
    condition = Condition(text, where="step Check, when")
    assert limited.conditions(condition, RECORDS) == DIRECT.conditions(condition, RECORDS)


def test_a_policy_has_the_verdicts_of_this_process(limited: LimitedEvaluation) -> None:
    chooses = policy(
        Row(when={"Country": "'US'"}, set={"price": ComputedValue(formula="number(total) / 2")}),
        Row(when={"Rule": "number(total) > 1"}, set={"source": "east", "share": 0.1}),
        Row(when={"Country": "null"}, outcome="fail", reason="no country"),
        otherwise=Row(outcome="fail", reason=ComputedValue(formula="'not to ' + country")),
    )

    verdicts = limited.verdicts(chooses, RECORDS)

    assert verdicts == DIRECT.verdicts(chooses, RECORDS)
    assert verdicts[0].sets == {"price": Decimal("9.995")}
    assert verdicts[1].sets == {"source": "east", "share": Decimal("0.1")}
    assert verdicts[0].values["country"] == "US"
    assert verdicts[2].reason == "not to é"


def test_payloads_are_those_of_this_process(limited: LimitedEvaluation) -> None:
    fields = [
        {"path": "country", "expression": "country", "required": True},
        {"path": "half", "expression": "total / 2"},
    ]
    keys = {"product": [{"field": "country", "value": "country", "into": "product"}]}
    body = {"source": "order", "target": "shop.order", "fields": fields, "keys": keys}
    used = Transformation(TransformationDocument.model_validate(body))

    assert limited.transformed(used, RECORDS) == DIRECT.transformed(used, RECORDS)


def test_a_number_that_json_does_not_have_fails_its_record_only(
    limited: LimitedEvaluation,
) -> None:
    records = [{"country": "US"}, {"country": 2**70}, {"country": "US", "unread": 2**70}]
    us = policy(Row(when={"Country": "'US'"}, outcome="pass"))

    first, large, third = limited.verdicts(us, records)

    assert (first.passed, third.passed) == (True, True)
    assert large.error is not None
    assert large.error.startswith("the record cannot be read")
    one, two, three = limited.conditions(Condition("country == 'US'"), records)
    assert (one, three) == (True, True)
    assert isinstance(two, Failure)


def test_nothing_is_evaluated_for_no_record() -> None:
    unused = DraftEvaluator()
    limited = LimitedEvaluation(unused)

    assert limited.conditions(Condition("true"), []) == []
    assert limited.verdicts(policy(Row(when={"Country": "'US'"})), []) == []
    assert unused._child is None


def test_a_condition_that_takes_too_long_is_ended(limited: LimitedEvaluation) -> None:
    with pytest.raises(DraftEnded) as ended:
        limited.conditions(Condition(ENDLESS, where="step Check, when"), [{}])

    assert ended.value.status == 422
    assert ended.value.what == "the condition cannot be evaluated: it takes too long"
    assert ended.value.where == "step Check, when"


def test_a_policy_that_takes_too_long_is_ended(drafts: DraftEvaluator) -> None:
    endless = policy(Row(when={"Rule": ENDLESS}, outcome="pass"))

    with pytest.raises(DraftEnded) as ended:
        LimitedEvaluation(drafts).verdicts(endless, [{"country": "US"}])

    assert ended.value.what == "the policy cannot be evaluated: it takes too long"
    assert ended.value.where == "choose"
    after = LimitedEvaluation(drafts).conditions(Condition("country == 'US'"), RECORDS[:2])
    assert after == [True, False]


def test_the_evaluations_of_one_request_share_its_time(drafts: DraftEvaluator) -> None:
    limited = LimitedEvaluation(drafts)
    assert limited.conditions(Condition("true"), [{}]) == [True]
    assert 0 < limited.allowance.evaluating < 1.0

    limited.allowance.evaluating = 0.0
    with pytest.raises(DraftEnded, match="it takes too long"):
        limited.conditions(Condition("true"), [{}])


def test_waiting_for_other_requests_uses_another_allowance(drafts: DraftEvaluator) -> None:
    limited = LimitedEvaluation(drafts)
    limited.allowance.waiting = 0.01

    with drafts._lock, pytest.raises(TooManyAttempts):
        limited.conditions(Condition("true"), [{}])

    assert limited.allowance.evaluating == 1.0


def test_a_result_that_is_too_large_is_refused(drafts: DraftEvaluator) -> None:
    body = {
        "source": "order",
        "target": "shop.order",
        "fields": [{"path": "all", "expression": "map(a, text)"}],
    }
    used = Transformation(TransformationDocument.model_validate(body))
    record = {"a": [1] * 2_000, "text": "x" * 10_000}

    with pytest.raises(DraftEnded) as ended:
        LimitedEvaluation(drafts).transformed(used, [record])

    assert ended.value.what == (
        "the transformation cannot be evaluated: its result has more than 16777216 bytes"
    )
