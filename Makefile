# `make run` and `make test` are all that a newcomer needs; both begin with `make setup`, which only makes .venv.

# What a person may name. It is never text of this file nor of a shell: make expands a variable of its command line when it
# hands it to a recipe, so that each is set here to what was typed (`value`), and recipes quote it from their environment.
# Before anything else, since a newer make hands them to `$(shell ...)` too.
TYPED := STACK REGION PROFILE PARAMS YES ARCH ADAPTERS PYTHON KEEP
$(foreach each,$(TYPED),$(eval override $(each) := $$(value $(each))))
export $(TYPED)

BIN := .venv/bin
LOCK := requirements/dev.txt
COMPILE := $(BIN)/uv pip compile --quiet $(if $(KEEP),,--upgrade) --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --no-emit-package serverless-websocket-chat

.DEFAULT_GOAL := help
.PHONY: clients compare-centrifugo help setup run test test-fast test-attack test-model test-lowest test-newest-moto check lint lint-templates lint-workflows lock build packages aws-tools deploy destroy clean dynamodb-local \
	asyncapi-schema \
	bench-gateway bench-fanout bench-coldstart bench-sendmessage bench-pacing bench-room bench-slow

help:  ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-17s %s\n", $$1, $$2}'

setup: .venv/installed  ## Make .venv with everything in it

.venv/installed: $(LOCK) pyproject.toml
	@python=$$(for each in python3 python3.14 python3.13 python3.12 python3.11; do \
		command -v $$each >/dev/null 2>&1 && $$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		&& echo $$each && break; done); \
	test -n "$$python" || { echo "Python 3.11 or newer is needed; found: $$(python3 --version 2>&1)" >&2; exit 1; }; \
	echo "Setting up .venv with $$($$python --version); the first time this takes about a minute."; \
	$$python -m venv --clear .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement $(LOCK)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

run: setup  ## Start the whole stack on this machine, with the chat page; Ctrl-C stops it
	@exec $(BIN)/chat local

# A file's tests stay together, since they share what is slow to start. `auto` is explained in tests/conftest.py.
SIDE_BY_SIDE := -n auto --dist loadfile --no-loadscope-reorder

test: setup  ## Run all the tests: side by side, and then those that need the machine for themselves
	@status=0; \
	$(BIN)/pytest $(SIDE_BY_SIDE) -m "not alone" || status=$$?; \
	$(BIN)/pytest -m alone || status=$$?; \
	exit $$status

test-fast: setup  ## Run the tests that need no network and no other process, and measure how much of the core they cover
	$(BIN)/coverage run -m pytest -q -m "not outside" tests/unit tests/architecture tests/contract
	$(BIN)/coverage report

test-model: setup  ## Go through every interleaving of what delivers to a room, for some minutes
	$(BIN)/pytest -q tests/model

test-attack: setup  ## Attack it: random input and broken peers, for about a minute
	$(BIN)/pytest tests/attack

# Versions that the lock file does not have are resolved by uv, with the hashes that the package index states at that moment.
RESOLVE := $(BIN)/uv pip compile --quiet --generate-hashes --no-header --no-emit-index-url \
	--no-emit-package serverless-websocket-chat --extra dev

test-lowest: setup  ## Run the tests with the oldest versions that pyproject.toml allows
	@mkdir -p build
	$(RESOLVE) --resolution lowest-direct --output-file build/lowest.txt pyproject.toml
	$(BIN)/python -m venv --clear .venv-lowest
	.venv-lowest/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement build/lowest.txt
	.venv-lowest/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	.venv-lowest/bin/pytest $(SIDE_BY_SIDE) -m "not alone"
	.venv-lowest/bin/pytest -m alone

test-newest-moto: setup  ## Run the emulator's tests with moto's newest release
	@mkdir -p build
	@cp $(LOCK) build/newest-moto.txt
	$(RESOLVE) --upgrade-package moto --output-file build/newest-moto.txt pyproject.toml
	$(BIN)/python -m venv --clear .venv-moto
	.venv-moto/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement build/newest-moto.txt
	.venv-moto/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	.venv-moto/bin/pytest $(SIDE_BY_SIDE) -m "not alone" tests/local_aws tests/contract tests/e2e

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/cfn-lint infrastructure/*.yaml

lint-templates: .venv-sam/installed .venv-checkov/installed  ## Look at the templates as SAM and checkov do as well
	for each in infrastructure/*.yaml; do \
		SAM_CLI_TELEMETRY=0 .venv-sam/bin/sam validate --lint --region us-east-1 --template $$each || exit 1; done
	.venv-checkov/bin/checkov --config-file .checkov.yaml

lint-workflows: .venv-zizmor/installed  ## Look for weaknesses in the workflows of GitHub Actions
	.venv-zizmor/bin/zizmor --offline --no-progress --min-severity medium .github

check: lint test-fast test test-attack  ## Everything that a change has to pass: format, lint, types, import rules, templates, tests

lock: setup  ## Pin the newest allowed versions, with their hashes, for every platform; KEEP=1 keeps pins that still fit
	$(COMPILE) --extra dev --output-file $(LOCK) pyproject.toml
	@# The functions run what the tests run.
	$(COMPILE) --extra functions --constraint $(LOCK) --output-file requirements/functions-direct.txt pyproject.toml
	$(COMPILE) --extra functions --extra aws --constraint $(LOCK) --output-file requirements/functions-sdk.txt pyproject.toml
	$(COMPILE) --extra functions --extra authorizer --constraint $(LOCK) --output-file requirements/functions-authorizer.txt pyproject.toml
	for each in deploy sam checkov zizmor clients clients-old; do $(COMPILE) --extra $$each --output-file requirements/$$each.txt pyproject.toml; done

build: setup  ## Make build/, which Lambda is given; ARCH=arm64|x86_64 ADAPTERS=direct|sdk PYTHON=3.13
	$(BIN)/python -m tools.artifact $${ARCH:+--arch="$$ARCH"} $${ADAPTERS:+--adapters="$$ADAPTERS"} \
		$${PYTHON:+--python="$$PYTHON"}

packages: setup  ## Make dist/: what is published on PyPI, a source distribution and a wheel of each product
	$(BIN)/python -m tools.packages

# Tools whose pins are others come from PyPI into environments of their own; AWS's command line where there is none.
AWS_TOOLS = $(if $(shell command -v aws 2>/dev/null),,.venv-deploy/installed)
TARGET = $${STACK:+--stack="$$STACK"} $${REGION:+--region="$$REGION"} $${PROFILE:+--profile="$$PROFILE"} $${YES:+--yes}

aws-tools: .venv-deploy/installed  ## Put AWS's command line into .venv-deploy

.venv-%/installed: requirements/%.txt | setup
	$(BIN)/python -m venv --clear .venv-$*
	@# The lock file has them all; what an extra adds pip would take for a requirement without a hash.
	.venv-$*/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement $<
	@touch $@

