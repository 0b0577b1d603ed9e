"""Business events before they are written."""

from dataclasses import FrozenInstanceError
from uuid import UUID

import pytest

from openiom.kernel import Event

ORDER = UUID(int=1)
LINE = UUID(int=2)


def test_an_event_names_its_subject_and_the_document_whose_timeline_shows_it() -> None:
    event = Event(
        name="order_line.split",
        subject_type="order_line",
        subject_id=LINE,
        root_id=ORDER,
        data={"quantity": "4"},
    )

    assert (event.subject_type, event.subject_id, event.root_id) == ("order_line", LINE, ORDER)
    assert event.data == {"quantity": "4"}


def test_events_without_data_do_not_share_it() -> None:
    first = Event(name="order.created", subject_type="order", subject_id=ORDER, root_id=ORDER)
    second = Event(name="order.created", subject_type="order", subject_id=ORDER, root_id=ORDER)

    assert first == second
    assert first.data == {}
    assert first.data is not second.data


def test_an_event_cannot_be_changed() -> None:
    event = Event(name="order.created", subject_type="order", subject_id=ORDER, root_id=ORDER)

    with pytest.raises(FrozenInstanceError):
        event.name = "order.canceled"  # type: ignore[misc]
