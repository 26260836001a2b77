# Everything a newcomer needs: `make demo` to try the bot, `make test` to check it.
# Needs Python >= 3.11 (with venv), make and git; the rest is installed into .venv from uv.lock.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
UV := $(VENV)/bin/uv

# `make soak`: so many minutes, from this seed (none: a new one, which is printed).
MINUTES ?= 30
SEED ?=

.PHONY: demo run test check bench screenshots soak setup lint types update audit clean

demo: setup ## the whole bot in a browser, without keys; ARGS="--fresh --port 9000" starts over, elsewhere
	$(PY) main.py --demo $(ARGS)

run: setup ## the bot, with the settings in .env
	$(PY) main.py

check: setup ## are settings, data file, token and model in order?
	$(PY) main.py --check

test: lint types ## lint, types and the tests
	$(PY) -m pytest -n 4 --dist worksteal
	@$(PY) -m tests.browser || true

lint: setup
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

types: setup
	$(VENV)/bin/mypy

bench: setup ## figures against a 40-line floor bot
	$(PY) -m tests.bench

soak: setup ## kills, faults, random examples and load in rounds, for MINUTES from SEED
	$(PY) -m tests.soak --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

screenshots: setup ## README's pictures of the playground, taken anew (needs chromium)
	@$(PY) -m tests.browser
	SCREENSHOTS=docs/screenshots $(PY) -m pytest tests/browser/test_screenshots.py

setup: $(VENV)/installed

# --inexact: uv itself lives in the same .venv and is not in the lock file.
$(VENV)/installed: pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ": make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else None'
	test -x $(PY) || $(PYTHON) -m venv $(VENV)
	test -x $(UV) || $(VENV)/bin/pip install --quiet --disable-pip-version-check 'uv>=0.13'
	UV_PROJECT_ENVIRONMENT=$(VENV) $(UV) sync --locked --inexact --quiet
	@touch $@

update: setup ## newer versions of everything, then all the checks and rough figures; says what changed
	UV_PROJECT_ENVIRONMENT=$(VENV) $(UV) lock --upgrade >$(VENV)/updated 2>&1 || { cat $(VENV)/updated; exit 1; }
	$(MAKE) test
	$(PY) -m tests.bench --quick
	@echo 'All checks passed with these versions; commit uv.lock, or "git checkout uv.lock" to go back:'
	@cat $(VENV)/updated

audit: setup ## known vulnerabilities in what uv.lock names (asks osv.dev, so it needs the internet)
	UV_PROJECT_ENVIRONMENT=$(VENV) $(UV) audit --locked

clean:
	rm -rf $(VENV)
