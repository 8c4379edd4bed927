# Each target works from a fresh clone with Python 3.11+ and make only.
.PHONY: help setup demo test e2e check format docs chaos fuzz mutation bench serve lock clean

help: ## Say what there is
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

setup:
	@scripts/setup

demo: setup ## Run the main job on the sample feed, offline, twice
	@.venv/bin/python -m flows.demo

test: setup ## Run every test
	@.venv/bin/pytest -n 3 --dist loadgroup -q

e2e: setup ## Press the buttons in a real browser, crash a run, lose one of three machines (needs Chromium)
	@scripts/e2e

check: setup ## Format, lint, types, imports and generated pages
	@scripts/check

format: setup ## Put the code into shape
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix --quiet . || true

docs: setup ## Write the generated reference pages
	@.venv/bin/python -m scripts.docs

chaos: setup ## Kill it everywhere and look at the bill (hours; docs/chaos.md)
	@.venv/bin/python -m tests.chaos --database both --go-on build/chaos/progress.json

fuzz: setup ## Feed it broken and hostile input for long (forty times what the tests try)
	@HYPOTHESIS_PROFILE=long .venv/bin/pytest tests/fuzz -n 3 -q --timeout 3600

mutation: setup ## Change the money rooms in many small ways and count what the tests notice (about an hour)
	@.venv/bin/python -m scripts.mutation

bench: setup ## Measure and print ratios
	@.venv/bin/python -m benchmarks

serve: setup ## Prefect server and UI with our deployments and the simulator
	@.venv/bin/reelmill serve

lock: ## Compile both locks afresh: everything, and what runs (needs uv)
	uv pip compile --universal --generate-hashes --no-emit-index-url --all-extras -p 3.11 pyproject.toml -o requirements.lock
	uv pip compile --universal --generate-hashes --no-emit-index-url -p 3.11 pyproject.toml -c requirements.lock -o requirements-run.lock

clean: ## Remove what the targets above made
	rm -rf .venv demo-output .reelmill .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
