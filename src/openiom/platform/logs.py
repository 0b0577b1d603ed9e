"""Structured logs: one event name per fact, with context bound once at the edge."""

import logging
import sys

import structlog
from stamina.instrumentation import set_on_retry_hooks

from .retry import log_retry


def configure_logs(*, fmt: str = "console", level: str = "INFO") -> None:
    """Configure logging of this process; `fmt` is console or json."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _renderer(fmt),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    set_on_retry_hooks([log_retry])


def _renderer(fmt: str) -> structlog.types.Processor:
    if fmt == "json":
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
