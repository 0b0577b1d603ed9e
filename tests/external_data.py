"""Where tests find the external contracts and the real data that are not part of this repository."""

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


def external_path(path: str) -> Path:
    """The file or folder `path` of the shared folder ($OPENIOM_SHARED or ../shared); skips the test without."""
    root = Path(os.environ.get("OPENIOM_SHARED") or REPOSITORY.parent / "shared")
    found = root / path
    if not found.exists():
        pytest.skip(f"{found} is absent; set OPENIOM_SHARED to the folder that holds {path}")
    return found
