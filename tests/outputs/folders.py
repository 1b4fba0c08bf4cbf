"""Table of what an output folder's name may already stand for; each line runs with several commands.

`target` is the path that the command would make, whose name is typed as `output`.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.outputs.commands import (
    DEMO,
    FOLDERS,
    PREPROCESS,
    REPLACING,
    SAMPLE,
    TO_HF,
    TO_MEGATRON,
    TOKENIZER,
    TRAIN_RUN,
    Command,
)
from tests.outputs.sandbox import LETTER, Sandbox, put_socket, users_folder

Prepare = Callable[[Sandbox, Command, Path], object]
BOTH, FORCE, PLAIN = (False, True), (True,), (False,)
SOME = (TOKENIZER, PREPROCESS)
OTHERS = (DEMO, TRAIN_RUN)


@dataclass(frozen=True)
class Case:
    """A line of the table.

    expect: refused; kept (refused, and --force may be advised); done (replaced or made); safe (refused or done);
        behind (refused, or done where a link points to, and the link stays)
    force: with --force, without, or both, where the command has it
    says: words of which a refusal has one at least
    free: names that may go
    """

    name: str
    expect: str
    prepare: Prepare
    commands: Sequence[Command] = (TOKENIZER, PREPROCESS, SAMPLE, TO_HF, TO_MEGATRON)
    force: Sequence[bool] = FORCE
    output: str = "out"
    says: tuple[str, ...] = ("out",)
    free: tuple[str, ...] = ()


def ours(box: Sandbox, command: Command, path: Path) -> Path:
    """What the same command made earlier."""
    box.put(command.made, path)
    return path


def first_file(folder: Path) -> Path:
    """A file of ours that is not the manifest."""
    return min(path for path in folder.rglob("*") if path.is_file() and path.name != "manifest.json")


def users(box: Sandbox, command: Command, path: Path) -> None:
    users_folder(path)


def with_manifest(content: object) -> Prepare:
    """A user's folder whose manifest.json is the user's too."""

    def prepare(box: Sandbox, command: Command, path: Path) -> None:
        users_folder(path)
        manifest = path / "manifest.json"
        if content == "folder":
            manifest.mkdir()
        elif content == "fifo":
            os.mkfifo(manifest)
        elif isinstance(content, bytes):
            manifest.write_bytes(content)
        else:
            manifest.write_text(json.dumps(content))

    return prepare


def copied_manifest(box: Sandbox, command: Command, path: Path) -> None:
    """A manifest of ours, with its own digest right, which a user keeps among notes."""
    users_folder(path)
    ours(box, command, box.work / "genuine")
    shutil.copy(box.work / "genuine/manifest.json", path)


def linked_manifest(box: Sandbox, command: Command, path: Path) -> None:
    users_folder(path)
    ours(box, command, box.work / "genuine")
    (path / "manifest.json").symlink_to("../genuine/manifest.json")


def wrong_digest(box: Sandbox, command: Command, path: Path) -> None:
    manifest = ours(box, command, path) / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"manifest_sha256": "', '"manifest_sha256": "0'))


def added(name: str, kind: str = "file") -> Prepare:
    """A folder of ours in which a user put something."""

    def prepare(box: Sandbox, command: Command, path: Path) -> None:
        new = ours(box, command, path) / name
        new.parent.mkdir(exist_ok=True)
        {
            "file": lambda: new.write_text(LETTER),
            "folder": new.mkdir,
            "link": lambda: new.symlink_to("../letter.txt"),
            "fifo": lambda: os.mkfifo(new),
        }[kind]()

    return prepare


def changed(edit: Callable[[Path], object]) -> Prepare:
    """A folder of ours in which a user changed a file."""

    def prepare(box: Sandbox, command: Command, path: Path) -> None:
        edit(first_file(ours(box, command, path)))

    return prepare


def flip(path: Path) -> None:
    content = path.read_bytes()
    status = path.stat()
    path.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def now_a_folder(path: Path) -> None:
    path.unlink()
    users_folder(path)


def now_a_link(path: Path) -> None:
    """A user's own version, kept elsewhere."""
    path.unlink()
    path.symlink_to("../letter.txt")


