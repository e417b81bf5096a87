# Everything a person does with a checkout. `make run` and `make test` set up what they need and may be repeated.

PYTHON ?= python3
BIN := .venv/bin
# pip reads its own configuration; nothing here names an index.
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet

# A hub is many short-lived processes: without byte code kept on disk each compiles every library again (14 s to 6 s).
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run system test test-faults lint format lock docs screenshots clean bench-system bench-forward bench-province bench-scale bench-join bench-loss bench-record bench-resume bench-features bench-flood bench-search bench-replay soak fuzz

help:
	@echo "make run          set up, load the demo province and start the hub (PORT=8080, HUB_* are honoured)"
	@echo "make test         set up what the tests need and run all of them"
	@echo "make test-faults  the long round of the recorder's fault matrix, and its table; ARGS='-k power' and more"
	@echo "make lint         formatting, lint, types, import layers, page scripts"
	@echo "make format       put the formatting right"
	@echo "make lock         pin the dependencies anew"
	@echo "make docs         write the tables of settings and of permissions in docs/ again"
	@echo "make screenshots  take the pictures in docs/screenshots again"
	@echo "make bench-forward   measure forwarding beside Janus; ARGS='--hub-only --sizes 20' and more, see --help"
	@echo "make bench-province  measure a hearing of 197 points"
	@echo "make bench-resume    kill the media worker under 197 points, and measure until all see again"
	@echo "make bench-join      measure the time from the click to the first picture, beside Janus"
	@echo "make bench-loss      measure picture and sound behind bad lines in Chromium, beside Janus"
	@echo "make bench-replay    measure how a recording of three hours and eight points opens and jumps in Chromium"
	@echo "make bench-features  measure what parts of forwarding cost; ARGS=--profile tells the worker's costliest functions"
	@echo "make bench-flood     measure a hearing while strangers flood the media port"
	@echo "make bench-search    measure search and lists at 200,000 cases on PostgreSQL and 20,000 on SQLite"
	@echo "make bench-record    measure what recording costs, and how many hearings at once are recorded"
	@echo "make soak            watch a hearing of twenty points for two hours; ARGS='--hours 0.2' and more, see --help"
	@echo "make fuzz            throw broken datagrams at a media worker; ARGS='--minutes 10 --seed 1'"
	@echo "make bench-scale     measure how load grows, and draw docs/performance-scale.svg again"

run: .venv/runtime.stamp
	@exec $(BIN)/hub demo run

test: system .venv/development.stamp node_modules/installed.stamp
	@tools/run-tests

# Every fault many times over, some for ten minutes: hours. ARGS are pytest's, e.g. ARGS="-k power".
test-faults: system .venv/development.stamp
	@FAULTS=long $(BIN)/pytest tests/integration -m faults --numprocesses 2 --dist worksteal $(ARGS)

lint: .venv/development.stamp node_modules/installed.stamp
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	node_modules/.bin/tsc -p jsconfig.json
	node_modules/.bin/tsc -p tests/jsconfig.json

format: .venv/development.stamp
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lock: .venv/development.stamp
	$(BIN)/python tools/lock.py

docs: .venv/development.stamp
	$(BIN)/python -m tools.config_docs
	$(BIN)/python -m tools.permission_docs

screenshots: system .venv/development.stamp
	$(BIN)/python -m tools.screenshots

# Benchmarks print a table and, last, one line of JSON. ARGS are handed to them.
bench-forward: bench-system .venv/development.stamp
	@$(BIN)/python -m bench.forward $(ARGS)

bench-province: .venv/development.stamp
	@$(BIN)/python -m bench.province $(ARGS)

bench-resume: .venv/development.stamp
	@$(BIN)/python -m bench.resume $(ARGS)

bench-features: .venv/development.stamp
	@$(BIN)/python -m bench.features $(ARGS)

bench-join: system bench-system .venv/development.stamp
	@$(BIN)/python -m bench.join $(ARGS)

bench-loss: system bench-system .venv/development.stamp
	@$(BIN)/python -m bench.loss $(ARGS)

bench-scale: .venv/development.stamp
	@$(BIN)/python -m bench.scale $(ARGS)

bench-replay: system .venv/development.stamp
	@$(BIN)/python -m bench.replay $(ARGS)

bench-flood: .venv/development.stamp
	@$(BIN)/python -m bench.flood $(ARGS)

bench-search: system .venv/development.stamp
	@$(BIN)/python -m bench.search $(ARGS)

bench-record: .venv/development.stamp
	@$(BIN)/python -m bench.record $(ARGS)

soak: .venv/development.stamp
	@$(BIN)/python -m bench.soak $(ARGS)

fuzz: .venv/development.stamp
	@$(BIN)/python -m tools.fuzz $(ARGS)

bench-system:
	@tools/system-packages bench

clean:
	rm -rf .venv .make node_modules dist build

# Looks each time: somebody may have removed a package since.
system:
	@tools/system-packages

# Stamps: a step runs again when what it was made from has changed, or when its result has been deleted.

.venv/venv.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.11 …")'
	@$(PYTHON) -m venv .venv || { echo "The venv module is missing: apt-get install python3-venv" >&2; exit 1; }
	@touch $@

.venv/runtime.stamp: .venv/venv.stamp requirements.txt pyproject.toml
	@echo "Installing the pinned packages (once; some minutes on a slow line) …"
	@$(PIP) --require-hashes -r requirements.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/development.stamp: .venv/runtime.stamp requirements-dev.txt
	@echo "Installing what the tests need …"
	@$(PIP) --require-hashes --no-deps -r requirements-dev.txt
	@touch $@

node_modules/installed.stamp: package-lock.json | system
	@npm ci --no-fund --no-audit --loglevel=error
	@touch $@
