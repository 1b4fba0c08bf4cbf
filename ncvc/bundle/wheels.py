"""Wheels of the packages that are installed here, in the same versions, with their SHA-256."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from ncvc.errors import NcvcError
from ncvc.files import sha256


def installed(name: str, extras: Iterable[str]) -> dict[str, str]:
    """Versions by name of an installed distribution and of all that it requires with these extras.

    Raises `NcvcError` where one is not installed.
    """
    found: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    pending = [(name, extra) for extra in ("", *extras)]
    while pending:
        package, extra = pending.pop()
        if (package, extra) in seen:
            continue
        seen.add((package, extra))
        one = _distribution(package)
        found[package] = one.version
        for requirement in map(Requirement, one.requires or ()):
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                required = canonicalize_name(requirement.name)
                pending += [(required, wanted) for wanted in ("", *requirement.extras)]
    return dict(sorted(found.items()))


def _distribution(name: str) -> Distribution:
    try:
        return distribution(name)
    except PackageNotFoundError:
        raise NcvcError(
            f"{name} is not installed, and a bundle has only what runs here; install it, or choose other --extra"
        ) from None


def collect(packages: dict[str, str], own: Iterable[Path], folder: Path, find_links: Path | None) -> None:
    """Puts a wheel of each package into `folder`: one of `own`, or what pip finds, in `find_links` alone if given.

    Raises `NcvcError` where one has no wheel for this Python.
    """
    folder.mkdir(parents=True, exist_ok=True)
    left = dict(packages)
    for path in own:
        name, version = _named(path)
        if left.get(name, version) != version:
            raise NcvcError(f"{path}: is {name} {version}, and {left[name]} is installed here; give that one's wheel")
        left.pop(name, None)
        shutil.copyfile(path, folder / path.name)
    if not left:
        return
    where = ["--no-index", "--find-links", str(find_links)] if find_links else []
    wanted = [f"{name}=={version}" for name, version in left.items()]
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--wheel-dir", str(folder)]
    # Not `pip download`: of ipadic and others the index has only sources, which are built here.
    command = [sys.executable, "-m", "pip", "wheel", *options, *where, *wanted]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()
        raise NcvcError(
            f"pip finds no wheel: {(errors or ['no message'])[-1]}; give wheels with --wheel or --find-links"
        )


def _named(path: Path) -> tuple[str, str]:
    try:
        name, version, *_ = parse_wheel_filename(path.name)
    except ValueError as error:
        raise NcvcError(f"{path}: not the name of a wheel ({error}); give files that end in .whl") from None
    return str(name), str(version)


def locked(folder: Path) -> Iterator[str]:
    """Lines of a requirements file that pin the wheels of a folder by version and SHA-256."""
    for path in sorted(folder.glob("*.whl"), key=lambda path: re.sub(r"[-_.]+", "-", path.name).lower()):
        name, version = _named(path)
        yield f"{name}=={version} --hash=sha256:{sha256(path)}"
