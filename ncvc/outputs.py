"""Decides whether an output may be written, before anything is: what is not provably ours is never replaced.

Every command that writes asks here, with links followed: the output is what they lead to, and they stay.
"""

import errno
import hashlib
import os
import struct
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

from ncvc.errors import NcvcError
from ncvc.files import WorkFolder
from ncvc.manifest import MANIFEST, changes, own_manifest
from ncvc.utf8 import is_utf8

LOG_HEAD = b'{"event": '
"""The beginning of a training's log."""
CONFIG_HEAD = b"# As it was resolved."
"""The beginning of the config that a training leaves in its run folder."""
LONGEST_NAME = 225
"""Bytes of a name; the file system allows 255, and `.NAME.XXXXXXXX.partial` must fit."""
PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
SEAL = 81
"""Bytes of the chunk of a PNG that seals it."""
LOG = "log.jsonl"
CONFIG = "config.yaml"
RUN_FOLDERS = ("checkpoints", "data_index", "tensorboard", "wandb")
RUN_NAMES = (CONFIG, LOG, *RUN_FOLDERS)
"""Names that a training writes into its run folder."""


def real_path(output: Path) -> Path:
    """Returns the absolute path that an output's links lead to.

    Raises `NcvcError` for a name that no file can have or that leaves no room for the name of its work folder, for
    links in a circle or to something that is not there, and for a folder in a file.
    """
    try:
        str(output).encode()
        real = Path(os.path.realpath(output))
        if output.is_symlink():
            output.stat()
    except UnicodeEncodeError:
        where = "name of a folder above it" if is_utf8(output.name) else "name"
        raise NcvcError(f"{output}: the {where} is not UTF-8; name another output") from None
    except ValueError:
        raise NcvcError(f"{str(output)!r}: a name cannot hold the character NUL; name another output") from None
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise NcvcError(f"{output}: the name is longer than {LONGEST_NAME} bytes; shorten it") from None
        why = f"leads to {output.readlink()}, which is not there" if error.errno == 2 else "is a link to itself"
        raise NcvcError(f"{output}: the symbolic link {why}; remove it, or name another output") from None
    if len(os.fsencode(real.name)) > LONGEST_NAME:
        raise NcvcError(f"{output}: the name is longer than {LONGEST_NAME} bytes; shorten it")
    nearest = next((parent for parent in real.parents if os.path.lexists(parent)), real.parent)
    if not nearest.is_dir():
        raise NcvcError(f"{output}: lies in {nearest}, which is a file; name another output")
    return real


def require_output(
    output: Path,
    kind: str,
    *,
    reads: Iterable[Path],
    beside: Iterable[Path] = (),
    replace: bool,
    work: Callable[[Path], WorkFolder] = WorkFolder,
) -> Path:
    """Refuses an output folder that may not be written; returns the path that links lead to.

    `work` is the kind of its work folder. See `require_apart` and `require_replaceable`, whose errors it raises.
    """
    require_apart(output, reads, beside)
    require_replaceable(output, kind, replace=replace)
    final = real_path(output)
    work(final).require_free()
    return final


def _require_writable(output: Path, real: Path) -> None:
    """Refuses an output in a folder where nothing can be made, before hours of work; raises `NcvcError`."""
    nearest = next(parent for parent in real.parents if parent.exists())
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise NcvcError(f"{output}: nothing can be written in {nearest}; choose another output, or allow it")


def require_apart(output: Path, reads: Iterable[Path], beside: Iterable[Path] = ()) -> None:
    """Refuses an output that is, holds or lies in something that the command reads.

    `beside` are folders that may hold the output, such as the config's, but may not be it or lie in it; the current
    folder always is one. Raises `NcvcError`.
    """
    own = real_path(output)
    within = next((parent for parent in own.parents if own_manifest(parent) is not None), None)
    if within is not None:
        raise NcvcError(f"{output}: lies in {within}, which ncvc made and describes as it is; choose another output")
    for path in (*beside, Path.cwd()):
        if Path(os.path.realpath(path)).is_relative_to(own):
            raise NcvcError(f"{output}: is or holds the folder {path}; nothing was changed; choose another output")
    for path in reads:
        # The place of a link counts as much as what it leads to.
        for place in {Path(os.path.realpath(path)), Path(os.path.realpath(path.parent), path.name)}:
            if place == own:
                relation = "is"
            elif place.is_relative_to(own):
                relation = "holds"
            elif own.is_relative_to(place):
                relation = "lies in"
            else:
                continue
            raise NcvcError(f"{output}: {relation} {path}, which is read; nothing was changed; choose another output")


