"""The tables of all packages, for migrations and tests."""

import importlib
import pkgutil

import openiom
from openiom.platform.database import Base

_WITHOUT_TABLES = ("app", "library", "testing")


def load_tables() -> type[Base]:
    """Import the models of all packages and return the base class that holds their tables."""
    for package in pkgutil.iter_modules(openiom.__path__):
        if package.ispkg and package.name not in _WITHOUT_TABLES:
            _import_models(package.name)
    return Base


def schemas() -> list[str]:
    """Return the PostgreSQL schemas in use, one per package that has tables."""
    found: set[str] = set()
    for table in load_tables().metadata.tables.values():
        if table.schema:
            found.add(table.schema)
    return sorted(found)


def _import_models(package: str) -> None:
    """Import the modules `models` of a package; platform declares tables in many modules."""
    root = importlib.import_module(f"openiom.{package}")
    for module in pkgutil.walk_packages(root.__path__, f"openiom.{package}."):
        if package == "platform" or module.name.endswith(".models"):
            importlib.import_module(module.name)
