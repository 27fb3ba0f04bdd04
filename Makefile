# Every target works in a fresh clone: it first makes .venv from the lock.
SHELL := /bin/sh
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/python -m uv
export PYTHONDONTWRITEBYTECODE ?=

.PHONY: help demo test lint format schema bench spark lock clean

help: ## what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1	\2/' | expand -t 20

demo: $(VENV)/.base ## the product with real data, on this machine, in the foreground
	@exec $(BIN)/python -m core.demo --tied

test: $(VENV)/.dev ## everything, on embedded services, in parallel
	$(BIN)/python -m pytest -n $(or $(WORKERS),2) $(ARGS)

lint: export BIFOCAL_ENV = test
lint: $(VENV)/.dev ## style, types, layers, migrations, schemas
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/python manage.py check
	@# Without a database: what this machine's has been through is no matter here.
	$(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py export_schemas --check

format: $(VENV)/.dev ## put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

schema: $(VENV)/.dev ## write openapi.yaml and schema.graphql
	BIFOCAL_ENV=development $(BIN)/python manage.py export_schemas

bench: $(VENV)/.dev ## measure against a bare WSGI application
	$(BIN)/python -m benchmarks $(ARGS)

spark: $(VENV)/.spark ## what ANALYTICS_ENGINE=spark needs, beside Java 17 (some 500 MB)

lock: $(VENV)/.dev ## compile requirements/*.in anew
	@for name in base dev spark uv; do \
		$(UV) pip compile requirements/$$name.in -o requirements/$$name.txt --quiet --universal --python-version 3.11 \
			--system-certs --generate-hashes --no-emit-index-url --no-annotate --no-header || exit 1; done

clean: ## forget the environment, the embedded services' data and caches
	@if [ -x $(BIN)/python ] && [ -d .bifocal ]; then $(BIN)/python -m core.embedded clean; fi
	rm -rf $(VENV) staticfiles .mypy_cache .ruff_cache .hypothesis .pytest_cache .import_linter_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Bifocal needs Python 3.11 or later: make ... PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || $(PYTHON) -m venv --clear --without-pip $(VENV)

# uv lives in the project's own environment; the user's is never touched.
$(VENV)/.uv: requirements/uv.txt | $(BIN)/python
	@PIP="$(BIN)/python -m pip"; \
	$$PIP --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip --default-pip >/dev/null 2>&1 || \
		PIP="$(PYTHON) -m pip --python $(BIN)/python"; \
	$$PIP install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/uv.txt
	@touch $@

$(VENV)/.base: requirements/base.txt $(VENV)/.uv
	@echo "Installing the locked packages into $(VENV) ..."
	@$(UV) pip install --quiet --system-certs --require-hashes -r requirements/base.txt --python $(BIN)/python
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.base
	@echo "Installing the developer's tools ..."
	@$(UV) pip install --quiet --system-certs --require-hashes -r requirements/dev.txt --python $(BIN)/python
	@touch $@

$(VENV)/.spark: requirements/spark.txt $(VENV)/.base
	@echo "Installing Apache Spark's driver ..."
	@$(UV) pip install --quiet --system-certs --require-hashes -r requirements/spark.txt --python $(BIN)/python
	@touch $@
