# OpenIOM: two commands on a fresh machine.  `make demo` runs it, `make test` proves it, `make help` lists the rest.
#
# Every phase leaves a stamp, so a second run redoes only what has changed since. Options:
#   PYTHON=python3.12     which Python makes the virtual environment (3.11 or newer)
#   PORT=8100             where the demo listens
#   OPENIOM_HOME=dir      where the demo keeps its database
#   ARGS="--headless --orders 500"   further options for `iom demo`, or for pytest in `make test-python`
#   BENCH=single-order    which benchmark `make bench` runs

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

# npm and npx come from the virtual environment when Node.js was installed there, else from the machine.
WITH_NODE := PATH="$(CURDIR)/$(BIN):$$PATH"
# At a terminal pip draws its bars; in CI one line a phase is enough.
QUIET := $(if $(CI),-qq,)
PIP = $(BIN)/python -m pip --disable-pip-version-check --no-input
SAY := printf '==> %s\n'

UI := $(wildcard ui/package.json)
UI_SOURCES := $(if $(UI),$(shell find ui -name node_modules -prune -o -path ui/dist -prune -o -type f -print))
CONTRACTS := $(wildcard tests/contracts/package-lock.json)
CHROMIUM = $(firstword $(foreach name,chromium chromium-browser google-chrome-stable google-chrome,$(shell command -v $(name))))

.PHONY: help install demo test lint format bench lock clean \
	install-dev ui static test-python test-ui \
	check-ruff check-format check-types check-imports check-house check-drift check-ui-types check-ui-lint

help:
	@echo 'make demo      install what is missing, start everything, print the URL and the sign-in (PORT=, OPENIOM_HOME=)'
	@echo 'make test      install what tests need and run everything'
	@echo 'make install   virtual environment, locked dependencies, UI'
	@echo 'make lint      the static gates alone: ruff, mypy, import contracts, house rules, schema drift, UI'
	@echo 'make format    let ruff rewrite what it can'
	@echo 'make bench     the speed promises, as ratios to a floor (BENCH=single-order)'
	@echo 'make lock      write the three locks anew (UPGRADE=1 takes newer releases)'
	@echo 'make clean     remove everything built or installed here; data in OPENIOM_HOME stays'

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
		echo "OpenIOM needs Python 3.11 or newer and found none as $(or $(PYTHON),python3): install one, or name it with make PYTHON=/path/to/python3.12" >&2; exit 1; \
	fi; \
	"$$chosen" -m venv $(VENV) || { echo "$$chosen cannot make virtual environments: install its venv module (Debian: apt install python3-venv)" >&2; rm -rf $(VENV); exit 1; }
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

# The UI's build needs Node 20.19, 22.12 or newer. A machine without one gets it inside the virtual environment.
$(STAMPS)/node: requirements-node.lock scripts/node_is_new_enough | $(STAMPS)/venv
	@if sh scripts/node_is_new_enough; then \
		$(SAY) "Node.js $$(node --version) of this machine"; \
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
	@cd ui && $(WITH_NODE) npm run build --silent
	@touch $@

ifneq ($(UI),)
ui: ui/dist/index.html
else
ui:
	@$(SAY) 'No ui/ here: the user interface is skipped'
endif

# --- run --------------------------------------------------------------------------------------------------------

demo: install
	@exec $(BIN)/iom demo $(if $(PORT),--port $(PORT)) $(ARGS)

bench: install
	@for name in $(BENCH); do $(SAY) "Benchmark $$name"; $(BIN)/iom bench "$$name" --json || exit 1; done

# --- prove ------------------------------------------------------------------------------------------------------

# The static gates run two at a time and all of them run, so that one look shows everything that is wrong.
test: install-dev
	@$(MAKE) --no-print-directory --keep-going --output-sync=target -j2 static
	@$(MAKE) --no-print-directory test-ui
	@$(MAKE) --no-print-directory test-python

lint: install-dev
	@$(MAKE) --no-print-directory --keep-going --output-sync=target -j2 static

static: check-types check-ruff check-format check-imports check-house check-drift check-ui-types check-ui-lint

check-types: $(STAMPS)/dev $(STAMPS)/package
	@$(SAY) 'mypy --strict'
	@$(BIN)/mypy

check-ruff: $(STAMPS)/dev
	@$(SAY) 'ruff check'
	@$(BIN)/ruff check --quiet .

check-format: $(STAMPS)/dev
	@$(SAY) 'ruff format --check'
	@$(BIN)/ruff format --quiet --check . || { echo 'make format puts it right'; exit 1; }

check-imports: $(STAMPS)/dev $(STAMPS)/package
	@$(SAY) 'import contracts'
	@$(BIN)/lint-imports --no-logo

check-house: $(STAMPS)/dev
	@$(SAY) 'house rules (scripts/lint)'
	@$(BIN)/python -m scripts.lint

check-drift: $(STAMPS)/package
ifneq ($(wildcard alembic.ini),)
	@$(SAY) 'tables as declared = tables as migrated'
	@$(BIN)/python -m scripts.drift
else
	@$(SAY) 'No alembic.ini here: the drift check is skipped'
endif

ifneq ($(UI),)
check-ui-types: ui/node_modules/.package-lock.json
	@$(SAY) 'UI types'
	@cd ui && $(WITH_NODE) npm run typecheck --silent

check-ui-lint: ui/node_modules/.package-lock.json
	@$(SAY) 'UI lint'
	@cd ui && $(WITH_NODE) npm run lint --silent

test-ui: ui/dist/index.html
	@$(SAY) 'UI unit tests, and the size of what a first visit loads'
	@cd ui && $(WITH_NODE) npm test --silent && $(WITH_NODE) npm run size --if-present --silent
else
check-ui-types check-ui-lint:

test-ui:
	@$(SAY) 'No ui/ here: its tests are skipped'
endif

# A file stays on one worker, so that a server started for a file is started once.
test-python: install-dev
	@$(SAY) 'Python tests$(if $(CHROMIUM),, without the browser: no Chromium found)'
	@$(WITH_NODE) OPENIOM_CHROMIUM='$(CHROMIUM)' $(BIN)/pytest -n 2 --dist loadfile --durations=10 $(if $(CHROMIUM),,-m 'not browser') $(ARGS)

# --- keep -------------------------------------------------------------------------------------------------------

format: $(STAMPS)/dev
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format .

# One resolution for every platform and Python. The dev lock is held to the runtime's versions.
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
