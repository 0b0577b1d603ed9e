"""Files that travel with the program but are no Python: migrations, invariants, the built UI."""

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from openiom.kernel import NotFound

_HERE = Path(__file__).resolve()
PROJECT = _HERE.parents[3]


def folder(name: str) -> Path:
    """The folder `name`, beside this package when installed with it, else in the source checkout.

    Raises NotFound when neither has it.
    """
    for candidate in (_HERE.parent / "resources" / name, PROJECT / name):
        if candidate.is_dir():
            return candidate
    raise NotFound(
        f"the folder {name} is missing from this installation", remedy="install OpenIOM again"
    )


def built_ui(given: Path | None) -> Path | None:
    """Where the built user interface lies, or None when nobody built it. A given place is the only one looked at."""
    candidates = (given,) if given else (_HERE.parent / "resources" / "ui", PROJECT / "ui" / "dist")
    for candidate in candidates:
        if (candidate / "index.html").is_file():
            return candidate
    return None


def program_version() -> str:
    """The installed version; "source" where the program runs from a checkout that was never installed."""
    try:
        return version("openiom")
    except PackageNotFoundError:
        return "source"
