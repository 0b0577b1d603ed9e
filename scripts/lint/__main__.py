"""`python -m scripts.lint`: one line a finding, exit 1 when there is any."""

import sys
from pathlib import Path

from . import PYTHON_RULES, TREE_RULES, Tree, lint


def main() -> int:
    tree = Tree(Path(__file__).resolve().parents[2])
    findings = lint(tree)
    for finding in findings:
        sys.stdout.write(f"{finding}\n")
    rules = len(PYTHON_RULES) + len(TREE_RULES)
    sys.stdout.write(f"{rules} house rules, {len(tree.files)} files, {len(findings)} findings\n")
    return 1 if findings else 0


sys.exit(main())
