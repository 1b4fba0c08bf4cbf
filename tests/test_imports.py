"""Who may import whom: rooms (what lies right below `ncvc/`) and the rooms that each may use, imports in functions too."""

import ast
import runpy

import pytest

from tests.conftest import ROOT

TOOL = runpy.run_path(str(ROOT / "tools" / "imports.py"))
GRAPH = TOOL["python_imports"](ROOT / "ncvc")

EVERYBODY = {"errors", "printable", "special_tokens", "units", "utf8"}
"""Rooms that every other one may use; `ncvc` itself (`__init__`) is used for its version and the engine's classes."""
MAY_USE = {
    "__init__": {"auto_tokenizer", "dictionary", "indexed"},
    "__main__": {"cli"},
    "config": {"yaml12"},
    "config_template": {"config", "field_docs"},
    "field_docs": set(),
    "api_key": set(),
    "arrays": set(),
    "files": set(),
    "identity": set(),
    "indexed": set(),
    "machine": set(),
    "openai_client": set(),
    "packages": set(),
    "progress": set(),
    "recipe": {"config", "files", "html", "manifest", "outputs", "progress", "yaml12"},
    "record_log": {"files", "progress"},
    "resumable": {"files", "identity", "outputs"},
    "smoothing": set(),
    "yaml12": set(),
    "stdin_lines": set(),
    "shown_cleaning": {"html", "stdin_lines"},
    "manifest": {"files"},
    "outputs": {"files", "manifest"},
    "auto_tokenizer": {"manifest"},
    "html": set(),
    "data": {"documents", "files", "manifest", "outputs"},
    "documents": {"files", "progress"},
    "executors": {"progress"},
    "dictionary": {"documents", "files", "manifest", "outputs"},
    "tokenizer": {"documents", "files", "manifest", "outputs", "progress"},
    "corpus": {
        *("config", "documents", "executors", "files", "html", "identity", "indexed", "machine", "manifest", "outputs"),
        "progress",
    },
    "torch_compiler": set(),
    "model": {"config", "packages", "torch_compiler"},
    "checkpoint": {"config", "files", "manifest", "model", "outputs"},
    "hf": {"files", "manifest", "torch_compiler"},
    "engines": {"hf", "manifest"},
    "convert": {
        *("api_key", "arrays", "checkpoint", "files", "hf", "machine", "manifest", "model", "openai_client", "outputs"),
        "progress",
    },
    "train": {
        *(
            "checkpoint",
            "config",
            "convert",
            "files",
            "html",
            "identity",
            "indexed",
            "machine",
            "manifest",
            "model",
            "outputs",
        ),
        *("progress", "smoothing", "yaml12"),
    },
    "evaluate": {
        *("api_key", "convert", "data", "engines", "files", "hf", "html", "manifest", "openai_client", "outputs"),
        *("progress", "record_log", "resumable"),
    },
}
COMMANDS = {
    "bundle": {"files", "manifest", "outputs", "progress"},
    "tune": {
        *(
            "config",
            "convert",
            "data",
            "files",
            "hf",
            "identity",
            "machine",
            "manifest",
            "model",
            "outputs",
            "progress",
        ),
        *("smoothing", "tokenizer", "train", "yaml12"),
    },
    "demo": {"checkpoint", "config", "dictionary", "files", "manifest", "outputs", "progress", "recipe"},
    "doctor": {"machine", "packages"},
    "quality": {
        *("arrays", "data", "documents", "evaluate", "files", "hf", "html", "manifest", "outputs", "progress"),
        *("record_log", "resumable"),
    },
    "inspect": {
        *("arrays", "checkpoint", "convert", "data", "dictionary", "documents", "evaluate", "files", "hf", "html"),
        *("indexed", "manifest", "model", "outputs", "progress", "smoothing", "train"),
    },
    "serve": {"engines", "hf", "progress"},
    "synthesize": {
        *(
            "api_key",
            "config",
            "corpus",
            "documents",
            "engines",
            "files",
            "hf",
            "html",
            "manifest",
            "outputs",
            "progress",
            "record_log",
        )
    },
}
"""Rooms of one command: nothing but `cli` uses them."""
HEAVY = {"torch", "transformers", "megatron", "safetensors", "tokenizers"}
MAY_BE_HEAVY = {"auto_tokenizer", "model", "checkpoint", "hf", "engines", "convert", "train", "tune", "inspect"}


def test_rooms_use_only_the_rooms_that_they_may():
    rooms = TOOL["rooms"](GRAPH)
    allowed = MAY_USE | COMMANDS
    assert rooms.keys() - allowed.keys() - EVERYBODY == {"cli"}, "a new room needs a line in the table"
    for room, used in rooms.items():
        if room != "cli":
            assert used <= allowed.get(room, set()) | EVERYBODY | {"__init__"}, room


@pytest.mark.parametrize("graph", [GRAPH, TOOL["rooms"](GRAPH)], ids=["modules", "rooms"])
def test_the_package_has_no_circle(graph):
    assert TOOL["circles"](graph) == []


@pytest.mark.parametrize("crate", ["core", "python"])
def test_the_crates_have_no_circle(crate):
    assert TOOL["circles"](TOOL["rust_imports"](ROOT / "rust" / crate / "src")) == []


def test_a_circle_is_found():
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": set(), "e": {"d"}}
    assert TOOL["circles"](graph) == [["a", "b", "c"]]


def test_paths_of_rust_are_followed_to_the_file_that_defines_them(tmp_path):
    files = {
        "lib.rs": "pub mod a;\nmod b;\npub use b::Thing;\n",
        "a/mod.rs": "pub mod deep;\npub use deep::{one, Two as Second};\n",
        "a/deep.rs": "use crate::Thing;\npub fn one() {}\npub struct Two;\n#[cfg(test)]\nmod tests {\n    use super::*;\n}\n",
        "b.rs": "use super::a::{self, one};\n// use crate::a::deep::Two;\npub struct Thing;\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    graph = TOOL["rust_imports"](tmp_path)
    assert graph["b.rs"] == {"a/mod.rs", "a/deep.rs"}
    assert graph["a/deep.rs"] == {"b.rs"}
    assert graph["a/mod.rs"] == {"a/deep.rs"}
    assert TOOL["circles"](graph) == [["a/deep.rs", "a/mod.rs", "b.rs"]]


def imported_at_once(path):
    """Names of the packages that importing a module imports: not what its functions import when they are called."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    pending = list(tree.body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            pending += ast.iter_child_nodes(node)


@pytest.mark.parametrize("module", GRAPH)
def test_torch_is_imported_only_where_models_are(module):
    if TOOL["room"](module) not in MAY_BE_HEAVY:
        path = TOOL["python_modules"](ROOT / "ncvc")[module]
        assert HEAVY.isdisjoint(imported_at_once(path))
