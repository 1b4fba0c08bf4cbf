"""The folder of an unfinished run: `.OUTPUT.partial`, beside the output.

    run.json              what the run's bytes depend on; another run is refused
    prepared/TASK-PART/   clean documents, what was dropped, what was counted
    prepared/TASK.begun   what a task is of
    prepared/TASK.done    a task that is finished: the SHA-256 of its files
    extracted/            the text of pages of HTML and WARC
    parts.json            all parts, and the files they are of
    deduplicated/         what is found twice, and what becomes of each document
    finished/TASK-PART/   the part as tokens or text
    dictionary            ipadic, where adult words are looked for without a tokenizer
    output/               becomes the output

Everything in it appears whole or not at all, so whatever is there is done.
"""

import contextlib
import shutil
from pathlib import Path
from types import TracebackType

import pydantic

from ncvc.corpus.part_records import PreparedPart
from ncvc.corpus.plan import Plan, Task, difference
from ncvc.corpus.records import TaskRecord, read_record
from ncvc.errors import NcvcError
from ncvc.files import RUN, WorkFolder, listed, sha256_if_readable, sync, write_whole

PARTS = "[0-9]*-*"
"""The names of parts."""
UNREADABLE = "unreadable_file"
"""Why a file is set aside that the operating system did not open or read; it may do so another time."""


class RunDir(WorkFolder):
    """An unfinished run."""

    @property
    def prepared(self) -> Path:
        """Where parts of clean documents are."""
        return self.folder / "prepared"

    @property
    def extracted(self) -> Path:
        """Where the text of pages is."""
        return self.folder / "extracted"

    @property
    def origins(self) -> Path:
        """The list of all parts."""
        return self.folder / "parts.json"

    @property
    def deduplicated(self) -> Path:
        """Where duplicates are looked for."""
        return self.folder / "deduplicated"

    @property
    def dictionary(self) -> Path:
        """The dictionary of a run without a tokenizer."""
        return self.folder / "dictionary"

    @property
    def finished(self) -> Path:
        """Where parts of the dataset are."""
        return self.folder / "finished"

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Removes a run that failed before anything in it was done."""
        if error is not None:
            # Parts that cannot be listed now may be there all the same.
            with contextlib.suppress(OSError):
                if not self._has_parts():
                    self.remove()
        super().__exit__(kind, error, at)

    def begin(self, plan: Plan, *, restart: bool) -> None:
        """Goes on with the run that is there, or begins one.

        Raises `NcvcError` if what is there was made with another config or of other files.
        """
        if restart or not self._has_parts():
            self.mark(**plan.identity())
        else:
            self._refuse_another(plan)
            self._forget_unreadable(plan)
        for folder in (self.prepared, self.finished):
            folder.mkdir(exist_ok=True)
            for torn in listed(folder, ".partial-*"):
                shutil.rmtree(torn, ignore_errors=True)
        sync(self.folder)

    def _refuse_another(self, plan: Plan) -> None:
        advice = "set it back to go on, or begin anew with --restart"
        before, now = read_record(self.folder / RUN, dict[str, pydantic.JsonValue]), plan.identity()
        if before != now:
            raise NcvcError(f"{self.final}: an unfinished run was begun otherwise: {difference(before, now)}; {advice}")
        tasks = {task.name: task.identity() for task in plan.tasks}
        for name in sorted({part.name.partition("-")[0] for part in listed(self.prepared, PARTS)}):
            begun = read_record(self.prepared / f"{name}.begun", TaskRecord)
            if tasks.get(name) != begun:
                gone = next((path for path in begun.files if path not in tasks.get(name, begun).files), None)
                what = f"{gone} is not where it was among the inputs" if gone else "there are other inputs now"
                raise NcvcError(f"{self.final}: an unfinished run was begun otherwise: {what}; {advice}")

    def _forget_unreadable(self, plan: Plan) -> None:
        """Forgets the tasks with files that could not be read and can be now, and whatever came after them."""
        if plan.config.on_error == "stop":
            return
        set_aside = (part for part in listed(self.prepared, PARTS) if UNREADABLE in PreparedPart.read(part).reasons)
        lacking = {part.name.partition("-")[0] for part in set_aside}
        for task in (task for task in plan.tasks if task.name in lacking):
            if None in map(sha256_if_readable, task.paths):
                continue
            for path in (self.finished, self.deduplicated):
                shutil.rmtree(path, ignore_errors=True)
            self.origins.unlink(missing_ok=True)
            self.done(task).unlink(missing_ok=True)
            # From the last to the first, so that what a crash leaves is a beginning, and found here again.
            for part in reversed(self.parts(task)):
                shutil.rmtree(part)

    def _has_parts(self) -> bool:
        """Whether anything was done that could be gone on with."""
        return self.prepared.exists() and bool(listed(self.prepared, PARTS))

    def parts(self, task: Task) -> list[Path]:
        """The parts of a task that are prepared, in order."""
        return listed(self.prepared, f"{task.name}-*")

    def begin_task(self, task: Task) -> None:
        """Says what the parts of a task are of."""
        begun = self.prepared / f"{task.name}.begun"
        if not begun.exists() or not self.parts(task):
            write_whole(begun, task.identity().model_dump())

    def done(self, task: Task) -> Path:
        """The file that says that a task is finished."""
        return self.prepared / f"{task.name}.done"
