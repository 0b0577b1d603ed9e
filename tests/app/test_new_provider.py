"""`iom provider new` writes a provider and its tests, and never overwrites files."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from openiom.app.cli import app
from openiom.kernel import Invalid, Refused


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


def new(*options: str) -> object:
    command = ["provider", "new", "acme_store", "--title", "Acme Store", *options]
    return CliRunner().invoke(app, command)


def written(folder: Path) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return sorted(path.relative_to(folder).as_posix() for path in files)


def test_a_new_provider_is_written_into_the_library_and_its_entry_point_is_shown(folder):
    done = new("--category", "order_intake")
    assert done.exit_code == 0, done.output
    assert written(folder) == [
        "src/openiom/library/acme_store/README.md",
        "src/openiom/library/acme_store/__init__.py",
        "src/openiom/library/acme_store/connector.py",
        "src/openiom/library/acme_store/manifest.toml",
        "src/openiom/library/acme_store/transformations/order.json",
        "tests/library/acme_store/golden/message.order.json",
        "tests/library/acme_store/test_acme_store.py",
    ]
    assert 'acme_store = "openiom.library.acme_store:PROVIDER"' in done.output
    assert '[project.entry-points."openiom.providers"]' in done.output


def test_a_provider_of_another_package_is_written_into_its_folders(folder):
    done = new(
        "--category", "tax", "--package", "north.providers", "--folder", "north", "--tests", "t"
    )
    assert done.exit_code == 0, done.output
    assert "north/acme_store/manifest.toml" in written(folder)
    assert "t/acme_store/golden/action.send.json" in written(folder)
    assert 'acme_store = "north.providers.acme_store:PROVIDER"' in done.output


@pytest.mark.parametrize("existing", ["src/openiom/library/acme_store", "tests/library/acme_store"])
def test_existing_files_are_not_overwritten(folder, existing):
    (folder / existing).mkdir(parents=True)
    done = new("--category", "tax")
    assert isinstance(done.exception, Refused)
    assert f"{existing} exists already" in str(done.exception)
    assert written(folder) == []


def test_an_unknown_category_writes_nothing(folder):
    done = new("--category", "magic")
    assert isinstance(done.exception, Invalid)
    assert written(folder) == []
