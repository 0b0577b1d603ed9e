"""A simulator runs as a process of its own, announces its URL, and ends on SIGTERM."""

import time
from pathlib import Path

import httpx
import orjson
import pytest

from openiom_simulators import simulator_process

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{ROOT / 'src'}:{ROOT / 'simulators'}")


@pytest.mark.parametrize("kind", ["store", "warehouse"])
def test_a_simulator_announces_its_url_and_ends_on_sigterm(kind, tmp_path):
    ready = tmp_path / "ready.json"
    with simulator_process(kind, ["--port", "0", "--ready-file", str(ready)]) as simulator:
        assert orjson.loads(ready.read_bytes())["url"] == simulator.url
        assert httpx.get(f"{simulator.url}/_sim/health").json() == {"status": "ok"}
        started = time.monotonic()
        simulator.process.terminate()
        assert simulator.process.wait(5) == 0

    assert time.monotonic() - started < 5
    assert not ready.exists()
