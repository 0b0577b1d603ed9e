"""Drills: faults of the machines around the product, and what is left of the orders afterwards."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.order_stories.conftest import fabrikam

from openiom.platform.embedded import embedded_postgres

__all__ = ["fabrikam", "other_server"]


@pytest.fixture(scope="session")
def other_server() -> Iterator[str]:
    """Yield the URL of an empty database on a PostgreSQL server of its own."""
    home = Path(tempfile.mkdtemp(prefix="openiom-other-"))
    try:
        with embedded_postgres(home, database="restored") as url:
            yield url
    finally:
        shutil.rmtree(home, ignore_errors=True)
