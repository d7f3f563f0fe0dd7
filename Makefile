# firstbyte: `make trace` runs the main job, `make test` passes the tests; each sets itself up.

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

picture: $(READY)
	$(BIN)/python -m firstbyte --lab $(TRACE_ARGS)

lock: $(READY)
	$(BIN)/pip install -q uv
	$(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url --python-version 3.11 --universal \
	  --group dev --output-file requirements.txt pyproject.toml

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(READY):
	@./scripts/make-venv "$(PYTHON)" "$(VENV)"
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q src
	@rm -f $(VENV)/.ready-*
	@touch $@
