"""Evaluation on behalf of a request, in the child process of a `DraftEvaluator`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from .compiled_policy import CompiledPolicy, Record, error_verdict, exact
from .draft_process import Allowance, DraftEvaluator, Subject, result_of
from .language import Condition, Failure, Transformation, Transformed, TransformFailure
from .language.expression import as_json, pick, values_read
from .language.transformation import Payload
from .verdict import MatchedRow, Verdict

_POLICY_REMEDY = "use fewer loops in its cells, or smaller records"
_CONDITION_REMEDY = "use fewer loops and smaller lists in it"


@dataclass
class LimitedEvaluation:
    """Evaluates like `DIRECT`, within one allowance of time for all that it evaluates.

    Every method raises `DraftEnded` when a limit ends the evaluation, and `TooManyAttempts` when
    the child is busy. Records are passed on without the fields that are not read.
    """

    drafts: DraftEvaluator
    allowance: Allowance = field(init=False)

    def __post_init__(self) -> None:
        self.allowance = self.drafts.allowance()

    def conditions(
        self, condition: Condition, records: Sequence[Record]
    ) -> Sequence[bool | Failure]:
        """See `Evaluator.conditions`."""
        encoded = _Encoded(records, condition.roots)
        request = {"kind": "conditions", "text": condition.text, "where": condition.where}
        subject = Subject("the condition", condition.where, _CONDITION_REMEDY)
        answers = iter(self._request(request, encoded, subject, "answers"))

        found: list[bool | Failure] = []
        for record, problem in zip(records, encoded.problems, strict=True):
            answer = [problem] if problem else next(answers)
            if isinstance(answer, list):
                values = values_read(condition.text, record)
                answer = Failure(condition.text, str(answer[0]), values)
            found.append(answer)

        return found

    def verdicts(self, policy: CompiledPolicy, records: Sequence[Record]) -> Sequence[Verdict]:
        """See `Evaluator.verdicts`."""
        encoded = _Encoded(records, policy.roots)
        request = {"kind": "verdicts", "document": policy.document.model_dump(mode="json")}
        subject = Subject("the policy", policy.document.name, _POLICY_REMEDY)
        answers = iter(self._request(request, encoded, subject, "verdicts"))

        found: list[Verdict] = []
        for record, problem in zip(records, encoded.problems, strict=True):
            if problem:
                found.append(error_verdict(problem, {}))
            else:
                found.append(_verdict(next(answers), record))

        return found

    def transformed(
        self, transformation: Transformation, payloads: Sequence[Payload]
    ) -> Sequence[Transformed | TransformFailure]:
        """See `Evaluator.transformed`."""
        texts = []
        for payload in payloads:
            texts.append(payload if isinstance(payload, str) else as_json(payload).decode())

        document = transformation.document
        request = {"kind": "transform", "document": document.body(), "payloads": texts}
        answer = self.drafts.request(
            orjson.dumps(request), subject=Subject.of(document), allowance=self.allowance
        )
        return [result_of(result) for result in answer["results"]]

    def _request(
        self, request: Mapping[str, Any], encoded: "_Encoded", subject: Subject, member: str
    ) -> list[Any]:
        """Return the list that the child answers; without a record it is not used."""
        if not encoded.texts:
            return []

        records = [orjson.Fragment(text) for text in encoded.texts]
        content = orjson.dumps({**request, "records": records})
        answer = self.drafts.request(content, subject=subject, allowance=self.allowance)
        found: list[Any] = answer[member]
        return found


class _Encoded:
    """Records as JSON texts; `problems` says, for each record, why it has none, or is empty."""

    def __init__(self, records: Sequence[Record], roots: frozenset[str] | None) -> None:
        self.texts: list[bytes] = []
        self.problems: list[str] = []
        for record in records:
            try:
                self.texts.append(as_json(_projected(record, roots)))
                self.problems.append("")
            except ValueError as error:
                self.problems.append(str(error))


def _projected(record: Record, roots: frozenset[str] | None) -> dict[str, Any]:
    if roots is None:
        return dict(record)
    return {name: record[name] for name in roots if name in record}


def _verdict(answer: Mapping[str, Any], record: Record) -> Verdict:
    """Return a verdict with the values of the record itself, in the types that it has."""
    return Verdict(
        passed=answer["passed"],
        reason=answer["reason"],
        matched_row=MatchedRow(*answer["row"]) if answer["row"] else None,
        values={path: pick(record, path) for path in answer["paths"]},
        sets={name: exact(value) for name, value in answer["sets"].items()},
        error=answer["error"],
    )
