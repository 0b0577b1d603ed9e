"""Rules about the words of identifiers, docstrings and comments; the words are in `vocabulary`."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
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
    def is_test(self) -> bool:
        """Whether the name is a sentence that describes a test."""
        return self.kind == "function" and self.name.startswith("test_")


def banned_words(tree: Tree) -> Iterator[Finding]:
    """Refuse identifiers with private words where the trade has a term."""
    for name in tree.matching(under=ALL_PYTHON, suffix=".py"):
        for identifier in _identifiers(name, tree.walk(name)):
            if identifier.is_test:
                continue
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
                better = BETTER_PHRASES[int((found.lastgroup or "p0")[1:])]
                place = line + text.count("\n", 0, found.start())
                phrase = " ".join(found[0].split())
                yield Finding(name, place, "banned-phrase", f"'{phrase}': write {better}")


def _refused_words(identifier: Identifier) -> Iterator[tuple[str, str]]:
    """Yield each refused word of an identifier and what to write instead."""
    words = identifier.words
    if identifier.kind == "function" and len(words) > 1 and words[0] in FUNCTION_PREFIXES:
        yield words[0], FUNCTION_PREFIXES[words[0]]
    joined = f"_{'_'.join(words)}_"
    for compound in ALLOWED_COMPOUNDS:
        joined = joined.replace(f"_{compound}_", "_")
    for compound, better in COMPOUNDS.items():
        if f"_{compound}_" in joined:
            yield compound, better
    for word in joined.split("_"):
        if word in WORDS:
            yield word, WORDS[word]


def _identifiers(path: str, nodes: list[ast.AST]) -> Iterator[Identifier]:
    """Yield the names that a file defines; local variables are left to the author."""
    yield Identifier("module", _module_name(path), 1)
    is_models = PurePosixPath(path).stem == "models"
    for node in nodes:
        if isinstance(node, ast.Module):
            yield from _assigned_names("variable", node.body)
        elif isinstance(node, FUNCTION):
            yield Identifier("function", node.name, node.lineno)
        elif isinstance(node, ast.arg):
            yield Identifier("parameter", node.arg, node.lineno)
        elif isinstance(node, ast.ClassDef):
            yield Identifier("class", node.name, node.lineno)
            yield from _assigned_names("attribute", node.body)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield Identifier("attribute", node.attr, node.lineno)
        elif is_models and isinstance(node, ast.Call):
            yield from _sql_names(node)


def _module_name(path: str) -> str:
    file = PurePosixPath(path)
    return file.parent.name if file.stem == "__init__" else file.stem


def _assigned_names(kind: str, body: list[ast.stmt]) -> Iterator[Identifier]:
    """Yield the names assigned by the statements of a module or class, and its table name."""
    for statement in body:
        if isinstance(statement, ast.Assign):
            target = statement.targets[0]
        elif isinstance(statement, ast.AnnAssign):
            target = statement.target
        else:
            continue
        if isinstance(target, ast.Name):
            yield Identifier(kind, target.id, target.lineno)
            if target.id == "__tablename__":
                yield from _string_names("table", statement.value)


def _sql_names(call: ast.Call) -> Iterator[Identifier]:
    """Yield the names of tables, columns, indexes and constraints that a call declares."""
    called = (
        call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    )
    if called not in SQL_NAME_CALLS:
        return
    if called != "CheckConstraint":
        yield from _string_names("column or table", *call.args[:1])
    for keyword in call.keywords:
        if keyword.arg == "name":
            yield from _string_names("constraint", keyword.value)


def _string_names(kind: str, *nodes: ast.expr | None) -> Iterator[Identifier]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield Identifier(kind, node.value, node.lineno)


def _prose(source: str, nodes: list[ast.AST]) -> Iterator[tuple[int, str]]:
    """Yield first line and text of each docstring, comment and name of a test."""
    for node in nodes:
        if isinstance(node, FUNCTION) and node.name.startswith("test_"):
            yield node.lineno, node.name.replace("_", " ")
        if isinstance(node, (ast.Module, ast.ClassDef, *FUNCTION)):
            yield from _docstring(node.body)
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string
    except (tokenize.TokenError, SyntaxError):
        return


def _docstring(body: list[ast.stmt]) -> Iterator[tuple[int, str]]:
    first = body[0] if body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        text = first.value.value
        if isinstance(text, str):
            yield first.lineno, text


LANGUAGE_RULES: tuple[Rule, ...] = (banned_words, banned_phrases)
