"""Every failure of `iom` is one line that says what to do, and exit code 2."""

import sys

import psycopg
import pytest

from openiom.app import cli
from openiom.platform.embedded import ensure_database


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["nonsense"], "No such command 'nonsense'. See "),
        (["serve", "--port", "99999"], "Invalid value for '--port'"),
        (["serve", "--port", "abc"], "Invalid value for '--port'"),
        (["order", "show"], "Missing argument 'number'. See "),
        (["check-invariants", "--loudly"], "No such option: --loudly. See "),
        (["config", "apply", "[/red]"], "no folder [/red]. "),
    ],
)
def test_wrong_usage_is_reported_in_one_line(
    words: list[str],
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert printed_error(words, monkeypatch, capsys).startswith(f"error: {expected}")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "mysql://ann:secret@db/orders",
            "the setting OPENIOM_DATABASE_URL is not valid: it is not the address",
        ),
        ("nonsense", "the setting OPENIOM_DATABASE_URL is not valid: it is not the address"),
        (
            "postgresql://ann:secret@db:port/orders",
            "the setting OPENIOM_DATABASE_URL is not valid: it is not",
        ),
        ("postgresql://ann:secret@127.0.0.1:1/orders", "the database cannot be reached: "),
    ],
)
def test_an_unusable_database_is_reported_without_its_password(
    url: str, expected: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENIOM_DATABASE_URL", url)
    line = printed_error(["order", "show", "1"], monkeypatch, capsys)
    assert line.startswith(f"error: {expected}")
    assert "secret" not in line


def test_a_database_that_is_not_migrated_is_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], postgres_url: str
) -> None:
    monkeypatch.setenv("OPENIOM_DATABASE_URL", ensure_database(postgres_url, "openiom_bare"))
    try:
        line = printed_error(["order", "show", "1"], monkeypatch, capsys)
    finally:
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute("DROP DATABASE openiom_bare WITH (FORCE)")

    assert line.startswith("error: the database is not migrated: ")
    assert line.endswith("Run iom migrate")


def printed_error(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> str:
    """Return the one line that `iom` printed before it exited with code 2."""
    monkeypatch.setattr(sys, "argv", ["iom", *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()

    captured = capsys.readouterr()
    assert (ended.value.code, captured.out) == (2, "")
    (line,) = captured.err.splitlines()
    return line
