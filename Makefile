# Everything a newcomer needs: `make demo` to try the bot, `make test` to check it.
# Needs Python >= 3.11 (with venv), make and git; the rest is installed into .venv from uv.lock.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
UV := $(VENV)/bin/uv

.PHONY: demo run test check bench setup lint types update clean

demo: setup ## the whole bot in a browser, without keys
	$(PY) main.py --demo

run: setup ## the bot, with the settings in .env
	$(PY) main.py

check: setup ## are settings, data file, token and model in order?
	$(PY) main.py --check

test: lint types ## lint, types and the tests
	$(PY) -m pytest -n 2 --dist worksteal

lint: setup
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

types: setup
	$(VENV)/bin/mypy

bench: setup ## figures against a 40-line floor bot
	$(PY) -m tests.bench

setup: $(VENV)/installed

# --inexact: uv itself lives in the same .venv and is not in the lock file.
$(VENV)/installed: pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ": make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else None'
	test -x $(PY) || $(PYTHON) -m venv $(VENV)
	test -x $(UV) || $(VENV)/bin/pip install --quiet --disable-pip-version-check 'uv>=0.9'
	UV_PROJECT_ENVIRONMENT=$(VENV) $(UV) sync --locked --inexact --quiet
	@touch $@

update: setup ## newer versions of everything, then all the checks
	UV_PROJECT_ENVIRONMENT=$(VENV) $(UV) lock --upgrade
	$(MAKE) test

clean:
	rm -rf $(VENV)
