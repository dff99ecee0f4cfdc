# `make demo` and `make test` do everything from a bare checkout; they need Python 3.11 or newer.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
# Three workers keep two cores busy, since much of what a test does is waiting for an engine.
WORKERS ?= 3
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder
BASE ?= main

.PHONY: demo test test-fast test-changed coverage lint programs bench bench-alerts generate pictures lock clean help

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

$(VENV)/.installed: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "error: Python 3.11, 3.12 or 3.13 is needed (make PYTHON=/path/to/python)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --editable '.[train,transcripts]'
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --editable '.[train,transcripts,dev,bench]'
	@touch $@

demo: $(VENV)/.installed  ## from nothing to searchable feedback, on real Kafka and Elasticsearch
	$(BIN)/feedback demo

lint: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

programs:  ## install Chromium and Dovecot, which some tests need, where apt-get can be used
	@$(PYTHON) -m tests.support.programs

test: lint programs  ## lint, types and every test
	$(PYTEST)

test-fast: $(VENV)/.installed-dev  ## the tests that need no Kafka and no Elasticsearch
	$(PYTEST) -m 'not engine'

test-changed: $(VENV)/.installed-dev  ## the tests that can notice what changed since the branch left $(BASE)
	@tests=$$($(BIN)/python -m tests.support.changed $(BASE)) && \
	{ test -z "$$tests" && echo "nothing has changed" || $(PYTEST) $$tests; }

coverage: $(VENV)/.installed-dev programs  ## every test, and the lines that none of them runs
	$(PYTEST) --cov --cov-report=term:skip-covered --cov-report=html

bench: $(VENV)/.installed-dev  ## the project side by side with what one would use instead
	$(BIN)/python -m bench

bench-alerts: $(VENV)/.installed-dev  ## the spike alerts side by side with the usual methods; FEEDBACK_DATA=folder adds real days
	$(BIN)/python -m bench.alerts $(if $(FEEDBACK_DATA),--data $(FEEDBACK_DATA))

generate: $(VENV)/.installed  ## rewrite the JSON Schemas, the Kibana objects and the generated docs
	$(BIN)/python -m schemas.export
	$(BIN)/python -m deploy.kibana
	$(BIN)/python -m pipeline.reference
	$(BIN)/python -m connectors.runtime.catalogue
	$(BIN)/python -m tests.support.walk_picture

pictures: $(VENV)/.installed-dev programs  ## draw the README's pictures from the demo's comments
	$(BIN)/python -m tests.support.pictures

lock: $(VENV)/.installed-dev  ## pin what is installed
	$(BIN)/python -m pip freeze --exclude-editable > constraints.txt

clean:  ## remove the virtual environment and caches
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage htmlcov
