"""Rules about hosts, paths, locks, invariants, settings, UI sources and commits."""

import ast
import re
from collections.abc import Iterable, Iterator

from .findings import Finding, Rule, Tree

TYPESCRIPT_LINES = 400
GENERATED_UI = "ui/src/client/"
SETTINGS = "src/openiom/platform/settings.py"
SETTINGS_PAGE = "docs/settings.md"
SUBJECT_LENGTH = 72
# Commits up to this one were written before the rule.
SUBJECT_BASE = "3e1a45ff92d4c5e58bc451f33c4a1a5c6031c034"

# Joined from pieces, so that this file does not contain what it refuses.
REGISTRIES = tuple(
    ".".join(pieces)
    for pieces in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("npmjs", "com"),
        ("registry", "yarnpkg", "com"),
        ("deb", "debian", "org"),
    )
)
REGISTRY_HOST = re.compile("|".join(re.escape(host) for host in REGISTRIES), re.IGNORECASE)
HOMES = ("ro" + "ot", "wo" + "rk", r"home/[a-z][\w-]*", r"Users/[A-Za-z][\w-]*")
MACHINE_PATH = re.compile(r"(?<![\w./:$}-])/(?:" + "|".join(HOMES) + ")/")
LOCK_NAMES = ("package-lock.json", ".lock")
DOWNLOAD = re.compile(r"https?://\S+\.(?:tgz|whl|tar\.gz|zip)")


def _lines_with(
    tree: Tree, pattern: re.Pattern[str], names: Iterable[str]
) -> Iterator[tuple[str, int, str]]:
    """Yield file, line number and matched text of each line that the pattern matches."""
    for name in names:
        for number, line in enumerate(tree.lines(name), start=1):
            found = pattern.search(line)
            if found:
                yield name, number, found[0]


def no_machine_path(tree: Tree) -> Iterator[Finding]:
    """Refuse paths of the machine of one developer."""
    advice = "exists on one machine only: derive it from the repository root or from a setting"
    for name, line, found in _lines_with(tree, MACHINE_PATH, tree.files):
        yield Finding(name, line, "no-machine-path", f"'{found}' {advice}")


def no_registry_host(tree: Tree) -> Iterator[Finding]:
    """Refuse hosts of package registries: the machine chooses its mirror."""
    advice = "names a package registry: installations from a mirror would ignore the mirror"
    for name, line, found in _lines_with(tree, REGISTRY_HOST, tree.files):
        yield Finding(name, line, "no-registry-host", f"'{found}' {advice}")


def no_lock_urls(tree: Tree) -> Iterator[Finding]:
    """Refuse download addresses in lock files, which identify packages by hash."""
    advice = (
        "a download address in a lock: regenerate it with `make lock`, or for npm with "
        "omit-lockfile-registry-resolved=true in .npmrc"
    )
    locks = (name for name in tree.files if name.endswith(LOCK_NAMES))
    for name, line, _ in _lines_with(tree, DOWNLOAD, locks):
        yield Finding(name, line, "no-lock-urls", advice)


def invariant_summary(tree: Tree) -> Iterator[Finding]:
    """Require that each invariant begins with a comment that states it."""
    for name in tree.matching(under=("invariants/",), suffix=".sql"):
        first = next(iter(tree.lines(name)), "")
        if not first.startswith("-- ") or len(first.split()) < 5:
            yield Finding(
                name,
                1,
                "invariant-summary",
                "begin with one comment line that states the invariant, for example "
                "'-- Reserved units never exceed the units on hand.'",
            )


def documented_settings(tree: Tree) -> Iterator[Finding]:
    """Require that each setting is on the settings page."""
    if SETTINGS not in tree.files:
        return
    page = (tree.text(SETTINGS_PAGE) or "") if SETTINGS_PAGE in tree.files else ""
    for variable, line in _settings(tree.parsed(SETTINGS)):
        if f"`{variable}`" not in page:
            advice = f"`{variable}` is not in {SETTINGS_PAGE}: document its effect and its default"
            yield Finding(SETTINGS, line, "documented-settings", advice)


def _settings(module: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield environment variable and line of each field of the settings classes."""
    for node in ast.walk(module):
        if not isinstance(node, ast.ClassDef) or "BaseSettings" not in map(ast.unparse, node.bases):
            continue
        for field in node.body:
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                yield f"OPENIOM_{field.target.id.upper()}", field.lineno


def typescript_file_length(tree: Tree) -> Iterator[Finding]:
    """Refuse TypeScript files that are too long to read in one sitting."""
    for suffix in (".ts", ".tsx"):
        for name in tree.matching(under=("ui/",), suffix=suffix):
            count = len(tree.lines(name))
            if not name.startswith(GENERATED_UI) and count > TYPESCRIPT_LINES:
                yield Finding(
                    name,
                    1,
                    "typescript-file-length",
                    f"{count} lines, at most {TYPESCRIPT_LINES}: extract components",
                )


def commit_subjects(tree: Tree, base: str = SUBJECT_BASE) -> Iterator[Finding]:
    """Refuse long subjects of the commits after `base`; without git or history there are none."""
    if tree.git("merge-base", "--is-ancestor", base, "HEAD") is None:
        return

    log = tree.git("log", "--no-merges", "--format=%h %s", f"{base}..HEAD") or ""
    for entry in log.splitlines():
        commit, _, subject = entry.partition(" ")
        if len(subject) > SUBJECT_LENGTH:
            advice = f"{len(subject)} characters, at most {SUBJECT_LENGTH}: name one change and"
            yield Finding(
                f"commit {commit}", 0, "commit-subject", f"{advice} explain it in the body"
            )


REPOSITORY_RULES: tuple[Rule, ...] = (
    no_machine_path,
    no_registry_host,
    no_lock_urls,
    invariant_summary,
    documented_settings,
    typescript_file_length,
    commit_subjects,
)
