"""Rules of this repository that no ready-made linter knows; `python -m scripts.lint` runs them.

A review remark that is made twice becomes a rule. The message of a finding says how to fix it. A
comment on the reported line (the first line, for a rule about a whole file) that names the rule and
gives a reason makes an exemption:

    connection.commit()  # allow no-commit: COPY into a scratch database that no package reads
"""

from .density_rules import DENSITY_RULES
from .findings import Finding, Tree
from .language_rules import LANGUAGE_RULES
from .money_rules import MONEY_RULES
from .repository_rules import REPOSITORY_RULES
from .sql_rules import SQL_RULES
from .structure_rules import STRUCTURE_RULES

__all__ = ["RULES", "Finding", "Tree", "lint"]

RULES = (
    *DENSITY_RULES,
    *STRUCTURE_RULES,
    *SQL_RULES,
    *MONEY_RULES,
    *LANGUAGE_RULES,
    *REPOSITORY_RULES,
)


def lint(tree: Tree) -> list[Finding]:
    """Return the findings of all rules in `tree` without the exempted ones, ordered by place."""
    findings: set[Finding] = set()
    for rule in RULES:
        findings.update(rule(tree))
    return sorted(finding for finding in findings if not tree.is_exempt(finding))
