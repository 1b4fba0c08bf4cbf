"""Installs the peers that have no place in the environment, each in a folder of its own."""

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "target" / "bench-peers"
PACKAGES = {
    "tokenizers": ["tokenizers==1.0.0rc3"],
    "datatrove": ["datatrove[io,processing]==0.10.1"],
    "lindera": ["lindera-python-ipadic==2.2.0"],
    "hojichar": ["hojichar==0.18.1"],
}
"""Name of the measured program → packages that it needs."""


def installed_peers() -> dict[str, str]:
    """Returns the folder of each peer, installed where it is missing; needs a network for that."""
    for name, packages in PACKAGES.items():
        folder = FOLDER / name
        if (folder / ".installed").exists():
            continue
        uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", sys.executable]
        subprocess.run([*uv, "--target", folder, *packages], check=True)
        (folder / ".installed").touch()
    return {name: str(FOLDER / name) for name in PACKAGES}
