"""The sourcing configuration is compiled from documents, and again when one of them changes."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from tests.fulfillment_optimization.builders import constraint, place, setting

from openiom.fulfillment_optimization import KINDS
from openiom.fulfillment_optimization.configuration import default_strategy
from openiom.fulfillment_optimization.documents import StrategyBody
from openiom.fulfillment_optimization.snapshot import (
    Snapshot,
    currency_of,
    planning_source,
    snapshot,
)
from openiom.kernel import Invalid, NotFound
from openiom.logistics import read_timetable
from openiom.platform.configuration import Configuration
from openiom.platform.database import Database

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = NOW.date()


def strategy(**body: Any) -> StrategyBody:
    return StrategyBody.model_validate({"title": "S", **body})


def make(**changes: Any) -> Snapshot:
    sources = (
        planning_source(place("A", 1)),
        planning_source(place("B", 2, capabilities=["ship", "pickup"])),
        planning_source(place("C", 3, capabilities=["pickup"])),
    )
    settings = {source.name: source.settings for source in sources}
    fields: dict[str, Any] = {
        "sources": sources,
        "lists": {"east": frozenset({"B", "C"})},
        "strategies": {
            "plain": strategy(),
            "east": strategy(source_list="east", constraints=["whole", "gone"], currency="EUR"),
            "nowhere": strategy(source_list="gone"),
            "later": strategy(effective_from="2026-11-21"),
            "ended": strategy(effective_to="2026-11-19"),
            "today": strategy(effective_from="2026-11-20", effective_to="2026-11-20"),
        },
        "constraints": {"whole": constraint("restrict_partial_orders")},
        "rates": {},
        "timetable": read_timetable({"source": settings}),
        "default": "plain",
        "currency": "USD",
    }
    return Snapshot(**(fields | changes))


def test_a_strategy_uses_the_sources_that_ship() -> None:
    config = make().strategy_config("plain", DAY)
    assert config.names == ("A", "B")
    assert config.index == {"A": 0, "B": 1}
    assert config.points.tolist() == [[0.0, 1.0], [0.0, 2.0]]
    assert config.countries.tolist() == ["US", "US"]
    assert len(config.timings) == 2
    assert config.currency == "USD"


def test_a_source_list_narrows_them_and_constraints_that_exist_count() -> None:
    config = make().strategy_config("east", DAY)
    assert config.names == ("B",)
    assert [c.title for c in config.constraints] == ["restrict_partial_orders"]
    assert config.currency == "EUR"
    assert make().strategy_config("nowhere", DAY).names == ()


def test_a_strategy_is_compiled_once() -> None:
    known = make()
    assert known.strategy_config("plain", DAY) is known.strategy_config("", DAY)


def test_a_strategy_counts_within_its_dates() -> None:
    known = make()
    assert known.strategy_config("today", DAY).name == "today"
    for name in ("later", "ended"):
        with pytest.raises(NotFound, match="is not in force on 2026-11-20"):
            known.strategy_config(name, DAY)
    assert known.strategy_config("later", date(2026, 11, 21)).name == "later"


def test_the_default_strategy_is_built_in_unless_stored() -> None:
    known = make(default="default")
    assert known.strategy_config("", DAY).strategy.title == "Lowest cost from any active source"
    assert known.strategy_names()[0] == "default"
    with pytest.raises(NotFound, match="no strategy named gone"):
        known.strategy_config("gone", DAY)


def test_the_strategy_marked_last_is_the_default() -> None:
    marked, plain = {"is_default": True}, {"is_default": False}
    assert default_strategy({"a": marked, "b": marked, "c": plain}) == "b"
    assert default_strategy({"c": plain}) == "default"


def test_kilometers_have_no_currency() -> None:
    assert currency_of(strategy(objective="distance", currency="EUR"), "USD") == ""
    assert currency_of(strategy(), "USD") == "USD"
    assert currency_of(strategy(currency="EUR"), "USD") == "EUR"


def test_a_strategy_knows_whether_time_and_daily_lines_matter() -> None:
    lines = [{"source": "A", "lines": 3}]
    limited = setting(
        [place("A", 1), place("B", 2)], constraint("maximum_order_lines", entries=lines)
    )
    assert limited.line_limited_sources() == {"A"}
    assert not limited.depends_on_time()
    timed = setting([place("A", 1)], constraint("respect_timings"))
    assert timed.depends_on_time()
    assert timed.line_limited_sources() == set()


def test_a_source_without_a_document_is_read_from_its_columns() -> None:
    row = place("A", 1, daily_parcels=9)
    bare = planning_source(type(row)(**{**vars(row), "settings": {}}))
    assert bare.body.daily_parcels == 9
    assert bare.body.title == "A"


@pytest.fixture
def configuration(database: Database) -> Configuration:
    configuration = Configuration()
    configuration.register(*KINDS)
    return configuration


def apply(
    database: Database, configuration: Configuration, *documents: tuple[str, str, dict[str, Any]]
) -> None:
    items = [
        {"kind": kind, "name": name, "body": {"title": name, **body}}
        for kind, name, body in documents
    ]
    with database.unit_of_work() as session:
        configuration.apply(session, items, at=NOW, actor="test")


ADDRESS = {"latitude": 47.6, "longitude": -122.3, "country": "US"}


def test_the_snapshot_is_kept_until_a_document_changes(
    database: Database, configuration: Configuration
) -> None:
    apply(database, configuration, ("source", "SEA", {"address": ADDRESS}))
    with database.reading() as session:
        first = snapshot(session)
        assert snapshot(session) is first
        assert [source.name for source in first.sources] == ["SEA"]

    apply(database, configuration, ("strategy", "fast", {"is_default": True}))
    with database.reading() as session:
        second = snapshot(session)

    assert second is not first
    assert second.stamp != first.stamp
    assert second.default == "fast"


def test_documents_that_name_what_does_not_exist_are_refused(
    database: Database, configuration: Configuration
) -> None:
    apply(database, configuration, ("source", "SEA", {"address": ADDRESS}))
    wrong: list[tuple[str, dict[str, Any], str]] = [
        ("strategy", {"source_list": "gone"}, "no source list named gone"),
        ("strategy", {"rate_table": "gone"}, "no rate table named gone"),
        ("strategy", {"constraints": ["gone"]}, "no constraint named gone"),
        ("strategy", {"alternate": "doc"}, "cannot be its own alternate"),
        (
            "constraint",
            {"type": "maximum_distance", "entries": [{"source": "gone", "distance": 1}]},
            "no source named gone",
        ),
        (
            "constraint",
            {"type": "respect_timings", "entries": [{"source_list": "gone"}]},
            "no source list named gone",
        ),
        ("source_list", {"sources": ["SEA", "gone"]}, "no source named gone"),
        ("order_handling", {}, "there is one order handling preference"),
    ]

    for kind, body, text in wrong:
        with pytest.raises(Invalid) as refused:
            apply(database, configuration, (kind, "doc", body))

        assert text in str(refused.value.problems) + str(refused.value), (kind, body)


def test_what_one_strategy_adds_up_is_in_one_currency(
    database: Database, configuration: Configuration
) -> None:
    table = {"zones": [{"name": "all"}], "currency": "EUR"}
    apply(
        database,
        configuration,
        ("rate_table", "euro", table),
        ("strategy", "euro", {"currency": "EUR", "rate_table": "euro"}),
    )

    with pytest.raises(Invalid) as rates:
        apply(
            database, configuration, ("strategy", "usd", {"currency": "USD", "rate_table": "euro"})
        )

    assert "euro is in EUR, the strategy counts in USD" in str(rates.value.problems)
    with pytest.raises(Invalid) as alternate:
        apply(
            database, configuration, ("strategy", "usd", {"currency": "USD", "alternate": "euro"})
        )

    assert "euro counts in EUR, this one in USD" in str(alternate.value.problems)
