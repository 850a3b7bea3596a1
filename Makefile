# Footfall. `make up` is all that a newcomer needs.
PYTHON ?= python3
BIN := .venv/bin
# Installs in half the time of pip, where it is there and can reach the registry.
UV = test -x $(BIN)/uv && $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r
ON_POSTGRES := tests/accounts tests/api/test_api.py tests/api/test_saved.py tests/saved tests/services/test_backup_parts.py --ignore=tests/accounts/test_permissions.py -m "not browser"
export DJANGO_SETTINGS_MODULE := analytics.settings

.PHONY: up static test lint bench chaos screenshots format lock help

up: .venv/.installed static ## install what is needed and run everything
	@exec $(BIN)/python manage.py up

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

.venv/.installed: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Footfall needs Python 3.11 or newer; set PYTHON=/path/to/it."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { echo "Python's venv module is missing (Debian: apt-get install python3-venv)."; exit 1; }
	@echo "Installing the locked dependencies (once, about a minute) ..."
	@$(UV) requirements.lock || $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

.venv/.installed-dev: requirements-dev.lock .venv/.installed
	@$(UV) requirements-dev.lock || $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements-dev.lock
	@touch $@

static: .venv/.installed ## build the tracker and the pages' files
	@$(BIN)/python -m analytics.services.static_build

test: .venv/.installed-dev static ## every test, on real ClickHouse, Valkey, Chromium
	@$(BIN)/python -m tests.prerequisites
	@# On Postgres, where people, teams and keys are concerned, meanwhile: the other tests wait for clocks and browsers at times.
	@said=$$(mktemp); $(BIN)/python -m tests.postgres $(ON_POSTGRES) -n 1 > $$said 2>&1 & second=$$!; \
	$(BIN)/python -m pytest; first=$$?; \
	echo "Once more on Postgres:"; wait $$second; second=$$?; tail -n 40 $$said; \
	test $$first -eq 0 -a $$second -eq 0

lint: .venv/.installed-dev
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy
	@$(BIN)/python -m tests.docker_lint
	@$(BIN)/python -m tests.secret_scan
	@$(BIN)/python -m tests.dependency_audit

bench: .venv/.installed-dev static ## what the write and the read path cost here; BENCH=full for ten million events
	@$(BIN)/python -m tests.bench

chaos: .venv/.installed-dev static ## kill, starve and fill up everything under load; CHAOS=full for the long one
	@CHAOS=$${CHAOS:-short} $(BIN)/python -m pytest tests/chaos -n 0 -rs

screenshots: .venv/.installed-dev static ## pictures of every page in build/screenshots, and what is wrong on them
	@$(BIN)/python -m tests.prerequisites
	@$(BIN)/python -m tests.screenshots

format: .venv/.installed-dev
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

lock: .venv/.installed-dev ## renew the lock files
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header --extra dev pyproject.toml -o requirements-dev.lock
