"""Where expressions, policies and transformations are evaluated: in this process or elsewhere.

Workers evaluate what is published in their own process. What is evaluated on behalf of a request is
evaluated by a `LimitedEvaluation`, which the same code receives in place of `DIRECT`.
"""

from collections.abc import Sequence
from typing import Protocol

from .compiled_policy import CompiledPolicy, Record
from .language import Condition, Failure, Transformation, Transformed, TransformFailure
from .language.transformation import Payload
from .verdict import Verdict


class Evaluator(Protocol):
    """Evaluates compiled documents; each method returns one answer per record, in order."""

    def conditions(
        self, condition: Condition, records: Sequence[Record]
    ) -> Sequence[bool | Failure]:
        """Return whether the condition holds for each record, or why it has no result."""

    def verdicts(self, policy: CompiledPolicy, records: Sequence[Record]) -> Sequence[Verdict]:
        """Return the verdict of the policy on each record."""

    def transformed(
        self, transformation: Transformation, payloads: Sequence[Payload]
    ) -> Sequence[Transformed | TransformFailure]:
        """Return what the transformation makes of each payload."""


class DirectEvaluation:
    """Evaluates in this process, without limits."""

    def conditions(
        self, condition: Condition, records: Sequence[Record]
    ) -> Sequence[bool | Failure]:
        """See `Evaluator.conditions`."""
        return condition.evaluate_many(records)

    def verdicts(self, policy: CompiledPolicy, records: Sequence[Record]) -> Sequence[Verdict]:
        """See `Evaluator.verdicts`."""
        return policy.evaluate(records)

    def transformed(
        self, transformation: Transformation, payloads: Sequence[Payload]
    ) -> Sequence[Transformed | TransformFailure]:
        """See `Evaluator.transformed`."""
        return transformation.transform_many(payloads)


DIRECT = DirectEvaluation()
"""The evaluator of the workers."""
