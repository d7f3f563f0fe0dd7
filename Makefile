# firstbyte: each target sets itself up (Python 3.11 or later); the second time it starts at once.
#
#   make trace       a trace inside the private internet     TRACE_ARGS='--ladder'
#   make test        the tests                               PYTEST_ARGS='tests/net -k tls'
#   make check       lint, types and tests: what must pass before a change lands (.ci/run: with peers)
#   make lint        style and format;  make format mends them;  make types  the types
#   make fuzz        each decoder against mutated input      FUZZ_ARGS='--seconds 60 tls.'
#   make bench       each benchmark, briefly; what it needs and lacks, it says
#   make reference   writes the generated pages of docs/reference;  make picture  the pictures
#   make lock        pins the dependencies anew in requirements.txt
#   make clean       removes all that these made
#
# `make test PYTHON=python3.13 VENV=.venv313` uses another Python beside the usual one.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready-$(shell cat requirements.txt pyproject.toml 2>/dev/null | cksum | cut -d' ' -f1)

.PHONY: trace test lint format types check fuzz bench reference picture lock clean

trace: $(READY)
	$(BIN)/python -m firstbyte --lab $(TRACE_ARGS)

test: $(READY)
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

format: $(READY)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

types: $(READY)
	$(BIN)/mypy

check: lint types test

reference: $(READY)
	$(BIN)/python -m firstbyte.cli.shell.reference > docs/reference/cli.md
	$(BIN)/python scripts/write-reference

picture: $(READY)
	$(BIN)/python -m firstbyte.lab.picture docs/images

lock: $(READY)
	$(BIN)/pip install -q uv
	$(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url --python-version 3.11 --universal \
	  --group dev --output-file requirements.txt pyproject.toml

bench: $(READY)
	$(BIN)/python bench/all.py

fuzz: $(READY)
	PYTHONPATH=.:tests $(BIN)/python -m fuzz $(FUZZ_ARGS)

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(READY):
	@./scripts/set-up "$(PYTHON)" "$(VENV)" "$@"
