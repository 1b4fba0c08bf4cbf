"""Commands that write a file, whatever its name stands for: what they did not make, they do not overwrite.

These cases were written from the specification, by someone who had not read the code that they judge.
"""

import os

import pytest

from tests.outputs.commands import BUILD, PLOT_PNG, SLURM, TOKENIZER, Command, one_always
from tests.outputs.files import CASES, FileCase
from tests.outputs.sandbox import Sandbox, assert_refused, assert_sentence, changes

LINES = [
    pytest.param(case, command, id=f"{command.name}-{case.name}", marks=marks)
    for case in CASES
    for command, marks in one_always(case.commands, case.name)
]


@pytest.mark.parametrize(("case", "command"), LINES)
def test_nothing_of_the_users_is_overwritten(box: Sandbox, case: FileCase, command: Command) -> None:
    output = case.output + command.suffix
    words = command.words(box, output)
    target = box.work / output
    case.prepare(box, command, target)
    before = box.snapshot()
    done = box.run(words, timeout=60)
    after = box.snapshot()
    if case.expect == "refused":
        assert_refused(done, before, after, [case.output[:20]])
    elif done.code == 0:
        place = str(target.resolve().relative_to(box.root)).split("/")
        ways = ["/".join(place[:count]) for count in range(1, len(place) + 1)]
        assert not changes(before, after, besides=[next((way for way in ways if way not in before), ways[-1])])
        assert target.is_file()
        assert case.expect != "behind" or target.is_symlink()
    else:
        assert case.expect != "done", done.err
        assert_refused(done, before, after)


@pytest.mark.parametrize("output", ["", ".", "..", "raw", "{home}"])
def test_a_folder_is_no_name_for_a_dictionary(box: Sandbox, output: str) -> None:
    words = BUILD.words(box, output.format(home=box.home))
    box.bring("raw")
    before = box.snapshot()
    assert_refused(box.run(words, timeout=60), before, box.snapshot())


@pytest.mark.parametrize("command", [BUILD, PLOT_PNG, SLURM, TOKENIZER], ids=lambda command: command.name)
def test_a_name_that_is_no_text_is_no_reason_for_a_traceback(box: Sandbox, command: Command) -> None:
    """Japanese names in EUC-JP are on many disks."""
    name = "手紙".encode("euc-jp") + command.suffix.encode()
    words = command.words(box, name)
    (box.work / os.fsdecode(name)).write_text("残す")
    before = box.snapshot()
    assert_refused(box.run(words, timeout=60), before, box.snapshot())


def test_another_dictionary_is_replaced_and_its_second_name_keeps_it(box: Sandbox) -> None:
    box.bring("dictionary.dic")
    os.link(box.work / "dictionary.dic", box.work / "kept")
    words = BUILD.words(box, "dictionary.dic")
    (box.work / "base/lex.csv").write_text("治療,0,0,100,名詞,一般,*\n")
    before = box.snapshot()
    done = box.run(words)
    assert done.code == 0, done.err
    after = box.snapshot()
    assert changes(before, after) == ["changed: work/dictionary.dic"]


def test_a_failed_build_leaves_the_old_dictionary(box: Sandbox) -> None:
    box.bring("dictionary.dic")
    words = BUILD.words(box, "dictionary.dic")
    (box.work / "base/matrix.def").write_text("no numbers")
    before = box.snapshot()
    done = box.run(words)
    assert not changes(before, box.snapshot())
    assert done.code == 1
    assert "Traceback" not in done.err


def test_an_old_script_that_was_edited_is_kept(box: Sandbox) -> None:
    """It says itself that it is to be edited."""
    box.bring("run.sbatch")
    script = box.work / "run.sbatch"
    script.write_text(script.read_text().replace("--time=24:00:00", "--time=01:00:00"))
    words = SLURM.words(box, "run.sbatch")
    before = box.snapshot()
    done = box.run(words)
    assert_sentence(done)
    assert_refused(done, before, box.snapshot(), ["run.sbatch"])
