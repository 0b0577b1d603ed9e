"""Command line of the lint: print one line per finding, exit 1 when there is any.

    python -m scripts.lint [PATH...] [--rule NAME] [--summary] [--all]

PATH limits the output to files below the given folders, `--rule` to one rule; `--summary` counts
the findings of each rule instead of listing them. Findings that existed when their rule was
introduced are counted per file and rule in known_findings.json. They are reported only with
`--all`; a file must not gain another one, and the counts only ever shrink.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from . import RULES, Finding, Tree, lint

KNOWN_FINDINGS = Path(__file__).with_name("known_findings.json")


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts.lint", description="Check the repository rules.")
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files or folders to report")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[2])
    parser.add_argument("--rule", help="report the findings of this rule only")
    parser.add_argument("--all", action="store_true", help="report known findings as well")
    parser.add_argument("--summary", action="store_true", help="count the findings of each rule")
    return parser.parse_args(arguments)


def is_selected(finding: Finding, options: argparse.Namespace) -> bool:
    """Return whether the command line selects this finding."""
    if options.rule and finding.rule != options.rule:
        return False
    return not options.paths or finding.path.startswith(tuple(options.paths))


def without_known(findings: Sequence[Finding], known: dict[str, int]) -> list[Finding]:
    """Return the findings of every file and rule that has more of them than are known."""
    counts: Counter[str] = Counter()
    for finding in findings:
        counts[f"{finding.path} {finding.rule}"] += 1

    new = []
    for finding in findings:
        key = f"{finding.path} {finding.rule}"
        if counts[key] > known.get(key, 0):
            new.append(finding)

    return new


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
    found = lint(tree)
    if not options.all:
        found = without_known(found, json.loads(KNOWN_FINDINGS.read_text("utf-8")))

    findings = [finding for finding in found if is_selected(finding, options)]
    format_output = format_summary if options.summary else format_findings
    sys.stdout.write(format_output(findings))
    sys.stdout.write(f"{len(RULES)} rules, {len(tree.files)} files, {len(findings)} findings\n")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
