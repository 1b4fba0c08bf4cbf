"""Layout of the folder of an unfinished run: `.OUTPUT.partial`, beside the output.

    run.json              identity of the run; another run is refused
    extracted/            text of web pages
    prepared/TASK-PART/   cleaned and filtered documents, dropped ones, part.json with the counts
    prepared/TASK.begun   files of a task
    prepared/TASK.split   ranges of a large file, beside the first task of it
    prepared/TASK.done    SHA-256 of the files of a task; written when all its parts are there
    parts.json            all prepared parts, and the files of their tasks
    deduplicated/         duplicates, and the decision on each document
    finished/TASK-PART/   the part as tokens or text; what is joined of it is gone, and its part.json stays
    joined/NAME.json      SHA-256 of the files of a source; written when all its parts are joined
    dictionary            ipadic, for the adult-word filter of a run without a tokenizer
    output/               becomes the output
    publishing.json       SHA-256 of the manifest of the output that is about to get its name

Everything in it appears whole or not at all, so whatever is there is done; but the joined files of the output grow by a
part at a time (ncvc/corpus/join.py).
"""

import contextlib
import fnmatch
import functools
import shutil
import uuid
from pathlib import Path
from types import TracebackType

import pydantic

from ncvc.corpus.part_records import PreparedPart
from ncvc.corpus.plan import Plan, Task
from ncvc.corpus.quarantine import UNREADABLE, require_nothing_quarantined
from ncvc.corpus.records import FileSplit, TaskRecord, read_record
from ncvc.errors import NcvcError, path_of
from ncvc.files import RUN, WorkFolder, listed, sha256, sha256_if_readable, sync, write_whole
from ncvc.manifest import MANIFEST

PARTS = "[0-9]*-*"
"""Pattern of the names of parts."""


