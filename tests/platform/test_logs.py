"""Log entries have one event name and their values, as text or as JSON."""

from collections.abc import Iterator

import orjson
import pytest
import stamina
import structlog

from openiom.platform.logs import configure_logs
from openiom.platform.retry import log_retry


@pytest.fixture(autouse=True)
def restored_logs() -> Iterator[None]:
    yield
    structlog.reset_defaults()
    stamina.instrumentation.set_on_retry_hooks(None)


def test_entries_are_json_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(fmt="json")
    structlog.contextvars.bind_contextvars(order="A-1")

    try:
        structlog.get_logger("test").info("order_created", lines=3)
    finally:
        structlog.contextvars.clear_contextvars()

    entry = orjson.loads(capsys.readouterr().err)
    assert (entry["event"], entry["level"], entry["lines"], entry["order"]) == (
        "order_created",
        "info",
        3,
        "A-1",
    )
    assert entry["timestamp"].endswith("Z")


def test_entries_are_text_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(fmt="console")

    structlog.get_logger("test").warning("order_parked", number="A-1")

    shown = capsys.readouterr().err
    assert "order_parked" in shown
    assert "number=A-1" in shown


@pytest.mark.parametrize(("level", "shown"), [("INFO", True), ("WARNING", False)])
def test_less_severe_entries_are_left_out(
    capsys: pytest.CaptureFixture[str], level: str, shown: bool
) -> None:
    configure_logs(fmt="json", level=level)

    structlog.get_logger("test").info("order_created")

    assert bool(capsys.readouterr().err) is shown


def test_an_error_is_logged_with_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(fmt="json")

    structlog.get_logger("test").error("failed", exc_info=ValueError("disk is full"))

    assert "ValueError: disk is full" in orjson.loads(capsys.readouterr().err)["exception"]


def test_retries_are_logged_by_our_own_hook(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(fmt="json")
    assert stamina.instrumentation.get_on_retry_hooks() == (log_retry,)

    for attempt in stamina.retry_context(on=ValueError, attempts=2, wait_initial=0, wait_jitter=0):
        with attempt:
            if attempt.num == 1:
                raise ValueError("deadlock")

    entry = orjson.loads(capsys.readouterr().err)
    assert (entry["event"], entry["level"], entry["attempt"], entry["error"]) == (
        "retry_scheduled",
        "info",
        1,
        "deadlock",
    )
