# What a person runs, from a fresh clone. Needs git, make, a C compiler, Rust and Python 3.12.
.DEFAULT_GOAL := help
.PHONY: help setup demo test test-all lint imports fmt bench faults fuzz wheel gpu-kit lock docs licences audit

# Absolute, because maturin and PyO3 look for the environment from other folders.
export VIRTUAL_ENV := $(CURDIR)/.venv
# Where Python keeps no bytecode, every process compiles torch and transformers again: twice the time of each start.
unexport PYTHONDONTWRITEBYTECODE
PART ?= preprocess
SECONDS ?= 60
PEERS ?= here
export PYO3_PYTHON := $(VIRTUAL_ENV)/bin/python
BIN := $(VIRTUAL_ENV)/bin

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/installed ## Install everything into .venv and build the Rust engine; again: only what changed
	@command -v cargo >/dev/null || { echo "make: Rust was not found: install Rust 1.88 or newer, with cargo" >&2; exit 1; }
	@command -v cc >/dev/null || { echo "make: no C compiler was found: install gcc or clang" >&2; exit 1; }
	@$(BIN)/maturin develop --release --uv

demo: setup ## The whole way on a CPU, from generated text to an answer; everything lands in demo/
	@$(BIN)/ncvc demo demo

test: setup ## Run every test but the slow ones
	cargo test --release --locked -p ncvc-core
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --durations 30

test-all: export NCVC_SLOW := 1
test-all: test ## Run every test, the slow ones too: whole corpora, every place to fail

lint: setup ## Check format, lints, types, and the type stubs against the binary
	@cargo fmt --version >/dev/null 2>&1 || { echo "make: rustfmt is missing: rustup component add rustfmt" >&2; exit 1; }
	@cargo clippy --version >/dev/null 2>&1 || { echo "make: clippy is missing: rustup component add clippy" >&2; exit 1; }
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo clippy --manifest-path fuzz/Cargo.toml --target-dir target/fuzz --bins --locked --no-default-features -- -D warnings
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest ncvc._native

imports: .venv/installed ## Show circles of imports, in Python and in Rust
	$(BIN)/python tools/imports.py

fmt: .venv/installed ## Format all code
	cargo fmt --all
	$(BIN)/ruff check --fix --exit-zero
	$(BIN)/ruff format

bench: setup ## Measure speed on this machine; PEERS=all installs those that are not here
	$(BIN)/python tools/bench --peers $(PEERS)

faults: setup ## Kill or fail a small run at every system call: make faults PART=preprocess
	$(BIN)/python tools/faults $(PART)

fuzz: ## Feed every parser made-up input, each for so long: make fuzz SECONDS=60; needs cargo-fuzz, nightly Rust
	@fuzz/run $(SECONDS)

wheel: .venv/installed ## Build one abi3 wheel into dist/, for machines without Rust
	$(BIN)/maturin build --release --locked --out dist

docs: .venv/installed ## Build the documentation, with its reference, into site/index.html, which opens without a server
	$(BIN)/python -m sphinx -q -W --keep-going -b html docs site

licences: .venv/installed ## List the licences of linked crates and of Python packages again
	$(BIN)/python tools/licences.py

# Both ask databases of known faults: RustSec's repository, and the Python Packaging Advisory Database by its index.
audit: .venv/installed ## Look for known faults in what is locked; needs a network, and cargo-audit
	@command -v cargo-audit >/dev/null || { echo "make: cargo-audit is missing: cargo install cargo-audit --locked" >&2; exit 1; }
	cargo audit
	$(BIN)/uv tool run pip-audit --require-hashes --disable-pip -r requirements/dev.txt

gpu-kit: setup ## What a GPU's machine without a network needs to measure itself, in gpu-kit/
	@rm -rf gpu-kit
	@$(BIN)/python tools/gpu/collect.py gpu-kit

lock: .venv/installed ## Choose the newest dependencies again and lock them with hashes
	$(BIN)/uv pip compile $(COMPILE) --upgrade --extra dev -c requirements/torch.in pyproject.toml -o requirements/dev.txt
	$(BIN)/uv pip compile $(COMPILE) -c requirements/dev.txt pyproject.toml -o requirements/base.txt
	echo liger-kernel | $(BIN)/uv pip compile $(COMPILE) --no-deps -c requirements/dev.txt - -o requirements/gpu.txt
	echo uv | $(BIN)/uv pip compile $(COMPILE) -c requirements/dev.txt - -o requirements/uv.txt
COMPILE := --quiet --python-version 3.12 --generate-hashes --no-emit-index-url --no-header

.venv/installed: .venv/bin/python requirements/uv.txt requirements/dev.txt
	@$< -m pip install --quiet --require-hashes -r requirements/uv.txt
	@$(BIN)/uv pip install --require-hashes -r requirements/dev.txt
	@touch $@

# The plain python3 may be another one, and pyenv's shims answer for versions that are not installed: ask each.
.venv/bin/python:
	@for python in python3.12 python3 "$$(pyenv prefix "$$(cat .python-version)" 2>/dev/null)/bin/python"; do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 12))' >/dev/null 2>&1; then \
	    "$$python" -m venv .venv || { rm -rf .venv; exit 1; }; exit 0; \
	  fi; \
	done; \
	echo "make: Python 3.12 was not found: install it so that python3.12 runs (with pyenv: pyenv install 3.12)" >&2; exit 1