class RunDir(WorkFolder):
    """Folder of an unfinished run."""

    NAMES = (
        *WorkFolder.NAMES,
        *("prepared", "extracted", "parts.json", "deduplicated", "finished", "joined", "dictionary", "publishing.json"),
    )

    @property
    def prepared(self) -> Path:
        """Parts of cleaned documents, and the records of their tasks."""
        return self.folder / "prepared"

    @property
    def extracted(self) -> Path:
        """Text of web pages."""
        return self.folder / "extracted"

    @property
    def origins(self) -> Path:
        """List of all parts: `PartOrigin` rows."""
        return self.folder / "parts.json"

    @property
    def deduplicated(self) -> Path:
        """Files of the deduplication."""
        return self.folder / "deduplicated"

    @property
    def dictionary(self) -> Path:
        """Dictionary of a run without a tokenizer."""
        return self.folder / "dictionary"

    @property
    def finished(self) -> Path:
        """Parts of the dataset."""
        return self.folder / "finished"

    @property
    def joined(self) -> Path:
        """Records of the sources whose parts are all joined."""
        return self.folder / "joined"

    @property
    def _publishing(self) -> Path:
        return self.folder / "publishing.json"

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Removes a run that failed before any part was prepared, and of another one what was found to be damaged.

        Raises `NcvcError` if the run can then go on.
        """
        try:
            if error is not None and (path := self._damaged_by(error)) and self._discard(path):
                raise NcvcError(
                    f"{path}: missing, or not as it was written; start again, and it is made again"
                ) from None
            if error is not None:
                # A folder that cannot be listed may hold parts.
                with contextlib.suppress(OSError):
                    if not self._has_parts():
                        self.remove()
        finally:
            super().__exit__(kind, error, at)

    def _damaged_by(self, error: BaseException) -> Path | None:
        """Returns what an error says is missing or damaged in this folder; None if it is another error."""
        # Decompression fails without a number of the system's.
        of_content = isinstance(error, OSError) and (isinstance(error, FileNotFoundError) or error.errno is None)
        path = path_of(error) if of_content or isinstance(error, NcvcError) else None
        return path if path is not None and path.is_relative_to(self.folder) else None

    def _discard(self, damaged: Path) -> bool:
        """Discards the damaged result of a stage, and all later ones; returns False if it must not be made again."""
        match damaged.relative_to(self.folder).parts:
            case ("prepared", part, *_) if fnmatch.fnmatchcase(part, PARTS):
                self._discard_later_stages()
                self._discard_prepared(part)
            case ("deduplicated", *_):
                self._discard_later_stages()
            case ("finished", part, *_):
                self.discard_finished(self.finished / part)
            case ("joined", name):
                (self.joined / name).unlink(missing_ok=True)
            case ("extracted", *_):
                shutil.rmtree(self.extracted, ignore_errors=True)
            case ("dictionary",):
                self.dictionary.unlink(missing_ok=True)
            case _:
                return False
        return True

    def _discard_later_stages(self) -> None:
        """Discards what was made of the prepared parts."""
        for path in (self.joined, self.finished, self.deduplicated):
            shutil.rmtree(path, ignore_errors=True)
            sync(self.folder)
        self.origins.unlink(missing_ok=True)

    def _discard_prepared(self, first: str) -> None:
        """Discards a prepared part and those of its task behind it, so that the next start prepares them again."""
        task = first.partition("-")[0]
        (self.prepared / f"{task}.done").unlink(missing_ok=True)
        # From the last to the first: the parts that a crash leaves are the first ones, and are found again.
        for part in reversed(listed(self.prepared, f"{task}-*")):
            if part.name >= first:
                _lose_name(part)

    def empty(self) -> None:
        """Removes all that is in it; the parts lose their name at once, so that a cut-off removal leaves no run."""
        if self.prepared.exists():
            self.prepared.rename(self.folder / f".prepared.{uuid.uuid4().hex[:8]}.partial")
        super().empty()

    def begin_or_resume(self, plan: Plan, *, restart: bool) -> None:
        """Resumes the run that is there, or begins one.

        Raises `NcvcError` if the one that is there has another config or other files.
        """
        if restart or not self._has_parts() or self._was_published():
            self.mark(**plan.identity())
        else:
            self._require_same_run(plan)
            self._discard_unreadable(plan)
            if plan.config.on_error == "stop":
                require_nothing_quarantined(listed(self.prepared, PARTS))
        for folder in (self.prepared, self.finished, self.joined, self.output):
            folder.mkdir(exist_ok=True)
        for folder in (self.prepared, self.finished):
            for leftover in listed(folder, ".partial-*"):
                shutil.rmtree(leftover, ignore_errors=True)
        sync(self.folder)

    def _require_same_run(self, plan: Plan) -> None:
        advice = "set it back to go on, or begin anew with --restart"
        before = read_record(self.folder / RUN, dict[str, pydantic.JsonValue])
        if changed := plan.changed_since(before):
            raise NcvcError(f"{self.final}: the unfinished run differs: {changed}; {advice}")
        tasks = {task.name: task.identity() for task in plan.tasks}
        for name in sorted({part.name.partition("-")[0] for part in listed(self.prepared, PARTS)}):
            begun = read_record(self.prepared / f"{name}.begun", TaskRecord)
            if tasks.get(name) != begun:
                gone = next((path for path in begun.files if path not in tasks.get(name, begun).files), None)
                what = f"{gone} is not where it was among the inputs" if gone else "there are other inputs now"
                raise NcvcError(f"{self.final}: the unfinished run differs: {what}; {advice}")

    def _discard_unreadable(self, plan: Plan) -> None:
        """Discards tasks whose unreadable files can be read now, and all later stages."""
        quarantined = (part for part in listed(self.prepared, PARTS) if UNREADABLE in PreparedPart.read(part).reasons)
        incomplete = {part.name.partition("-")[0] for part in quarantined}
        not_split = [task for task in plan.tasks if self._could_not_read_to_split(task)]
        incomplete |= {task.name for first in not_split for task in plan.tasks[first.number :][: first.ranges]}
        digest = functools.cache(sha256_if_readable)
        for task in (task for task in plan.tasks if task.name in incomplete):
            if None in map(digest, task.paths):
                continue
            self._discard_later_stages()
            self._discard_prepared(f"{task.name}-")
        for task in (task for task in not_split if digest(task.paths[0]) is not None):
            self.split_file(task).unlink()

    def _could_not_read_to_split(self, task: Task) -> bool:
        """Tests for the first task of a file that the operating system could not read when it was to be split."""
        if task.ranges == 1 or task.range > 0 or not self.split_file(task).exists():
            return False
        return read_record(self.split_file(task), FileSplit).whole == "unreadable"

    def _has_parts(self) -> bool:
        """Returns whether there is anything to resume."""
        return self.prepared.exists() and bool(listed(self.prepared, PARTS))

    def publish(self) -> None:
        """Gives `output` its name, having written down what the output is, and removes the rest."""
        write_whole(self._publishing, sha256(self.output / MANIFEST))
        super().publish()

    def _was_published(self) -> bool:
        """Returns whether the output has got its name, and with it left this folder, before the run was stopped."""
        if not self._publishing.exists():
            return False
        manifest = self.output / MANIFEST
        if not manifest.is_file() or sha256(manifest) != read_record(self._publishing, str):
            return True
        self._publishing.unlink()
        sync(self.folder)
        return False

    def discard_finished(self, part: Path) -> None:
        """Discards a finished part, so that the next start writes it again."""
        with contextlib.suppress(FileNotFoundError):
            _lose_name(part)

    def parts(self, task: Task) -> list[Path]:
        """Lists the prepared parts of a task, in order."""
        return listed(self.prepared, f"{task.name}-*")

    def begin_task(self, task: Task) -> None:
        """Records the files of a task, before its first part is written."""
        begun = self.prepared / f"{task.name}.begun"
        if not begun.exists() or not self.parts(task):
            write_whole(begun, task.identity().model_dump())

    def split_file(self, task: Task) -> Path:
        """Returns the path of `TASK.split` of a range; see `FileSplit`."""
        return self.prepared / f"{task.number - task.range:06}.split"

    def passed_over_file(self, task: Task) -> Path:
        """Counts of records that are no pages, of a task whose text was extracted."""
        return self.prepared / f"{task.name}.passed_over"

    def digests_file(self, task: Task) -> Path:
        """Returns the path of `TASK.done`; see `FileDigests`."""
        return self.prepared / f"{task.name}.done"


def _lose_name(part: Path) -> None:
    """Removes a part, which loses its name at once: half a part must not be taken for a whole one."""
    gone = part.with_name(f".partial-{uuid.uuid4().hex[:8]}")
    part.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)
