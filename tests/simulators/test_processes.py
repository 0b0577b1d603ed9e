"""Each simulator runs as a process of its own: says where it is, and ends quickly when told to."""

import time
from pathlib import Path

import httpx
import orjson
import pytest

from openiom_simulators import simulator_process

SRC = Path(__file__).resolve().parents[2] / "src"


@pytest.fixture(autouse=True)
def _findable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(SRC))


@pytest.mark.parametrize("kind", ["store", "warehouse"])
def test_a_simulator_says_where_it_is_and_ends_on_sigterm(kind, tmp_path):
    ready = tmp_path / "ready.json"
    with simulator_process(kind, ["--port", "0", "--ready-file", str(ready)]) as simulator:
        assert orjson.loads(ready.read_bytes())["url"] == simulator.url
        assert httpx.get(f"{simulator.url}/_sim/health").json() == {"status": "ok"}
        started = time.monotonic()
        simulator.process.terminate()
        assert simulator.process.wait(5) == 0
    assert time.monotonic() - started < 5
    assert not ready.exists()
