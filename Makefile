# OpenIOM on a new machine: `make demo` runs it, `make test` checks it, `make help` lists all targets.
#
# Every phase leaves a stamp, so that a second run repeats only what has changed. Options:
#   PYTHON=python3.12     Python that creates the virtual environment (3.11 or newer)
#   PORT=8100             port of the demo
#   OPENIOM_HOME=dir      data folder of the demo
#   ARGS="--headless --orders 500"   further options for `iom demo`, or for pytest in `make test-python`
#   BENCH=single-order    benchmarks that `make bench` runs

.DEFAULT_GOAL := help
SHELL := /bin/sh
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/.stamps
BENCH ?= order-to-release single-order
ifdef OPENIOM_HOME
export OPENIOM_HOME
endif

# npm is that of the virtual environment if Node.js was installed there, else that of the machine.
WITH_NODE := PATH="$(CURDIR)/$(BIN):$$PATH"
# pip shows progress bars at a terminal; in CI it prints one line per phase.
QUIET := $(if $(CI),-qq,)
PIP = $(BIN)/python -m pip --disable-pip-version-check --no-input
SAY := printf '==> %s\n'

UI := $(wildcard ui/package.json)
UI_SOURCES := $(if $(UI),$(shell find ui -name node_modules -prune -o -path ui/dist -prune -o -type f -print))
CONTRACTS := $(wildcard tests/contracts/package-lock.json)
CHROMIUM = $(firstword $(foreach name,chromium chromium-browser google-chrome-stable google-chrome,$(shell command -v $(name))))

.PHONY: help install demo test lint format bench lock clean \
	install-dev ui static test-python test-ui \
	check-ruff check-format check-types check-imports check-rules check-density check-drift check-ui-types check-ui-lint

help:
	@echo 'make demo      install what is missing, start the demo, print its URL and password (PORT=, OPENIOM_HOME=)'
	@echo 'make test      install the test tools and run every check'
	@echo 'make install   virtual environment, locked dependencies, UI'
	@echo 'make lint      the static checks only: ruff, mypy, import contracts, repository rules, schema drift, UI'
	@echo 'make format    format the code and apply the fixes of ruff'
	@echo 'make bench     run benchmarks; each prints a ratio to a floor (BENCH=single-order)'
	@echo 'make lock      write the three lock files (UPGRADE=1 upgrades the dependencies)'
	@echo 'make clean     remove everything built or installed here, but not the data in OPENIOM_HOME'

# --- install ----------------------------------------------------------------------------------------------------

install: $(STAMPS)/package ui

install-dev: $(STAMPS)/dev install $(if $(CONTRACTS),tests/contracts/node_modules/.package-lock.json)

$(STAMPS)/venv:
	@$(SAY) 'Virtual environment in $(VENV)'
	@chosen=''; \
	for candidate in $(or $(PYTHON),python3 python3.13 python3.12 python3.11); do \
		if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then chosen="$$candidate"; break; fi; \
	done; \
	if [ -z "$$chosen" ]; then \
		echo "OpenIOM needs Python 3.11 or newer, but found none (tried $(or $(PYTHON),python3)): install it, or name it with make PYTHON=/path/to/python3.12" >&2; exit 1; \
	fi; \
	"$$chosen" -m venv $(VENV) || { echo "$$chosen cannot create virtual environments: install its venv module (Debian: apt install python3-venv)" >&2; rm -rf $(VENV); exit 1; }
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/runtime: requirements.lock | $(STAMPS)/venv
	@$(SAY) 'Python dependencies from requirements.lock (about half a minute the first time)'
	@$(PIP) install $(QUIET) --require-hashes -r requirements.lock
	@touch $@

$(STAMPS)/dev: requirements-dev.lock | $(STAMPS)/runtime
	@$(SAY) 'Test and lint tools from requirements-dev.lock'
	@$(PIP) install $(QUIET) --require-hashes -r requirements-dev.lock
	@touch $@

$(STAMPS)/package: pyproject.toml simulators/pyproject.toml $(STAMPS)/runtime
	@$(SAY) 'OpenIOM and its simulators, editable'
	@$(PIP) install --quiet --no-deps --no-build-isolation -e . -e ./simulators
	@touch $@

# The build of the UI needs Node 20.19, 22.12 or newer. A machine without it gets it inside the virtual environment.
$(STAMPS)/node: requirements-node.lock scripts/node_is_new_enough | $(STAMPS)/venv
	@if sh scripts/node_is_new_enough; then \
		$(SAY) "Node.js $$(node --version) is installed"; \
	else \
		$(SAY) 'Node.js from requirements-node.lock, inside $(VENV)'; \
		$(PIP) install $(QUIET) --require-hashes -r requirements-node.lock; \
	fi
	@touch $@

