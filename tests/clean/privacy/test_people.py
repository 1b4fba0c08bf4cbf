"""The clinical set against lines as clinicians write them.

The author of the lines (`people_*.tsv`, `identifiers_*.tsv`) wrote none of the rules and had not read them; all persons
are invented. The rules' author saw the visible lines and did not see the held-out ones, of which a failing test names
only kinds and counts.
"""

import sys
from functools import partial
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for measure_people, which is run by hand too

from measure_people import SETS, SUBJECTS, Case, Clean, Count, clinical, plain, precision, read, recall, whole

import ncvc

GOAL = 0.99
KIND_OF_NAME_GOAL = 0.95
"""For one of the kinds of names, which together are one category and hold some 30 lines each."""
REPLACEMENTS = [pytest.param(partial(ncvc.clean, clinical=True), id="nothing"), pytest.param(clinical, id="tag")]
HOSPITALS = partial(ncvc.clean, clinical=True, replacement="tag", hospitals=True)


def below(counts: dict[str, Count], goal: float) -> dict[str, str]:
    """Kinds under the goal, with their counts."""
    return {kind: f"{count.faults} of {count.total}" for kind, count in counts.items() if count.share < goal}


def without_hospitals(table: str) -> list[Case]:
    return [case for case in read(table) if case.kind != "hospital"]


def hospitals(table: str) -> list[Case]:
    return [case for case in read(table) if case.kind == "hospital"]


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("clean", REPLACEMENTS)
def test_names_go(name: str, clean: Clean) -> None:
    counts = recall(read(f"people_{name}"), clean)
    assert not below(counts, KIND_OF_NAME_GOAL) | below({"all": whole(counts)}, GOAL)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("clean", REPLACEMENTS)
def test_identifiers_go(name: str, clean: Clean) -> None:
    assert not below(recall(without_hospitals(f"identifiers_{name}"), clean), GOAL)


@pytest.mark.parametrize("name", SETS)
def test_hospitals_go_where_they_are_asked_for(name: str) -> None:
    assert not below(recall(hospitals(f"identifiers_{name}"), HOSPITALS), GOAL)
    assert not below(precision(hospitals(f"identifiers_kept_{name}"), HOSPITALS), GOAL)


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("name", SETS)
def test_other_lines_stay(subject: str, name: str) -> None:
    counts = precision(read(f"{subject}_kept_{name}"), clinical)
    assert not below({"all": whole(counts)}, GOAL), below(counts, 1)


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("clean", REPLACEMENTS)
def test_words_beside_stay(subject: str, name: str, clean: Clean) -> None:
    counts = precision(without_hospitals(f"{subject}_{name}"), clean)
    assert not below({"all": whole(counts)}, GOAL), below(counts, 1)


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("name", SETS)
def test_the_tables_can_tell(subject: str, name: str) -> None:
    """Without the clinical set nearly all names stay; a rule that removes all leaves no kept line."""
    if subject == "people":
        assert whole(recall(read(f"people_{name}"), plain)).share < 0.01
    assert whole(precision(read(f"{subject}_kept_{name}"), lambda _: "")).share == 0


def test_the_sets_share_no_line() -> None:
    for subject in (*SUBJECTS, *(f"{subject}_kept" for subject in SUBJECTS)):
        visible, held_out = ({case.text for case in read(f"{subject}_{name}")} for name in SETS)
        assert not visible & held_out