def changed_demo(edit: Callable[[Path], object], name: str) -> Prepare:
    """What an earlier demo left, of which a user changed one file."""

    def prepare(box: Sandbox, command: Command, path: Path) -> None:
        edit(ours(box, command, path) / name)

    return prepare


def users_run(box: Sandbox, command: Command, path: Path) -> None:
    """A user's folder whose files are named like a run's."""
    users_folder(path)
    (path / "checkpoints").mkdir()
    for name in ("config.yaml", "log.jsonl", "checkpoints/letter.txt"):
        (path / name).write_text(LETTER)


def hard_linked(box: Sandbox, command: Command, path: Path) -> None:
    os.link(first_file(ours(box, command, path)), box.work / "kept")


def beside(kind: str, *, old: bool = False) -> Prepare:
    """A user's own thing where a command might put its work folder."""

    def prepare(box: Sandbox, command: Command, path: Path) -> None:
        if old:
            ours(box, command, path)
        place = path.with_name(f".{path.name}.{'old' if old else 'partial'}")
        {
            "link": lambda: place.symlink_to("../elsewhere"),
            "link-to-ours": lambda: (ours(box, command, box.work / "genuine"), place.symlink_to("genuine")),
            "dangling": lambda: place.symlink_to("../elsewhere/new"),
            "file": lambda: place.write_text(LETTER),
            "folder": lambda: users_folder(place),
            "empty": place.mkdir,
            "run.json": lambda: (users_folder(place), (place / "run.json").write_text('{"distance": "10 km"}')),
        }[kind]()

    return prepare


def link(to: str, prepare: Prepare | None = None) -> Prepare:
    """A symlink at the target; `prepare` makes what it points to."""

    def made(box: Sandbox, command: Command, path: Path) -> None:
        if prepare:
            prepare(box, command, (path.parent / to))
        path.symlink_to(to)

    return made


def chain(box: Sandbox, command: Command, path: Path) -> None:
    ours(box, command, box.elsewhere / "real")
    (box.work / "middle").symlink_to("../elsewhere/real")
    path.symlink_to(box.work / "middle")


def loop(box: Sandbox, command: Command, path: Path) -> None:
    path.symlink_to("around")
    (box.work / "around").symlink_to(path.name)


def put(kind: str) -> Prepare:
    """Something at the target that is no folder."""
    kinds: dict[str, Callable[[Path], object]] = {
        "file": lambda path: path.write_text(LETTER),
        "empty-file": Path.touch,
        "fifo": os.mkfifo,
        "socket": put_socket,
        "device": lambda path: subprocess.run(["mknod", path, "c", "1", "3"], check=True),
        "empty-folder": Path.mkdir,
    }
    return lambda box, command, path: kinds[kind](path)


def holding(*names: str) -> Prepare:
    """A user's folder that holds folders of ours."""

    def prepare(box: Sandbox, command: Command, path: Path) -> None:
        path.mkdir()
        for name in names:
            box.put(name, path / name)

    return prepare


def nothing(box: Sandbox, command: Command, path: Path) -> None:
    """Nothing is there."""


def neighbours(*names: str) -> Prepare:
    def prepare(box: Sandbox, command: Command, path: Path) -> None:
        for name in names:
            users_folder(box.work / name)

    return prepare


