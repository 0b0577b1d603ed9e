"""External contracts and real data that are not part of this repository, for tests only."""

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


def external_path(path: str) -> Path:
    """Return a file or folder of the external data; skip the test when it is absent.

    The data are in the folder $OPENIOM_SHARED, or in ../shared.
    """
    root = Path(os.environ.get("OPENIOM_SHARED") or REPOSITORY.parent / "shared")
    found = root / path
    if not found.exists():
        pytest.skip(f"{found} is absent; set OPENIOM_SHARED to the folder that has {path}")

    return found
