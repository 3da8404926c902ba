# Everything runs on the Node 24 that `npm ci` installs; the machine's own node only has to run npm.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
.PHONY: dev demo test test-long check bench install

install: node_modules/.package-lock.json

node_modules/.package-lock.json: package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@ # npm keeps the time of a lockfile that it finds unchanged

dev: install ## the whole service on 127.0.0.1, no account anywhere
	@npm run --silent dev

demo: install ## the story, step by step, against a running `make dev`
	@npm run --silent demo

test: install ## what proves it in minutes; crash matrices are in test-long, the emulated machine in test-enclave
	@sh attestation/scripts/ensure-chromium.sh
	npm test

test-long: install ## crash matrices, long loads, repeated faults
	npm run test:long

check: install ## format, lint, types, unused code, dependency rules, trusted base
	npm run check

bench: install ## CPU per request beside the bare primitives of the same run
	@npm run --silent bench
-include scripts/enclave-image/targets.mk