def require_replaceable(output: Path, kind: str, *, replace: bool) -> None:
    """Refuses to write a folder where there is one already, unless it is ours, of that kind, and `replace` allows it.

    `kind` is the manifest's `format` or `stage`. A folder of ours in which files were added or changed is not replaced
    either. Raises `NcvcError`.
    """
    folder = real_path(output)
    for parent in folder.parents:
        if parent.name in RUN_FOLDERS and _begins(parent.parent / LOG, LOG_HEAD):
            raise NcvcError(f"{output}: lies in {parent}, where a training writes; choose another output")
    if os.path.lexists(folder) and not folder.is_dir():
        raise NcvcError(f"{output}: is a file; nothing was changed; choose another output")
    if not folder.is_dir() or not any(folder.iterdir()):
        _require_writable(output, folder)
        return
    manifest = own_manifest(folder)
    if manifest is None:
        raise NcvcError(
            f"{output}: exists and was not made by ncvc (it has no {MANIFEST} of ours); nothing was changed; choose"
            " another output"
        )
    found = manifest.get("format") or manifest.get("stage")
    if found != kind:
        raise NcvcError(
            f"{output}: holds something else that ncvc made ({found}); nothing was changed; choose another output"
        )
    if not replace:
        raise NcvcError(f"{output}: exists already; remove it, choose another output, or replace it with --force")
    _require_writable(output, folder)
    for difference in changes(folder, manifest):
        if difference.kind == "missing":
            continue
        was = "was put there" if difference.kind == "added" else "changed"
        raise NcvcError(
            f"{output}: {difference.path.relative_to(folder)} {was} since ncvc wrote the folder; nothing was changed;"
            " move it away, or choose another output"
        )


def require_untouched(final: Path, since: int) -> None:
    """Refuses to replace a folder that was touched since it was found to be ours and unchanged, in ns.

    Raises `NcvcError`.
    """
    if not final.is_dir() or not any(final.iterdir()):
        return
    manifest = own_manifest(final)
    touched = final / MANIFEST if manifest is None else next((d.path for d in changes(final, manifest, since)), None)
    if touched is not None and (manifest is None or touched.exists()):
        raise NcvcError(
            f"{final}: {touched.name} was put there or changed while ncvc was writing it; move the folder away, and"
            " start again"
        )


def require_own_file(output: Path, is_ours: Callable[[Path], bool], reads: Iterable[Path] = ()) -> Path:
    """Refuses to write over a file that ncvc did not write, or that is read; returns the path that links lead to.

    Raises `NcvcError`.
    """
    require_apart(output, reads)
    file = real_path(output)
    _require_writable(output, file)
    if not os.path.lexists(file):
        return file
    if not file.is_file():
        what = "a folder" if file.is_dir() else "not a regular file"
        raise NcvcError(f"{output}: is {what}; name another file")
    if not is_ours(file):
        raise NcvcError(f"{output}: exists and was not made by this command; nothing was changed; name another file")
    return file


def sealed(page: str) -> str:
    """Returns an HTML page with its own SHA-256 in a last comment, by which it is known to be ours and unchanged."""
    return f"{page}<!-- ncvc {hashlib.sha256(page.encode()).hexdigest()} -->\n"


def sealed_config(head: str, text: str) -> str:
    """Returns a config behind a line of `head` and its own SHA-256, by which it is known to be unchanged."""
    return f"{head}{hashlib.sha256(text.encode()).hexdigest()}\n{text}"


def is_sealed_config(head: str, file: Path) -> bool:
    """Returns whether `sealed_config` wrote a file with this `head`, and nobody changed it since."""
    first, _, text = file.read_bytes().partition(b"\n")
    return first == head.encode() + hashlib.sha256(text).hexdigest().encode()


def is_page_or_picture(file: Path) -> bool:
    """Returns whether a file is a sealed page, or a PNG of ours with nothing behind it."""
    content = file.read_bytes()
    page, mark, digest = content.rpartition(b"<!-- ncvc ")
    if mark and digest == f"{hashlib.sha256(page).hexdigest()} -->\n".encode():
        return True
    return content == sealed_picture(content[: -len(PNG_END) - SEAL] + PNG_END) and content.startswith(b"\x89PNG")


def sealed_picture(picture: bytes) -> bytes:
    """Returns a PNG with its own SHA-256 in a last text chunk, by which it is known to be ours and unchanged."""
    text = b"tEXtncvc\0" + hashlib.sha256(picture).hexdigest().encode()
    chunk = struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
    assert len(chunk) == SEAL
    return picture.removesuffix(PNG_END) + chunk + PNG_END


def require_run_folder(folder: Path, reads: Iterable[Path]) -> None:
    """Refuses to train in a folder that has files and is no run folder, or lies in what is read. Raises `NcvcError`."""
    require_apart(folder, reads)
    real = real_path(folder)
    if not os.path.lexists(real):
        return
    if not real.is_dir():
        raise NcvcError(f"{folder}: is a file; name another folder as `run`")
    foreign = sorted(path.name for path in real.iterdir() if path.name[0] != "." and path.name not in RUN_NAMES)
    if _begins(real / LOG, LOG_HEAD):
        foreign = []
    heads = ((LOG, LOG_HEAD), (CONFIG, CONFIG_HEAD))
    foreign += [name for name, head in heads if not _begins(real / name, head, absent=True)]
    if foreign:
        raise NcvcError(
            f"{folder}: is no run folder ({foreign[0]} in it is not of a training); nothing was changed; name another"
            " folder as `run`"
        )


def _begins(file: Path, head: bytes, *, absent: bool = False) -> bool:
    """Returns whether a file has a beginning; `absent` if it is not there, or empty."""
    if not file.is_file() or not file.stat().st_size:
        return absent
    with file.open("rb") as opened:
        return head.startswith(opened.read(len(head)))