%/node_modules/.package-lock.json: %/package-lock.json %/package.json $(STAMPS)/node
	@$(SAY) 'npm packages of $*'
	@cd $* && $(WITH_NODE) npm ci --no-audit --no-fund $(if $(CI),--silent,)
	@touch $@

ui/dist/index.html: ui/node_modules/.package-lock.json $(UI_SOURCES)
	@$(SAY) 'User interface into ui/dist'
	@cd ui && $(WITH_NODE) npm run bundle --silent
	@touch $@

ifneq ($(UI),)
ui: ui/dist/index.html
else
ui:
	@$(SAY) 'there is no ui/: the user interface is skipped'
endif

# --- run --------------------------------------------------------------------------------------------------------

demo: install
	@exec $(BIN)/iom demo $(if $(PORT),--port $(PORT)) $(ARGS)

bench: install
	@for name in $(BENCH); do $(SAY) "Benchmark $$name"; $(BIN)/iom bench "$$name" --json || exit 1; done

# --- check ------------------------------------------------------------------------------------------------------

# The static checks run two at a time, and all of them run, so that every finding is reported at once.
test: install-dev
	@$(MAKE) --no-print-directory --keep-going --output-sync=target -j2 static
	@$(MAKE) --no-print-directory test-ui
	@$(MAKE) --no-print-directory test-python

lint: install-dev
	@$(MAKE) --no-print-directory --keep-going --output-sync=target -j2 static

static: check-types check-ruff check-format check-imports check-rules check-density check-drift check-ui-types check-ui-lint

check-types: $(STAMPS)/dev $(STAMPS)/package
	@$(SAY) 'mypy --strict'
	@$(BIN)/mypy

check-ruff: $(STAMPS)/dev
	@$(SAY) 'ruff check'
	@$(BIN)/ruff check --quiet .

check-format: $(STAMPS)/dev
	@$(SAY) 'ruff format --check'
	@$(BIN)/ruff format --quiet --check . || { echo 'run make format'; exit 1; }

check-imports: $(STAMPS)/dev $(STAMPS)/package
	@$(SAY) 'import contracts'
	@$(BIN)/lint-imports --no-logo

check-rules: $(STAMPS)/dev
	@$(SAY) 'repository rules (scripts/lint)'
	@$(BIN)/python -m scripts.lint

check-density: $(STAMPS)/dev
	@$(SAY) 'density of the source (scripts/measure)'
	@$(BIN)/python -m scripts.measure --check

check-drift: $(STAMPS)/package
ifneq ($(wildcard alembic.ini),)
	@$(SAY) 'migrations create the declared tables'
	@$(BIN)/python -m scripts.drift
else
	@$(SAY) 'there is no alembic.ini: the drift check is skipped'
endif

ifneq ($(UI),)
check-ui-types: ui/node_modules/.package-lock.json
	@$(SAY) 'UI types'
	@cd ui && $(WITH_NODE) npm run typecheck --silent

check-ui-lint: ui/node_modules/.package-lock.json
	@$(SAY) 'UI lint'
	@cd ui && $(WITH_NODE) npm run lint --silent

test-ui: ui/dist/index.html
	@$(SAY) 'UI unit tests and download size'
	@cd ui && $(WITH_NODE) npm run unit --silent && $(WITH_NODE) npm run size --silent
else
check-ui-types check-ui-lint:

test-ui:
	@$(SAY) 'there is no ui/: its tests are skipped'
endif

# All tests of a file run in one process, so that a server that the file needs is started once. The files run in the
# order of tests/conftest.py, the long ones first. Modules are compiled once, also where PYTHONDONTWRITEBYTECODE is set:
# tests start many processes.
test-python: install-dev
	@$(BIN)/python -m compileall -q src simulators scripts benchmarks
	@$(SAY) 'Python tests$(if $(CHROMIUM),, without the browser: no Chromium found)'
	@$(WITH_NODE) OPENIOM_CHROMIUM='$(CHROMIUM)' \
		$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder --durations=10 $(if $(CHROMIUM),,-m 'not browser') $(ARGS)

# --- maintain -------------------------------------------------------------------------------------------------------

format: $(STAMPS)/dev
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format .

# One resolution for every platform and Python. The lock of the tools has the versions of the runtime lock.
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	$(if $(UPGRADE),--upgrade)
lock: $(STAMPS)/venv
	@test -x $(BIN)/uv || $(PIP) install --quiet uv
	@$(SAY) 'requirements.lock' && $(COMPILE) pyproject.toml --group build -o requirements.lock
	@$(SAY) 'requirements-dev.lock' && $(COMPILE) --group dev -c requirements.lock -o requirements-dev.lock
	@$(SAY) 'requirements-node.lock' && $(COMPILE) --group node -o requirements-node.lock

clean:
	rm -rf $(VENV) ui/node_modules ui/dist tests/contracts/node_modules test-results
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find src tests scripts benchmarks migrations -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
