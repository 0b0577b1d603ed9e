"""Documents as YAML files: where they are written, and what is read."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from openiom.app.cli.config import file_of, read_folder, write_folder
from openiom.kernel import Invalid, NotFound


def document(kind: str, name: str, **body: Any) -> dict[str, Any]:
    return {"kind": kind, "name": name, "body": body}


@pytest.mark.parametrize(
    ("kind", "name", "file"),
    [
        ("flow", "orders", "flow/orders.yaml"),
        ("flow", "Orders (EU), 2nd", "flow/Orders (EU), 2nd.yaml"),
        ("flow", "a/b:c*d", "flow/a%2Fb%3Ac%2Ad.yaml"),
        ("flow", "größe", "flow/gr%C3%B6%C3%9Fe.yaml"),
        ("product", "LAMP", "product.yaml"),
        ("mapping", "product/default/sku=1", "mapping.yaml"),
    ],
)
def test_a_document_has_a_file_of_its_own_unless_there_are_many_of_its_kind(
    kind: str, name: str, file: str
) -> None:
    assert file_of(Path("folder"), kind, name) == Path("folder") / file


def test_documents_survive_being_written_and_read(tmp_path: Path) -> None:
    documents = [
        document("flow", "orders", title="Aufträge", steps=[{"id": "a"}, {"id": "b"}]),
        document("mapping", "b", value="2"),
        document("mapping", "a", value="1"),
        document("product", "LAMP", weight_kg="1.50", text="two\nlines: yes"),
    ]

    assert write_folder(tmp_path, documents) == 3

    found = read_folder(tmp_path)
    assert sorted(found, key=str) == sorted(documents, key=str)


def test_files_are_readable_and_keep_the_order_of_keys(tmp_path: Path) -> None:
    write_folder(tmp_path, [document("flow", "orders", title="Aufträge", about="x")])

    text = (tmp_path / "flow" / "orders.yaml").read_text("utf-8")
    assert "Aufträge" in text
    assert list(yaml.safe_load(text)) == ["kind", "name", "body"]
    assert list(yaml.safe_load(text)["body"]) == ["title", "about"]


def test_both_endings_of_yaml_files_are_read_in_all_folders(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "one.yml").write_text("{kind: a, name: one, body: {}}")
    (tmp_path / "deep" / "er" / "two.yaml").write_text("{kind: a, name: two, body: {}}")
    (tmp_path / "notes.txt").write_text("not a document")

    assert [found["name"] for found in read_folder(tmp_path)] == ["two", "one"]


def test_every_faulty_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("kind: [")
    (tmp_path / "b.yaml").write_text("{kind: a, name: x}")
    (tmp_path / "c.yaml").write_text("{kind: a, name: x, body: {}, note: y}")

    with pytest.raises(Invalid) as refused:
        read_folder(tmp_path)

    assert refused.value.what == "some files are not configuration documents"
    places = [problem.where for problem in refused.value.problems]
    assert places == [
        str(tmp_path / "a.yaml"),
        f"{tmp_path / 'b.yaml'}, body",
        f"{tmp_path / 'c.yaml'}, note",
    ]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="iom config export"):
        read_folder(tmp_path / "nowhere")
