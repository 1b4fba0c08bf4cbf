"""Commands that make a folder, wherever its name leads: nothing of the user's is ever destroyed.

These cases were written from the specification, by someone who had not read the code that they judge.
"""

import pytest

from tests.outputs.commands import DEMO, SAMPLE, Command, one_always
from tests.outputs.folders import CASES, Case
from tests.outputs.sandbox import Sandbox, assert_refused, assert_sentence, changes, is_whole

LINES = [
    pytest.param(case, command, force, id=f"{command.name}-{case.name}{'-force' if force else ''}", marks=marks)
    for case in CASES
    for command, marks in one_always(case.commands, case.name)
    for force in (case.force if command.force else [False])
]


@pytest.mark.parametrize(("case", "command", "force"), LINES)
def test_nothing_of_the_users_is_lost(box: Sandbox, case: Case, command: Command, force: bool) -> None:
    output = case.output.format(work=box.work)
    words = command.words(box, output, force=force)
    target = box.work / (output.rstrip("/") + command.suffix)
    case.prepare(box, command, box.work / ("out" + command.suffix))
    before = box.snapshot()
    refused = case.expect in ("refused", "kept")
    done = box.run(words, torch=command.torch and not refused, timeout=30 if command is DEMO else 120)
    after = box.snapshot()
    if case.expect == "refused":
        assert_refused(done, before, after, case.says)
    elif case.expect == "kept":
        assert not changes(before, after)
        assert_sentence(done)
    elif done.code == 0:
        link = target.is_symlink()
        place = target.resolve()
        assert not changes(before, after, besides=[*made(str(place.relative_to(box.root)), before), *case.free])
        assert place.is_dir()
        assert is_whole(place)
        assert case.expect != "behind" or link
    else:
        assert case.expect != "done", f"status {done.code}: {done.err}"
        assert not changes(before, after), done.err
        assert_sentence(done)


def made(place: str, before: dict[str, str]) -> list[str]:
    """The first name on the way to an output that was not there before; all names if a folder was."""
    parts = place.split("/")
    for count in range(1, len(parts)):
        way = "/".join(parts[:count])
        if way not in before:
            return [way]
    return [place]


def test_a_sample_leaves_the_output_itself_alone(box: Sandbox) -> None:
    """It may look like ours or not: only OUTPUT.sample is written."""
    words = SAMPLE.words(box, "mine", force=True)
    (box.work / "mine").mkdir()
    (box.work / "mine/letter.txt").write_text("残す")
    before = box.snapshot()
    done = box.run(words)
    assert done.code == 0, done.err
    assert not changes(before, box.snapshot(), besides=["work/mine.sample"])
