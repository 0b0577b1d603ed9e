"""
Policies: whether a record may pass, and which fields are set on it.

Owns        the policy document, decision tables, verdicts; and the one expression language.
Guarantees  one engine call evaluates a policy for a whole batch; every verdict names its row and
            the values it read.
Publishes   nothing: the step that evaluates a policy raises the events.
"""

from .compiled_policy import CompiledPolicy, roots_of
from .configuration import KINDS, compiled_policies, policies_in_use
from .draft_process import SHARED_EVALUATOR, DraftEvaluator, DraftResult
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
from .policy import PolicyDocument, validate_policy
from .routes import router
from .tables import Column, ComputedValue, Row, Table, decision_table, read_table
from .verdict import CellCheck, MatchedRow, RowCheck, Verdict

__all__ = [
    "KINDS",
    "SHARED_EVALUATOR",
    "CellCheck",
    "Column",
    "CompiledPolicy",
    "Condition",
    "DraftEvaluator",
    "DraftResult",
    "EachRule",
    "ExplainedPath",
    "Expression",
    "Failure",
    "FieldRule",
    "ComputedValue",
    "KeyRule",
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
