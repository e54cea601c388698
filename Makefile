# Two commands: `make lab` opens the first notebook, `make test` runs every test. `make demo` works without a browser.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: lab test demo quick figures clean

lab: $(VENV)/.lab
	$(BIN)/heparin-pk lab

demo: $(VENV)/.lab
	$(BIN)/heparin-pk demo

test: $(VENV)/.test
	$(BIN)/python tests/install_chromium.py
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests heparin_pk
	$(BIN)/python -m pytest --nbval-lax notebooks

quick: $(VENV)/.test
	$(BIN)/python -m pytest -q -m "not slow"

figures: $(VENV)/.lab
	$(BIN)/python figures/make_figures.py

clean:
	rm -rf $(VENV) demo

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("heparin_pk needs Python 3.11 or newer, this is " + sys.version.split()[0] + "; try: make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.lab: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[lab]"
	@touch $@

$(VENV)/.test: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[test]"
	@touch $@ $(VENV)/.lab
