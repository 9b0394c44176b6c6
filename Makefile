# Everything that is done with this checkout. `make` alone lists the targets.
# Needs Python 3.11+, Node 20+, git and make; all else is installed below .venv/ and node_modules/.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CDK := PATH="$(CURDIR)/$(BIN):$$PATH" node_modules/.bin/cdk
PIP := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --no-input
DEMO := .testfleet/demo
ENGINE ?= docker

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test lint bench image synth clean distclean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z%-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.runtime node_modules/.package-lock.json ## install what runs and deploys the fleet

demo: setup ## run an example's tests on a fleet on this machine
	@mkdir -p $(DEMO)
	@$(BIN)/testfleet up
	@# The example fails on purpose, so 1 (tests failed) is what a good demonstration ends with.
	@$(BIN)/testfleet run examples/shop --report $(DEMO)/report.json --junit $(DEMO)/report.xml \
		--html $(DEMO)/report.html \
		|| { code=$$?; [ $$code -eq 1 ] || exit $$code; }
	@echo "The same to look at: file://$(CURDIR)/$(DEMO)/report.html"
	@echo "The example's failing tests are there to be shown. The fleet idles: $(BIN)/testfleet down ends it."

# One fleet for each of at most four test processes. One process: make test PYTEST_ARGS="-n 0".
test: setup $(VENV)/.dev examples/till/node_modules/.package-lock.json ## run every test, with coverage
	@$(BIN)/python -m pytest -n logical --maxprocesses 4 --dist loadfile \
		--cov --cov-report=term $(PYTEST_ARGS)

lint: setup $(VENV)/.dev ## check style, types and layers
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: setup $(VENV)/.dev ## measure the README's claims beside pytest-xdist
	@$(BIN)/python benchmarks/run.py $(BENCH_ARGS)

image: setup ## build the worker's container image here: make image ENGINE=podman
	@$(ENGINE) build --tag testfleet-worker \
		"$$($(BIN)/python -c 'from stacks.code import build_worker_context; print(build_worker_context().folder)')"

synth: setup ## synthesise the stacks of one environment: make synth ENV=dev
	@$(CDK) synth --quiet --context environment=$(or $(ENV),dev)

deploy-%: setup ## deploy to an account: make deploy-dev, deploy-staging, deploy-prod
	@[ -f config/$*.toml ] && [ $* != local ] || \
		{ echo "no account environment '$*'; the laptop's is started by: $(BIN)/testfleet up" >&2; exit 2; }
	@$(CDK) deploy --all --context environment=$*

clean: ## stop the fleet and remove its state and all build output
	@[ ! -x $(BIN)/testfleet ] || $(BIN)/testfleet down
	@rm -rf .testfleet build cdk.out .coverage .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

distclean: clean ## clean, and remove what setup has installed
	@rm -rf $(VENV) node_modules examples/till/node_modules

$(VENV)/.created:
	@command -v $(PYTHON) > /dev/null || { echo "no $(PYTHON) on PATH; install Python 3.11 or newer" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$$($(PYTHON) --version) is too old; install Python 3.11 or newer, or: make PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV)
	@touch $@

# The first import unpacks the CDK's library into jsii's cache, which takes seconds: better now
# than in the first `up`. Without a home folder to write to, `up` sees to it.
$(VENV)/.runtime: $(VENV)/.created requirements.txt pyproject.toml
	@echo "installing Python packages"
	@$(PIP) -r requirements.txt
	@$(PIP) --no-deps --config-settings editable_mode=compat --editable .
	@[ ! -w "$$HOME" ] || JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION=20 $(BIN)/python -c 'import aws_cdk'
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.txt
	@echo "installing what tests and checks"
	@$(PIP) -r requirements-dev.txt
	@touch $@

# Vitest and Playwright Test: tests run them as the example's own. No browser is fetched.
examples/till/node_modules/.package-lock.json: examples/till/package-lock.json node_modules/.package-lock.json
	@echo "installing the packages of examples/till"
	@PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --prefix examples/till --silent --no-progress
	@touch $@

node_modules/.package-lock.json: package.json package-lock.json
	@command -v node > /dev/null && command -v npm > /dev/null || \
		{ echo "no node and npm on PATH; install Node.js 20 or newer" >&2; exit 2; }
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' || \
		{ echo "Node.js $$(node --version) is too old; install 20 or newer" >&2; exit 2; }
	@echo "installing the CDK CLI"
	@npm ci --silent --no-progress
	@touch $@
