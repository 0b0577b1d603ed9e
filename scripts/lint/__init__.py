"""The rules of this house that no ready-made linter knows. `python -m scripts.lint` runs them all.

A rule is born when a review remark is made twice. Its message teaches; the one escape is a comment on the
offending line (the first line, for a file's size) that names the rule and the reason:

    connection.commit()  # allow no-commit: COPY into a scratch database that no room reads
"""

from .findings import Finding, Tree
from .python_rules import PYTHON_RULES
from .tree_rules import TREE_RULES

__all__ = ["PYTHON_RULES", "TREE_RULES", "Finding", "Tree", "lint"]


def lint(tree: Tree) -> list[Finding]:
    """Every finding of every rule in `tree`, ordered by file and line; empty when the house is in order."""
    found = [finding for rule in (*PYTHON_RULES, *TREE_RULES) for finding in rule(tree)]
    return sorted(finding for finding in found if not tree.allows(finding))
