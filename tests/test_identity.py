"""What two starts of one run do not share."""

import pytest

from ncvc.identity import differences, first_difference

OLD = {"version": 1, "config": {"seed": 5, "sources": [{"name": "a", "field": "text"}], "guard": {"window": 2}}}


def changed(**config):
    return {**OLD, "config": {**OLD["config"], **config}}


@pytest.mark.parametrize(
    ("now", "says"),
    [
        (OLD, None),
        (changed(seed=6), "seed was 5 and is 6"),
        (changed(new=None), None),
        (changed(new={"inner": 1}), "new.inner was null and is 1"),
        (changed(guard=None), "guard.window was 2 and is null"),
        (changed(sources=[{"name": "a", "field": "body"}]), 'sources.0.field was "text" and is "body"'),
        (changed(sources=[]), 'sources was [{"name": "a", "field": "text"}] and is []'),
        ({**OLD, "version": 2}, "version was 1 and is 2"),
    ],
)
def test_the_first_difference_is_named(now, says):
    assert first_difference(OLD, now) == says


def test_what_is_free_to_change_is_no_difference():
    now = changed(seed=6, guard={"window": 3, "sigmas": 1})
    assert [name for name, _, _ in differences(OLD, now)] == [
        "config.seed",
        "config.guard.window",
        "config.guard.sigmas",
    ]
    assert list(differences(OLD, now, {"config.seed", "config.guard"})) == []


def test_long_values_are_cut():
    assert len(first_difference({"a": "x" * 500}, {"a": None})) < 100
