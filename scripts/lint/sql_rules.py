"""The rule that a package reads and writes only its own tables."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from .findings import FUNCTION, Finding, Rule, Tree

PACKAGES = "src/openiom/"
SQL_KEYWORD = re.compile(r"\b(?:SELECT|INSERT|UPDATE|DELETE|FROM|JOIN|INTO|TRUNCATE|COPY|LOCK)\b")
QUALIFIED_NAME = re.compile(r'(?<![\w.])"?(?P<schema>[a-z_]+)"?\."?(?P<table>[a-z_0-9]+)"?')


@dataclass(frozen=True)
class StringLiteral:
    """A string of the source; the replaced fields of an f-string are left out."""

    line: int
    text: str


def foreign_tables(tree: Tree) -> Iterator[Finding]:
    """Refuse SQL that names a table of another package."""
    owners = _table_owners(tree)
    for name in tree.matching(under=(PACKAGES,), suffix=".py"):
        package = _package(name)
        for literal in _strings(tree.walk(name)):
            for table, owner in _foreign_names(literal.text, package, owners):
                advice = f"SQL of {package} names {table}, a table of {owner}: call a function"
                yield Finding(
                    name, literal.line, "foreign-table", f"{advice} that openiom.{owner} exports"
                )


def _foreign_names(text: str, package: str, owners: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each table of another package in an SQL statement, and that package."""
    for table in _tables_in(text):
        owner = owners.get(table, package)
        if owner != package:
            yield table, owner


def _package(name: str) -> str:
    """Return the package of a file: orders for src/openiom/orders/models.py."""
    return name.removeprefix(PACKAGES).partition("/")[0]


def _tables_in(text: str) -> list[str]:
    """Return the qualified names in an SQL statement, sorted; none when it is not SQL."""
    if not SQL_KEYWORD.search(text):
        return []
    names: set[str] = set()
    for found in QUALIFIED_NAME.finditer(text):
        names.add(f"{found['schema']}.{found['table']}")
    return sorted(names)


def _table_owners(tree: Tree) -> dict[str, str]:
    """Return the package that declares each qualified table."""
    owners: dict[str, str] = {}
    for name, module in tree.modules((PACKAGES,)):
        package = _package(name)
        tables = list(_declared_tables(tree.walk(name)))
        schema = _declared_schema(module, package) if tables else package

        for table in tables:
            owners[f"{schema}.{table}"] = package

    return owners


def _declared_schema(module: ast.Module, default: str) -> str:
    """Return the PostgreSQL schema of the models in a file, or `default`."""
    constants = _string_constants(module)
    for node in ast.walk(module):
        for value in _schema_values(node):
            schema = constants.get(ast.unparse(value)) or _string_value(value)
            if schema:
                return schema
    return default


def _schema_values(node: ast.AST) -> list[ast.expr]:
    """Return the expressions that a dictionary or a call gives as `schema`."""
    if isinstance(node, ast.keyword) and node.arg == "schema":
        return [node.value]
    if not isinstance(node, ast.Dict):
        return []
    pairs = zip(node.keys, node.values, strict=True)
    return [value for key, value in pairs if _string_value(key) == "schema"]


def _string_value(node: ast.AST | None) -> str:
    """Return the value of a string constant, and an empty string for any other node."""
    value = node.value if isinstance(node, ast.Constant) else ""
    return value if isinstance(value, str) else ""


def _string_constants(module: ast.Module) -> dict[str, str]:
    """Return the module-level names that are assigned a plain string."""
    constants: dict[str, str] = {}
    for statement in module.body:
        if isinstance(statement, ast.Assign):
            constants[ast.unparse(statement.targets[0])] = _string_value(statement.value)
    return constants


def _declared_tables(nodes: list[ast.AST]) -> Iterator[str]:
    """Yield the names given to `__tablename__`, `Table(...)` and `Sequence(...)`."""
    for node in nodes:
        name = _string_value(_table_name(node))
        if name:
            yield name


def _table_name(node: ast.AST) -> ast.expr | None:
    """Return the expression that names a table, or None when the node declares no table."""
    if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__tablename__":
        return node.value
    if isinstance(node, ast.Call) and node.args:
        called = getattr(node.func, "id", getattr(node.func, "attr", ""))
        return node.args[0] if called in ("Table", "Sequence") else None
    return None


def _strings(nodes: list[ast.AST]) -> Iterator[StringLiteral]:
    """Yield the strings of a module without its docstrings; an f-string is one string."""
    skipped = set(_docstrings(nodes))
    for node in nodes:
        if isinstance(node, ast.JoinedStr):
            skipped.update(node.values)
            pieces = map(_string_value, node.values)
            yield StringLiteral(node.lineno, " ".join(pieces))
        elif isinstance(node, ast.Constant) and node not in skipped:
            yield StringLiteral(node.lineno, _string_value(node))


def _docstrings(nodes: list[ast.AST]) -> Iterator[ast.AST]:
    for node in nodes:
        if isinstance(node, (ast.Module, ast.ClassDef, *FUNCTION)):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr):
                yield first.value


SQL_RULES: tuple[Rule, ...] = (foreign_tables,)