deploy: build $(AWS_TOOLS)  ## Deploy to AWS; STACK=chat REGION=... PROFILE=... PARAMS="Name=value ..." YES=1
	$(BIN)/python -m tools.deploy up $(TARGET) --parameters="$$PARAMS"

destroy: setup $(AWS_TOOLS)  ## Delete what `make deploy` made; STACK=chat REGION=... PROFILE=... YES=1
	$(BIN)/python -m tools.deploy down $(TARGET)

clean:  ## Remove .venv and every cache
	rm -rf .venv .venv-deploy .venv-lowest .venv-moto .venv-sam .venv-checkov .venv-zizmor .venv-clients .venv-clients-old .mypy_cache .pytest_cache .ruff_cache build dist
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

dynamodb-local:  ## Fetch AWS's DynamoDB Local (needs Maven and a JDK), so that no test is skipped for want of it
	mvn --quiet --batch-mode --file tests/support/dynamodb-local.xml dependency:copy-dependencies \
		-DincludeScope=runtime -DoutputDirectory=$(CURDIR)/.cache/dynamodb-local

asyncapi-schema:  ## Fetch the schema of AsyncAPI documents (needs npm), so that no test is skipped for want of it
	mkdir -p .cache/asyncapi-schema
	cp tests/support/asyncapi-schema/package*.json .cache/asyncapi-schema
	npm ci --prefix .cache/asyncapi-schema --silent --ignore-scripts --no-audit --no-fund

# Clients that others publish, each at its place: tests/clients/driver.py names these.
clients: .cache/clients/js/installed .cache/clients/go-driver .cache/clients/go-tests .venv-clients/installed .venv-clients-old/installed  ## Fetch the published clients (needs npm and Go), so that no test is skipped for want of them

.cache/clients/js/installed: $(wildcard tests/clients/drivers/js/*.json tests/clients/drivers/js/*.mjs)
	mkdir -p .cache/clients/js
	cp tests/clients/drivers/js/*.json tests/clients/drivers/js/*.mjs .cache/clients/js
	npm ci --prefix .cache/clients/js --silent --ignore-scripts --no-audit --no-fund
	@touch $@

.cache/clients/go-driver: $(wildcard tests/clients/drivers/go/*)
	mkdir -p .cache/clients
	cd tests/clients/drivers/go && go build -o $(CURDIR)/.cache/clients/go-driver .

.cache/clients/go-tests: $(wildcard tests/clients/drivers/go/go.*)
	mkdir -p .cache/clients
	cd tests/clients/drivers/go && go test -c -o $(CURDIR)/.cache/clients/go-tests github.com/centrifugal/centrifuge-go

.cache/clients/centrifugo:
	mkdir -p .cache/clients
	GOBIN=$(CURDIR)/.cache/clients GOFLAGS=-buildvcs=false go install github.com/centrifugal/centrifugo/v6@v6.9.1

compare-centrifugo: setup clients .cache/clients/centrifugo  ## Run the scenarios of the clients against Centrifugo itself
	SCENARIOS_AGAINST=centrifugo $(BIN)/pytest tests/clients/test_scenarios.py

bench-gateway: setup  ## Measure a broadcast through the local stack, beside serverless-offline and MiniStack
	$(BIN)/python -m benchmarks.gateway

bench-fanout: setup  ## Measure what posting to 1,000 connections costs, beside the SDKs (nginx, wrk and Node if present)
	$(BIN)/python -m benchmarks.fanout

bench-coldstart: setup  ## Measure what each function's cold start costs, beside the same function on the SDKs
	$(BIN)/python -m benchmarks.coldstart

bench-sendmessage: setup  ## Measure what one message costs, reading and delivering, for rooms of different sizes
	$(BIN)/python -m benchmarks.sendmessage

bench-pacing: setup  ## Measure how long a broadcast to up to a million takes, within an account's quota
	$(BIN)/python -m benchmarks.pacing

bench-room: setup  ## Measure how many messages a second a room of 1,000 takes within an account's quota (nginx, DynamoDB Local)
	$(BIN)/python -m benchmarks.room

bench-slow: setup  ## Measure what clients that do not read cost the others
	$(BIN)/python -m benchmarks.slow
