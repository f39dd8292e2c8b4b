# One command each: `make demo` runs the main job (CHAT=rocketchat, typingmind, signin: with that), `make test` checks everything.
PYTHON ?= python3
CHAT ?= website_toolbox
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test lint types imports unit bench docs texts clean

$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("chatsso-middleware needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[example,test]'
	touch $(READY)

demo: $(READY)
	$(BIN)/python -m example_app --chat $(CHAT)

test: lint types imports unit

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

imports: $(READY)
	$(BIN)/lint-imports

unit: $(READY)
	$(BIN)/pytest --cov --cov-report=term

bench: $(READY)
	$(BIN)/python benchmarks/rewriter.py

docs: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	$(BIN)/sphinx-build -W -b html docs docs/_build/html

# The texts of the hosted login page: from the sources into the catalogues, and those compiled.
LOCALE := chatsso_middleware/signin/locale
texts: $(READY)
	$(BIN)/pybabel --quiet extract -F $(LOCALE)/babel.cfg -k N_ -k counted:1,2 --no-location --sort-output --width=110 --omit-header -o $(LOCALE)/signin.pot chatsso_middleware
	$(BIN)/pybabel --quiet update -D signin -i $(LOCALE)/signin.pot -d $(LOCALE) --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --width=110
	$(BIN)/pybabel --quiet compile -D signin -d $(LOCALE)

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage* build docs/_build
