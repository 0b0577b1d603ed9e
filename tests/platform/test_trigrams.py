"""The parts of texts that serve searches, and the conditions that use them."""

import pytest

from openiom.platform.bulk import fetch
from openiom.platform.database import Database
from openiom.platform.trigrams import contains, contains_indexed


@pytest.mark.parametrize(
    ("value", "parts"),
    [("lamp", ["lam", "amp"]), ("añb", ["añb"]), ("ab", None), ("", None), (None, None)],
)
def test_a_text_has_the_parts_of_three_characters(
    database: Database, value: str | None, parts: list[str] | None
) -> None:
    with database.reading() as session:
        assert fetch(session, "SELECT platform.trigrams(%s)", (value,)) == [(parts,)]


def test_a_condition_requires_every_word() -> None:
    condition = contains("t", ["Ann", "5%"])
    assert condition.sql == "t LIKE lower(%s) AND t LIKE lower(%s)"
    assert condition.parameters == ["%Ann%", "%5\\%%"]


def test_the_index_serves_words_of_three_characters() -> None:
    condition = contains_indexed("t", ["Ann", "5"])
    assert condition is not None
    assert condition.sql.startswith("platform.trigrams(t) @> platform.trigrams(lower(%s)) AND t")
    assert condition.parameters == ["Ann", "%Ann%", "%5%"]
    assert contains_indexed("t", ["an", "5"]) is None
