"""The inventory feed: overwrite and incremental files, and the problem file of a refused one."""

import os
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import orjson
import pytest
from starlette.testclient import TestClient

from openiom.app.application import Application
from openiom.inventory_contract import FeedWorker
from openiom.platform.bulk import fetch
from openiom.platform.clock import utc_now

ITEM = {
    "organizationId": "usmf",
    "productId": "D0001",
    "dimensions": {"plant": "1", "LocationId": "11"},
    "quantities": {"unrestricted": 20, "QualityInspection": 3},
}


@pytest.fixture
def folder(application: Application) -> Path:
    assert application.settings.feed_dir is not None
    application.settings.feed_dir.mkdir()
    return application.settings.feed_dir


def drop(folder: Path, name: str, *items: dict[str, Any], **other: Any) -> Path:
    content = {
        "messagetype": "inventoryonhand",
        "feedtype": "incremental",
        "source": "erp",
        "customdimensions": {"plant": "SiteId"},
        "onhand": list(items or [ITEM]),
    }
    file = folder / name
    file.write_bytes(orjson.dumps({**content, **other}))
    return file


def import_all(application: Application, now: datetime | None = None) -> int:
    """Import files until none is left and return their number.

    Without `now` every file was written a minute ago.
    """
    worker = FeedWorker(application.settings.feed_dir)
    imported = 0
    while worker.run_once(
        application.database, limit=1, now=now or utc_now() + timedelta(minutes=1)
    ).rows:
        imported += 1

    return imported


def balances(application: Application) -> dict[str, float]:
    with application.database.reading() as session:
        rows = fetch(
            session,
            "SELECT data_source || '.' || measure, sum(quantity)::float8"
            " FROM inventory_visibility.measure_balance GROUP BY 1",
        )
    return dict(rows)


def names(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*.json"))


def test_an_incremental_file_adds_and_moves_to_done(
    application: Application, folder: Path, client: TestClient
) -> None:
    drop(folder, "a.json")
    drop(folder, "b.json", {**ITEM, "quantities": {"unrestricted": -5}})
    assert import_all(application) == 2
    assert balances(application) == {"erp.unrestricted": 15, "erp.qualityinspection": 3}
    assert names(folder) == ["done/a.json", "done/b.json"]

    with application.database.reading() as session:
        keys = fetch(
            session,
            "SELECT organization, product, source, dimensions FROM inventory_visibility.stock"
            " WHERE on_hand <> 0",
        )

    assert keys == [("usmf", "D0001", "11", "siteid=1")]
    files = client.get("/api/v1/inventory/feeds").json()["items"]
    assert [
        (f["name"], f["state"], f["data_source"], f["feed_type"], f["records"]) for f in files
    ] == [
        ("b.json", "done", "erp", "incremental", 1),
        ("a.json", "done", "erp", "incremental", 1),
    ]


def test_an_overwriting_file_sets_only_the_measures_it_names(
    application: Application, folder: Path
) -> None:
    drop(folder, "a.json")
    drop(folder, "b.json", {**ITEM, "quantities": {"unrestricted": 7}}, feedtype="overwrite")
    assert import_all(application) == 2
    assert balances(application) == {"erp.unrestricted": 7, "erp.qualityinspection": 3}


def test_a_repeated_file_counts_once(application: Application, folder: Path) -> None:
    drop(folder, "a.json")
    import_all(application)
    drop(folder, "a.json")
    assert import_all(application) == 1
    assert balances(application)["erp.unrestricted"] == 20
    assert names(folder) == ["done/a.json"]


def test_a_file_may_change_a_read_only_data_source_of_the_own_organization(
    application: Application, folder: Path
) -> None:
    item = {"productId": "D0001", "dimensions": {"InventSiteId": "S", "InventLocationId": "S"}}
    drop(folder, "a.json", {**item, "quantities": {"PhysicalInvent": 4}}, source="fno")
    assert import_all(application) == 1

    with application.database.reading() as session:
        rows = fetch(
            session,
            "SELECT organization, source, dimensions, on_hand::int FROM inventory_visibility.stock",
        )

    assert rows == [("", "S", "", 4)]


BAD_FILES = [
    ({"messagetype": "prices"}, "messagetype"),
    ({"feedtype": "delta"}, "feedtype"),
    ({"source": "sap"}, "source"),
    ({"customdimensions": {"plant": "Building"}}, "customdimensions.Building"),
    ({"onhand": []}, "onhand"),
]


@pytest.mark.parametrize(("wrong", "where"), BAD_FILES)
def test_an_invalid_file_moves_to_error_with_its_problem(
    application: Application, folder: Path, wrong: dict[str, Any], where: str
) -> None:
    drop(folder, "a.json", **wrong)
    assert import_all(application) == 1
    assert names(folder) == ["error/a.json", "error/a.json.problem.json"]
    report = orjson.loads((folder / "error" / "a.json.problem.json").read_bytes())
    assert [p["where"] for p in report["problems"]] == [where]
    assert all(p["what"] and p["remedy"] for p in report["problems"])
    assert balances(application) == {}


def test_a_file_with_invalid_items_is_refused_as_a_whole_with_every_path(
    application: Application, folder: Path, client: TestClient
) -> None:
    wrong = {**ITEM, "dimensions": {"plant": "1"}}
    also = {**ITEM, "quantities": {"shelf": 1}}
    drop(folder, "a.json", ITEM, wrong, ITEM, also)
    assert import_all(application) == 1
    assert balances(application) == {}
    report = orjson.loads((folder / "error" / "a.json.problem.json").read_bytes())
    assert [p["where"] for p in report["problems"]] == [
        "onhand[1].dimensions.locationId",
        "onhand[3].quantities.shelf",
    ]
    listed = client.get("/api/v1/inventory/feeds", params={"state": "error"}).json()["items"]
    assert [(f["name"], f["problems"], f["records"]) for f in listed] == [("a.json", 2, 0)]
    drop(folder, "a.json", ITEM)  # corrected
    import_all(application)
    assert balances(application)["erp.unrestricted"] == 20
    assert "error/a.json.problem.json" not in names(folder)


def test_a_file_that_is_not_json_is_refused_once_it_is_complete(
    application: Application, folder: Path
) -> None:
    file = folder / "a.json"
    file.write_text('{"messagetype": ')
    assert (
        import_all(
            application, now=datetime.fromtimestamp(os.stat(file).st_mtime, tz=utc_now().tzinfo)
        )
        == 0
    )
    assert import_all(application) == 1
    assert (folder / "error" / "a.json.problem.json").exists()


def test_a_file_left_by_a_worker_that_died_is_not_posted_twice(
    application: Application, folder: Path
) -> None:
    file = drop(folder, "a.json")
    content = file.read_bytes()
    import_all(application)
    (folder / "done" / "a.json").unlink()
    file.write_bytes(content)  # as if it had never been moved
    import_all(application)
    assert balances(application)["erp.unrestricted"] == 20


def test_concurrent_workers_import_every_file_once(application: Application, folder: Path) -> None:
    for i in range(12):
        drop(folder, f"{i:02d}.json", *({**ITEM, "productId": f"P{n}"} for n in range(50)))

    barrier = Barrier(4)

    def worker() -> None:
        barrier.wait()
        for _ in range(30):
            import_all(application)

    threads = [Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join()

    assert balances(application)["erp.unrestricted"] == 12 * 50 * 20
    assert len(names(folder)) == 12
