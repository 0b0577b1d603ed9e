"""Rules about everything else that is committed: hosts, paths, locks, invariants, settings, UI sources."""

import ast
import re
from collections.abc import Iterable, Iterator

from .findings import Finding, Tree

TYPESCRIPT_LINES = 400
GENERATED_UI = "ui/src/client/"
SETTINGS = "src/openiom/platform/settings.py"
SETTINGS_PAGE = "docs/settings.md"

# Written in pieces, so that this file does not name what it forbids.
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
    """File, line number and matched text of every line of `names` that the pattern is found in."""
    for name in names:
        for number, line in enumerate(tree.lines(name), start=1):
            found = pattern.search(line)
            if found:
                yield name, number, found[0]


def no_machine_path(tree: Tree) -> Iterator[Finding]:
    """What is committed runs anywhere."""
    advice = "exists on one machine only: derive it from the repository root or from a setting"
    for name, line, found in _lines_with(tree, MACHINE_PATH, tree.files):
        yield Finding(name, line, "no-machine-path", f"'{found}' {advice}")


def no_registry_host(tree: Tree) -> Iterator[Finding]:
    """Which registry serves a package is the machine's business."""
    advice = "names a package registry: whoever installs from a mirror would be sent elsewhere"
    for name, line, found in _lines_with(tree, REGISTRY_HOST, tree.files):
        yield Finding(name, line, "no-registry-host", f"'{found}' {advice}")


def locks_hold_hashes(tree: Tree) -> Iterator[Finding]:
    """A lock says what a package is, not where it was found."""
    advice = (
        "a download address in a lock: regenerate it with `make lock`, or for npm with "
        "omit-lockfile-registry-resolved=true in .npmrc"
    )
    locks = (name for name in tree.files if name.endswith(LOCK_NAMES))
    for name, line, _ in _lines_with(tree, DOWNLOAD, locks):
        yield Finding(name, line, "locks-hold-hashes", advice)


def invariants_state_their_promise(tree: Tree) -> Iterator[Finding]:
    """Whoever is woken by an invariant reads its first line first."""
    for name in tree.matching(under=("invariants/",), suffix=".sql"):
        first = next(iter(tree.lines(name)), "")
        if not first.startswith("-- ") or len(first.split()) < 5:
            yield Finding(
                name,
                1,
                "invariants-state-their-promise",
                "begin with one comment line that states the promise, for example "
                "'-- Reserved units never exceed the units on hand.'",
            )


def settings_are_documented(tree: Tree) -> Iterator[Finding]:
    """What a user can set, a user can look up."""
    if SETTINGS not in tree.files:
        return
    page = (tree.text(SETTINGS_PAGE) or "") if SETTINGS_PAGE in tree.files else ""
    for variable, line in _settings(tree.parsed(SETTINGS)):
        if f"`{variable}`" not in page:
            advice = f"`{variable}` is not in {SETTINGS_PAGE}: say there what it does and what it is when unset"
            yield Finding(SETTINGS, line, "settings-are-documented", advice)


def _settings(module: ast.Module) -> Iterator[tuple[str, int]]:
    """Environment variable and line of every field of every BaseSettings class."""
    for node in ast.walk(module):
        if isinstance(node, ast.ClassDef) and any(
            "BaseSettings" in ast.unparse(base) for base in node.bases
        ):
            for field in node.body:
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                    yield f"OPENIOM_{field.target.id.upper()}", field.lineno


def typescript_file_length(tree: Tree) -> Iterator[Finding]:
    """A screen that does not fit in one file is several components."""
    for suffix in (".ts", ".tsx"):
        for name in tree.matching(under=("ui/",), suffix=suffix):
            count = len(tree.lines(name))
            if not name.startswith(GENERATED_UI) and count > TYPESCRIPT_LINES:
                yield Finding(
                    name,
                    1,
                    "typescript-file-length",
                    f"{count} lines, at most {TYPESCRIPT_LINES}: move parts into components beside it",
                )


TREE_RULES = (
    no_machine_path,
    no_registry_host,
    locks_hold_hashes,
    invariants_state_their_promise,
    settings_are_documented,
    typescript_file_length,
)
