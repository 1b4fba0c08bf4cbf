"""Sphinx's settings: `make docs` builds a site that opens from a folder, without a server or a network."""

import sys
from importlib import metadata
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tools" / "docs"))
import reference

project = "ncvc"
release = metadata.version("ncvc")
extensions = ["myst_parser"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"ncvc {release}"
html_copy_source = False
html_show_sphinx = False
html_search_language = "ja"
myst_heading_anchors = 4


def setup(app: Any) -> None:
    """See Sphinx: writes the pages of the reference before the others are read."""
    app.connect("builder-inited", lambda _: reference.write(Path(__file__).parent / "reference"))
