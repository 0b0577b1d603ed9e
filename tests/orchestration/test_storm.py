"""Several workers, calls that die half way, repeated events: every order completes once."""

from collections.abc import Sequence
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any

from tests.orchestration.builders import NOTIFY, SEND, action, merge, splitter, wait
from tests.orchestration.harness import Harness

from openiom.kernel import ProviderDown
from openiom.orchestration import ProviderCallWorker, StepWorker
from openiom.platform.bulk import execute, fetch
from openiom.platform.retry import is_transient
from openiom.provider_contract import Call, CallResult

INVARIANTS = [
    path
    for path in sorted((Path(__file__).parents[2] / "invariants").glob("*.sql"))
    if "orchestration." in path.read_text() and "orders." not in path.read_text()
]
ORDERS = 200
BULK_DEATH, SINGLE_DEATH = 0.06, 0.007
"""How often one request dies before it reaches the provider, and as often after it: a claim is up
to four bulk requests or thirty-two single ones, so about a third of all claims die."""


def broken_invariants(harness: Harness) -> dict[str, list[tuple[Any, ...]]]:
    broken = {}
    with harness.database.reading() as session:
        for path in INVARIANTS:
            rows = fetch(session, path.read_text().replace("%", "%%"))
            if rows:
                broken[path.stem] = rows
    return broken


def test_the_invariants_detect_what_they_forbid(harness: Harness) -> None:
    assert len(INVARIANTS) == 5
    harness.flow("out", NOTIFY)
    harness.place("A", "B", "C", "D", "E")
    harness.run(harness.dispatcher, harness.steps)
    assert broken_invariants(harness) == {}

    runs = harness.run_ids()
    faults = {
        "A": "DELETE FROM orchestration.token WHERE run_id = %s",
        "B": "UPDATE orchestration.flow_run SET state = 'failed' WHERE id = %s",
        "C": "DELETE FROM orchestration.provider_call WHERE run_id = %s",
        "D": "UPDATE orchestration.provider_call SET state = 'leased' WHERE run_id = %s",
        "E": "UPDATE orchestration.token SET subject_id = id WHERE run_id = %s",
    }
    with harness.session() as session:
        for number, statement in faults.items():
            execute(session, statement, (runs[number],))

    assert set(broken_invariants(harness)) == {path.stem for path in INVARIANTS}


class UnsteadyProvider:
    """Answers at random: the caller dies before or after a call, or is asked to retry later."""

    def __init__(self, harness: Harness) -> None:
        self.random = Random(7)
        self.answer = harness.provider.answer

    def __call__(self, instance: str, calls: Sequence[Call]) -> Sequence[CallResult]:
        death = BULK_DEATH if len(calls) > 1 else SINGLE_DEATH
        fate = self.random.random()
        if fate < death:
            raise KeyboardInterrupt

        results = self.answer(instance, calls)
        if fate < 2 * death:
            raise KeyboardInterrupt

        unsteady = []
        for result in results:
            if self.random.random() < 0.1:
                result = CallResult(result.key, error=ProviderDown("try later"))

            unsteady.append(result)

        return unsteady


def work(harness: Harness, errors: list[Exception]) -> None:
    """Run the workers of one process a few times; it dies where its calls die, and restarts."""
    workers = (
        (harness.dispatcher, 40),
        (StepWorker(harness.engine), 40),
        (ProviderCallWorker(harness.engine, random=Random(1)), 30),
    )
    for _ in range(12):
        for worker, limit in workers:
            try:
                worker.run_once(harness.database, limit=limit, now=harness.now)
            except KeyboardInterrupt:
                continue
            except Exception as error:
                if not is_transient(error):
                    errors.append(error)


def publish_storm_flow(harness: Harness) -> None:
    persistent = {"retry": {"max_attempts": 50}}
    harness.flow(
        "storm",
        splitter(("east", "true", "send"), ("west", "country == 'US'", "notify")),
        SEND | persistent | {"to": {"succeeded": "merge"}},
        NOTIFY | persistent | {"instance": "west"},
        wait("wait", "item.shipped", "order.approved"),
        merge(),
        action("last"),
    )


def run_processes(harness: Harness, errors: list[Exception]) -> None:
    processes = [Thread(target=work, args=(harness, errors)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()


def test_every_order_completes_once_in_a_storm_of_kills_and_repeated_events(
    harness: Harness,
) -> None:
    publish_storm_flow(harness)
    harness.provider.respond = UnsteadyProvider(harness)
    orders = harness.place(*[f"N{i}" for i in range(ORDERS)], items=[1, 2])
    harness.raise_event("order.approved", *orders[:100])

    errors: list[Exception] = []
    for attempt in range(40):
        run_processes(harness, errors)
        harness.advance_clock(minutes=20)
        if attempt == 1:
            harness.raise_event("order.approved", *orders[100:])
            harness.execute("UPDATE platform.event_consumer SET seen = '1:1:', xid = '0'")
        elif harness.run_states() == {"completed": ORDERS}:
            break

    assert errors == []
    assert harness.run_states() == {"completed": ORDERS}
    assert harness.ran() == {("count", f"N{i}"): 1 for i in range(ORDERS)}
    assert len(harness.provider.effects) == 3 * ORDERS
    calls = harness.rows("SELECT state, count(*) FROM orchestration.provider_call GROUP BY 1")
    assert calls == [("done", 3 * ORDERS)]
    raised = harness.rows(
        "SELECT count(*) FROM platform.business_event WHERE name IN ('item.sent', 'order.notified')"
    )
    assert raised == [(3 * ORDERS,)]
    assert broken_invariants(harness) == {}
