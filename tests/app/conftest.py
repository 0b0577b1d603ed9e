from pathlib import Path

import pytest

from openiom.platform.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, message_limit_bytes=20_000, ui_path=tmp_path / "ui")
