"""Command line of the lint: print one line per finding, exit 1 when there is any.

    python -m scripts.lint [PATH...] [--rule NAME] [--summary]

PATH limits the output to files below the given folders, `--rule` to one rule; `--summary` counts
the findings of each rule instead of listing them.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from . import RULES, Finding, Tree, lint


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts.lint", description="Check the repository rules.")
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files or folders to report")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[2])
    parser.add_argument("--rule", help="report the findings of this rule only")
    parser.add_argument("--summary", action="store_true", help="count the findings of each rule")
    return parser.parse_args(arguments)


def is_selected(finding: Finding, options: argparse.Namespace) -> bool:
    """Return whether the command line selects this finding."""
    if options.rule and finding.rule != options.rule:
        return False
    return not options.paths or finding.path.startswith(tuple(options.paths))


def format_findings(findings: Sequence[Finding]) -> str:
    """Return one line per finding."""
    return "".join(f"{finding}\n" for finding in findings)


def format_summary(findings: Sequence[Finding]) -> str:
    """Return the number of findings of each rule, the most frequent rule first."""
    counts: Counter[str] = Counter()
    for finding in findings:
        counts[finding.rule] += 1
    return "".join(f"{count:6}  {rule}\n" for rule, count in counts.most_common())


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the findings and return the exit code."""
    options = parse_arguments(arguments)
    tree = Tree(options.root)
    findings = [finding for finding in lint(tree) if is_selected(finding, options)]
    format_output = format_summary if options.summary else format_findings
    sys.stdout.write(format_output(findings))
    sys.stdout.write(f"{len(RULES)} rules, {len(tree.files)} files, {len(findings)} findings\n")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
