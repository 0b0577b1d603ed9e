"""The answers of the child process that evaluates drafts: plain data in, plain data out.

Records and answers cross the pipe as JSON, so decimals arrive as numbers, and dates and ids as
text, which is the form in which the engine takes them in any process.
"""

from collections.abc import Callable, Mapping
from typing import Any

from .compiled_policy import CompiledPolicy
from .language import Condition, Failure, Transformation, TransformationDocument, TransformFailure
from .policy import PolicyDocument
from .verdict import Verdict

Json = dict[str, Any]

TOO_MUCH_MEMORY = "it needs too much memory"


def answer_of(request: Mapping[str, Any]) -> Json:
    """Return the answer to a request, or {"error"} with the reason why there is none."""
    try:
        return _ANSWERS[request["kind"]](request)
    except MemoryError:
        return {"error": TOO_MUCH_MEMORY}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def _explain(request: Mapping[str, Any]) -> Json:
    used = _transformation(request)
    rows = [tuple(row) for row in used.explain(request["payload"])]
    return {"rows": rows, "results": _results(used, [request["payload"]])}


def _transform(request: Mapping[str, Any]) -> Json:
    return {"results": _results(_transformation(request), request["payloads"])}


def _judge(request: Mapping[str, Any]) -> Json:
    policy = CompiledPolicy(PolicyDocument.model_validate(request["document"]))
    return {"verdicts": [_plain_verdict(found) for found in policy.evaluate(request["records"])]}


def _hold(request: Mapping[str, Any]) -> Json:
    condition = Condition(request["text"], where=request["where"])
    answers: list[Any] = []
    for answer in condition.evaluate_many(request["records"]):
        answers.append([answer.message] if isinstance(answer, Failure) else answer)
    return {"answers": answers}


_ANSWERS: Mapping[str, Callable[[Mapping[str, Any]], Json]] = {
    "explain": _explain,
    "transform": _transform,
    "verdicts": _judge,
    "conditions": _hold,
}


def _transformation(request: Mapping[str, Any]) -> Transformation:
    return Transformation(TransformationDocument.model_validate(request["document"]))


def _results(used: Transformation, payloads: list[Any]) -> list[Json]:
    results: list[Json] = []
    for result in used.transform_many(payloads):
        if isinstance(result, TransformFailure):
            results.append({"failure": tuple(result)})
        else:
            keys = [tuple(key) for key in result.keys]
            results.append({"document": result.document, "keys": keys})
    return results


def _plain_verdict(verdict: Verdict) -> Json:
    row: tuple[int, str] | None = None
    if verdict.matched_row is not None:
        row = (verdict.matched_row.index, verdict.matched_row.text)
    return {
        "passed": verdict.passed,
        "reason": verdict.reason,
        "row": row,
        "paths": list(verdict.values),
        "sets": verdict.sets,
        "error": verdict.error,
    }
