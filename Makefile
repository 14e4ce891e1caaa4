# Two commands: `make demo NICHE="..."` and `make test`. Both do all the set-up on a machine with Python 3.11+, pip, venv.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
NICHE ?= Cyberpunk home decor
# Passed to the shell as it was typed: make interprets no quote, backtick or dollar sign in it.
override NICHE := $(value NICHE)
export NICHE
BIN := .venv/bin
# The subjects of later commits have the form that CONTRIBUTING.md asks for.
LANGUAGE_SINCE := ff3fcd1d
# Every process of ours starts several times faster from compiled modules.
unexport PYTHONDONTWRITEBYTECODE
# Without a home that can be written, caches are in the venv, where infra/program_cache.py looks for them.
ifeq ($(XDG_CACHE_HOME)$(shell test -w "$$HOME/.cache" || { test ! -e "$$HOME/.cache" && test -d "$$HOME" -a -w "$$HOME"; } || echo none),none)
export XDG_CACHE_HOME := $(CURDIR)/.venv/cache
endif

.PHONY: help setup demo test unit test-long coverage lighthouse screenshots tools lint types contracts audit check

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name what; do printf '  make %-10s %s\n' "$$name" "$$what"; done

# uv comes from the package index into the venv; what it installs is exactly what uv.lock says.
.venv/.synced: pyproject.toml uv.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv sync --frozen --quiet --compile-bytecode
	@touch $@

setup: .venv/.synced ## install everything that the platform needs into .venv
	@$(BIN)/python -m infra.setup.model > /dev/null

demo: setup ## turn a niche into a store that takes an order: make demo NICHE="..." [ARGS="--once --json"]
	@$(BIN)/zyenta demo "$$NICHE" $(ARGS)

# Tools that only some tests need; what cannot be installed here is named at the end of the run, with the reason.
tools: setup ## install what only tests need: Kafka, chromium, kcat, an S3 server, stripe-mock, Lighthouse, TypeScript, emulate
	@$(BIN)/python -m infra.setup.tools

# Sets of texts have the same order in every run: no test passes or fails by it once in a while.
test unit coverage test-long: export PYTHONHASHSEED := 0

test: tools ## run what the project promises, with real servers, in minutes
	$(BIN)/pytest -n 5 --dist worksteal -m "not long" $(ARGS)

unit: .venv/.synced ## run rules and adapters without a server, in under two minutes
	$(BIN)/pytest -n 2 --dist worksteal -m "not long" tests/unit $(ARGS)

# Branches of the tests' own processes; services that tests start as processes are not counted. Takes half as long again as test.
coverage: tools ## run the tests and list the modules with the most branches that no test takes
	$(BIN)/pytest -n 5 --dist worksteal -m "not long" --cov --cov-report= $(ARGS)
	@$(BIN)/coverage report --sort=cover > .venv/coverage.txt
	@head -n 30 .venv/coverage.txt
	@echo "Branch coverage in percent: $$($(BIN)/coverage report --format=total)"

screenshots: tools ## photograph the storefront in every mood, or OF=dashboard in every state, to OUT=DIRECTORY; ARGS="--help" lists what can be chosen
	$(BIN)/python -c "import runpy, tests; tests.__path__[:] = ['tests']; runpy.run_module('tests.support.screenshots.$(or $(OF),storefront)', run_name='__main__', alter_sys=True)" $(or $(OUT),/tmp/zyenta-screenshots) $(ARGS)

test-long: tools ## attack the log in full length, run the benches, kill whole platforms, try every example
	ZYENTA_EXAMPLES=full ZYENTA_CHAOS=full $(BIN)/pytest -n 3 --dist worksteal -m "long or hypothesis" $(ARGS)

lighthouse: tools ## measure the storefront's pages with Lighthouse; times depend on the machine
	$(BIN)/pytest -q -s -m long tests/integration/storefront/test_lighthouse.py

lint: .venv/.synced ## check style, format, spelling and language
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/typos
	$(BIN)/python -m infra.setup.language $(LANGUAGE_SINCE)

types: .venv/.synced ## check types
	$(BIN)/mypy .

contracts: .venv/.synced ## check which package imports which, and that schemas stay compatible
	$(BIN)/lint-imports
	$(BIN)/zyenta schemas check

audit: .venv/.synced ## ask for known vulnerabilities of every locked dependency
	$(BIN)/uv export --frozen --quiet --no-emit-project --no-dev --format requirements-txt > .venv/requirements.txt
	$(BIN)/python -m infra.setup.audit .venv/requirements.txt

check: lint types contracts audit ## run lint, types, contracts and audit
