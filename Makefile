# Everything a fresh machine with python3 (with venv) and make needs; `make` alone lists the targets.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

help:             ## list the targets
	@grep -hE '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed 's/:.*##/  /'

$(VENV)/installed: requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@touch $@

setup: $(VENV)/installed   ## make the environment (.venv) from requirements.lock

check: setup      ## style, types, who imports whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# In their order, files of few tests that take long stand in the middle: xdist would keep them for the end.
test: setup       ## every test, on two processes
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

demo: setup       ## the whole chain on this machine: deploy, train, score three days, look
	$(BIN)/python deploy.py --env local --yes
	$(BIN)/python deploy.py run --env local --model diabetes --training
	$(BIN)/python deploy.py run --env local --model diabetes --from 2026-11-20 --to 2026-11-23
	@echo "The local Azure runs on until it has nothing to do for an hour: 'make status' looks, 'make stop' stops it"

status: setup     ## what the local Azure does
	@$(BIN)/python -m sandbox status || true

stop: setup       ## stop the local Azure; what it holds is there at the next start
	@$(BIN)/python -m sandbox stop

generate: setup   ## make what is made from code: the JSON schemas of the configuration, the references in docs/
	$(BIN)/python -m config.json_schema
	$(BIN)/python -m docs.generate

lock: setup       ## resolve requirements.lock again from pyproject.toml
	$(BIN)/uv pip compile --universal --python-version 3.11 --all-extras --generate-hashes --no-emit-index-url \
		--no-header --no-annotate --quiet pyproject.toml -o requirements.lock

.PHONY: help setup check test demo status stop generate lock
.DEFAULT_GOAL := help
