"""Replacing under kill -9, failing system calls and a second run of the same command.

These cases were written from the specification, by someone who had not read the code that they judge.
"""

import shutil
import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import SLOW
from tests.outputs.commands import BUILD, PREPROCESS, TOKENIZER, Command
from tests.outputs.sandbox import Sandbox, changes, is_whole

CALLS = "/^rename.*,/^unlink.*,rmdir"
COMMANDS = [TOKENIZER, PREPROCESS]


needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace, which makes calls fail, is not here")


def calls(log: Path) -> list[tuple[str, int]]:
    """Calls in a log of strace: name, and which one of its thread's of that name."""
    counted: Counter[tuple[str, str]] = Counter()
    found = []
    for line in log.read_text(errors="replace").splitlines():
        thread, _, call = line.partition(" ")
        name, opened, _ = call.strip().partition("(")
        if opened and name.isidentifier():
            counted[thread, name] += 1
            found.append((name, counted[thread, name]))
    return found


def put_back(box: Sandbox, command: Command) -> None:
    """Puts what was made earlier at the output again: a pass that finds its own output there has nothing to do."""
    shutil.rmtree(box.work / "out")
    box.put(command.made, box.work / "out")


def traced(box: Sandbox, *inject: str) -> list[str]:
    """Words before a command whose calls are logged and changed."""
    return ["strace", "-f", "-qq", "-o", str(box.root / "tmp/calls"), "-e", f"trace={CALLS}", *inject]


@needs_strace
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_killed_while_it_replaces_the_old_or_the_new_is_there(box: Sandbox, command: Command) -> None:
    words = command.words(box, "out", force=True)
    out = box.work / "out"
    box.put(command.made, out)
    before = box.snapshot()
    done = box.run(words, around=traced(box))
    assert done.code == 0, done.err
    # The last renames are those of the output; then one removal in four, as they are many.
    moments = calls(box.root / "tmp/calls")
    renames = [moment for moment in moments if moment[0].startswith("rename")][-4:]
    removals = [moment for moment in moments if not moment[0].startswith("rename")][-8::4]
    for name, nth in [*renames, *removals]:
        put_back(box, command)
        done = box.run(words, around=traced(box, "-e", f"inject={name}:signal=KILL:when={nth}"))
        assert done.code in (-signal.SIGKILL, 128 + signal.SIGKILL), f"not killed: {done}"
        assert is_whole(out), f"killed at {name} number {nth}: neither the old nor the new is whole"
        lost = changes(before, box.snapshot(), besides=["work/out"])
        assert all(line.startswith("new: work/.out.") for line in lost), lost
        done = box.run(words)
        assert done.code == 0, f"killed at {name} number {nth}: then {done.err}"
        assert is_whole(out)
        assert not changes(before, box.snapshot(), besides=["work/out"]), f"killed at {name} number {nth}"


@needs_strace
@pytest.mark.parametrize("error", ["ENOSPC", "EINVAL", pytest.param("EACCES", marks=SLOW)])
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_rename_of_the_output_fails(box: Sandbox, command: Command, error: str) -> None:
    """EINVAL is what a file system says that cannot exchange two names."""
    words = command.words(box, "out", force=True)
    out = box.work / "out"
    box.put(command.made, out)
    before = box.snapshot()
    assert box.run(words, around=traced(box)).code == 0
    renames = [moment for moment in calls(box.root / "tmp/calls") if moment[0].startswith("rename")]
    for name, nth in renames[-2:]:
        put_back(box, command)
        done = box.run(words, around=traced(box, "-e", f"inject={name}:error={error}:when={nth}"))
        assert "Traceback" not in done.err, done.err
        assert is_whole(out), f"{name} number {nth} failed: neither the old nor the new is whole: {done.err}"
        lost = changes(before, box.snapshot(), besides=["work/out", "work/.out.partial"])
        assert not lost, f"{name} number {nth} failed: {lost}"
        done = box.run(words)
        assert done.code == 0, done.err
        assert not changes(before, box.snapshot(), besides=["work/out"])


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("command", [TOKENIZER, PREPROCESS, BUILD], ids=lambda command: command.name)
def test_two_at_once(box: Sandbox, command: Command, there: bool) -> None:
    """One of them at least has made the output, whole; the other did too or says in one sentence why not."""
    name = "out" + command.suffix
    words = command.words(box, name, force=command.force)
    if there:
        box.put(command.made, box.work / name)
    before = box.snapshot()
    runs = [box.start(words) for _ in range(3)]
    said = [run.communicate(timeout=120)[1].decode() for run in runs]
    assert any(run.returncode == 0 for run in runs), said
    assert all(run.returncode in (0, 1) for run in runs), said
    assert not any("Traceback" in text for text in said), said
    assert command is BUILD or is_whole(box.work / name)
    lost = changes(before, box.snapshot(), besides=["work/" + name])
    assert not lost, (lost, said)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_folder_that_appears_meanwhile_stays(box: Sandbox, command: Command) -> None:
    """A folder of the user's that appears while the command works is not replaced when it ends."""
    words = command.words(box, "out")
    (box.work / "mine").mkdir()
    (box.work / "mine/letter.txt").write_text("残す")
    process = box.start(words)
    while process.poll() is None and not list(box.work.glob(".out*")):
        pass
    try:
        (box.work / "mine").rename(box.work / "out")
    except OSError:
        process.kill()
        pytest.skip("the command was faster")
    finally:
        process.communicate(timeout=60)
    assert (box.work / "out/letter.txt").read_text() == "残す"
    assert process.returncode != 0
