"""Training under interruptions: whatever happens at whatever moment, the run ends with the undisturbed weights.

A run of 40 slow steps is started again and again, as systemd would, until it says that it is finished. Meanwhile,
at moments drawn from a seed, ranks and launchers are killed, stopped and asked to end, the disk is full, bytes of the
newest checkpoint flip; and the gradients of some steps are not finite. Afterwards every tensor of the last checkpoint,
random generators included, must equal that of a run which nothing happened to, bit for bit; for spoiled gradients, of
one that skips just these steps.

Every other run has stages, a ramp of its batch size and a z-loss; every other pair of runs is by Muon, with a moving
average of the weights and attention within documents.

Launchers and ranks are forked after the imports, which would take most of the time. One run in ten is of processes as
people start them instead, and is interrupted while it starts, from the first millisecond on.
"""

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import faulty
import torch
from disk import small_disk
from interruptions import AT_A_START, KINDS, OF_A_LAUNCHER
from running import STEPS, Run, last_tensors, make_run, write_data

TRIALS = 100
STEP_SECONDS = 0.25
LIMIT = 600.0  # seconds for a run with all its interruptions
LAYOUTS = [(2, 1), (1, 1), (2, 2), (2, 1), (4, 2)]  # ranks, tensor parallel
AS_PEOPLE_START_IT = 3  # of ten runs; one of two ranks


def interrupt(run: Run, kinds: list[str], chance: random.Random, like: Run | None = None) -> Iterator[str]:
    """Does one thing after the other to a run at moments of chance, until it is finished; yields what was done.

    Each strikes ranks that the one before has not; half of them while these start, half in their steps. With `like`,
    each strikes a start of the ranks, or of a launcher with its own imports, that takes about as long as in that run.
    """
    deadline = time.monotonic() + LIMIT
    run.start()
    waiting = list(kinds)
    struck: set[int] = set()
    seen, moment, in_steps = 0.0, 0.0, True
    while not run.ended():
        assert run.launcher
        now = time.monotonic()
        if now > deadline:
            run.wrong.append("not finished in time")
            run.launcher.kill()
            return
        time.sleep(0.02)
        if run.relieved(now):
            struck = set()
        pids = set(run.pids())
        whole_start = like is not None and waiting[:1] and waiting[0] in OF_A_LAUNCHER
        targets = pids | {run.launcher.pid} if whole_start else pids
        if not waiting or not targets or targets & struck:
            seen = 0.0
            continue
        if not seen:
            seen, lines = now, len(run.records())
            in_steps = not like and chance.random() < 0.5
            moment = chance.uniform(0, 4 * STEP_SECONDS)
            if like:
                moment = chance.uniform(0, like.steps_after - (0 if whole_start else like.ranks_after))
        if in_steps and (len(run.records()) < lines + 2 or "event" in run.records()[-1]):
            seen = now
        if now - seen < moment:
            continue
        try:
            KINDS[waiting[0]](run, chance)
        except (ProcessLookupError, IndexError, FileNotFoundError):
            continue  # nothing there to be disturbed at this moment
        struck = targets
        seen = 0.0
        yield f"{waiting.pop(0)} at step {run.step()}" + (f", {moment:.2f} s after the start" if like else "")


def trials(folder: Path, every: int) -> Iterator[tuple[str, str]]:
    """Interrupts runs `TRIALS / every` times in all; yields what was done and what was wrong, if anything."""
    write_data(folder)
    chance = random.Random(every)
    left = TRIALS // every
    number = 0
    while left > 0:
        count = min(left, 10)
        interrupted = starts if number % 10 == AS_PEOPLE_START_IT else steps
        done, wrong = interrupted(folder, number, count, chance)
        for what in done:
            yield f"run {number}, {LAYOUTS[number % len(LAYOUTS)][0]} ranks: {what}", wrong
        left -= len(done)
        number += 1


def kind_of(number: int) -> dict[str, bool]:
    """Returns the special settings of a run by its number, for `make_run`."""
    return {"staged": number % 2 == 0, "options": number // 2 % 2 == 1}


def steps(folder: Path, number: int, count: int, chance: random.Random) -> tuple[list[str], str]:
    """One run of forked processes, interrupted `count` times; what was done, and what was wrong."""
    layout = LAYOUTS[number % len(LAYOUTS)]
    spoiled = sorted(chance.sample(range(2, STEPS + 1), count // 5))
    names = list(KINDS)
    kinds = [names[(number * 3 + i) % len(names)] for i in range(count - len(spoiled))]
    chance.shuffle(kinds)
    with ExitStack() as stack:
        kind = kind_of(number)
        reference = make_run(folder / f"reference-{number}", folder, layout, faulty.Faults(skipped=spoiled), **kind)
        list(interrupt(reference, [], chance))
        run = make_run(folder / f"run-{number}", folder, layout, faulty.Faults(STEP_SECONDS, spoiled), **kind)
        run.disk = stack.enter_context(small_disk(run.folder / "run"))
        done = [f"nan in step {step}" for step in spoiled]
        done += interrupt(run, kinds, chance)
        return done, differences(reference, run)


def starts(folder: Path, number: int, count: int, chance: random.Random) -> tuple[list[str], str]:
    """One run of processes as people start them, interrupted `count` times while it starts."""
    layout = LAYOUTS[number % len(LAYOUTS)]
    kinds = [AT_A_START[i % len(AT_A_START)] for i in range(count)]
    chance.shuffle(kinds)
    kind = kind_of(number)
    reference = make_run(folder / f"reference-{number}", folder, layout, None, **kind)
    list(interrupt(reference, [], chance))
    run = make_run(folder / f"run-{number}", folder, layout, None, **kind)
    return list(interrupt(run, kinds, chance, like=reference)), differences(reference, run)


def differences(reference: Run, run: Run) -> str:
    """What was wrong with two runs, or in which tensors they differ, in words."""
    if wrong := run.wrong + reference.wrong:
        return "; ".join(wrong)
    expected, found = last_tensors(reference), last_tensors(run)
    names = [n for n in expected if n not in found or not torch.equal(expected[n], found[n])]
    return f"other bits in {len(names)} of {len(expected)} tensors, such as {names[0]}" if names else ""
