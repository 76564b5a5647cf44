# Holdfast: `make demo` runs it, `make test` proves it. Both set up what they need.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
export PATH := $(PATH):/usr/local/go/bin
export GOFLAGS := -mod=readonly
NAME ?= first-call
BIN := build/holdfast

.PHONY: demo test check selftest pulled bench story setup generate vet unit clean

demo: $(BIN)
	$(BIN) demo

test: setup vet unit
	HOLDFAST_SEEDS=200 go test -count=1 -timeout 20m -run 'TestSeeds$$|TestPinned$$|Replays' ./sim/world
	$(MAKE) story NAME=first-call
	$(MAKE) story NAME=first-call-keyboard
	$(MAKE) story NAME=passkey
	$(MAKE) story NAME=around
	$(MAKE) story NAME=several
	$(MAKE) story NAME=people
	@echo "make test: all of it passed"

# Before a change is called done: everything, and more of it.
check: test
	HOLDFAST_KILLS=100 HOLDFAST_FAULTS=all go test -count=1 -timeout 30m ./journal
	HOLDFAST_SEEDS=1000 go test -count=1 -timeout 60m -run 'TestSeeds$$' ./sim/world
	HOLDFAST_KILLS=100 go test -count=1 -timeout 30m -run Kill ./cmd/holdfast
	go test -count=1 -run EveryByteCounts ./cmd/holdfast-verify
	HOLDFAST_SWEEP=all go test -count=1 -timeout 15m -run NothingTyped ./cmd/holdfast
	HOLDFAST_MUTANTS=1000000 go test -count=1 -timeout 30m -run NoMutant -v ./sim/mutants
	HOLDFAST_FUZZ=10s go test -count=1 -timeout 30m -run FuzzersFind -v .
	$(BIN) content check
	$(MAKE) story NAME=forms
	$(MAKE) story NAME=doors
	$(MAKE) story NAME=homes
	$(MAKE) story NAME=looking
	$(MAKE) story NAME=openid
	$(MAKE) story NAME=authority
	$(MAKE) story NAME=readable
	$(MAKE) story NAME=paper
	$(MAKE) story NAME=saturday
	$(MAKE) story NAME=known
	$(MAKE) story NAME=phone
	$(MAKE) story NAME=queue
	$(MAKE) story NAME=identity
	$(MAKE) story NAME=report
	$(BIN) drill --all
	$(MAKE) selftest

# Every planted bug must be caught by its test or drill; writes docs/planted.md.
selftest:
	go run ./sim/planted

# Every drill must fail with a protection taken out (docs/drills.md, last part); an hour and more.
pulled:
	go test -count=1 -timeout 180m -v -run EveryDrillFails ./sim/drill -pull all

vet: $(BIN)
	@bad=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); if [ -n "$$bad" ]; then echo "not gofmt'ed:"; echo "$$bad"; exit 1; fi
	go vet ./...
	go tool staticcheck ./...

# A few worlds with the race detector; test and check run many without it.
unit:
	HOLDFAST_SEEDS=2 HOLDFAST_SWEEP=none CGO_ENABLED=1 go test -race -timeout 15m ./...
	go test -count=1 -timeout 10m -run NothingTyped ./cmd/holdfast

bench: $(BIN)
	go test -run '^$$' -bench . -benchmem -timeout 20m ./access ./access/accessdb ./access/accessweb ./journal ./cmd/holdfast-verify ./triage ./urgent/urgentweb ./urgent/urgentdb ./record/recorddb ./replicate/carrier ./record/entrydb ./sim/speed
	HOLDFAST_BENCH_FACTS=1000000 go test -run '^$$' -bench WhoLooked -benchtime 1x -timeout 40m ./sim/speed
	$(MAKE) story NAME=figures

story: setup $(BIN)
	node web/stories/run.mjs $(NAME)

$(BIN): $(shell git ls-files -co --exclude-standard '*.go' '*.css' '*.js' '*.svg' '*.csv' '*.triage' '*.yaml' go.mod go.sum 2>/dev/null)
	@mkdir -p build
	@echo "building holdfast (the first time takes a few minutes)"
	CGO_ENABLED=0 go build -trimpath -o build/ ./cmd/holdfast ./cmd/holdfast-verify

generate:
	go tool templ generate
	gofmt -w $$(git ls-files -co --exclude-standard '*_templ.go')

# What a bare Debian machine with Go, Node and git lacks: a C compiler for the
# race detector, a browser, and the browser tests' packages.
setup: build/.setup

build/.setup: web/stories/package-lock.json
	@mkdir -p build
	@need=""; command -v gcc >/dev/null || need="$$need gcc libc6-dev"; command -v chromium >/dev/null || need="$$need chromium"; command -v fusermount3 >/dev/null || need="$$need fuse3"; command -v ip >/dev/null || need="$$need iproute2"; \
	if [ -n "$$need" ]; then echo "installing$$need"; apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$need >/dev/null; fi
	cd web/stories && npm ci --ignore-scripts --no-audit --no-fund --silent
	@touch $@

clean:
	rm -rf build
