"""Outputs that are, hold or lie in what a command needs or where it is started: refused, with --force too.

These cases were written from the specification, by someone who had not read the code that they judge.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import SLOW
from tests.outputs.commands import (
    BUILD,
    DEMO,
    FOLDERS,
    PREPROCESS,
    SAMPLE,
    SLURM,
    TO_HF,
    TO_MEGATRON,
    TOKENIZER,
    Command,
)
from tests.outputs.protected import CASES, Needed
from tests.outputs.sandbox import Sandbox, assert_refused, assert_sentence, changes, users_folder

CONVERSIONS = (TO_HF, TO_MEGATRON)
ALWAYS_CONVERTED = ("source", "tokenizer", "input-folder")
"""Cases of conversion that always run: it takes seconds before it looks at some outputs; all run with NCVC_SLOW=1."""


def marks(case: Needed) -> list[pytest.MarkDecorator]:
    return [SLOW] if case.command in CONVERSIONS and case.name not in ALWAYS_CONVERTED else []


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=f"{case.command.name}-{case.name}", marks=marks(case)) for case in CASES]
)
def test_what_is_needed_stays(box: Sandbox, case: Needed) -> None:
    box.bring(*case.has)
    output = case.output.format(work=box.work, home=box.home)
    words = case.command.words(box, output, force=case.command.force, **case.settings)
    case.prepare(box)
    before = box.snapshot()
    done = box.run(words, box.work / case.cwd, torch=False, timeout=30 if case.command is DEMO else 120)
    assert_refused(done, before, box.snapshot(), case.says)


@pytest.mark.parametrize("command", [*FOLDERS, BUILD, SLURM], ids=lambda command: command.name)
def test_the_root_folder_is_refused(box: Sandbox, command: Command) -> None:
    """Everything but the sandbox is read-only meanwhile."""
    around = namespace("mount --bind $1 $1 && mount -o remount,bind,ro /", box.root)
    words = command.words(box, "/", force=command.force)
    before, names = box.snapshot(), sorted(Path("/").iterdir())
    done = box.run(words, torch=False, timeout=120, around=around)
    assert sorted(Path("/").iterdir()) == names
    assert_refused(done, before, box.snapshot())


def test_an_input_that_is_mounted_elsewhere_too_is_refused(box: Sandbox) -> None:
    """No path shows that both are one folder."""
    box.bring("text")
    (box.work / "bound").mkdir()
    words = PREPROCESS.words(box, "bound", force=True, inputs=["text"])
    before = box.snapshot()
    done = box.run(words, around=namespace("mount --bind $1/work/text $1/work/bound", box.root))
    assert_refused(done, before, box.snapshot())


@pytest.mark.parametrize("command", [TOKENIZER, PREPROCESS, DEMO, BUILD, SLURM], ids=lambda c: c.name)
def test_a_parent_that_cannot_be_written_is_one_sentence(box: Sandbox, command: Command) -> None:
    """Read-only for root too."""
    users_folder(box.work / "sealed")
    words = command.words(box, "sealed/out")
    before = box.snapshot()
    around = namespace(
        "mount --bind $1/work/sealed $1/work/sealed && mount -o remount,bind,ro $1/work/sealed", box.root
    )
    done = box.run(words, around=around)
    assert_refused(done, before, box.snapshot(), ["sealed"])


@pytest.mark.parametrize("command", [PREPROCESS, SAMPLE], ids=lambda command: command.name)
def test_a_relative_output_belongs_to_the_configs_folder(box: Sandbox, command: Command) -> None:
    """Not to the current one, in which another folder has that name."""
    users_folder(box.elsewhere / ("out" + command.suffix))
    words = command.words(box, "out", force=True)
    before = box.snapshot()
    done = box.run(words, box.elsewhere)
    assert done.code == 0, done.err
    assert not changes(before, box.snapshot(), besides=["work/out" + command.suffix])


def test_a_hard_link_to_an_input_is_no_way_to_lose_it(box: Sandbox) -> None:
    """An input whose other name lies in the folder that is replaced."""
    box.bring("text")
    (box.work / "in").mkdir()
    os.link(box.work / "text/corpus.jsonl.zst", box.work / "in/corpus.jsonl.zst")
    words = PREPROCESS.words(box, "text", force=True, inputs=["in"])
    before = box.snapshot()
    done = box.run(words)
    if done.code:
        assert_refused(done, before, box.snapshot())
    else:
        assert not changes(before, box.snapshot(), besides=["work/text"])


def test_outputs_that_overlap_with_inputs_in_name_only_are_made(box: Sandbox) -> None:
    """`raw2` does not lie in `raw`."""
    words = PREPROCESS.words(box, "raw2")
    before = box.snapshot()
    done = box.run(words)
    assert done.code == 0, done.err
    assert not changes(before, box.snapshot(), besides=["work/raw2"])


def test_a_current_folder_that_is_gone_is_one_sentence(box: Sandbox) -> None:
    gone = box.work / "gone"
    gone.mkdir()
    words = TOKENIZER.words(box, "out", inputs=[str(box.work / "raw")], dictionary=str(box.work / "dictionary.dic"))
    script = 'rmdir "$0" && exec "$@"'
    done = box.run(words, gone, around=["sh", "-c", script, str(gone)])
    assert_sentence(done)


def namespace(script: str, root: Path) -> list[str]:
    """Words before a command that runs it with mounts of its own; skips where that is not allowed."""
    if shutil.which("unshare") is None:
        pytest.skip("unshare is not here, so nothing can be mounted for one command alone")
    check = ["unshare", "-m", "sh", "-ec", "mount --bind $1 $1", "sh", str(root)]
    if subprocess.run(check, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    return ["unshare", "-m", "sh", "-ec", f'{script}; cd "$PWD"; shift; exec "$@"', "sh", str(root)]
