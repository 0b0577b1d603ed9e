"""Settings come from the environment, have defaults and are documented."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from openiom.platform.settings import Settings

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "settings.md"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Settings.model_fields:
        monkeypatch.delenv(f"OPENIOM_{field.upper()}", raising=False)


def test_everything_has_a_default() -> None:
    settings = Settings()

    assert settings.home == Path(".openiom")
    assert settings.database_url == ""
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert (settings.workers, settings.batch_size, settings.web_threads) == (1, 500, 40)
    assert settings.message_limit_bytes == 8_000_000
    assert settings.session_hours == 12
    assert (settings.log_format, settings.log_level) == ("console", "INFO")
    assert (settings.ui_path, settings.feed_dir) == (None, None)


def test_the_environment_overrides_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENIOM_BATCH_SIZE", "50")
    monkeypatch.setenv("OPENIOM_HOME", "/data/iom")
    monkeypatch.setenv("OPENIOM_UNKNOWN", "ignored")

    settings = Settings()

    assert settings.batch_size == 50
    assert settings.home == Path("/data/iom")


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("port", 0, 65535),
        ("workers", 0, 64),
        ("batch_size", 1, 5000),
        ("web_threads", 2, 200),
        ("session_hours", 1, 720),
    ],
)
def test_numbers_are_bounded(name: str, least: int, most: int) -> None:
    assert getattr(Settings(**{name: least}), name) == least
    assert getattr(Settings(**{name: most}), name) == most
    for value in (least - 1, most + 1):
        with pytest.raises(ValidationError):
            Settings(**{name: value})


def test_a_message_has_at_least_a_kilobyte() -> None:
    assert Settings(message_limit_bytes=1024).message_limit_bytes == 1024
    with pytest.raises(ValidationError):
        Settings(message_limit_bytes=1023)


def test_logs_have_one_of_two_formats() -> None:
    assert Settings(log_format="json").log_format == "json"
    with pytest.raises(ValidationError):
        Settings(log_format="xml")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "postgresql://iom:secret@db:5432/iom",
        "postgres://db/iom",
        "postgresql+psycopg://db/iom?sslmode=require",
    ],
)
def test_addresses_of_postgresql_are_accepted(url: str) -> None:
    assert Settings(database_url=url).database_url == url


@pytest.mark.parametrize(
    "url", ["mysql://iom:secret@db/iom", "db.example.com", "://", "postgresql+asyncpg://db/iom"]
)
def test_other_addresses_are_refused_without_their_password(url: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(database_url=url)

    message = refused.value.errors()[0]["msg"]
    assert "not the address of a PostgreSQL database" in message
    assert "secret" not in message


def test_every_setting_is_documented_and_nothing_else() -> None:
    documented = set(re.findall(r"`OPENIOM_([A-Z_]+)` \|", DOCUMENTATION.read_text("utf-8")))

    assert documented == {field.upper() for field in Settings.model_fields}
    for field in Settings.model_fields.values():
        assert field.description
