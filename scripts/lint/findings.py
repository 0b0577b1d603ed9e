"""What a rule reads (the tree) and what it answers (findings)."""

import ast
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ESCAPE = re.compile(r"(?:#|//|--) allow (?P<rule>[a-z-]+): \S")
NEVER_OURS = {".git", ".venv", "node_modules", "dist", "__pycache__"}


@dataclass(frozen=True, order=True)
class Finding:
    """One place that breaks a rule. `path` is relative to the root, `line` counts from 1."""

    path: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


@dataclass(frozen=True)
class Tree:
    """The files of one checkout: what git tracks or would track; every file where there is no git."""

    root: Path

    @cached_property
    def files(self) -> tuple[str, ...]:
        """Paths relative to the root, sorted; deleted, generated and installed files are not among them."""
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=self.root,
            capture_output=True,
            check=False,
        )
        if listed.returncode == 0:
            names = {name.decode() for name in listed.stdout.split(b"\0") if name}
        else:
            names = {path.relative_to(self.root).as_posix() for path in self.root.rglob("*")}
        return tuple(
            sorted(
                name
                for name in names
                if not NEVER_OURS & set(Path(name).parts) and (self.root / name).is_file()
            )
        )

    def matching(self, *, under: tuple[str, ...], suffix: str) -> Iterator[str]:
        """Files below one of the folders `under` whose name ends in `suffix`."""
        for name in self.files:
            if name.endswith(suffix) and name.startswith(under):
                yield name

    def text(self, name: str) -> str | None:
        """The file's text, or None when it is not text."""
        try:
            return (self.root / name).read_text("utf-8")
        except UnicodeDecodeError:
            return None

    def lines(self, name: str) -> list[str]:
        return (self.text(name) or "").splitlines()

    def parsed(self, name: str) -> ast.Module:
        """The syntax tree of a Python file; a file that does not parse counts as empty (ruff reports it)."""
        try:
            return ast.parse(self.text(name) or "")
        except SyntaxError:
            return ast.Module(body=[], type_ignores=[])

    def allows(self, finding: Finding) -> bool:
        """Whether the line the finding points at carries the escape for that very rule."""
        lines = self.lines(finding.path)
        here = lines[finding.line - 1] if 0 < finding.line <= len(lines) else ""
        escape = ESCAPE.search(here)
        return escape is not None and escape["rule"] == finding.rule
