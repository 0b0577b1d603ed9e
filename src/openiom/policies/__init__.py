"""
Policies: whether a record may pass, and which fields are set on it.

Owns        the policy document, decision tables, verdicts; and the one expression language.
Guarantees  one engine call evaluates a policy for a whole batch; every verdict names its row and
            the values it read.
Publishes   nothing: the step that evaluates a policy raises the events.
"""

from .compiled_policy import CompiledPolicy, roots_of
from .configuration import KINDS, compiled_policies, policies_in_use
from .draft_process import SHARED_EVALUATOR, DraftEnded, DraftEvaluator, DraftResult
from .evaluation import DIRECT, DirectEvaluation, Evaluator
from .language import (
    Condition,
    EachRule,
    ExplainedPath,
    Expression,
    Failure,
    FieldRule,
    KeyRule,
    MappingKey,
    Transformation,
    TransformationDocument,
    Transformed,
    TransformFailure,
    resolve_keys,
    validate_transformation,
)
from .limited_evaluation import LimitedEvaluation
from .policy import PolicyDocument, validate_policy
from .routes import router
from .tables import Column, ComputedValue, Row, Table, decision_table, read_table
from .verdict import CellCheck, MatchedRow, RowCheck, Verdict

__all__ = [
    "DIRECT",
    "KINDS",
    "SHARED_EVALUATOR",
    "CellCheck",
    "Column",
    "CompiledPolicy",
    "Condition",
    "DirectEvaluation",
    "DraftEnded",
    "DraftEvaluator",
    "DraftResult",
    "EachRule",
    "Evaluator",
    "ExplainedPath",
    "Expression",
    "Failure",
    "FieldRule",
    "ComputedValue",
    "KeyRule",
    "LimitedEvaluation",
    "MappingKey",
    "MatchedRow",
    "PolicyDocument",
    "Row",
    "RowCheck",
    "Table",
    "TransformFailure",
    "Transformation",
    "TransformationDocument",
    "Transformed",
    "Verdict",
    "compiled_policies",
    "decision_table",
    "policies_in_use",
    "read_table",
    "resolve_keys",
    "roots_of",
    "router",
    "validate_policy",
    "validate_transformation",
]
