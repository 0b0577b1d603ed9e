"""Files that belong to the program but are not Python: migrations, invariants, the built UI."""

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from openiom.kernel import NotFound

_HERE = Path(__file__).resolve()
PROJECT = _HERE.parents[3]


def folder(name: str) -> Path:
    """Return a folder that is installed with this package, or is in the source checkout.

    Raise `NotFound` when neither has it.
    """
    for candidate in (_HERE.parent / "resources" / name, PROJECT / name):
        if candidate.is_dir():
            return candidate

    raise NotFound(
        f"the folder {name} is missing from this installation", remedy="install OpenIOM again"
    )


def built_ui(given: Path | None) -> Path | None:
    """Return the folder of the built user interface, None when it is not built.

    When a folder is given, no other one is considered.
    """
    candidates = [_HERE.parent / "resources" / "ui", PROJECT / "ui" / "dist"]
    if given is not None:
        candidates = [given]

    for candidate in candidates:
        if (candidate / "index.html").is_file():
            return candidate

    return None


def program_version() -> str:
    """Return the installed version, or "source" for a checkout that was never installed."""
    try:
        return version("openiom")
    except PackageNotFoundError:
        return "source"
