"""Lab orders: posted with a key, or found in a folder; none lost, none twice, none half read."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import pytest

from openiom.kernel import Invalid, ProviderRejected, Unauthenticated
from openiom.library.lab_intake import PROVIDER
from openiom.library.lab_intake.connector import LabIntake
from openiom.policies import Transformation, TransformationDocument, Transformed
from openiom.provider_contract import RawMessage
from openiom.testing import ExternalSystem, connect, provider_contract

KEY = {"x-api-key": "lab-key"}


@contextmanager
def a_site() -> Iterator[ExternalSystem]:
    with TemporaryDirectory() as folder:
        parameters = {"folder": folder}
        yield ExternalSystem({"api_key": "lab-key"}, parameters=parameters, folder=Path(folder))


class TestContract(
    provider_contract(PROVIDER, golden=Path(__file__).with_name("golden"), site=a_site)
):
    pass


@pytest.fixture
def intake(tmp_path: Path) -> LabIntake:
    return connect_to(tmp_path)


def connect_to(folder: Path | str, *, root: Path | None = None) -> LabIntake:
    """Return an intake of a folder, which providers may read by default."""
    made: LabIntake = connect(
        PROVIDER,
        {"api_key": "lab-key"},
        {"folder": str(folder)},
        folder=root or Path(folder),
    )
    return made


def order(number: object = "IOMLabOrder001", quantity: int = 110, **more: Any) -> dict[str, Any]:
    lines = [{"sku": "883988211855", "unit": "each", "quantity": quantity}]
    place = {
        "shiptocity": "BELLEVUE",
        "shiptostateorprovince": "WA",
        "shiptocountry": "US",
        "shiptozip": "98007",
    }
    return {"ordernumber": number, **place, "orderdetails": lines, **more}


def lay(folder: Path, name: str, content: object, *, age: float = 60) -> Path:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else orjson.dumps(content))
    moment = time.time() - age
    os.utime(file, (moment, moment))
    return file


def pulled(intake: LabIntake) -> list[RawMessage]:
    return [message for page in intake.pull("order", "") for message in page.messages]


def documents(messages: list[RawMessage]) -> list[Any]:
    transformation = Transformation(
        TransformationDocument.model_validate(PROVIDER.messages[0].transformation)
    )
    return transformation.transform_many([m.payload for m in messages])


def test_a_posted_order_names_our_account_price_list_and_currency(intake: LabIntake) -> None:
    received = intake.receive(KEY, orjson.dumps(order()))
    [message] = received.messages
    [made] = documents([message])
    assert (message.key, received.poll_now) == ("IOMLabOrder001", False)
    assert isinstance(made, Transformed)
    assert made.document["account"] == "DefaultAccount-IOMLabOrderIntakeProvider"
    assert (made.document["price_list"], made.document["currency"]) == ("MasterPriceList", "USD")
    assert [(k.table, k.value, k.into) for k in made.keys] == [
        ("unit", "each", "lines[0].unit"),
        ("product", "883988211855", "lines[0].product"),
    ]


def test_a_sender_cannot_choose_another_account(intake: LabIntake) -> None:
    [message] = intake.receive(
        KEY, orjson.dumps(order(account="Rich", price_list="Cheap", currency="EUR"))
    ).messages
    assert message.payload["account"] == "DefaultAccount-IOMLabOrderIntakeProvider"
    assert (message.payload["price_list"], message.payload["currency"]) == (
        "MasterPriceList",
        "EUR",
    )


def test_the_same_order_posted_again_is_the_same_version_and_a_changed_one_is_not(
    intake: LabIntake,
) -> None:
    first, again, changed = (
        intake.receive(KEY, orjson.dumps(o)).messages[0]
        for o in (order(), order(), order(quantity=9))
    )
    assert first.version == again.version != changed.version


def test_two_lines_of_one_product_stay_two(intake: LabIntake) -> None:
    twice = order()
    twice["orderdetails"] *= 2
    [message] = intake.receive(KEY, orjson.dumps(twice)).messages
    [made] = documents([message])
    assert [line["external_id"] for line in made.document["lines"]] == ["1", "2"]


def test_a_list_of_orders_is_taken_whole_or_not_at_all(intake: LabIntake) -> None:
    both = intake.receive(KEY, orjson.dumps([order(1), order("two")])).messages
    assert [m.key for m in both] == ["1", "two"]
    assert [made.document["number"] for made in documents(list(both))] == ["1", "two"]
    with pytest.raises(Invalid) as refused:
        intake.receive(KEY, orjson.dumps([order(1), {"orderdetails": []}]))
    assert refused.value.where == "[1]"


@pytest.mark.parametrize(
    "headers", [{}, {"x-api-key": ""}, {"x-api-key": "other"}, {"x-api-key": "\xe9"}]
)
def test_a_post_without_the_key_is_refused(intake: LabIntake, headers: dict[str, str]) -> None:
    with pytest.raises(Unauthenticated):
        intake.receive(headers, orjson.dumps(order()))


def test_an_intake_without_a_key_takes_no_posts() -> None:
    with pytest.raises(Unauthenticated):
        connect(PROVIDER, {}, {}).receive({"x-api-key": ""}, orjson.dumps(order()))


@pytest.mark.parametrize(
    "body", [b"", b"{", b"3", b'"x"', b"null", b"{}", b'[{"ordernumber": ""}]', b"\xff"]
)
def test_a_post_that_is_no_order_is_refused(intake: LabIntake, body: bytes) -> None:
    with pytest.raises(Invalid):
        intake.receive(KEY, body)


def test_files_are_read_oldest_first_and_moved_once_they_are_stored(
    intake: LabIntake, tmp_path: Path
) -> None:
    lay(tmp_path, "b.json", order("1"), age=90)
    lay(tmp_path, "a.json", order("2"), age=60)
    lay(tmp_path, "note.txt", b"not ours")
    pages = intake.pull("order", "")
    assert [m.key for m in next(pages).messages] == ["1", "2"]
    assert sorted(f.name for f in tmp_path.glob("*.json")) == [
        "a.json",
        "b.json",
    ]  # stored only after the yield
    assert list(pages) == []
    assert sorted(str(f.relative_to(tmp_path)) for f in tmp_path.rglob("*.*")) == [
        "note.txt",
        "processed/a.json",
        "processed/b.json",
    ]
    assert pulled(intake) == []


def test_a_poll_that_died_before_its_page_was_stored_reads_the_same_files_again(
    intake: LabIntake, tmp_path: Path
) -> None:
    lay(tmp_path, "a.json", order())
    pages = intake.pull("order", "")
    first = next(pages)
    pages.close()  # type: ignore[attr-defined]
    assert pulled(intake) == list(first.messages)


def test_a_file_that_never_becomes_json_is_handed_over_to_be_parked_and_does_not_block(
    intake: LabIntake, tmp_path: Path
) -> None:
    lay(tmp_path, "broken.json", b'{"ordernumber": "1"', age=60)
    lay(tmp_path, "good.json", order("2"), age=50)
    messages = pulled(intake)
    assert [m.key for m in messages] == ["broken.json", "2"]
    failed, made = documents(messages)
    assert "is not JSON" in failed.message
    assert made.document["number"] == "2"


def test_a_file_still_being_written_is_left_for_the_next_poll(
    intake: LabIntake, tmp_path: Path
) -> None:
    lay(tmp_path, "slow.json", b'{"ordernumber"', age=0)
    assert pulled(intake) == []
    lay(tmp_path, "slow.json", order("1"), age=0)
    assert [m.key for m in pulled(intake)] == ["1"]


def test_orders_without_a_number_or_of_another_shape_are_handed_over_to_be_parked(
    intake: LabIntake, tmp_path: Path
) -> None:
    lay(tmp_path, "a.json", order(None))
    lay(tmp_path, "b.json", ["text", {"ordernumber": "1", "orderdetails": "none"}], age=50)
    failures = documents(pulled(intake))
    assert [f.path for f in failures] == ["external_id", "", "lines"]


def test_a_link_is_not_followed(intake: LabIntake, tmp_path: Path) -> None:
    outside = tmp_path / "elsewhere.txt"
    outside.write_bytes(orjson.dumps(order()))
    (tmp_path / "link.json").symlink_to(outside)
    assert pulled(intake) == []


def test_a_folder_that_is_not_there_turns_the_probe_and_the_poll_down(tmp_path: Path) -> None:
    intake = connect_to(tmp_path / "gone", root=tmp_path)
    for attempt in (intake.probe, lambda: pulled(intake)):
        with pytest.raises(ProviderRejected, match="cannot be read"):
            attempt()


@pytest.mark.parametrize("folder", ["/etc", "..", "link", "sub/../../other"])
def test_a_folder_outside_the_one_of_the_operator_is_refused(tmp_path: Path, folder: str) -> None:
    root = tmp_path / "intake"
    (root / "sub").mkdir(parents=True)
    (root / "link").symlink_to(tmp_path)

    with pytest.raises(Invalid) as refused:
        connect_to(folder, root=root)

    assert refused.value.where == "parameters.folder"
    assert refused.value.what == f"may not be {folder}: it is not below OPENIOM_INTAKE_FOLDER"


def test_a_relative_folder_is_below_the_one_of_the_operator(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    lay(tmp_path / "shop", "a.json", order("1"))

    assert [message.key for message in pulled(connect_to("shop", root=tmp_path))] == ["1"]


def test_no_folder_is_read_unless_an_operator_allows_one(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="have an operator set OPENIOM_INTAKE_FOLDER"):
        connect(PROVIDER, {"api_key": "lab-key"}, {"folder": str(tmp_path)})


def test_an_intake_without_key_and_folder_is_not_green() -> None:
    with pytest.raises(ProviderRejected, match="orders cannot arrive"):
        connect(PROVIDER, {}, {}).probe()
