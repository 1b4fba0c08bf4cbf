"""Puts together what a GPU's machine without a network lacks: python tools/gpu/collect.py OUT.

OUT/wheels: ncvc as it is imported here, and of its requirements those that a machine with torch, transformers and
tensorboard may lack, by the locked versions and hashes. OUT/gpu: these programs.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import ncvc

HERE = Path(__file__).resolve().parent
LOCKED = HERE.parents[1] / "requirements"
NEEDED = {
    "annotated-types",
    "click",
    "liger-kernel",
    "megatron-core",
    "packaging",
    "psutil",
    "pydantic",
    "pydantic-core",
    "pyyaml",
    "safetensors",
    "typing-extensions",
    "typing-inspection",
}
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
LIMIT = 60e6  # bytes of all wheels


def main() -> None:
    """Collects, and says how much it is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="the folder; it must not be there yet")
    out: Path = parser.parse_args().out
    if out.exists():
        raise SystemExit(f"{out} is already there; remove it or name another folder")
    wheels = out / "wheels"
    wheels.mkdir(parents=True)
    own_wheel(wheels)
    download(wheels)
    shutil.copytree(HERE, out / "gpu", ignore=shutil.ignore_patterns("__pycache__"))
    sizes = {path.name: path.stat().st_size for path in sorted(wheels.iterdir())}
    for name, size in sizes.items():
        print(f"{size / 1e6:6.1f} MB  {name}")
    print(f"{sum(sizes.values()) / 1e6:6.1f} MB in {len(sizes)} wheels; now: python3 {out}/gpu/run.py gpu.md")
    if sum(sizes.values()) > LIMIT:
        raise SystemExit(f"more than {LIMIT / 1e6:.0f} MB")


def own_wheel(folder: Path) -> None:
    """Our own, from where Python finds it, the compiled engine with it."""
    package, facts = Path(ncvc.__file__).parent, distribution("ncvc")
    info = f"ncvc-{facts.version}.dist-info"
    with zipfile.ZipFile(
        folder / f"ncvc-{facts.version}-cp312-abi3-linux_x86_64.whl", "w", zipfile.ZIP_DEFLATED
    ) as wheel:
        for path in sorted(package.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                wheel.write(path, Path("ncvc") / path.relative_to(package))
        for name in ("METADATA", "WHEEL", "entry_points.txt"):
            wheel.writestr(f"{info}/{name}", facts.read_text(name) or "")


def download(folder: Path) -> None:
    """The others, without what they need in turn."""
    lines: list[str] = []
    for file in ("gpu.txt", "dev.txt"):
        # Continued lines: a requirement, then its hashes.
        for entry in (LOCKED / file).read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
            if entry.partition("==")[0] in NEEDED - {line.partition("==")[0] for line in lines}:
                lines.append(entry)
    assert len(lines) == len(NEEDED)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(lines))
        file.flush()
        pip = [str(Path(sys.executable).with_name("uv")), "tool", "run", "pip"]
        options = ["--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes", "--python-version", "3.12"]
        options += [option for platform in PLATFORMS for option in ("--platform", platform)]
        subprocess.run([*pip, "download", *options, "--dest", str(folder), "-r", file.name], check=True)


if __name__ == "__main__":
    main()
