# Every target sets up what it needs first; that takes no time when nothing is missing.

# Outside the clone: a second clone, or a second run, finds the dependencies compiled.
export CARGO_TARGET_DIR ?= $(HOME)/.cache/sluice/target

# How many random histories the simulator plays in `make test`. With as many as these, each kind of fault must have struck
# each stage at least ten times.
SEEDS ?= 1000
# As many of a chain where slots are transactions that expire.
TRON_SEEDS ?= 300
# As many of them with clocks that are hours wrong: there time ends a slot, and it must be the chain's.
CLOCK_SEEDS ?= 100
# As many of them with vendors of energy who do everything wrong.
ENERGY_SEEDS ?= 100
# How many places of one calm history are struck by a single fault each: two kinds at each method in each stage, the same
# ones each time, and others drawn by the commit. `cargo xtask sim --systematic` strikes all of them.
POINTS ?= 400

SLUICE := cargo run -p sluice-app --features dev --bin sluice --

.DEFAULT_GOAL := help
.PHONY: help run demo test schemathesis lint release tools

help: ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The debug profile, so that the build is the one the tests use. ARGS is handed on: make run ARGS="--help"
run: ## start SQLite, local chains and the whole engine on this machine; Ctrl-C stops all of it
	@scripts/setup.sh run
	@$(SLUICE) dev $(ARGS)

demo: ## pay 20 withdrawals on each chain and show each transaction (ARGS=--json prints one object)
	@scripts/setup.sh run
	@$(SLUICE) demo $(ARGS)

test: ## run every test on SQLite and on a throw-away PostgreSQL, then SEEDS=1000 simulated histories, TRON_SEEDS=300 on TRON, CLOCK_SEEDS=100 there with wrong clocks, ENERGY_SEEDS=100 with vendors of energy, and single faults
	@scripts/setup.sh test
	@scripts/with-postgres.sh scripts/run-tests.sh
	@cargo xtask sim --seeds $(SEEDS) $(if $(filter 1000,$(SEEDS)),--hits-min 10)
	@cargo xtask sim --tron --seeds $(TRON_SEEDS)
	@cargo xtask sim --tron --clocks --seeds $(CLOCK_SEEDS)
	@cargo xtask sim --energy --seeds $(ENERGY_SEEDS)
	@cargo xtask sim --systematic --points $(POINTS) --draw "$$(git rev-parse HEAD 2>/dev/null)"

# Not in `make test`: it installs a tool from PyPI, and takes two minutes more.
schemathesis: ## ask the live API what its document promises; installs schemathesis in the cache
	@scripts/setup.sh run
	@scripts/schemathesis/run.sh

lint: ## check formatting, the house rules, clippy and the documentation
	@scripts/setup.sh build
	@cargo xtask lint

release: ## build the program for production, and check that it is: no local chain, no failpoints
	@scripts/setup.sh build
	@scripts/check-production.sh --release

tools: ## install what run and test need, and name the optional tools that are missing
	@scripts/setup.sh tools
