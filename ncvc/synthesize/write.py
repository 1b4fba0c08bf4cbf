"""Writes the output folder from the log: what is kept, what is set aside and why, what failed; in topic order."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import ncvc._native as native
from ncvc.corpus.duplicates import DuplicatesConfig
from ncvc.files import WorkFolder
from ncvc.outputs import require_untouched
from ncvc.synthesize.checks import REASONS, Checks
from ncvc.synthesize.log import AnswerLog
from ncvc.synthesize.plan import Plan, Request
from ncvc.synthesize.record import Record

DOCUMENTS, ASIDE, FAILED = "documents", "aside", "failed.jsonl"
"""Names in the output: `documents/TASK.jsonl`, `aside/REASON.jsonl` and the failed requests."""
KEPT, MISSING = "kept", "missing"
Group = tuple[str, str, str, str]
"""Task, kind of topic, writer, and prompt with its version."""


class SynthesisFolder(WorkFolder):
    """Work folder of an output; `checked/` holds the texts among which duplicates are looked for."""

    NAMES = (*WorkFolder.NAMES, "checked")

    def __init__(self, final: Path) -> None:
        super().__init__(final, require_untouched)

    @property
    def checked(self) -> Path:
        """Folder of the search for duplicates."""
        return self.folder / "checked"


@dataclass
class Outcome:
    """Counts of an output."""

    states: dict[Group, Counter[str]] = field(default_factory=dict)
    """Of each group: `kept`, reasons of `REASONS`, `failed`, `missing`."""
    failures: Counter[str] = field(default_factory=Counter)
    """Reason → failed requests."""
    tokens: dict[str, list[int]] = field(default_factory=dict)
    """Writer → tokens of prompts and of answers."""
    cost: dict[str, float] = field(default_factory=dict)
    """Writer → price of the answers."""
    alike: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Writers of a duplicate and of the earlier text → duplicates."""

    def count(self, request: Request, state: str) -> None:
        """Counts a request."""
        self.states.setdefault(group_of(request), Counter())[state] += 1

    def total(self, *states: str) -> int:
        """Sums up the requests in these states."""
        return sum(counts[state] for counts in self.states.values() for state in states)

    @property
    def requests(self) -> int:
        """All requests."""
        return sum(counts.total() for counts in self.states.values())

    @property
    def reasons(self) -> dict[str, int]:
        """Texts set aside by reason."""
        return {reason: count for reason in REASONS if (count := self.total(reason))}

    @property
    def totals(self) -> dict[str, int]:
        """Requests by what became of them; the last four sum up to the first."""
        return {
            "requests": self.requests,
            "kept": self.total(KEPT),
            "set_aside": self.total(*REASONS),
            "failed": self.total("failed"),
            "missing": self.total(MISSING),
        }


def group_of(request: Request) -> Group:
    """Returns the group that a request is counted in."""
    return request.task.name, request.topic.kind, request.writer, f"{request.prompt.name} {request.prompt.version}"


def write_texts(plan: Plan, log: AnswerLog, work: SynthesisFolder) -> Outcome:
    """Writes documents, texts set aside and failed requests into `work.output`; see the module."""
    outcome = Outcome()
    work.checked.mkdir()
    candidates = _sort_out(plan, log, work, outcome)
    duplicates = _duplicates(plan, work.checked)
    (work.output / DOCUMENTS).mkdir()
    with ExitStack() as stack:
        files = {
            task.name: stack.enter_context(_new(work.output / DOCUMENTS / f"{task.name}.jsonl"))
            for task in plan.config.tasks
        }
        aside = _Aside(work.output / ASIDE, stack)
        lines = _lines(work.checked / "candidates.jsonl")
        for number, (request, line) in enumerate(zip(candidates, lines, strict=True)):
            found = duplicates.get(number)
            if found is None:
                outcome.count(request, KEPT)
                files[request.task.name].write(line)
                continue
            reason, earlier, similarity = found
            outcome.count(request, reason)
            outcome.alike[request.writer, candidates[earlier].writer] += 1
            detail = f"of {candidates[earlier].id}, similarity {similarity:.2f}"
            aside.write(reason, {"text": json.loads(line)["text"], "reason": reason, "detail": detail}, request)
    return outcome


