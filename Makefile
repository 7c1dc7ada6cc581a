# make demo: set up, ingest the seeds, show what came out.   make test: all checks.
PYTHON ?= python3
BIN := .venv/bin
export DO_NOT_TRACK := 1
export PREFECT_SERVER_ANALYTICS_ENABLED := false

.PHONY: setup demo test test-quick test-long test-rules bench bench-quick lock format reference

setup: .venv/.installed

.venv/.installed: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	$(BIN)/python -m compileall -q copydesk cleaners flows # as pip does with what it copies
	@echo "Compiling loops, once: most of a minute."
	@$(BIN)/python -c "from copydesk.articles import cleaning; cleaning.warm(1 << 30)" & \
		$(BIN)/python -c "from copydesk.sketches import compiled; compiled.warm(1 << 30)" && wait $$!
	touch $@

demo: setup
	$(BIN)/copydesk ingest seeds -o output
	$(BIN)/python docs/first_query.py output

test: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2 -m "not long" -rs

test-quick: setup
	$(BIN)/ruff check .
	$(BIN)/python -m pytest -n 2 -m "not slow and not long"

test-rules: setup # what a new rule must pass
	$(BIN)/ruff check cleaners
	$(BIN)/python -m pytest tests/cleaners -n 2 -m "not long"

test-long: setup # about an hour and a quarter
	@$(BIN)/python -c "import atheris" 2>/dev/null || \
		echo "Coverage-guided fuzzing is skipped: it needs atheris ($(BIN)/pip install -e '.[fuzz]')."
	$(BIN)/python -m pytest -m long -rs

bench: setup # the whole run beside others: writes bench/results.json; docs/performance.md has its table
	$(BIN)/python -m bench.whole --articles 100000 --out bench/results.json $(BENCH)

bench-quick: setup # under two minutes
	$(BIN)/python -m bench.whole --articles 4000 --runs 1 --only script workers cold $(BENCH)

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

reference: setup # docs/reference/ and docs/schema.md, out of the code
	$(BIN)/python -m tests.tools.make_reference

lock: # needs uv
	uv pip compile pyproject.toml --extra dev --extra cloud --extra dask --universal --python-version 3.11 --generate-hashes \
		--no-header --no-emit-index-url --no-annotate -o requirements.lock