CASES = [
    # A user's folder.
    Case("users-folder", "refused", users, FOLDERS, BOTH),
    Case("users-folder-by-absolute-path", "refused", users, [PREPROCESS], output="{work}/out"),
    Case("users-folder-by-trailing-slash", "refused", users, [TOKENIZER, PREPROCESS, TO_HF, *OTHERS], output="out/"),
    Case("users-folder-by-way-of-another", "refused", users, SOME, output="raw/../out/."),
    Case("empty-folder", "safe", put("empty-folder"), SOME, BOTH),
    Case("folder-that-holds-folders-of-ours", "refused", holding("tokenizer", "text"), SOME),
    Case("run-folder", "refused", holding("drawn"), SOME),
    Case("begun-demo", "refused", lambda b, c, p: b.put("begun-demo", p), SOME),
    # A user's folder with a manifest.json.
    Case("manifest-of-a-user", "refused", with_manifest({"name": "my app", "files": {}}), SOME),
    Case("manifest-is-a-list", "refused", with_manifest([1]), [TOKENIZER]),
    Case("manifest-is-null", "refused", with_manifest(None), [TOKENIZER]),
    Case("manifest-is-no-json", "refused", with_manifest(b"{"), SOME),
    Case("manifest-is-no-text", "refused", with_manifest(b"\xff\xfe\0"), [TOKENIZER]),
    Case("manifest-is-nested-too-deep", "refused", with_manifest(b"[" * 100_000), [TOKENIZER]),
    Case("manifest-is-a-folder", "refused", with_manifest("folder"), [TOKENIZER]),
    Case("manifest-is-a-fifo", "refused", with_manifest("fifo"), [TOKENIZER]),
    Case("manifest-claims-our-stage", "refused", with_manifest({"stage": "tokenizer", "ncvc": "0.1.0", "files": {}})),
    Case("manifest-copied-from-ours", "refused", copied_manifest, REPLACING),
    Case("manifest-linked-to-ours", "refused", linked_manifest, [TOKENIZER]),
    # A folder of ours.
    Case("ours", "kept", ours, [TOKENIZER, PREPROCESS, TO_HF], PLAIN),
    Case("ours", "done", ours, [TOKENIZER, PREPROCESS, SAMPLE, TO_HF]),
    Case("ours-by-trailing-slash", "done", ours, [PREPROCESS], output="out/"),
    Case("ours-with-a-hard-link-to-a-file", "done", hard_linked, SOME),
    Case("ours-with-a-file-missing", "safe", changed(Path.unlink), SOME),
    Case("ours-with-another-digest", "refused", wrong_digest, [*SOME, TO_HF]),
    Case("ours-and-a-file", "refused", added("letter.txt"), [*REPLACING, DEMO], says=("letter.txt",)),
    Case(
        "ours-and-a-nested-file", "refused", added("dropped/letter.txt"), [*SOME, TO_HF], says=("letter.txt", "dropped")
    ),
    Case("ours-and-a-hidden-file", "refused", added(".letter.txt"), [TOKENIZER], says=(".letter.txt",)),
    Case("ours-and-an-empty-folder", "refused", added("mine", "folder"), SOME, says=("mine",)),
    Case("ours-and-a-link", "refused", added("mine", "link"), SOME, says=("mine",)),
    Case("ours-and-a-fifo", "refused", added("mine", "fifo"), [TOKENIZER], says=("mine",)),
    Case("ours-and-a-file-with-a-newline", "refused", added("a\nletter"), SOME, says=("letter",)),
    Case("ours-with-a-changed-file", "refused", changed(flip)),
    Case("ours-with-a-longer-file", "refused", changed(lambda path: path.open("a").write(LETTER)), [TOKENIZER]),
    Case("ours-with-a-folder-for-a-file", "refused", changed(now_a_folder), SOME),
    Case("ours-with-a-link-for-a-file", "refused", changed(now_a_link), SOME),
    # A demo's folder, which is made anew without --force; a run's, which a run adds to.
    Case("demo-and-a-nested-file", "refused", added("tokenizer/letter.txt"), [DEMO], says=("letter.txt", "tokenizer")),
    Case("demo-with-a-changed-config", "refused", changed_demo(flip, "train.yaml"), [DEMO], says=("train.yaml",)),
    Case(
        "demo-with-a-link-for-a-file", "refused", changed_demo(now_a_link, "text.jsonl"), [DEMO], says=("text.jsonl",)
    ),
    Case("folder-with-names-of-a-run", "refused", users_run, [TRAIN_RUN]),
    # No folder.
    Case("file", "refused", put("file"), FOLDERS),
    Case("empty-file", "refused", put("empty-file"), [TOKENIZER]),
    Case("fifo", "refused", put("fifo"), [*SOME, *OTHERS]),
    Case("socket", "refused", put("socket"), [TOKENIZER]),
    Case("device", "refused", put("device"), [TOKENIZER]),
    # Symlinks.
    Case("link-to-a-users-folder", "refused", link("mine", users), FOLDERS),
    Case("link-to-a-users-folder-by-slash", "refused", link("mine", users), [*SOME, TO_HF], output="out/"),
    Case("link-to-a-users-file", "refused", link("letter.txt"), [*SOME, *OTHERS]),
    Case("link-to-ours", "behind", link("real", ours), [TOKENIZER, PREPROCESS, SAMPLE]),
    Case("link-to-ours", "kept", link("real", ours), [TOKENIZER, PREPROCESS], PLAIN),
    Case("link-to-ours-and-a-file", "refused", link("real", added("letter.txt")), SOME, says=("letter.txt",)),
    Case("link-to-a-link-to-ours", "behind", chain, SOME),
    Case("link-to-an-empty-folder", "behind", link("real", put("empty-folder")), SOME, BOTH),
    Case("dangling-link", "behind", link("new"), [TOKENIZER, PREPROCESS, SAMPLE], BOTH),
    Case("dangling-link-into-no-folder", "behind", link("no/new"), [TOKENIZER]),
    Case("loop-of-links", "refused", loop, FOLDERS, PLAIN),
    # Parents.
    Case("no-parent", "safe", nothing, SOME, PLAIN, "deep/er/out"),
    Case("parent-is-a-file", "refused", nothing, [*SOME, TO_HF, *OTHERS], PLAIN, "letter.txt/out", ("letter.txt",)),
    Case("parent-is-a-loop", "refused", lambda b, c, p: loop(b, c, b.work / "l"), SOME, PLAIN, "l/out", ("l/out",)),
    Case("parent-is-linked", "done", lambda b, c, p: (b.work / "l").symlink_to(b.elsewhere), SOME, PLAIN, "l/out"),
    # Work folders beside it.
    Case("partial-is-a-link", "refused", beside("link")),
    Case("partial-is-a-link-to-ours", "refused", beside("link-to-ours"), SOME),
    Case("partial-is-a-dangling-link", "refused", beside("dangling"), SOME),
    Case("partial-is-a-file", "refused", beside("file"), SOME),
    Case("partial-is-a-users-folder", "refused", beside("folder")),
    Case("partial-has-a-users-run.json", "refused", beside("run.json"), SOME),
    # As a run leaves it that was killed before it wrote its run.json.
    Case("partial-is-empty", "safe", beside("empty"), SOME, free=("work/.out.partial",)),
    Case("old-is-a-link", "safe", beside("link", old=True), [TOKENIZER, PREPROCESS, SAMPLE]),
    Case("old-is-a-link-to-ours", "safe", beside("link-to-ours", old=True), SOME),
    Case("old-is-a-file", "safe", beside("file", old=True), [TOKENIZER, PREPROCESS, SAMPLE]),
    Case("old-is-a-users-folder", "safe", beside("folder", old=True), [TOKENIZER, PREPROCESS, SAMPLE, TO_HF]),
    # Names.
    Case("newline-in-the-name", "safe", nothing, SOME, PLAIN, "out\nput", ("put",)),
    Case("dash-before-the-name", "safe", nothing, SOME, PLAIN, "-out"),
    Case("pattern-as-name", "safe", neighbours("out1", "outs"), [PREPROCESS], output="out*"),
    Case("tilde-as-name", "safe", nothing, SOME, output="~", says=("~", "home")),
    Case("variable-as-name", "safe", nothing, [PREPROCESS], output="$HOME", says=("HOME", "home")),
    Case("other-case", "safe", neighbours("OUT", "Out"), SOME),
    Case(
        "other-normal-form", "safe", neighbours("\u304c"), [PREPROCESS], output="\u304b\u3099", says=("\u304b\u3099",)
    ),
    Case("longest-name", "safe", nothing, [PREPROCESS], PLAIN, "x" * 255, ("xxx",)),
    Case("too-long-a-name", "refused", nothing, [*SOME, *OTHERS], PLAIN, "x" * 256, ("xxx",)),
]
