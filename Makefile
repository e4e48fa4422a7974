# Two commands matter: `make demo` shows the tool at work, `make test` proves it.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.locked

# What Python compiled is kept: the tests start some hundred processes.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: env demo test suite cover packages lint docs lock bench clean

env: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: env
	@$(BIN)/pgssi-probe demo

packages:
	@sh tests/install-packages.sh

lint: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=.:checks:reports $(BIN)/lint-imports
	$(BIN)/python -m docs.generate --check

# Two cores: what waits for the network and what compiles go together, then what reads the sources and what runs them.
test:
	@$(MAKE) --no-print-directory -j2 packages env
	@$(MAKE) --no-print-directory -j2 lint suite

# Four workers on two cores: many tests wait for servers, browsers and time budgets. Each keeps to a part of the
# files, so that what a module shares is made once.
suite: env
	$(BIN)/pytest -n 4 --dist worksteal --durations=25

cover: packages env
	$(BIN)/pytest -n 4 --dist worksteal --cov --cov-report=term:skip-covered

docs: env
	$(BIN)/python -m docs.generate

# The override lifts sslyze's cap on cryptography: see docs/decisions/0002-cryptography.md
lock:
	printf 'cryptography>=50.0.2\n' > .venv/override.txt
	uv pip compile pyproject.toml --all-extras --group dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --no-header --override .venv/override.txt -o requirements.lock

bench: env
	$(BIN)/python -m bench

clean:
	rm -rf .venv demo
