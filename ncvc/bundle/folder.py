"""Writes the folder: wheels, model, tokenizer, documentation and the script that installs them."""

import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ncvc import __version__
from ncvc.bundle.wheels import collect, installed, locked
from ncvc.errors import NcvcError
from ncvc.files import whole_folder
from ncvc.manifest import BUNDLE, MANIFEST, own_manifest, verify, write_manifest
from ncvc.outputs import require_output, require_untouched
from ncvc.progress import Reporter

DOCS = Path(__file__).parents[2] / "docs"
"""The documentation of a checkout; an installed package has none."""


@dataclass(frozen=True, kw_only=True)
class Contents:
    """Contents of a bundle."""

    model: Path
    """A folder of `ncvc convert`."""
    tokenizer: Path | None = None
    """A tokenizer folder besides the model's own."""
    extras: tuple[str, ...] = ("hf",)
    """Extras of ncvc that the machine shall have."""
    wheels: tuple[Path, ...] = ()
    """Wheels of packages that pip finds nowhere: ncvc's own, and what was built here."""
    find_links: Path | None = None
    """A folder in which pip looks for the rest, instead of an index."""
    docs: Path | None = DOCS


def write_bundle(out: Path, contents: Contents, *, replace: bool = False, reporter: Reporter | None = None) -> int:
    """Writes the folder `out`; returns the number of its wheels.

    Raises `NcvcError` where a folder is not whole, or a package has no wheel; nothing is left then.
    """
    reporter = reporter or Reporter()
    folders = [path for path in (contents.model, contents.tokenizer) if path]
    final = require_output(out, BUNDLE, reads=folders, replace=replace)
    for path in folders:
        _require_whole(path)
    packages = installed("ncvc", contents.extras)
    with whole_folder(final, require_untouched) as folder:
        reporter.say(f"collecting the wheels of {len(packages)} packages")
        collect(packages, contents.wheels, folder / "wheels", contents.find_links)
        lines = list(locked(folder / "wheels"))
        (folder / "requirements.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        reporter.say("copying the model")
        _copy(contents.model, folder / "model")
        if contents.tokenizer:
            _copy(contents.tokenizer, folder / "tokenizer")
        docs = sorted(contents.docs.glob("*.md")) if contents.docs else []
        (folder / "docs").mkdir()
        for page in docs:
            shutil.copyfile(page, folder / "docs" / page.name)
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        _write_script(folder / "install.sh", python)
        (folder / "README.md").write_text(README.format(python=python, version=__version__), encoding="utf-8")
        write_manifest(folder, format=BUNDLE, ncvc=__version__, python=python, extras=list(contents.extras))
    return len(lines)


def _require_whole(folder: Path) -> None:
    if own_manifest(folder) is None:
        raise NcvcError(f"{folder}: has no unchanged {MANIFEST} of ncvc; give a folder that ncvc wrote")
    if problem := next((problem for problem in verify(folder) if problem.path.name != "README.md"), None):
        raise NcvcError(f"{problem}; copy or convert the folder again")


def _copy(source: Path, out: Path) -> None:
    """Copies the files of the folder's manifest, and no other."""
    manifest = own_manifest(source)
    assert manifest is not None
    for name in (MANIFEST, *manifest["files"]):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, out / name)


def _write_script(path: Path, python: str) -> None:
    path.write_text(INSTALL.format(python=python), encoding="utf-8")
    path.chmod(0o755)


def require_wheels(paths: Iterable[Path]) -> None:
    """Raises `NcvcError` unless ncvc's own wheel is among the files: no index has it."""
    if not any(path.name.startswith("ncvc-") for path in paths):
        raise NcvcError(
            "no wheel of ncvc is given; build one with `make wheel`, and give it with --wheel dist/ncvc-….whl"
        )


INSTALL = """\
#!/bin/sh
# Installs ncvc into the folder that is given (default: .venv beside this script); needs Python {python}, no network.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
into=${{1:-"$here/.venv"}}
python=${{PYTHON:-python{python}}}
"$python" -m venv "$into"
"$into/bin/python" -m pip install --quiet --disable-pip-version-check --no-index --no-deps --require-hashes \\
    --find-links "$here/wheels" --requirement "$here/requirements.txt"
"$into/bin/ncvc" verify "$here/model"
echo "installed: $into/bin/ncvc generate $here/model --prompt ..."
"""
README = """\
# A model, and all that runs it

Made by ncvc {version} for machines like the one that made it: the same system and processor, Python {python}. No
network is needed.

```
./install.sh            # into .venv, or ./install.sh FOLDER; PYTHON=… names another Python {python}
.venv/bin/ncvc generate model --prompt "患者は発熱を主訴に"
.venv/bin/ncvc verify .  # every file is as it was written
```

| | |
| --- | --- |
| `wheels/`, `requirements.txt` | the packages, pinned by their SHA-256 |
| `model/` | the model with its tokenizer; its `README.md` is the model card |
| `docs/` | the documentation |
| `manifest.json` | the SHA-256 of each file |
"""
