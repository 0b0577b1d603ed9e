"""Rules about the words of identifiers, docstrings and comments; the words are in `vocabulary`."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath

from .findings import ALL_PYTHON, FUNCTION, Finding, Rule, Tree
from .vocabulary import ALLOWED_COMPOUNDS, COMPOUNDS, FUNCTION_PREFIXES, PHRASES, WORDS

WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
PHRASE = re.compile(
    "|".join(rf"(?P<p{number}>\b{pattern}\b)" for number, pattern in enumerate(PHRASES)),
    re.IGNORECASE,
)
BETTER_PHRASES = tuple(PHRASES.values())
SQL_NAME_CALLS = {
    "CheckConstraint",
    "Column",
    "ForeignKeyConstraint",
    "Index",
    "PrimaryKeyConstraint",
    "Sequence",
    "Table",
    "UniqueConstraint",
    "mapped_column",
}


@dataclass(frozen=True)
class Identifier:
    """A name that a file defines, with the kind of thing it names."""

    kind: str
    name: str
    line: int

    @property
    def words(self) -> list[str]:
        return [word.lower() for word in WORD.findall(self.name)]

    @property
    def function_prefix(self) -> str:
        """The first word of a function whose name has several words: put in put_users."""
        if self.kind == "function" and len(self.words) > 1:
            return self.words[0]
        return ""

    @property
    def is_test(self) -> bool:
        """Whether the name is a sentence that describes a test."""
        return self.kind == "function" and self.name.startswith("test_")


class IdentifierCollector(ast.NodeVisitor):
    """Collects the names that a file defines; local variables are left to the author.

    `in_models` adds the names of tables, columns, indexes and constraints.
    """

    def __init__(self, *, in_models: bool) -> None:
        self.in_models = in_models
        self.found: list[Identifier] = []

    def add(self, kind: str, name: str, line: int) -> None:
        self.found.append(Identifier(kind, name, line))

    def add_string(self, kind: str, node: ast.expr | None) -> None:
        """Add the name in a string constant; other expressions have no name."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            self.add(kind, node.value, node.lineno)

    def add_assignments(self, kind: str, body: list[ast.stmt]) -> None:
        """Add the names assigned by the statements of a module or class."""
        for statement in body:
            if isinstance(statement, ast.Assign):
                self.add_target(kind, statement.targets[0], statement.value)
            elif isinstance(statement, ast.AnnAssign):
                self.add_target(kind, statement.target, statement.value)

    def add_target(self, kind: str, target: ast.expr, value: ast.expr | None) -> None:
        if not isinstance(target, ast.Name):
            return
        self.add(kind, target.id, target.lineno)
        if target.id == "__tablename__":
            self.add_string("table", value)

    def visit_Module(self, node: ast.Module) -> None:
        self.add_assignments("variable", node.body)
        self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.add("class", node.name, node.lineno)
        self.add_assignments("attribute", node.body)
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.add("function", node.name, node.lineno)
        self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self.add("function", node.name, node.lineno)
        self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> None:
        self.add("parameter", node.arg, node.lineno)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.ctx, ast.Store):
            self.add("attribute", node.attr, node.lineno)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        called = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if self.in_models and called in SQL_NAME_CALLS:
            if node.args and called != "CheckConstraint":
                self.add_string("column or table", node.args[0])
            for keyword in node.keywords:
                if keyword.arg == "name":
                    self.add_string("constraint", keyword.value)
        self.generic_visit(node)


def banned_words(tree: Tree) -> Iterator[Finding]:
    """Refuse identifiers with private words where the trade has a term."""
    for name, module in tree.modules(ALL_PYTHON):
        for identifier in _identifiers(name, module):
            for word, better in _refused_words(identifier):
                advice = f"'{word}' in {identifier.kind} {identifier.name}: write {better}"
                yield Finding(name, identifier.line, "banned-word", advice)


def banned_phrases(tree: Tree) -> Iterator[Finding]:
    """Refuse docstrings, comments and names of tests that are not plain technical English."""
    for name in tree.matching(under=ALL_PYTHON, suffix=".py"):
        source = tree.text(name) or ""
        if not PHRASE.search(source.replace("_", " ")):
            continue

        for line, text in _prose(source, tree.walk(name)):
            for found in PHRASE.finditer(text):
                place = line + text.count("\n", 0, found.start())
                yield Finding(name, place, "banned-phrase", _advice(found))


def _advice(found: re.Match[str]) -> str:
    """Return what to write instead of a phrase; its group is named after its position."""
    position = int((found.lastgroup or "p0")[1:])
    phrase = " ".join(found[0].split())
    return f"'{phrase}': write {BETTER_PHRASES[position]}"


def _identifiers(path: str, module: ast.Module) -> list[Identifier]:
    """Return the module name and the names that a file defines."""
    file = PurePosixPath(path)
    collector = IdentifierCollector(in_models=file.stem == "models")
    module_name = file.parent.name if file.stem == "__init__" else file.stem
    collector.add("module", module_name, 1)
    collector.visit(module)
    return collector.found


def _refused_words(identifier: Identifier) -> Iterator[tuple[str, str]]:
    """Yield each refused word of an identifier and what to write instead."""
    if identifier.is_test:
        return

    prefix = identifier.function_prefix
    if prefix in FUNCTION_PREFIXES:
        yield prefix, FUNCTION_PREFIXES[prefix]

    name = f"_{'_'.join(identifier.words)}_"
    for allowed in ALLOWED_COMPOUNDS:
        name = name.replace(f"_{allowed}_", "_")

    for refused, better in (*WORDS.items(), *COMPOUNDS.items()):
        if f"_{refused}_" in name:
            yield refused, better


def _prose(source: str, nodes: list[ast.AST]) -> Iterator[tuple[int, str]]:
    """Yield first line and text of each docstring, comment and name of a test."""
    yield from _docstrings(nodes)
    yield from _comments(source)
    for node in nodes:
        if isinstance(node, FUNCTION) and node.name.startswith("test_"):
            yield node.lineno, node.name.replace("_", " ")


def _docstrings(nodes: list[ast.AST]) -> Iterator[tuple[int, str]]:
    for node in nodes:
        if not isinstance(node, (ast.Module, ast.ClassDef, *FUNCTION)):
            continue
        text = ast.get_docstring(node, clean=False)
        if text is not None:
            yield node.body[0].lineno, text


def _comments(source: str) -> Iterator[tuple[int, str]]:
    with suppress(tokenize.TokenError, SyntaxError):
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string


LANGUAGE_RULES: tuple[Rule, ...] = (banned_words, banned_phrases)
