"""
The one expression language: conditions, expressions and transformations over records. Pure.

Owns        the transformation document, what an expression may contain, how faults are reported.
Guarantees  one bad record never fails its batch; every failure names path, expression and the
            values read.
"""

from .expression import (
    Condition,
    Expression,
    Failure,
    check_cell,
    check_expression,
    values_read,
)
from .mapping_document import (
    EachRule,
    FieldRule,
    KeyRule,
    TransformationDocument,
    validate_transformation,
)
from .transformation import (
    ExplainedPath,
    MappingKey,
    Transformation,
    Transformed,
    TransformFailure,
    resolve_keys,
)

__all__ = [
    "Condition",
    "EachRule",
    "ExplainedPath",
    "Expression",
    "Failure",
    "FieldRule",
    "KeyRule",
    "MappingKey",
    "TransformFailure",
    "Transformation",
    "TransformationDocument",
    "Transformed",
    "check_cell",
    "check_expression",
    "resolve_keys",
    "validate_transformation",
    "values_read",
]
