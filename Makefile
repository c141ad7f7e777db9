# What a contributor runs. On a machine with only Python and make, each target alone does all it
# needs: it makes .venv, installs what is missing, and goes.

PYTHON ?=
export PYTHON

RUN := .venv/bin/python

.DEFAULT_GOAL := help
# Two targets may install into the same environment.
.NOTPARALLEL:

.PHONY: help
help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

.PHONY: demo
demo: .venv/.ready-demo  ## see several processes share a lock on a real ZooKeeper
	@scripts/setup.sh zookeeper
	@$(RUN) -m examples.demo

.PHONY: test
test: .venv/.ready-test  ## run the everyday tests on a real ZooKeeper; TESTS=tests/locks for a part of them
	@scripts/setup.sh zookeeper
	$(RUN) -m pytest -n 3 --basetemp=.venv/tmp $(TESTS)

.PHONY: test-slow
test-slow: .venv/.ready-test  ## run the tests that take longer; TESTS=tests/locks for a part of them
	@scripts/setup.sh zookeeper
	$(RUN) -m pytest -n 3 --basetemp=.venv/tmp -m slow $(TESTS)

.PHONY: test-browser
test-browser: .venv/.ready-test  ## run the tests of zooky's pages in a real chromium, installed by apt
	@scripts/setup.sh zookeeper
	@scripts/setup.sh browser
	$(RUN) -m pytest --basetemp=.venv/tmp -m slow tests/cli/web/test_browser.py

.PHONY: model
model: .venv/.ready-test  ## check the lock's protocol exhaustively with spin, and that broken variants fail
	@scripts/setup.sh model
	$(RUN) tests/model/run.py

.PHONY: chaos-quick
chaos-quick: .venv/.ready-test  ## a short fault campaign, and locks broken on purpose that it must catch
	@scripts/setup.sh zookeeper
	$(RUN) -m pytest -m chaos tests/chaos

.PHONY: chaos
chaos: .venv/.ready-test  ## ten minutes of faults; CHAOS="--seed 7 --duration 60 --subject kazoo" for more
	@scripts/setup.sh zookeeper
	$(RUN) -m tests.chaos run $(CHAOS)

.PHONY: mixed
mixed: .venv/.ready-test  ## thousands of grants among zktools, kazoo and Curator; MIXED="--grants 500 --seed 7" for less
	@scripts/setup.sh zookeeper
	$(RUN) -m tests.mixed $(MIXED)

.PHONY: kazoo-suite
kazoo-suite: .venv/.ready-test  ## run kazoo's own tests under its handler and under zktools'; takes half an hour
	@scripts/setup.sh zookeeper
	$(RUN) scripts/kazoo_suite.py $(TESTS)

.PHONY: lint
lint: .venv/.ready-dev  ## check style and formatting with ruff
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

.PHONY: types
types: .venv/.ready-dev  ## check types with mypy --strict and, as users see them, with pyright
	$(RUN) -m mypy
	$(RUN) -m pyright --pythonpath $(RUN)

.PHONY: docs
docs: .venv/.ready-dev  ## build the documentation into docs/_build/html
	$(RUN) -m sphinx -q -n -W --keep-going -b html docs docs/_build/html

.PHONY: bench
bench: .venv/.ready-dev  ## race zktools against its peers, for docs/performance.rst; needs twenty minutes
	@scripts/setup.sh zookeeper
	$(RUN) -m benchmarks --plan full --publish
	$(RUN) -m benchmarks.awaiting > docs/_figures/awaiting.txt
	$(RUN) -m benchmarks.sticky > docs/_figures/sticky.txt

.PHONY: bench-quick
bench-quick: .venv/.ready-dev  ## the same in a few minutes, written to build/benchmarks
	@scripts/setup.sh zookeeper
	$(RUN) -m benchmarks --plan quick

.PHONY: package
package: .venv/.ready-dev  ## build, check the wheel, run the quick start from it in an empty environment
	@scripts/setup.sh zookeeper
	$(RUN) scripts/check_package.py

.PHONY: servers
servers: .venv/.ready-dev  ## bring ZooKeeper 3.6 and 3.9 into build/servers, for `make matrix`; downloads 800 MB
	$(RUN) scripts/servers.py

.PHONY: matrix
matrix: .venv/.ready-dev  ## run the suite on every supported Python, kazoo and ZooKeeper; takes an hour
	@scripts/setup.sh zookeeper
	$(RUN) -m nox

.PHONY: format
format: .venv/.ready-dev  ## rewrite the files as `make lint` wants them
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

.PHONY: clean
clean:  ## remove everything make made, the virtual environment included
	rm -rf .venv .nox .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist docs/_build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Installed again only when what has to be installed may have changed.
.venv/.ready-%: pyproject.toml scripts/setup.sh
	@scripts/setup.sh environment $*
