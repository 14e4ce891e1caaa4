# Two commands: `make demo NICHE="..."` and `make test`. Both do all the set-up on a machine with Python 3.11+, pip, venv.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
NICHE ?= Cyberpunk home decor
# Handed to the shell as it was typed: quotes, backticks and dollar signs in it are nobody's to interpret.
override NICHE := $(value NICHE)
export NICHE
BIN := .venv/bin
# Every process of ours starts several times faster from compiled modules.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo test unit test-long lint types contracts audit check tools

help:
	@echo 'make demo NICHE="Cyberpunk home decor" [ARGS="--once --json"]   a niche becomes a store that takes an order'
	@echo 'make test                                                       what the project promises, in minutes'
	@echo 'make unit                                                       rules and adapters without a server, in a minute'
	@echo 'make test-long                                                  attacks on the log, benches, kills of whole platforms'
	@echo 'make check                                                      lint, types, import contracts, schemas, audit'

# uv comes from the package index into the venv; what it installs is exactly what uv.lock says.
.venv/.synced: pyproject.toml uv.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv sync --frozen --quiet --compile-bytecode
	@touch $@

setup: .venv/.synced
	@$(BIN)/python -m infra.setup.model > /dev/null

demo: setup
	@$(BIN)/zyenta demo "$$NICHE" $(ARGS)

# Tools that only some tests need; what cannot be installed here is named at the end of the run, with the reason.
tools: setup
	@$(BIN)/python -m infra.setup.tools

test: tools
	$(BIN)/pytest -n 3 --dist worksteal -m "not long" $(ARGS)

# Rules and adapters without a server: no database, broker or browser is started.
unit: .venv/.synced
	$(BIN)/pytest -n 2 --dist worksteal tests/unit $(ARGS)

# Attacks on the log in full length, benches, kills and restarts of whole platforms.
test-long: tools
	ZYENTA_CHAOS=full $(BIN)/pytest -n 2 --dist worksteal -m long $(ARGS)

lint: .venv/.synced
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.synced
	$(BIN)/mypy .

contracts: .venv/.synced
	$(BIN)/lint-imports
	$(BIN)/zyenta schemas check

audit: .venv/.synced
	$(BIN)/uv export --frozen --quiet --no-emit-project --no-dev --format requirements-txt > .venv/requirements.txt
	$(BIN)/python -m infra.setup.audit .venv/requirements.txt

check: lint types contracts audit
