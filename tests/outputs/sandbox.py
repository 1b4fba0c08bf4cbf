"""A folder in which commands may go wrong: what a user has in it, and what is there afterwards."""

import hashlib
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

LETTER = "手紙: 残しておくこと\n"
STUB = "import os, sys\nsys.stderr.write('imports {} before it answers\\n'); sys.stderr.flush()\nos._exit(97)\n"


@dataclass(frozen=True)
class Done:
    """How a command ended; `code` is None for one that was still at work when its time was up."""

    code: int | None
    out: str
    err: str


class Sandbox:
    """`work` is the current folder, `home` the home folder, `elsewhere` belongs to somebody else."""

    def __init__(self, root: Path, materials: Path, make: Callable[..., None]) -> None:
        """materials: folder in which `make(*names)` makes what is not there yet"""
        self.root, self.materials, self._make = root, materials, make
        self.work, self.home, self.elsewhere = root / "work", root / "home", root / "elsewhere"
        for folder in (self.work, self.home, self.elsewhere, root / "tmp"):
            folder.mkdir(parents=True)
        for folder in (self.home, self.elsewhere, self.work):
            (folder / "letter.txt").write_text(LETTER)
        for name in ("torch", "transformers", "megatron"):
            (root / "tmp" / "stubs").mkdir(exist_ok=True)
            (root / "tmp" / "stubs" / f"{name}.py").write_text(STUB.format(name))

    def bring(self, *names: str) -> None:
        """Copies what ncvc made into the current folder."""
        for name in names:
            if not (self.work / name).exists():
                self.put(name, self.work / name)

    def put(self, name: str, path: Path) -> None:
        """Copies one thing that ncvc made to `path`."""
        self._make(name)
        source = self.materials / name
        if source.is_dir():
            shutil.copytree(source, path, symlinks=True)
        else:
            shutil.copyfile(source, path)

    def run(
        self,
        words: Sequence[str | bytes | Path],
        cwd: Path | None = None,
        *,
        torch: bool = True,
        timeout: float = 120,
        around: Sequence[str] = (),
    ) -> Done:
        """Runs `ncvc WORDS`, in a session of its own; without `torch` it ends where it imports that."""
        process = self.start(words, cwd, torch=torch, around=around)
        code: int | None
        try:
            out, err = process.communicate(timeout=timeout)
            code = process.returncode
        except subprocess.TimeoutExpired:
            code = None
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
        return Done(code, out.decode(errors="replace"), err.decode(errors="replace"))

    def start(
        self,
        words: Sequence[str | bytes | Path],
        cwd: Path | None = None,
        *,
        torch: bool = True,
        around: Sequence[str] = (),
    ) -> subprocess.Popen[bytes]:
        """Starts `ncvc WORDS` behind the words of `around`."""
        temporary = str(self.root / "tmp")
        environment = {
            **os.environ,
            "HOME": str(self.home),
            "TMPDIR": temporary,
            "XDG_CACHE_HOME": temporary,
            "MPLCONFIGDIR": str(self.materials / ".matplotlib"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONSAFEPATH": "1",  # a folder in the sandbox is no module
        }
        if not torch:
            paths = [str(self.root / "tmp/stubs"), *filter(None, [os.environ.get("PYTHONPATH")])]
            environment["PYTHONPATH"] = os.pathsep.join(paths)
        return subprocess.Popen(
            [*around, sys.executable, "-m", "ncvc", *map(os.fsencode, words)],
            cwd=cwd or self.work,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def snapshot(self) -> dict[str, str]:
        """Every name that is there: kind, permissions, and SHA-256 or what a link points to; not temporary files."""
        found = {}
        for folder, folders, files in os.walk(self.root):
            if Path(folder) == self.root:
                folders[:] = [name for name in folders if name != "tmp"]
            for name in (*folders, *files):
                path = Path(folder) / name
                found[os.path.relpath(path, self.root)] = describe(path)
        return found


def describe(path: Path) -> str:
    """A name's kind, permissions and content, as one comparable line."""
    status = path.lstat()
    kind = stat.filemode(status.st_mode)
    if path.is_symlink():
        return f"{kind} → {path.readlink()}"
    if path.is_file():
        return f"{kind} {hashlib.sha256(path.read_bytes()).hexdigest()}"
    return f"{kind} {status.st_rdev}"


def changes(before: dict[str, str], after: dict[str, str], besides: Sequence[str] = ()) -> list[str]:
    """Names that were lost, changed or are new, without those of `besides` and below them."""

    def counts(name: str) -> bool:
        return not any(name == each or name.startswith(each + "/") for each in besides)

    lines = [f"lost: {name}" for name in before.keys() - after.keys() if counts(name)]
    lines += [f"new: {name}" for name in after.keys() - before.keys() if counts(name)]
    lines += [
        f"changed: {name}" for name in before.keys() & after.keys() if before[name] != after[name] and counts(name)
    ]
    return sorted(lines)


def assert_sentence(done: Done) -> None:
    """A refusal is one sentence on standard error, without a traceback or an error of the system as it is."""
    assert "Traceback" not in done.out + done.err, done.err
    assert done.code in (1, 2), f"status {done.code}: {done.out}{done.err}"
    lines = done.err.strip().splitlines()
    if done.code == 2:
        assert lines[-1].startswith("Error: "), done.err
    else:
        assert len(lines) == 1, done.err
        assert lines[0].startswith("ncvc: "), done.err
    assert not re.search(r"\[Errno|os error|panicked", done.err), done.err
    assert done.err.isprintable() or done.err.replace("\n", "").isprintable(), repr(done.err)


def assert_refused(done: Done, before: dict[str, str], after: dict[str, str], says: Sequence[str] = ()) -> None:
    """Refused, with a reason that does not send the user to `--force`, and everything as it was.

    says: of these words, the sentence has one at least
    """
    assert not (lost := changes(before, after)), f"{lost} {done.err}"
    assert_sentence(done)
    assert "--force" not in done.err, done.err
    assert not says or any(word in done.err for word in says), f"{done.err!r} names none of {says}"


def is_whole(folder: Path) -> bool:
    """Whether every file that a folder's manifest lists is there with its SHA-256."""
    try:
        files = json.loads((folder / "manifest.json").read_bytes())["files"]
        return bool(files) and all(
            hashlib.sha256((folder / name).read_bytes()).hexdigest() == facts["sha256"] for name, facts in files.items()
        )
    except OSError:
        return False


def users_folder(path: Path) -> None:
    """A folder with everything that a user may have in one."""
    (path / "notes").mkdir(parents=True)
    (path / "notes/letter.txt").write_text(LETTER)
    (path / "empty").mkdir()
    (path / "a.jsonl").write_text('{"text": "退院後は外来で経過をみる。"}\n')
    (path / "link").symlink_to("notes/letter.txt")
    (path / "nowhere").symlink_to("missing")


def put_socket(path: Path) -> None:
    """A socket, whose address may be longer than the system allows."""
    with socket.socket(socket.AF_UNIX) as opened:
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            opened.bind(f"/proc/self/fd/{folder}/{path.name}")
        finally:
            os.close(folder)
