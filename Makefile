# A fresh machine needs Python 3.11, Java 17 and make; everything else comes from the locks.

PYTHON ?= python3.11
VENV := .venv
AIRFLOW := .venv-airflow
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check --no-compile
PYTEST := $(VENV)/bin/python -m pytest
LONG := cluster or kill or accuracy or long
COMPILE := $(VENV)/bin/uv pip compile --quiet --python-version 3.11 --generate-hashes --no-header --no-annotate

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test test-unit test-spark test-dags test-all test-long test-kill test-cluster accuracy cluster cluster-stop screenshots lint lock clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

setup: $(VENV)/.ready ## installs popbase into .venv and Spark's jars into .jars, once

$(VENV)/.packages: requirements.lock
	@PYTHON=$(PYTHON) sh infra/check_machine.sh
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python $(PIP_INSTALL) --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.ready: $(VENV)/.packages pyproject.toml infra/jars.lock
	$(VENV)/bin/python $(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@echo "fetching Spark's jars (once)"
	@$(VENV)/bin/python infra/resolve_jars.py 2>$(VENV)/jars.log || { cat $(VENV)/jars.log >&2; exit 11; }
	@touch $@

# Airflow pins half of what popbase pins, to other versions: it gets an environment of its own.
$(AIRFLOW)/.ready: infra/airflow/requirements.lock
	@PYTHON=$(PYTHON) sh infra/check_machine.sh
	$(PYTHON) -m venv $(AIRFLOW)
	$(AIRFLOW)/bin/python $(PIP_INSTALL) --require-hashes -r infra/airflow/requirements.lock
	@touch $@

demo: setup ## three nights of 20,000 made-up people, then questions to the publication
	$(VENV)/bin/python infra/demo/demo.py

# Every layer runs even when an earlier one fails; Airflow is installed while Spark's tests run.
test: setup ## all layers: without a JVM, with Spark, with Airflow
	@failed=0; $(MAKE) --no-print-directory test-unit || failed=1; \
	$(MAKE) --no-print-directory $(AIRFLOW)/.ready & airflow=$$!; \
	$(MAKE) --no-print-directory test-spark || failed=1; \
	wait $$airflow; \
	$(MAKE) --no-print-directory test-dags || failed=1; \
	exit $$failed

# Without plugins that it does not use: their imports take longer than its tests.
test-unit: setup ## rules, no JVM, seconds
	$(PYTEST) tests/unit -p no:hypothesispytest -p no:xdist

# Three sessions on two cores: each is mostly one driver that plans, and waits in between. In the folders' order the
# nights come early: as files of few tests they would come last, and the other sessions would wait for them.
test-spark: setup ## files and programs; transforms, jobs and specifications on a local Spark
	$(PYTEST) tests --ignore=tests/unit --ignore=tests/dags -m "not ($(LONG))" -n 3 --dist loadfile --no-loadscope-reorder

test-dags: $(AIRFLOW)/.ready ## the DAG files under Airflow
	$(AIRFLOW)/bin/python -m pytest tests/dags

test-all: test test-long test-kill test-cluster ## every layer there is, more than an hour: before a release

test-long: setup ## accuracy, what takes minutes
	$(PYTEST) tests --ignore=tests/dags --ignore=tests/cluster --ignore=tests/kill -m "$(LONG)"

test-kill: setup ## every command that writes, killed at every point around every write; full disks
	$(PYTEST) tests/kill -m kill

cluster: setup $(AIRFLOW)/.ready ## the parts of production on this machine: PostgreSQL, Airflow, Spark
	$(AIRFLOW)/bin/python infra/cluster/cluster.py start

screenshots: ## pictures of Airflow's pages and of the run report, of the cluster that runs
	infra/cluster/run $(VENV)/bin/python infra/cluster/screenshots.py .cluster/screenshots

cluster-stop: ## ends them
	$(AIRFLOW)/bin/python infra/cluster/cluster.py stop

test-cluster: setup $(AIRFLOW)/.ready ## three nights through Airflow's own backfill on a cluster of its own
	$(PYTEST) tests/cluster -m cluster

accuracy: setup ## how well people are told apart, beside what the generator planted: a table and a curve
	$(VENV)/bin/python bench/accuracy.py

lint: setup ## ruff and mypy
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff check --select AIR dags
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

lock: $(VENV)/.packages ## writes the locks anew from pyproject.toml and infra/airflow/requirements.in
	$(COMPILE) --all-extras pyproject.toml -o requirements.lock
	$(COMPILE) infra/airflow/requirements.in -o infra/airflow/requirements.lock
	$(VENV)/bin/python infra/resolve_jars.py --lock

clean: ## removes what runs leave behind; the environments stay
	rm -rf demo bench/out spark-warehouse metastore_db derby.log .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find jobs tests dags infra bench -name __pycache__ -type d -prune -exec rm -rf {} +
