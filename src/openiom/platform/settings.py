"""Settings of an installation, read from `OPENIOM_*` environment variables."""

from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

_POSTGRESQL = ("postgresql", "postgres", "postgresql+psycopg")


class Settings(BaseSettings):
    """All settings; the defaults run everything on one machine. See docs/settings.md.

    Packages receive the values they need, never this object.
    """

    model_config = SettingsConfigDict(env_prefix="OPENIOM_", extra="ignore")

    home: Path = Field(Path(".openiom"), description="Folder of this installation's data")
    database_url: str = Field(
        "", description="PostgreSQL to use; empty starts the embedded one in `home`"
    )
    direct_database_url: str = Field(
        "",
        description="The same PostgreSQL without its pooler, when `database_url` is a PgBouncer in"
        " transaction mode",
    )
    environment: str = Field("dev", description="Name of this environment, shown in the UI")
    host: str = Field("127.0.0.1", description="Address on which the web server listens")
    port: int = Field(
        8000, ge=0, le=65535, description="Port on which the web server listens; 0 is any free one"
    )
    public_url: str = Field(
        "", description="Address at which providers reach us; empty derives it from host and port"
    )
    web_processes: int = Field(1, ge=1, le=16, description="Web processes that `iom serve` starts")
    workers: int = Field(1, ge=0, le=64, description="Worker processes that `iom serve` starts")
    secret_keys: str = Field(
        "", description="Comma-separated Fernet keys, newest first; empty stores one in `home`"
    )
    signing_keys: str = Field(
        "",
        description="Comma-separated texts that sign access tokens, newest first, the same on every"
        " machine; empty stores one in `home`",
    )
    secret_variables: str = Field(
        "",
        description="Comma-separated environment variables that secrets may refer to as `env:NAME`;"
        " a trailing `*` allows a prefix; empty allows none",
    )
    secret_folder: Path | None = Field(
        None,
        description="Folder below which secrets may refer to files as `file:/path`; empty allows"
        " none",
    )
    provider_networks: str = Field(
        "",
        description="Comma-separated private networks that providers may reach, such as"
        " `10.1.0.0/16`; empty allows public addresses only",
    )
    provider_proxy: str = Field(
        "",
        description="HTTP proxy for the exchanges of providers with public addresses,"
        " `http://user:password@host:port`; empty connects directly",
    )
    intake_folder: Path | None = Field(
        None, description="Folder below which providers may read and move files; empty allows none"
    )
    batch_size: int = Field(500, ge=1, le=5000, description="Most rows of one batch")
    message_limit_bytes: int = Field(
        8_000_000, ge=1024, description="Largest message or request accepted"
    )
    web_threads: int = Field(
        40, ge=2, le=200, description="Requests that a web process serves at once"
    )
    log_format: str = Field(
        "console", pattern="^(console|json)$", description="Format of log entries"
    )
    log_level: str = Field("INFO", description="Least severe level that is logged")
    api_docs: bool = Field(True, description="Serve /api/docs and /api/openapi.json")
    metrics: bool = Field(True, description="Serve /metrics, which requires no credentials")
    session_hours: int = Field(12, ge=1, le=720, description="Hours after which a session expires")
    customer_link_days: int = Field(
        90,
        ge=1,
        le=730,
        description="Days for which the link of an order opens it for its customer",
    )
    ui_path: Path | None = Field(
        None, description="Folder of the built UI; empty looks beside the program"
    )
    web_extensions: str = Field(
        "",
        description="Comma-separated functions of installed packages, `module:function`, that add"
        " routes to the web server; empty adds none",
    )
    feed_dir: Path | None = Field(
        None, description="Folder of inventory feed files; empty reads none"
    )

    @field_validator("database_url", "direct_database_url")
    @classmethod
    def _is_postgresql(cls, url: str) -> str:
        """Refuse other databases before a connection is tried, without repeating the password."""
        if url and not _is_postgresql_url(url):
            raise ValueError(
                "it is not the address of a PostgreSQL database,"
                " postgresql://user:password@host:5432/database"
            )
        return url


def _is_postgresql_url(url: str) -> bool:
    try:
        return make_url(url).drivername in _POSTGRESQL
    except (ArgumentError, ValueError):
        return False
