# `make run` starts the service, `make test` runs every check and test; both need only Python >= 3.11 and make.

VENV := .venv
BIN := $(VENV)/bin
UV := uv==0.13.9

# PYTHON=/path/to/python chooses the interpreter; else the first suitable one of these.
CANDIDATES = $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11 python)
SUITABLE := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))

# The installed set is known by what it was made from, so a second run installs nothing.
MADE_FROM := $(shell cat requirements.lock requirements-dev.lock pyproject.toml | cksum | tr ' ' '-')
FOR_RUN := $(VENV)/for-run-$(MADE_FROM)
FOR_TEST := $(VENV)/for-test-$(MADE_FROM)

# The core's own tests. Their worked examples alone must reach every line and branch of it; counting that for the others
# too would double what they take, and prove less: a page that passes by a line says nothing about it.
CORE := $(wildcard $(patsubst %,tests/test_%.py, \
  action_fields advice closures core_* course_file* dates day_facts events regimen_faults regimen_file))
PYTEST := $(BIN)/python -m pytest -n logical --dist worksteal

CHECKS := "ruff format --check ." "ruff check ." "mypy" "lint-imports --no-logo"

.PHONY: help run test nightly check format bench screenshots lock
.DEFAULT_GOAL := help

help: ## say what each target does
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

run: $(FOR_RUN) ## start the service with its demo clinic; Ctrl-C stops it
	@$(BIN)/infusions migrate
	@exec $(BIN)/infusions serve --demo

test: check ## run all checks and tests
	$(PYTEST) --cov --cov-report= $(CORE)
	$(BIN)/python -m coverage report --fail-under=100
	$(PYTEST) $(addprefix --ignore=,$(CORE))

nightly: $(FOR_TEST) ## run what CI leaves out: the same tests with more rows, kills and lives
	$(PYTEST) -m slow --override-ini faulthandler_timeout=7200

check: $(FOR_TEST) ## check format, lint, types and import contracts
	@failed=0; \
	for step in $(CHECKS); do \
	  echo "== $$step"; \
	  $(BIN)/$$step || failed=$$((failed + 1)); \
	done; \
	if [ $$failed -gt 0 ]; then echo "check: $$failed of the steps above failed" >&2; exit 1; fi

format: $(FOR_TEST) ## put the code in shape, and mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(FOR_TEST) ## run the benchmarks; one JSON object a line
	@$(BIN)/python -m benchmarks

screenshots: $(FOR_TEST) ## take a picture of every page
	@$(BIN)/python -m tests.screenshots

# UPGRADE=--upgrade takes the newest releases; without it only what pyproject.toml asks for moves.
lock: ## make the lock files again from pyproject.toml
	@$(MAKE) --no-print-directory VENV=.venv-lock .venv-lock/bin/python
	.venv-lock/bin/python -m pip install --quiet --disable-pip-version-check '$(UV)'
	$(call LOCK,requirements.lock,--group build)
	$(call LOCK,requirements-dev.lock,--group build --group test --constraint requirements.lock)

define LOCK
.venv-lock/bin/uv pip compile pyproject.toml $(2) $(UPGRADE) --output-file $(1) --quiet \
  --universal --python-version 3.11 --generate-hashes --no-build \
  --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'
endef

define INSTALL
@echo "Installing $(1) into $(VENV) ..."
@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null
@$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes --requirement $(1)
@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation --editable .
endef

$(FOR_RUN): $(BIN)/python
	$(call INSTALL,requirements.lock)
	@touch $@

$(FOR_TEST): $(BIN)/python
	$(call INSTALL,requirements-dev.lock)
	@touch $(FOR_RUN) $@

$(BIN)/python:
	@for python in $(CANDIDATES); do \
	  if "$$python" -c '$(SUITABLE)' >/dev/null 2>&1; then exec "$$python" -m venv --clear $(VENV); fi; \
	done; \
	echo "No Python 3.11 or newer that can make a venv among: $(CANDIDATES)." \
	  "Install one (on Debian: apt-get install python3-venv), or name it: make PYTHON=/path/to/python3" >&2; \
	exit 1
