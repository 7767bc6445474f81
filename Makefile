# Needs Python 3.11+, make and sh; everything else is installed into .venv from the hash-locked lists.
# `make help` lists the targets.

PY := .venv/bin/python
# The first Python on this machine that is new enough.
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13 python3.14 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
UV := $(shell command -v uv 2>/dev/null)
ARGS ?=

ifdef UV
install = uv pip install --quiet --python $(PY) --no-deps --require-hashes -r $(1)
else
# pip compiles what it has installed on one core, file by file; here all cores do it.
install = $(PY) -m pip install --quiet --disable-pip-version-check --no-input --no-compile --no-deps --require-hashes -r $(1) \
	&& { $(PY) -W ignore -m compileall -qq -j 0 .venv/lib || true; }
endif

.PHONY: help
help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | awk -F'|' '{ printf "%-22s%s\n", $$1, $$2 }'

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "ftstudio needs Python 3.11 or newer on the PATH (or: make PYTHON=/path/to/python run)." >&2; exit 1; }
	$(PYTHON) -m venv .venv || { rm -rf .venv; echo "No virtual environment could be made; on Debian: apt-get install python3-venv" >&2; exit 1; }

# As pip does for what it installs; otherwise each process compiles our modules anew under PYTHONDONTWRITEBYTECODE.
compiled = $(PY) -m compileall -q ftstudio datasets_app jobs_app

.venv/run.stamp: requirements.txt | .venv/bin/python
	$(call install,requirements.txt)
	@$(compiled)
	@touch $@

.venv/test.stamp: requirements-test.txt | .venv/bin/python
	$(call install,requirements-test.txt)
	@$(compiled)
	@touch .venv/run.stamp $@

.PHONY: parquet
parquet: .venv/run.stamp ## Add what reads and writes Parquet (170 MB, so it is not there by default)
	$(call install,requirements-parquet.txt)

.PHONY: run
run: .venv/run.stamp ## Install what is missing, then start everything (http://127.0.0.1:8000; ARGS="--port 9000")
	@exec $(PY) manage.py up $(ARGS)

# What pytest and the processes it starts compile is kept: else each worker compiles every test, most of its first 20 s.
test test-services: export PYTHONDONTWRITEBYTECODE :=

.PHONY: test
test: .venv/test.stamp ## All tests on SQLite; browser tests where there is a Chromium (ARGS="-k name")
	$(PY) -m pytest -n auto --dist worksteal $(ARGS)

.PHONY: test-services
test-services: .venv/test.stamp ## The same tests on PostgreSQL and Redis: DATABASE_URL and REDIS_URL, else private ones
	@# Not again what asks for no database or brings an SQLite of its own, and of the browser only one whole road.
	$(PY) tests/services.py $(PY) -m pytest -n auto --dist worksteal -m "not once" $(ARGS)

CHECKS := check-lint check-format check-templates check-types check-layers check-migrations check-messages
.PHONY: check $(CHECKS)
check: .venv/test.stamp ## Everything that can be judged without running the product, at once
	@$(MAKE) --no-print-directory -k -j 4 --output-sync=target $(CHECKS)
check-lint: ; @.venv/bin/ruff check --quiet .
check-format: ; @.venv/bin/ruff format --check --quiet . || { echo "make format would change files"; exit 1; }
check-templates: ; @find templates -name '*.html' -print0 | xargs -0 .venv/bin/djade --check --target-version 5.2
check-types: ; @.venv/bin/mypy ftstudio datasets_app jobs_app
check-layers: ; @.venv/bin/lint-imports --no-cache
check-migrations: ; @DJANGO_SETTINGS_MODULE=tests.settings $(PY) manage.py makemigrations --check --dry-run
check-messages: ; @DJANGO_SETTINGS_MODULE=tests.settings $(PY) manage.py messages --check

.PHONY: format
format: .venv/test.stamp ## Put code and templates into the one form
	.venv/bin/ruff check --fix-only --quiet .
	.venv/bin/ruff format --quiet .
	find templates -name '*.html' -print0 | xargs -0 .venv/bin/djade --target-version 5.2

.PHONY: messages
messages: .venv/test.stamp ## Bring the catalogues of translations up to date and compile them
	$(PY) manage.py messages

.PHONY: openapi
openapi: .venv/test.stamp ## Write the API's description anew (docs/openapi.yaml)
	DJANGO_SETTINGS_MODULE=tests.settings $(PY) manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml

.PHONY: screenshots
screenshots: .venv/test.stamp ## Photograph the main pages into docs/screenshots (needs a Chromium)
	FTSTUDIO_SCREENSHOTS=docs/screenshots FTSTUDIO_BROWSER=required $(PY) -m pytest tests/browser/screenshots.py $(ARGS)

.PHONY: bench
bench: .venv/test.stamp ## Measure the promises about speed and memory
	@for script in cold_start import_rows list_pages save export_rows; do $(PY) -m benchmarks.$$script $(ARGS) || exit 1; done

COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --excludes requirements.excludes
.PHONY: lock
lock: ## Resolve requirements*.in anew (needs uv); no address of an index gets into the lists
	@test -n "$(UV)" || { echo "make lock needs uv" >&2; exit 1; }
	$(COMPILE) requirements.in -o requirements.txt
	$(COMPILE) requirements-parquet.in -o requirements-parquet.txt
	$(COMPILE) requirements-test.in -o requirements-test.txt