def _sort_out(plan: Plan, log: AnswerLog, work: SynthesisFolder, outcome: Outcome) -> list[Request]:
    """Writes what failed and what is set aside by itself; returns the requests whose texts are candidates."""
    checks = Checks(plan.config.checks, plan.folder)
    writers = {writer.name: writer for writer in plan.config.writers}
    candidates: list[Request] = []
    with ExitStack() as stack:
        aside = _Aside(work.output / ASIDE, stack)
        failed = stack.enter_context(_new(work.output / FAILED))
        lines = stack.enter_context(_new(work.checked / "candidates.jsonl"))
        texts = stack.enter_context(_new(work.checked / "texts.jsonl"))
        for request in plan.requests:
            record = log.get(request.id)
            if record is None:
                outcome.count(request, MISSING)
            elif record.state == "failed":
                outcome.count(request, "failed")
                outcome.failures[record.reason] += 1
                failed.write(_line({"reason": record.reason, "detail": record.detail, **request.origin()}))
            else:
                tokens = outcome.tokens.setdefault(request.writer, [0, 0])
                tokens[0] += record.prompt_tokens
                tokens[1] += record.answer_tokens
                verdict = checks.judge(request, record)
                if verdict.reason is None:
                    candidates.append(request)
                    lines.write(_line({"text": verdict.text, **verdict.members, **request.origin()}))
                    texts.write(_line({"text": native.clean(verdict.text)}))
                else:
                    outcome.count(request, verdict.reason)
                    members = {"text": verdict.text, "reason": verdict.reason, "detail": verdict.detail}
                    aside.write(verdict.reason, members, request)
    outcome.cost = {name: writers[name].cost(*tokens) for name, tokens in sorted(outcome.tokens.items())}
    return candidates


def _duplicates(plan: Plan, folder: Path) -> dict[int, tuple[str, int, float]]:
    """Number of a candidate → reason, number of the earlier one, Jaccard similarity."""
    options = DuplicatesConfig(sentences=False, near=plan.config.checks.near).model_dump_json()
    texts, prints = folder / "texts.jsonl", folder / "fingerprints"
    if not texts.stat().st_size:
        return {}
    native.fingerprint_part(texts, "text", options, prints)
    search = native.Deduplication([(prints, texts, "text")], options, folder / "search")
    search.run(0)
    found = {}
    for number, reason, earlier, similarity in native.Decisions.read(search.decisions(0)).dropped():
        assert earlier is not None
        near = "near" in reason
        found[number] = ("near_duplicate" if near else "duplicate", earlier[1], similarity if near else 1.0)
    return found


class _Aside:
    """Files of the texts set aside, of which each is made when it is needed."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._files: dict[str, TextIO] = {}

    def write(self, reason: str, members: dict[str, Any], request: Request) -> None:
        if reason not in self._files:
            self._folder.mkdir(exist_ok=True)
            self._files[reason] = self._stack.enter_context(_new(self._folder / f"{reason}.jsonl"))
        self._files[reason].write(_line({**members, **request.origin()}))


def _new(path: Path) -> TextIO:
    return path.open("w", encoding="utf-8", newline="\n")


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", newline="\n") as file:
        yield from file


def without_answer(plan: Plan, log: AnswerLog) -> tuple[Sequence[Request], Sequence[tuple[Request, Record]]]:
    """Returns the requests that were never answered nor failed, and those that failed."""
    missing, failed = [], []
    for request in plan.requests:
        if request.id in log:
            continue
        record = log.get(request.id)
        if record is None:
            missing.append(request)
        else:
            failed.append((request, record))
    return missing, failed
