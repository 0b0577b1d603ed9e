"""Policies: judge the subject or its children, set fields, raise events."""

from openiom.orchestration.element import Element

from .checks import check
from .document import Policies, PolicyEvents
from .execution import ExecutablePolicies

__all__ = ["ELEMENT", "ExecutablePolicies", "Policies", "PolicyEvents"]

ELEMENT = Element(
    kind="policies",
    title="Policies",
    position=30,
    document=Policies,
    compile=ExecutablePolicies,
    check=check,
    references={"policy": ("policies[*]", "filter")},
)
