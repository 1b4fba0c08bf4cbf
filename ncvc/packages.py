"""Finds installed distributions by their metadata, without importing any."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.machinery import PathFinder
from importlib.metadata import Distribution, requires

from packaging.requirements import Requirement


@dataclass(frozen=True)
class Package:
    """A distribution; `version` is None if it is not installed, `problem` None if it can be used."""

    name: str
    version: str | None
    purpose: str
    problem: str | None = None
    extra: str = ""
    """The extra of `ncvc` that requires it; empty for the base, and if nothing requires it."""


def requirements(extra: str) -> list[Requirement]:
    """Returns the requirements that `ncvc` declares for `extra`, those of the base and of included extras too."""
    found = []
    for requirement in map(Requirement, requires("ncvc") or []):
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        if requirement.name == "ncvc":
            found += [part for included in sorted(requirement.extras) for part in requirements(included)]
        else:
            found.append(requirement)
    return list(dict.fromkeys(found))


def find(name: str, path: list[str]) -> Distribution | None:
    """Finds an installed distribution in the folders of `path`."""
    return next(iter(Distribution.discover(name=name, path=path)), None)


def required(requirement: Requirement, extra: str, path: list[str]) -> Package:
    """Looks up a distribution that `ncvc[extra]` requires; a version that is not allowed is a problem."""
    distribution = find(requirement.name, path)
    version = distribution.version if distribution else None
    problem = None
    if version and not requirement.specifier.contains(version, prereleases=True):
        problem = f"ncvc needs {requirement.name}{requirement.specifier}"
    return Package(requirement.name, version, f"ncvc[{extra}]" if extra else "ncvc", problem, extra)


def optional(name: str, purpose: str, path: list[str]) -> Package:
    """Looks up a distribution that nothing requires, used for `purpose` where it is installed."""
    distribution = find(name, path)
    if distribution is None:
        return Package(name, None, purpose)
    problem = wrong_apex(path) if name == "apex" else None
    return Package(name, distribution.version, purpose, problem)


def wrong_apex(path: Sequence[str] | None = None) -> str | None:
    """Describes the problem if a package called apex is installed that is not NVIDIA's; None if there is none.

    NVIDIA's has no page on PyPI, where the name belongs to another package. `path` is where distributions are
    looked for (default: where Python looks).
    """
    path = list(sys.path if path is None else path)
    distribution = find("apex", path)
    if distribution is None or PathFinder.find_spec("amp_C", path):  # one of the extensions of NVIDIA's
        return None
    summary = distribution.metadata.get("Summary", "")
    if "NVIDIA" in summary:
        return None
    return (
        f"this is not NVIDIA's apex but another package of that name ({summary!r}), which megatron-core"
        " would try to use; remove it with: pip uninstall apex"
    )
