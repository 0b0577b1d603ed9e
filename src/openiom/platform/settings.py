"""Every setting, read once from `OPENIOM_*` in the environment. Rooms receive values, never this object."""

from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError


class Settings(BaseSettings):
    """Defaults run everything on one machine; see docs/settings.md."""

    model_config = SettingsConfigDict(env_prefix="OPENIOM_", extra="ignore")

    home: Path = Field(Path(".openiom"), description="Where data of this installation lives")
    database_url: str = Field(
        "", description="PostgreSQL to use; empty starts the embedded one in `home`"
    )
    environment: str = Field("dev", description="Name of this environment, shown in the UI")
    host: str = Field("127.0.0.1", description="Address the web server listens on")
    port: int = Field(
        8000, ge=0, le=65535, description="Port the web server listens on; 0 takes a free one"
    )
    public_url: str = Field(
        "", description="Address providers can call back; empty derives it from host and port"
    )
    workers: int = Field(1, ge=0, le=64, description="Worker processes `iom serve` starts")
    secret_keys: str = Field(
        "",
        description="Comma-separated Fernet keys, newest first; empty keeps one in `home`/secret.key",
    )
    batch_size: int = Field(500, ge=1, le=5000, description="Most rows one wave takes")
    message_limit_bytes: int = Field(
        2_000_000, ge=1024, description="Largest message or request accepted"
    )
    web_threads: int = Field(
        40, ge=2, le=200, description="Requests a web process works on at once"
    )
    log_format: str = Field(
        "console", pattern="^(console|json)$", description="How logs are written"
    )
    log_level: str = Field("INFO", description="Least severe level written")
    session_hours: int = Field(12, ge=1, le=720, description="How long a sign-in lasts")
    ui_path: Path | None = Field(
        None, description="Built UI to serve; empty looks beside the program"
    )
    feed_dir: Path | None = Field(
        None, description="Folder of inventory feed files; empty reads none"
    )

    @field_validator("database_url")
    @classmethod
    def _is_postgresql(cls, url: str) -> str:
        """Told before anything tries it, and without the password that stands in it."""
        try:
            known = not url or make_url(url).drivername in (
                "postgresql",
                "postgres",
                "postgresql+psycopg",
            )
        except (ArgumentError, ValueError):
            known = False
        if not known:
            raise ValueError(
                "it is not the address of a PostgreSQL, postgresql://user:password@host:5432/database"
            )
        return url
