# `make demo` and `make test` do everything from a bare checkout; they need Python 3.11 or newer.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test lint programs bench bench-alerts generate lock clean help

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

$(VENV)/.installed: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "error: Python 3.11, 3.12 or 3.13 is needed (make PYTHON=/path/to/python)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --editable '.[train]'
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --editable '.[train,dev,bench]'
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
	$(BIN)/python -m pytest

bench: $(VENV)/.installed-dev  ## the project side by side with what one would use instead
	$(BIN)/python -m bench

bench-alerts: $(VENV)/.installed-dev  ## the spike alerts side by side with the usual methods, simulated
	$(BIN)/python -m bench.alerts --data $(or $(FEEDBACK_DATA),../shared/data)

generate: $(VENV)/.installed  ## write the JSON Schemas, the Kibana objects and the reference tables anew
	$(BIN)/python -m schemas.export
	$(BIN)/python -m deploy.kibana
	$(BIN)/python -m pipeline.reference
	$(BIN)/python -m connectors.runtime.catalogue

lock: $(VENV)/.installed-dev  ## pin what is installed
	$(BIN)/python -m pip freeze --exclude-editable > constraints.txt

clean:  ## remove the virtual environment and caches
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache
