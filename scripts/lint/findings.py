"""The input of a rule (a tree of files) and its output (findings)."""

import ast
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

EXEMPTION = re.compile(r"(?:#|//|--) allow (?P<rule>[a-z-]+): \S")
IGNORED_FOLDERS = {".git", ".venv", "node_modules", "dist", "__pycache__"}

# Folders of the repository that rules apply to.
PRODUCT = ("src/openiom/", "simulators/")
SOURCES = (*PRODUCT, "scripts/", "benchmarks/")
ALL_PYTHON = (*SOURCES, "tests/")

FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
Node = TypeVar("Node", bound=ast.AST)


@dataclass(frozen=True, order=True)
class Finding:
    """One violation. `path` is relative to the root; `line` counts from 1."""

    path: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


@dataclass(frozen=True)
class Tree:
    """The files of one checkout that git tracks or would track; all files without git."""

    root: Path

    @cached_property
    def files(self) -> tuple[str, ...]:
        """Paths relative to the root, sorted, without deleted, generated and installed files."""
        found: list[str] = []
        for name in self._listed():
            path = Path(name)
            if not IGNORED_FOLDERS & set(path.parts) and (self.root / path).is_file():
                found.append(name)
        return tuple(sorted(found))

    def _listed(self) -> set[str]:
        listing = self.git("ls-files", "-z", "--cached", "--others", "--exclude-standard")
        if listing is not None:
            return {name for name in listing.split("\0") if name}
        return {path.relative_to(self.root).as_posix() for path in self.root.rglob("*")}

    def git(self, *arguments: str) -> str | None:
        """Return the output of a git command in this tree, or None when it fails."""
        try:
            done = subprocess.run(
                ["git", *arguments], cwd=self.root, capture_output=True, check=False
            )
        except FileNotFoundError:
            return None
        return done.stdout.decode() if done.returncode == 0 else None

    def matching(self, *, under: tuple[str, ...], suffix: str) -> Iterator[str]:
        """Yield the files below one of the folders `under` whose name ends in `suffix`."""
        for name in self.files:
            if name.endswith(suffix) and name.startswith(under):
                yield name

    @cached_property
    def _texts(self) -> dict[str, str | None]:
        return {}

    @cached_property
    def _modules(self) -> dict[str, ast.Module]:
        return {}

    @cached_property
    def _walks(self) -> dict[str, list[ast.AST]]:
        return {}

    def text(self, name: str) -> str | None:
        """Return the text of a file, or None when it is not text."""
        if name not in self._texts:
            try:
                self._texts[name] = (self.root / name).read_text("utf-8")
            except UnicodeDecodeError:
                self._texts[name] = None
        return self._texts[name]

    def lines(self, name: str) -> list[str]:
        return (self.text(name) or "").splitlines()

    def parsed(self, name: str) -> ast.Module:
        """Return the syntax tree of a file; one that does not parse is empty (ruff reports it)."""
        if name not in self._modules:
            try:
                self._modules[name] = ast.parse(self.text(name) or "")
            except SyntaxError:
                self._modules[name] = ast.Module(body=[], type_ignores=[])
        return self._modules[name]

    def modules(self, under: tuple[str, ...]) -> Iterator[tuple[str, ast.Module]]:
        """Yield name and syntax tree of each Python file below the folders `under`."""
        for name in self.matching(under=under, suffix=".py"):
            yield name, self.parsed(name)

    def walk(self, name: str) -> list[ast.AST]:
        """Return all syntax nodes of a file, outer nodes before inner ones."""
        if name not in self._walks:
            self._walks[name] = list(ast.walk(self.parsed(name)))
        return self._walks[name]

    def nodes(self, under: tuple[str, ...], kind: type[Node]) -> Iterator[tuple[str, Node]]:
        """Yield file name and node for each syntax node of class `kind` below `under`."""
        for name in self.matching(under=under, suffix=".py"):
            for node in self.walk(name):
                if isinstance(node, kind):
                    yield name, node

    def functions(self, under: tuple[str, ...]) -> Iterator[tuple[str, FunctionNode]]:
        """Yield file name and node for each function and method below `under`."""
        yield from self.nodes(under, ast.FunctionDef)
        yield from self.nodes(under, ast.AsyncFunctionDef)

    def is_exempt(self, finding: Finding) -> bool:
        """Return whether the reported line carries an exemption from that very rule."""
        if not (self.root / finding.path).is_file():
            return False
        lines = self.lines(finding.path)
        line = lines[finding.line - 1] if 0 < finding.line <= len(lines) else ""
        exemption = EXEMPTION.search(line)
        return exemption is not None and exemption["rule"] == finding.rule


Rule = Callable[[Tree], Iterator[Finding]]
