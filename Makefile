# The first thing to type is `make demo`, the second `make test`; `make help` lists the rest.

PYTHON ?= python3
RECORDINGS ?= ../shared/recordings
SCORER ?= ../shared/tools
ORACLE ?= ../shared/tools/ciliumcheck
VIEWER ?= ../shared/tools/boardview
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help venv demo demo-down test test-node check bench coverage isolation boards constraints

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

venv: .venv/.made ## .venv with exactly the versions of constraints.txt

.venv/.made: constraints.txt pyproject.toml
	@PYTHON="$(PYTHON)" scripts/venv

demo: venv ## simulated devices, polled by the real Telegraf into the real InfluxDB
	@scripts/demo

demo-down: venv ## end the demo; nothing of it keeps running
	@scripts/demo-down

test: venv ## all tests: unit, golden, docs, then integration on the real parts (ARGS=-k…)
	@scripts/test $(ARGS)

test-node: venv ## the tests on a real Kubernetes node; needs root (ARGS=-k…)
	@scripts/node test $(ARGS)

check: venv ## format, lint, types, layers, shell, leaks
	@scripts/check

bench: venv ## the figures of docs/benchmarks.md
	@scripts/tools
	@.venv/bin/python -m tests.bench $(ARGS)

coverage: venv ## score on a folder of recordings (RECORDINGS=, SCORER=)
	@scripts/coverage "$(RECORDINGS)" "$(SCORER)" $(ARGS)

isolation: venv ## Cilium's own engine judges the policies of several tenants (ORACLE=)
	@scripts/isolation "$(ORACLE)" $(ARGS)

boards: venv ## Grafana's types and libraries check and draw the boards (VIEWER=)
	@scripts/boards "$(VIEWER)" $(ARGS)

constraints: venv ## write constraints.txt anew (ARGS=--upgrade for the newest)
	@scripts/constraints $(ARGS)
