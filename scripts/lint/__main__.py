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
    """Return whether the options of the command line ask for this finding."""
    if options.rule and finding.rule != options.rule:
        return False
    return not options.paths or finding.path.startswith(tuple(options.paths))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the findings and return the exit code."""
    options = parse_arguments(arguments)
    tree = Tree(options.root)
    findings = [finding for finding in lint(tree) if is_selected(finding, options)]
    if options.summary:
        for rule, count in Counter(finding.rule for finding in findings).most_common():
            sys.stdout.write(f"{count:6}  {rule}\n")
    else:
        for finding in findings:
            sys.stdout.write(f"{finding}\n")
    sys.stdout.write(f"{len(RULES)} rules, {len(tree.files)} files, {len(findings)} findings\n")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
