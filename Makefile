# Two commands matter: `make run` and `make test`. Neither needs anything typed before.
CARGO ?= cargo
TARGET := target/x86_64-unknown-linux-gnu

.PHONY: help run build ui test test-airflow oracle conformance check bench bench-airflow release clean

help: ## Shows this list.
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

run: build ## Builds what is missing, starts the demo and prints where to look.
	@exec $(TARGET)/debug/orrery demo

# The UI is embedded, so it comes first; the layers that do not need it build meanwhile.
build: ## Builds UI and binary for development.
	@packaging/scripts/build.sh

ui: ## Builds the web UI into ui/dist.
	@packaging/scripts/ui.sh

test: ## Installs what the tests need and runs them all.
	@packaging/scripts/test.sh

test-airflow: ## The part of the tests that needs Airflows: makes them below target/ and runs dags on them.
	@packaging/scripts/airflow.sh

oracle: ## Plays random dags on a real Airflow 3.3.2 beside this product and compares the two.
	@packaging/scripts/oracle.sh

conformance: ## Rewrites the table of Airflow's behaviours and the tests that prove each.
	UPDATE_EXPECT=1 $(CARGO) test -q -p tidy conformance

check: ## What should pass before a commit: formatting, lints, fast tests.
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	$(CARGO) test --workspace --exclude e2e --exclude sim

release: ui ## Builds the static release binary.
	$(CARGO) build --release -p orrery
	@ls -lh $(TARGET)/release/orrery

bench: release ## Measures the release binary beside the machine's floors; prints JSON.
	$(CARGO) run --release -q -p bench -- $(TARGET)/release/orrery

bench-airflow: release ## Measures the release binary beside Airflow 3.3.2 on the same dags; prints JSON.
	@packaging/scripts/bench-airflow.sh

clean: ## Removes what was built.
	rm -rf target ui/dist ui/node_modules
