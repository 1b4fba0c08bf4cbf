"""The clinical set against lines as clinicians write them.

The author of the lines (`people_*.tsv`, `identifiers_*.tsv`) wrote none of the rules and had not read them; all persons
are invented. The visible lines are two tables joined: the second was held out until the rules had been measured with it.
The held-out lines are by a third author; they were held out until the rules had been measured with them (81.1 %, 90.5 % and
63.0 %), and the rules have been mended by them since. The unseen lines are by a fourth author; they too were held out
until the rules had been measured with them (89.7 %, 97.0 % and 81.0 %), and the rules have been mended by them since.
The fresh lines are by a fifth author; they were held out until the rules had been measured with them (81.6 %, 85.0 % and
64.1 %), and the rules have been mended by them since.
The ordinary lines (`*_ordinary.tsv`) are by a sixth author, from the specification alone; the author of the rules had not
read them. They follow what records commonly hold: frequent names with a title, a label or a usual context, about a tenth
rare. They were held out until the rules had been measured with them (97.5 %, 96.4 % and 88.7 %), and the rules have been
mended by the first two since; no rule for hospitals has been.
The lines of records (`*_records.tsv`) are by a seventh author, who had read neither the rules nor the other tables. They were
held out until the rules had been measured with them (91.0 % and 95.2 %; they hold no hospitals), and the rules have been
mended by them since.
The lines of wards (`*_wards.tsv`) are by an eighth author, who had read neither the rules nor the other tables: what nurses,
doctors and offices write in a day, names as frequent as they are. They were held out until the rules
had been measured with them (people 94.9 %, of full names 99.2 %; identifiers 91.1 %; they hold no hospitals), and the rules have
been mended by them since.
The lines of letters (`*_letters.tsv`) are by a ninth author, who had read neither the rules nor the other tables: letters between
hospitals, given names alone, foreign residents. They were held out until the rules, mended by the wards, had been measured with
them (people 93.6 %, full names 100 %, surnames 99.0 %; identifiers 91.4 %; they hold no hospitals), and the rules have been mended by them
since.
The lines of home care (`*_homecare.tsv`) are by a tenth author, who had read neither the rules nor the other tables: home care,
nursing homes, schools, clinics, given names alone, foreign residents. They were held out until the rules, mended by the
letters, had been measured with them (people 91.6 %, full names 98.2 %, surnames 97.5 %; identifiers 89.7 %; they hold no
hospitals), and the rules have been mended by them since.
"""

import sys
from functools import partial
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for measure_people, which is run by hand too

from measure_people import (
    SUBJECTS,
    TABLES,
    Clean,
    Count,
    cases,
    clinical,
    hospitals,
    plain,
    precision,
    read,
    recall,
    whole,
)

import ncvc

KEPT_GOAL = 0.99
KEPT_UNSEEN = 0.98
HOSPITALS_KEPT_GOAL = 0.97
MOST_MISSED = {
    ("people", "visible"): 13,  # of 1934
    ("people", "held_out"): 28,  # of 1181
    ("people", "unseen"): 10,  # of 1370
    ("people", "fresh"): 70,  # of 1939
    ("people", "ordinary"): 1,  # of 830
    ("people", "records"): 34,  # of 1198
    ("people", "wards"): 1,  # of 768
    ("people", "letters"): 0,  # of 519
    ("people", "homecare"): 2,  # of 727
    ("identifiers", "visible"): 0,  # of 1894
    ("identifiers", "held_out"): 22,  # of 730
    ("identifiers", "unseen"): 0,  # of 839
    ("identifiers", "fresh"): 78,  # of 1296
    ("identifiers", "ordinary"): 5,  # of 445
    ("identifiers", "records"): 3,  # of 419
    ("identifiers", "wards"): 0,  # of 326
    ("identifiers", "letters"): 1,  # of 221
    ("identifiers", "homecare"): 0,  # of 330
}
"""Words that the rules leave today; the goal is one in a hundred. The numbers may only fall."""
HOSPITALS_MISSED = {"visible": 0, "held_out": 2, "unseen": 2, "fresh": 38, "ordinary": 27}
"""Names of hospitals and wards that the rules leave today, of 93, 54, 327, 490 and 238; the numbers may only fall."""
REPLACEMENTS = [pytest.param(partial(ncvc.clean, clinical=True), id="nothing"), pytest.param(clinical, id="tag")]


def below(counts: dict[str, Count], goal: float) -> dict[str, str]:
    """Kinds under the goal, with their counts."""
    return {kind: f"{count.faults} of {count.total}" for kind, count in counts.items() if count.share < goal}


def test_every_table_is_measured() -> None:
    assert set(TABLES) == set(MOST_MISSED)


# pytest prints the arguments of calls within an assertion: no case may be among them.


@pytest.mark.parametrize(("subject", "name"), TABLES)
@pytest.mark.parametrize("clean", REPLACEMENTS)
def test_private_words_go(subject: str, name: str, clean: Clean) -> None:
    found = whole(recall(cases(f"{subject}_{name}"), clean))
    assert found.faults <= MOST_MISSED[subject, name]


@pytest.mark.parametrize(("subject", "name"), TABLES)
def test_other_lines_stay(subject: str, name: str) -> None:
    counts = precision(read(f"{subject}_kept_{name}"), clinical)
    goal = KEPT_UNSEEN if name == "unseen" else KEPT_GOAL
    assert not below({"all": whole(counts)}, goal), below(counts, 1)


@pytest.mark.parametrize(("subject", "name"), TABLES)
def test_words_beside_stay(subject: str, name: str) -> None:
    """With tags, for without them labels go along."""
    counts = precision(cases(f"{subject}_{name}"), clinical)
    assert not below({"all": whole(counts)}, KEPT_GOAL), below(counts, 1)


@pytest.mark.parametrize("name", HOSPITALS_MISSED)
def test_hospitals_go_where_they_are_asked_for(name: str) -> None:
    written = cases(f"identifiers_{name}", hospitals=True)
    kept = cases(f"identifiers_kept_{name}", hospitals=True)
    found, untouched = whole(recall(written, hospitals)), whole(recall(written, plain))
    assert found.faults <= HOSPITALS_MISSED[name]
    assert untouched.share < 1 - KEPT_GOAL
    lost = [whole(precision(of, hospitals)) for of in (written, kept)]
    assert not below({"beside": lost[0], "kept": lost[1]}, HOSPITALS_KEPT_GOAL)


@pytest.mark.parametrize(("subject", "name"), TABLES)
def test_the_tables_can_tell(subject: str, name: str) -> None:
    """Without the clinical set nearly all names stay; a rule that removes all leaves no kept line."""
    kept = whole(precision(read(f"{subject}_kept_{name}"), lambda _: ""))
    assert kept.share == 0
    if subject == "people":
        names = whole(recall(read(f"people_{name}"), plain))
        assert names.share < 0.01


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("kind", ["", "_kept"])
def test_the_sets_share_no_line(subject: str, kind: str) -> None:
    sets = [{case.text for case in read(f"{of}{kind}_{name}")} for of, name in TABLES if of == subject]
    shared = sum(map(len, sets)) - len(set().union(*sets))
    assert shared == 0
