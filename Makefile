# Everything here builds what it needs first; `make help` says what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help install demo run test soak check bench handbook lock clean

help: ## this list
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/.run ## build .venv with what the bot needs

demo: $(VENV)/.run ## try a group in the terminal
	@$(BIN)/bot demo

run: $(VENV)/.run ## run the bot, as .env says
	@$(BIN)/bot run

test: $(VENV)/.dev ## all tests, two files at a time
	$(BIN)/python -m pytest -n 2 --dist loadfile

soak: $(VENV)/.dev ## the tests that never tire: 1,000 kills a database, a million hostile inputs
	SOAK=1 $(BIN)/python -m pytest -m soak

check: $(VENV)/.dev ## ruff, mypy, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.dev ## measure speed and memory, some ten minutes
	$(BIN)/python -m benchmarks

handbook: $(VENV)/.run ## write the tables of docs/handbook.zh.md anew
	@$(BIN)/bot handbook

lock: ## write the lock files anew (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-emit-find-links --no-header --no-annotate --quiet pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-emit-find-links --no-header --no-annotate --quiet pyproject.toml --group dev \
		-c requirements.lock -o requirements-dev.lock

clean: ## remove .venv and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.lock pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@
