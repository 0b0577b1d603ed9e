"""What a principal may do, and at which sources."""

import pytest

from openiom.kernel import Forbidden
from openiom.platform.http import Principal


def test_a_principal_without_sources_works_at_every_source() -> None:
    manager = Principal("ana", frozenset({"fulfillment.write"}))

    assert manager.works_at("WH-EAST")
    manager.require_source("WH-EAST")


def test_a_principal_with_sources_works_at_no_other() -> None:
    associate = Principal("ben", frozenset({"fulfillment.write"}), frozenset({"STORE-1"}))

    associate.require_source("STORE-1")
    assert not associate.works_at("STORE-2")
    with pytest.raises(Forbidden, match="ben does not work at STORE-2"):
        associate.require_source("STORE-2")
