"""How similar an external key is to a record, and which records are suggested for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openiom.master_data.decisions import (
    MAX_INEXACT_SIMILARITY,
    Candidate,
    Match,
    best_matches,
    match_reason,
    normalize,
    similarity,
)

SCALE = Candidate("ACC-100", "Accu Scale", ("883988211855", "ABS"))
PIECE = Candidate("ea", "Piece")
KILOGRAM = Candidate("kg", "Kilogram")


@pytest.mark.parametrize(
    ("text", "normalized"),
    [
        ("ACC-100", "acc100"),
        ("  Accu Scale ", "accuscale"),
        ("Straße 5", "strasse5"),
        ("42 %", "42"),
        ("---", ""),
        ("", ""),
    ],
)
def test_a_name_is_normalized_to_its_letters_and_digits(text: str, normalized: str) -> None:
    assert normalize(text) == normalized


@pytest.mark.parametrize(
    "value", ["ACC-100", "acc 100", "ACCU SCALE", "accuscale", "883988211855", "abs", "A.B.S."]
)
def test_an_equal_name_label_or_code_is_certain(value: str) -> None:
    assert similarity(value, SCALE) == 1.0


@pytest.mark.parametrize("value", ["each", "PCS", "pieces", "C62", "h87", "unit"])
def test_a_synonym_of_a_unit_scores_just_below_certainty(value: str) -> None:
    assert similarity(value, PIECE) == 0.95


@pytest.mark.parametrize(
    ("value", "unit"),
    [
        ("each", "box"),
        ("kg", "g"),
        ("gram", "kg"),
        ("box", "ea"),
        ("dozen", "pr"),
        ("litre", "m"),
    ],
)
def test_a_unit_is_no_synonym_of_a_unit_of_another_size(value: str, unit: str) -> None:
    assert similarity(value, Candidate(unit, unit)) < 0.95


@pytest.mark.parametrize(
    ("value", "candidate"),
    [
        ("kgm", Candidate("kg", "Kilogram")),
        ("grm", Candidate("g", "Gram")),
        ("ltr", Candidate("l", "Liter")),
        ("mtr", Candidate("m", "Meter")),
        ("ctn", Candidate("box", "Box of 12")),
        ("dzn", Candidate("dz", "Dozen")),
        ("pairs", Candidate("pr", "Pair")),
    ],
)
def test_codes_of_units_are_known(value: str, candidate: Candidate) -> None:
    assert similarity(value, candidate) == 0.95


@pytest.mark.parametrize("value", ["", "   ", "-/-", "???"])
def test_a_key_without_letters_or_digits_resembles_nothing(value: str) -> None:
    assert similarity(value, SCALE) == 0.0
    assert similarity(value, Candidate("", "")) == 0.0


def test_common_words_count_more_than_common_letters() -> None:
    # Letters: "scaleblue" and "accuscale" share "scale", 2 * 5 / 18 = 0.56. Words: of accu, scale,
    # blue and acc 100 one in five is common: 0.4 * 0.56 + 0.6 * 0.2 = 0.34. The larger one counts.
    assert similarity("Scale blue", SCALE) == 0.56


def test_words_in_another_order_score_by_their_share() -> None:
    candidate = Candidate("espresso machine", "espresso machine")

    # All words are common: 0.6 for the words, and 0.4 of the ratio of letters
    # ("machineespresso" and "espressomachine" share eight of fifteen).
    assert similarity("machine espresso", candidate) == round(0.4 * 16 / 30 + 0.6, 2) == 0.81


def test_an_almost_equal_name_is_never_certain() -> None:
    long = "a" * 400
    assert similarity(long + "b", Candidate(long, "")) == MAX_INEXACT_SIMILARITY == 0.99


def test_a_candidate_without_names_resembles_nothing() -> None:
    assert similarity("lamp", Candidate("", "")) == 0.0


@given(st.text(max_size=12), st.text(max_size=12), st.text(max_size=12))
def test_a_similarity_is_a_share_and_certain_only_for_equal_names(
    value: str, internal: str, label: str
) -> None:
    score = similarity(value, Candidate(internal, label))

    assert 0 <= score <= 1
    equal = normalize(value) in {normalize(name) for name in (internal, label) if name}
    assert (score == 1.0) == (equal and normalize(value) != "")


def test_the_best_matches_come_first_and_equal_ones_by_name() -> None:
    lamps = [
        Candidate("L3", "Lamp"),
        Candidate("L1", "Lamp"),
        Candidate("L2", "Lamp shade"),
        Candidate("T1", "Table"),
    ]

    assert best_matches("lamp", lamps) == [
        Match("L1", "Lamp", 1.0, "same title"),
        Match("L3", "Lamp", 1.0, "same title"),
        Match("L2", "Lamp shade", 0.62, "has in common: lamp"),
    ]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (" ms-4 ", "same key"),
        ("0471", "same code 0471"),
        ("hall mirror", "same title"),
        ("MS4", "same letters and digits"),
        ("HALL-MIRROR", "same letters and digits"),
        ("mirror, tall", "has in common: mirror"),
        ("mirrow", "similar spelling"),
    ],
)
def test_a_match_says_what_both_have_in_common(value: str, reason: str) -> None:
    assert match_reason(value, Candidate("MS-4", "Hall mirror", ("0471",))) == reason


def test_another_word_for_a_unit_is_a_reason_and_not_certain() -> None:
    (match,) = best_matches("each", [Candidate("ea", "Piece")])
    assert match == Match("ea", "Piece", 0.95, "another word for this unit")


def test_only_the_one_record_with_an_equal_key_or_code_is_certain() -> None:
    chair, table = Candidate("C-1", "Chair", ("0471",)), Candidate("0471", "Table")
    assert [match.certain for match in best_matches("0471", [chair])] == [True]
    assert [match.certain for match in best_matches("0471", [chair, table])] == [False, False]

    similar = Candidate("C1", "C 1")
    found = best_matches("c-1", [similar, chair])
    assert [(match.internal, match.score, match.certain) for match in found] == [
        ("C-1", 1.0, True),
        ("C1", 1.0, False),
    ]


def test_the_number_of_matches_is_limited() -> None:
    lamps = [Candidate(f"L{number}", "Lamp") for number in range(9)]

    assert [match[0] for match in best_matches("lamp", lamps)] == ["L0", "L1", "L2"]
    assert [match[0] for match in best_matches("lamp", lamps, limit=1)] == ["L0"]
    assert best_matches("lamp", lamps, limit=0) == []


def test_a_match_at_the_minimum_is_kept_and_one_below_it_is_left_out() -> None:
    shade = [Candidate("L2", "Lamp shade")]

    found = [Match("L2", "Lamp shade", 0.62, "has in common: lamp")]
    assert best_matches("lamp", shade, minimum=0.62) == found
    assert best_matches("lamp", shade, minimum=0.63) == []
    assert best_matches("xyz", shade) == []
