"""Work folders of long tasks that go on where they were stopped."""

import json
from pathlib import Path
from typing import Any

from ncvc.errors import NcvcError
from ncvc.files import RUN, WorkFolder, read_json
from ncvc.identity import first_difference
from ncvc.outputs import require_untouched


class ResumableFolder(WorkFolder):
    """Work folder whose finished parts are kept until the output is whole."""

    KIND = "task"
    """Name of the task in messages."""
    PARTS: tuple[str, ...] = ()
    """Folders of finished parts."""

    def __init__(self, final: Path) -> None:
        super().__init__(final, require_untouched)

    def __init_subclass__(cls) -> None:
        cls.NAMES = (*WorkFolder.NAMES, *cls.PARTS)

    def begin_or_resume(self, identity: dict[str, Any], *, restart: bool) -> None:
        """Goes on with the task that is there, or begins one.

        `identity`: what the parts depend on, as JSON. Raises `NcvcError` if that of the task that is there differs.
        """
        if restart or not all((self.folder / part).is_dir() for part in self.PARTS[:1]):
            self.mark(**identity)
        else:
            before = {name: value for name, value in read_json(self.folder / RUN).items() if name != "ncvc"}
            now = json.loads(json.dumps(identity))
            if changed := first_difference(before, now):
                raise NcvcError(
                    f"{self.final}: the unfinished {self.KIND} differs: {changed}; set it back to go on, or begin anew"
                    " with --restart"
                )
        for part in (*self.PARTS[:1], "output"):
            (self.folder / part).mkdir(exist_ok=True)
