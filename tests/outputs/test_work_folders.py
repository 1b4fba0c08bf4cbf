"""Work files and folders beside an output: whatever a command calls them, what a user has there stays.

These cases were written from the specification, by someone who had not read the code that they judge.
"""

import json
import shutil
import signal
import time
from pathlib import Path

import pytest

from tests.conftest import SLOW
from tests.outputs.commands import BUILD, PLOT_HTML, PREPROCESS, SAMPLE, SLURM, TOKENIZER, TRAIN_RUN, Command
from tests.outputs.sandbox import LETTER, Done, Sandbox, assert_refused, changes, users_folder
from tests.outputs.watched import Watch

COMMANDS = [TOKENIZER, PREPROCESS, SAMPLE, BUILD, PLOT_HTML, SLURM]


def run_after(box: Sandbox, words: list[str | bytes | Path], script: str = ":") -> tuple[Done, str]:
    """Runs a command behind a shell script in which $$ is its process number; returns that too."""
    around = ["sh", "-ec", f'{script}; echo $$ > "$0"; exec "$@"', str(box.root / "tmp/pid")]
    done = box.run(words, timeout=120, around=around)
    return done, (box.root / "tmp/pid").read_text().strip()


def put(name: str, kind: str, folder: bool) -> str:
    """Shell words that put a user's own thing at a work name."""
    made = {
        "link": f"ln -s ../elsewhere{'' if folder else '/letter.txt'}",
        "dangling": "ln -s ../elsewhere/new",
        "same": f"cp -a {'../elsewhere' if folder else '../elsewhere/letter.txt'}",
    }[kind]
    return f'{made} "{name}"'


@pytest.mark.parametrize("kind", ["link", pytest.param("dangling", marks=SLOW), "same"])
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_work_names_that_are_taken(box: Sandbox, command: Command, kind: str) -> None:
    """Runs once to learn the names, and then once for each of them with something of the user's there."""
    output = "out" + ("" if command.suffix == ".sample" else command.suffix)
    target = box.work / ("out" + command.suffix)
    words = command.words(box, output, force=command.force)
    replaced = command is not SLURM

    def again() -> None:
        """Puts what the command made earlier at its place."""
        if target.is_dir():
            shutil.rmtree(target)
        else:
            target.unlink(missing_ok=True)
        if replaced:
            box.put(command.made, target)

    again()
    with Watch(box.work) as watch:
        done, pid = run_after(box, words)
        names = watch.names()
    assert done.code == 0, done.err
    for name, folder in names.items():
        if name == target.name:
            continue
        again()
        before = box.snapshot()
        done, _ = run_after(box, words, put(name.replace(pid, "$$"), kind, folder))
        after = box.snapshot()
        planted = [each for each in after if each not in before and "out" in each]
        lost = changes(before, after, besides=["work/" + target.name, *planted])
        assert not lost, f"{name}: {lost}"
        if kind == "same":
            kept = [each for each in planted if after[each] == before["elsewhere/letter.txt"]]
            assert kept, f"{name}: lost a user's own {'folder' if folder else 'file'} of that name"
        else:
            assert [each for each in planted if "→ ../elsewhere" in after[each]], f"{name}: lost a user's link"
        assert "Traceback" not in done.err


def unfinished(box: Sandbox) -> list[str | bytes | Path]:
    """Leaves the work folder of a pass that was killed; returns the command."""
    words = PREPROCESS.words(box, "out", inputs=["raw", "long.jsonl"])
    line = json.dumps({"text": "退院後は外来で経過をみる。" * 10}) + "\n"
    (box.work / "long.jsonl").write_text(line * 20_000)
    process = box.start(words)
    while process.poll() is None and not (box.work / ".out.partial/run.json").exists():
        time.sleep(0.001)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    return words


@pytest.mark.parametrize("option", [None, "--restart"])
def test_a_users_file_in_an_unfinished_pass(box: Sandbox, option: str | None) -> None:
    """The pass may go on or refuse; the file stays where it is or the pass says where."""
    words = unfinished(box)
    (box.work / ".out.partial/letter.txt").write_text(LETTER)
    before = box.snapshot()
    box.run([*words[:1], *([option] if option else []), *words[1:]])
    assert box.snapshot().get("work/.out.partial/letter.txt") == before["work/.out.partial/letter.txt"]


def test_an_unfinished_pass_goes_on_and_leaves_nothing(box: Sandbox) -> None:
    words = unfinished(box)
    done = box.run(words)
    assert done.code == 0, done.err
    assert not list(box.work.glob(".out*"))


@pytest.mark.parametrize("option", ["--restart", "--force"])
def test_restart_forgets_only_what_a_pass_has_left(box: Sandbox, option: str) -> None:
    words = PREPROCESS.words(box, "out")
    users_folder(box.work / ".out.partial")
    before = box.snapshot()
    done = box.run([*words[:1], option, *words[1:]])
    assert_refused(done, before, box.snapshot(), [".out.partial"])


def test_a_link_to_an_unfinished_pass_is_not_followed(box: Sandbox) -> None:
    """Another user's work folder, with its run.json."""
    words = unfinished(box)
    (box.work / ".out.partial").rename(box.elsewhere / "theirs")
    (box.work / ".out.partial").symlink_to("../elsewhere/theirs")
    before = box.snapshot()
    assert_refused(box.run(words), before, box.snapshot(), [".out.partial"])


def test_what_users_keep_in_a_run_folder_stays(box: Sandbox) -> None:
    """Checkpoints come and go there; a start removes what crashes left under hidden names."""
    box.bring("run")
    words = TRAIN_RUN.words(box, "run")
    checkpoints = box.work / "run/checkpoints"
    users_folder(checkpoints / ".step_notes")
    users_folder(checkpoints / ".step_00000009.partial")
    users_folder(checkpoints / "step_00000009.backup")
    (checkpoints / ".step_00000001").symlink_to(box.elsewhere)
    (box.work / "run/notes.txt").write_text(LETTER)
    before = box.snapshot()
    done = box.run(words)
    lost = [line for line in changes(before, box.snapshot()) if not line.startswith("new: ")]
    assert not [line for line in lost if line not in ("changed: work/run/log.jsonl", "changed: work/run/config.yaml")]
    assert "Traceback" not in done.err
