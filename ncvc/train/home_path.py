"""Paths in a training config."""

import os
from typing import Annotated

import pydantic


def at_home(path: str) -> str:
    """Puts the home folder in the place of a path's `~`."""
    expanded = os.path.expanduser(path)  # noqa: PTH111  # Path would drop a slash at the end
    if expanded.startswith("~"):
        raise ValueError(f"there is no home folder {path.partition('/')[0]}; write the whole path, or ./{path}")
    return expanded


OwnPath = Annotated[str, pydantic.AfterValidator(at_home)]
"""Path in a training config: `~` is the home folder, all else is relative to where the command is started."""
