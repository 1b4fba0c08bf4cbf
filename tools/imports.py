"""Import graphs of the Python package and the Rust crates: counts modules and prints circles; exit status 1 if any.

python tools/imports.py. Imports inside functions count too. In Rust, paths in `#[cfg(test)]` modules do not, and a
name that a module re-exports counts as one of the module that defines it.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Set
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
Graph = Mapping[str, Set[str]]
"""Module → modules that it imports."""


def python_modules(folder: Path) -> dict[str, Path]:
    """Maps the dotted names of a package's modules to their files; a package's name stands for its `__init__.py`."""
    return {
        ".".join(path.relative_to(folder.parent).with_suffix("").parts).removesuffix(".__init__"): path
        for path in sorted(folder.rglob("*.py"))
    }


def python_imports(folder: Path) -> dict[str, set[str]]:
    """Builds the import graph of the package in `folder`; its compiled modules and other packages are left out."""
    modules = python_modules(folder)
    return {
        name: {found for node in ast.walk(ast.parse(path.read_text("utf-8"))) for found in _named(node, modules)}
        - {name}
        for name, path in modules.items()
    }


def _named(node: ast.AST, modules: Mapping[str, Path]) -> Iterator[str]:
    """Yields the package's modules that an import statement names; imports are absolute here."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name in modules)
    elif isinstance(node, ast.ImportFrom) and node.module in modules:
        for alias in node.names:
            submodule = f"{node.module}.{alias.name}"
            yield submodule if submodule in modules else node.module


def rust_modules(source: Path) -> dict[tuple[str, ...], Path]:
    """Maps the module paths of a crate to their files, `tests.rs` left out."""
    found = {}
    for path in sorted(source.rglob("*.rs")):
        parts = path.relative_to(source).with_suffix("").parts
        if parts[-1] != "tests":
            found[parts[:-1] if parts[-1] in ("mod", "lib") else parts] = path
    return found


def rust_imports(source: Path) -> dict[str, set[str]]:
    """Builds the import graph of the crate in `source`; names are files relative to it."""
    modules = rust_modules(source)
    paths = {module: list(_rust_paths(file.read_text("utf-8"), module, modules)) for module, file in modules.items()}
    exports = {
        (*module, path[-1]): path
        for module, found in paths.items()
        for path, public in found
        if public and path[-1] != "*"
    }
    return {
        str(modules[module].relative_to(source)): {
            str(modules[target].relative_to(source))
            for path, _ in found
            if (target := _defining_module(path, exports, modules)) is not None and target != module
        }
        for module, found in paths.items()
    }


RustPath = tuple[str, ...]


def _rust_paths(text: str, module: RustPath, modules: Mapping[RustPath, Path]) -> Iterator[tuple[RustPath, bool]]:
    """Yields the paths below the crate's root that a file names, and whether it re-exports each."""
    text = re.sub(r"//[^\n]*", "", text)
    text = re.sub(r"#\[cfg\(test\)\]\s*(pub )?mod \w+ \{\n.*?\n\}", "", text, flags=re.DOTALL)
    text = re.sub(r'"(?:[^"\\]|\\.)*"', '""', text)
    children = {path[-1] for path in modules if path[:-1] == module and path}
    for match in re.finditer(r"(pub(?:\([a-z]+\))? )?use ([^;]+);", text):
        tree = re.sub(r"\s+", "", re.sub(r" as \w+", "", match[2]))
        for path in _flattened(tree):
            if resolved := _resolved(path.split("::"), module, children):
                yield resolved, bool(match[1])
    text = re.sub(r"\buse [^;]+;", "", text)
    for match in re.finditer(r"(?<![\w:])[a-z_]\w*(?:::\w+)+", text):
        if resolved := _resolved(match[0].split("::"), module, children):
            yield resolved, False


def _flattened(tree: str) -> Iterator[str]:
    """Yields the paths of a `use` tree without spaces: `a::{b,c::{d,e}}` → a::b, a::c::d, a::c::e."""
    head, brace, rest = tree.partition("{")
    if not brace:
        yield tree
        return
    depth, item = 0, ""
    for letter in rest[:-1] + ",":
        if letter == "," and depth == 0:
            if item:
                yield from (head + path for path in _flattened(item))
            item = ""
        else:
            depth += (letter == "{") - (letter == "}")
            item += letter


def _resolved(parts: list[str], module: RustPath, children: Set[str]) -> RustPath | None:
    """Makes a path absolute within the crate; None if it leads out of it."""
    base = module
    if parts[0] == "crate":
        base, parts = (), parts[1:]
    elif parts[0] in ("self", "super"):
        while parts and parts[0] in ("self", "super"):
            base = base[:-1] if parts[0] == "super" else base
            parts = parts[1:]
    elif parts[0] not in children:
        return None
    return (*base, *(part for part in parts if part != "self"))


def _defining_module(
    path: RustPath, exports: Mapping[RustPath, RustPath], modules: Mapping[RustPath, Path]
) -> RustPath | None:
    """Follows re-exports from a path to the module that defines what it names."""
    for _ in range(8):
        longest = next(path[:end] for end in range(len(path), -1, -1) if path[:end] in modules)
        name = path[: len(longest) + 1]
        if len(path) == len(longest) or name not in exports or exports[name] == name:
            return longest
        path = (*exports[name], *path[len(name) :])
    return None


def circles(graph: Graph) -> list[list[str]]:
    """Finds the strongly connected components of more than one module, sorted (Tarjan)."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        order[module] = lowest[module] = len(order)
        stack.append(module)
        for other in sorted(graph.get(module, ())):
            if other not in order:
                visit(other)
            if other in stack:
                lowest[module] = min(lowest[module], lowest[other])
        if lowest[module] == order[module]:
            at = stack.index(module)
            component = stack[at:]
            del stack[at:]
            if len(component) > 1:
                found.append(sorted(component))

    for module in sorted(graph):
        if module not in order:
            visit(module)
    return sorted(found)


def room(module: str) -> str:
    """The package or the module right below `ncvc` that a module is in; `ncvc` itself is `__init__`."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def rooms(graph: Graph) -> dict[str, set[str]]:
    """Joins the modules of an import graph by room."""
    joined: dict[str, set[str]] = {}
    for module, imported in graph.items():
        joined.setdefault(room(module), set()).update(map(room, imported))
    return {name: others - {name} for name, others in joined.items()}


def _report(name: str, graph: Graph, kind: str) -> int:
    found = circles(graph)
    print(f"{name}: {len(graph)} {kind}, {len(found)} circles")
    for circle in found:
        print(f"  {_shown(circle)}")
    return len(found)


def _shown(circle: Iterable[str]) -> str:
    return " ↔ ".join(circle)


def main() -> int:
    """Prints the three graphs' circles; returns the exit status."""
    python = python_imports(ROOT / "ncvc")
    count = _report("ncvc", python, "modules") + _report("ncvc/", rooms(python), "packages")
    for crate in ("core", "python"):
        count += _report(f"rust/{crate}", rust_imports(ROOT / "rust" / crate / "src"), "files")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
