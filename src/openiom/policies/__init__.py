"""
Policies: may this record pass, and what does the house set on it.

Owns    the policy document, decision tables, verdicts; within, the one expression language.
Holds   one call of the engine judges a whole wave; every verdict names its row and the values it read.
Tells   nothing: a policy is asked, and the step that asked announces the outcome.
"""

from .compiled_policy import CellCheck, CompiledPolicy, MatchedRow, RowCheck, Verdict, roots_of
from .configuration import KINDS, compiled_policies, policies_in_use
from .language import (
    Condition,
    EachRule,
    Explained,
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
from .tables import Column, Formula, Row, Table, decision_table, read_table

__all__ = [
    "KINDS",
    "CellCheck",
    "Column",
    "CompiledPolicy",
    "Condition",
    "EachRule",
    "Explained",
    "Expression",
    "Failure",
    "FieldRule",
    "Formula",
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
