"""Probes: who is due, for how long a result counts, and what happens when a process ends."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.providers.fake_provider import ProviderHarness

from openiom.kernel import NotFound, ProviderDown, ProviderRejected
from openiom.platform.batches import BatchResult
from openiom.platform.clock import utc_now
from openiom.provider_contract import Call, CallResult, OutboundRequest, ProbeResult
from openiom.providers import Outage, ProbeWorker, call_provider, list_outages, probe
from openiom.providers.instance_state import InstanceState, find_state, get_state

NOW = datetime(2030, 5, 4, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
IDLE = BatchResult(0, False)
BUSY = BatchResult(1, True)


def columns(harness: ProviderHarness, *names: str, instance: str = "shop") -> tuple[Any, ...]:
    query = f"SELECT {', '.join(names)} FROM providers.provider_instance WHERE name = %s"
    [row] = harness.rows(query, instance)
    return row


def run(harness: ProviderHarness, now: datetime = NOW) -> BatchResult:
    return ProbeWorker(harness.registry).run_once(harness.database, limit=1, now=now)


def down() -> ProbeResult:
    raise ProviderDown("no answer")


def test_an_instance_is_probed_once_and_then_none_is_due(harness):
    harness.install()
    assert run(harness) == BUSY
    assert run(harness) == IDLE
    assert columns(harness, "state", "account", "scopes", "missing_scopes", "error") == (
        "green",
        "Fake Inc",
        ["read", "write"],
        [],
        "",
    )


@pytest.mark.parametrize(
    ("result", "state", "interval"),
    [
        (lambda: ProbeResult("Fake Inc"), "green", timedelta(minutes=15)),
        (lambda: ProbeResult("Fake Inc", (), ("write",)), "red", timedelta(seconds=30)),
        (down, "red", timedelta(seconds=30)),
    ],
)
def test_the_next_probe_is_due_after_the_interval_of_the_state(harness, result, state, interval):
    harness.system.probe = result
    harness.install()
    run(harness)
    assert columns(harness, "state", "probed_at", "next_probe_at") == (state, NOW, NOW + interval)
    assert run(harness, NOW + interval - SECOND) == IDLE
    assert run(harness, NOW + interval) == BUSY


def test_the_instance_that_is_due_first_is_probed_first(harness):
    for name in ("a", "b", "c"):
        harness.install(name)

    with harness.database.unit_of_work() as session:
        for name, minutes in (("a", 3), ("b", 5), ("c", 1)):
            statement = "UPDATE providers.provider_instance SET next_probe_at = %s WHERE name = %s"
            due_at = NOW - timedelta(minutes=minutes)
            session.connection().exec_driver_sql(statement, (due_at, name))

    order = []
    for _ in range(3):
        run(harness)
        order.append(harness.system.connections[-1].instance)

    assert order == ["b", "a", "c"]


def test_an_inactive_instance_is_not_probed_by_the_worker_but_on_request(harness):
    harness.install(active=False)
    assert run(harness) == IDLE
    result = probe(harness.registry, harness.database, "shop", now=NOW)
    assert result == ProbeResult("Fake Inc", ("read", "write"))
    assert columns(harness, "state", "probed_at") == ("green", NOW)


def test_a_probe_whose_process_ended_is_repeated_after_its_lease(harness):
    def killed() -> ProbeResult:
        raise KeyboardInterrupt

    harness.system.probe = killed
    harness.install()

    with pytest.raises(KeyboardInterrupt):
        run(harness)

    assert columns(harness, "state", "probed_at") == ("untested", None)
    harness.system.probe = lambda: ProbeResult("Fake Inc")
    lease = timedelta(minutes=2)
    assert run(harness, NOW + lease - SECOND) == IDLE
    assert run(harness, NOW + lease) == BUSY
    assert columns(harness, "state") == ("green",)


def test_a_result_is_ignored_when_the_connection_changed_during_the_request(harness):
    def changed_meanwhile() -> ProbeResult:
        harness.install(connection={"api_key": "another"})
        return ProbeResult("Old account")

    harness.system.probe = changed_meanwhile
    harness.install()
    run(harness)
    assert columns(harness, "state", "account", "version") == ("untested", "", 2)


def test_a_failed_probe_forgets_the_account_and_the_scopes(harness):
    harness.install()
    run(harness)
    harness.system.probe = down
    result = probe(harness.registry, harness.database, "shop", now=NOW)
    assert isinstance(result, ProviderDown)
    assert columns(harness, "state", "error", "account", "scopes") == (
        "red",
        "no answer",
        "",
        [],
    )


def test_an_unexpected_failure_is_red_and_names_the_author(harness):
    def broken() -> ProbeResult:
        raise ZeroDivisionError("division by zero")

    harness.system.probe = broken
    harness.install()
    run(harness)
    assert columns(harness, "state", "error") == (
        "red",
        "shop: the provider's code failed: ZeroDivisionError: division by zero."
        " report this to the author of the provider",
    )


def test_a_long_error_is_shortened_and_stored_without_nul(harness):
    def long() -> ProbeResult:
        raise ProviderRejected("\x00" + "x" * 3_000)

    harness.system.probe = long
    harness.install()
    run(harness)
    [error] = columns(harness, "error")
    assert error == " " + "x" * 1_999


def test_requests_of_a_probe_are_logged_as_such(harness):
    def reporting() -> ProbeResult:
        report = harness.system.connections[-1].report
        report(OutboundRequest("GET", "http://shop/store", 200, 3, NOW))
        return ProbeResult("Fake Inc")

    harness.system.probe = reporting
    harness.install()
    run(harness)
    logged = harness.rows("SELECT instance, action, url FROM providers.outbound_request")
    assert logged == [("shop", "probe", "http://shop/store")]


def test_an_installed_instance_has_a_state(harness):
    harness.install()
    state = InstanceState("shop", version=1, active=True, paused=False, state="untested", error="")
    with harness.database.reading() as session:
        assert find_state(session, "shop") == state
        assert get_state(session, "shop") == state
        assert find_state(session, "ghost") is None


def test_an_instance_that_is_not_installed_has_none(harness):
    with harness.database.reading() as session, pytest.raises(NotFound) as error:
        get_state(session, "ghost")
    assert error.value.what == "no provider instance ghost"
    assert error.value.remedy == "see the list of installed providers"


def test_a_connection_is_red_since_the_first_of_its_failures(harness):
    harness.system.probe = down
    harness.install()
    run(harness)
    run(harness, NOW + 30 * SECOND)
    assert columns(harness, "state", "red_since") == ("red", NOW)
    with harness.database.reading() as session:
        assert list_outages(session) == [Outage("shop", "Shop", NOW, "no answer")]

    harness.system.probe = lambda: ProbeResult("Fake Inc")
    run(harness, NOW + 60 * SECOND)
    assert columns(harness, "state", "red_since") == ("green", None)
    with harness.database.reading() as session:
        assert list_outages(session) == []


def test_an_unreachable_provider_is_probed_at_its_first_failed_call(harness):
    harness.install()
    probe(harness.registry, harness.database, "shop", now=utc_now() - 60 * SECOND)
    harness.system.probe = down
    harness.system.answer = lambda some: [
        CallResult(one.key, error=ProviderDown("no answer")) for one in some
    ]
    call_provider(harness.registry, harness.database, "shop", "send", [Call("1", {})])

    assert run(harness, utc_now()) == BUSY
    assert columns(harness, "state") == ("red",)


def test_a_provider_that_asks_for_a_pause_or_was_just_probed_is_not_probed(harness):
    def fail(error: ProviderDown) -> None:
        harness.system.answer = lambda some: [CallResult(one.key, error=error) for one in some]
        call_provider(harness.registry, harness.database, "shop", "send", [Call("1", {})])

    harness.install()
    probe(harness.registry, harness.database, "shop", now=utc_now() - 60 * SECOND)
    fail(ProviderDown("busy", retry_after=7))
    assert run(harness, utc_now()) == IDLE

    probe(harness.registry, harness.database, "shop")
    fail(ProviderDown("no answer"))
    assert run(harness, utc_now()) == IDLE
