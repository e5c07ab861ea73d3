# Every target is one line; the work is done by ./run and tests/run, which need no make.

.PHONY: help run serve test lint bench faults i18n lock clean
help:       ## this list
	@sed -n 's/^\([a-z0-9]*\):.*## /\1	/p' Makefile
run:        ## the demo community
	@./run demo
serve:      ## a real community
	@./run serve
test:       ## everything that must hold
	@tests/run all
lint:       ## format, lint, types, import contracts
	@tests/run lint
bench:      ## figures beside hello-world's, for docs/benchmarks.md
	@tests/run bench
faults:     ## the fault tests at their full volume
	@tests/run faults
i18n:       ## bring the Chinese catalogue up to date; fails while a message is missing
	@tests/run i18n
lock:       ## pin the newest versions that requirements*.in allow
	@tests/run lock
clean:      ## caches and .venv; never DATA_DIR
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .cache
	find volunteer tests migrations -name __pycache__ -type d -prune -exec rm -rf {} +
