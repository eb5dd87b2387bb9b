# Everything a newcomer types; each target works on a fresh clone with Python 3.11 or later, git and make.
PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

STUDY ?= demo

.PHONY: setup demo record zoo compare notebook repro pull test lint paper-tables docs bench bench-quick gpu clean lock audit-dependencies

setup: .venv/installed

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "robust-dml needs Python 3.11 or later: make setup PYTHON=python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep -oE '^uv==[0-9.]+' requirements.lock || echo uv)"
	$(BIN)/uv pip sync --quiet --require-hashes --compile-bytecode --python $(BIN)/python requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

# A line per finished job, then the table; VERBOSE=1 shows all that Snakemake prints.
demo: setup
	@$(BIN)/robust-dml run config/demo.yaml $(if $(VERBOSE),--verbose)

# Deliberately: the numbers of a run become those of record, and the README shows them.
record: setup
	@$(BIN)/robust-dml record config/$(STUDY).yaml
	@$(BIN)/python workflow/scripts/readme.py

# The models of a finished study, with their cards, become part of the package.
zoo: setup
	@$(BIN)/robust-dml zoo config/$(STUDY).yaml

compare: setup
	@$(BIN)/robust-dml compare records/$(STUDY) results/$(STUDY)

notebook: setup
	$(BIN)/jupyter lab notebooks

# The same as snakemake on a study, recorded in dvc.lock; and what dvc.lock records, fetched and checked.
repro: setup
	$(BIN)/dvc repro report@$(STUDY)

pull: setup
	@$(BIN)/python workflow/scripts/pull.py $(STUDY)

# Two processes, whatever the machine has: a test may itself use two cores. The tests of a file stay together.
test: setup lint
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/snakefmt --check workflow
	$(BIN)/snakemake --lint

# results/$(STUDY)/paper: LaTeX tables and figures, each with the command and the revision that made it.
paper-tables: setup
	@$(BIN)/robust-dml paper-tables config/$(STUDY).yaml

docs: setup
	$(BIN)/python docs/build.py

bench: setup
	$(BIN)/python -m benchmarks

bench-quick: setup
	$(BIN)/python -m benchmarks --quick

# On a machine with a GPU, in under nine minutes and without network: docs/gpu.md. It installs nothing: without
# `make setup` it takes the Python that has torch, such as make gpu PYTHON=python3.12.
gpu:
	@PYTHONPATH=src:. $(if $(wildcard $(BIN)/python),$(BIN)/python,$(PYTHON)) -m benchmarks.gpu $(GPU)

# The lock is made for all platforms, with hashes, from pyproject.toml; environment.yml is written from it.
lock: setup
	$(BIN)/uv pip compile --quiet --python-version 3.11 --universal --generate-hashes --no-emit-index-url --no-header --all-extras pyproject.toml --output-file requirements.lock
	$(BIN)/python workflow/scripts/environment.py requirements.lock environment.yml

# Caches, logs and old states; with STUDY=name that study's results, after asking, or without with YES=1.
audit-dependencies: setup
	@$(BIN)/python workflow/scripts/audit.py requirements.lock

clean:
	@$(PYTHON) workflow/scripts/clean.py $(if $(filter file,$(origin STUDY)),,$(STUDY)) $(if $(YES),--yes)
