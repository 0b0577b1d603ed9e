"""Application of master data documents."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from openiom.master_data import KINDS
from openiom.platform.configuration import Configuration
from openiom.platform.database import Database

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def apply(database: Database, *documents: Mapping[str, Any]) -> Configuration:
    configuration = Configuration()
    configuration.register(*KINDS)
    with database.unit_of_work() as session:
        configuration.apply(session, documents, at=NOW, actor="test")
    return configuration
