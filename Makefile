# Watchword's commands. Git, make and Python 3.11 to 3.14 are all that must be there beforehand.
#   make demo    the demo store, the API and an inbox in one process
#   make test    everything that has to pass (what .ci/run runs)
#   make check   the quick round while working
#   make plays   B1 to B18 in the browser, on desk and phone, with scripts and without
#   make races   the races of four processes on PostgreSQL, a hundred times each
#   make pictures   the hosted pages and the store in every state, to be looked at
#   make bench   Watchword beside others of its kind, measured for docs/benchmarks.md; QUICK=1 for one short round
#   make soak    ten minutes of starts and checks, for the figure of the memory on that page
#   make bench-paths   the hot paths and the entry page, without HTTP
#   make bench-capacity   what each action costs, and what a number of them a second needs, for docs/scaling.md
#   make bench-handover   how long a code waits here until a mail server has it, at 100 starts a second
#   make bench-replay   policy replay over a million recorded actions; writes 5 GB in ten minutes first
#   make bench-risk   how good the risk decision is, measured for docs/risk-quality.md; QUICK=1, or RBA=file.csv|.zip
.DEFAULT_GOAL := help
.PHONY: help setup demo test check plays races pictures bench soak bench-paths bench-capacity bench-handover bench-replay bench-risk lint types imports browser lock docs clean
.DELETE_ON_ERROR:
SHELL := /bin/sh

# The first interpreter from 3.11 to 3.14; `make setup PYTHON=/path/to/python` chooses another.
PYTHON ?= $(shell for candidate in python3 python3.11 python3.12 python3.13 python3.14 python; do \
	"$$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null && { echo "$$candidate"; break; }; done)

VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# The client is a project of its own inside this repository.
CLIENT := $(wildcard sdk/python/pyproject.toml)
PROJECTS := pyproject.toml $(CLIENT)
# Python code of this repository, as far as the folders exist.
CODE := $(wildcard src sdk/python tests tools bench)
# A worker more than there are cores, because many tests wait for a process or a page; a file stays with one, because its
# tests share what they have started.
PARALLEL := -n $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1) --dist loadfile --durations 25 --durations-min 5
PYTEST := $(BIN)/pytest $(PARALLEL)
QUICK_TESTS := $(wildcard tests/domain tests/risk tests/flow tests/house)

help:
	@sed -n 's/^#   //p' Makefile

$(VENV)/made:
	@test -n "$(PYTHON)" || { echo "Watchword needs Python 3.11 to 3.14: install one, or name it: make setup PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

# Each stamp is the proof that one lock was installed as it stands; a changed lock makes it stale.
$(VENV)/runtime: requirements.lock $(VENV)/made
	$(PIP_INSTALL) --require-hashes -r requirements.lock
	@touch $@

$(VENV)/development: requirements-dev.lock $(VENV)/runtime
	$(PIP_INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@

# Both projects in editable form; without build isolation, so that nothing unhashed is fetched.
$(VENV)/projects: $(PROJECTS) $(VENV)/runtime
	$(PIP_INSTALL) --no-build-isolation --no-deps $(if $(CLIENT),-e sdk/python) -e .
	@touch $@

setup: $(VENV)/development $(VENV)/projects

demo: $(VENV)/projects
	@exec $(BIN)/watchword demo

# Chromium for the tests in a browser. As root with apt it is installed; elsewhere those tests are skipped
# with a warning, but never under CI=true.
browser:
	@if command -v chromium chromium-browser google-chrome >/dev/null 2>&1; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
		echo "installing chromium for the tests in a browser"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null && exit 0; \
	fi; \
	if [ "$${CI:-}" = true ]; then echo "no chromium, and CI=true skips nothing" >&2; exit 1; fi; \
	echo "WARNING: no chromium found: THE TESTS IN A BROWSER ARE SKIPPED" >&2

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy $(CODE)

imports: setup
	$(BIN)/lint-imports --no-logo

test: setup browser lint types imports
	$(PYTEST) -m "not crossed and not picture"
	@echo "once more without assert statements: no guard may be one"
	PYTHONOPTIMIZE=1 $(BIN)/pytest -q -n auto --dist worksteal -p no:schemathesis -m "not browser" \
		-W "ignore:assertions not in test modules" $(QUICK_TESTS)

# The plays in all four ways a customer may sit before the store; `make test` has each in one of the two that differ most.
plays: setup browser
	$(PYTEST) tests/plays

# With and without connections that are ended under them; `make test` runs each three times. About seven minutes on 2 cores.
races: setup
	$(BIN)/pytest tests/contract/test_races_of_processes.py --race-repeats 100

# Into build/screenshots. No test judges them, so `make test` does not wait for them.
pictures: setup browser
	$(PYTEST) -m picture

# Needs a C compiler, npm, and PostgreSQL from the system or from the lock for development. One core is the service's,
# the other the database's and the load generator's, so nothing else should run meanwhile.
bench: setup
	$(BIN)/python -m bench.load $(if $(QUICK),--quick)

soak: setup
	$(BIN)/python -m bench.load --soak

bench-paths: setup
	$(BIN)/python bench/hot_paths.py
	$(BIN)/python bench/short_way.py
	$(BIN)/python bench/shown_pages.py

bench-capacity: setup
	$(BIN)/python -m bench.capacity $(if $(QUICK),--quick)

bench-handover: setup
	$(BIN)/python -m bench.handover

bench-replay: setup
	$(BIN)/python bench/replay.py

# Writes docs/risk-quality.md: about 25 minutes on 2 cores. QUICK=1 takes two and writes to build/; RBA=file measures the
# real data set, as CSV or zip, instead of made traffic.
bench-risk: setup
	$(BIN)/python -m bench.risk $(if $(QUICK),--quick) $(if $(RBA),--file "$(RBA)")
	$(if $(RBA),,$(if $(wildcard bench/risk/transactions/__main__.py),$(BIN)/python -m bench.risk.transactions $(if $(QUICK),--quick)))

check: setup lint types imports
	$(BIN)/pytest -q -n auto --dist worksteal -p no:schemathesis $(QUICK_TESTS)

# Resolves anew; `make lock UPGRADE=--upgrade` moves everything to the newest allowed version.
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock" $(UPGRADE)
# The extras of senders: tested by everybody, installed by who uses them.
SENDERS := --extra apprise --extra aws --extra dkim --extra smpp
lock: setup
	$(COMPILE) --extra demo $(SENDERS) --group build --group dev $(PROJECTS) --output-file requirements-dev.lock
	$(COMPILE) --extra demo --group build --constraint requirements-dev.lock $(PROJECTS) --output-file requirements.lock

docs: setup
	$(BIN)/python tools/generate_docs.py

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
