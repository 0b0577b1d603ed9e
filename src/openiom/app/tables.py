"""Every table of every room, loaded so that migrations and tests see one schema."""

import importlib
import pkgutil

import openiom
from openiom.platform.database import Base


def load_tables() -> type[Base]:
    """Import the tables of all rooms and return the Base that holds them."""
    for room in pkgutil.iter_modules(openiom.__path__, "openiom."):
        if not room.ispkg or room.name.endswith((".library", ".simulators", ".testing", ".app")):
            continue
        package = importlib.import_module(room.name)
        for module in pkgutil.walk_packages(package.__path__, room.name + "."):
            if module.name.rsplit(".", 1)[-1] == "models" or room.name == "openiom.platform":
                importlib.import_module(module.name)
    return Base


def schemas() -> list[str]:
    """PostgreSQL schemas in use, one per room."""
    return sorted(
        {table.schema for table in load_tables().metadata.tables.values() if table.schema}
    )
