# The build server runs "make check"; so can you.

# SQLite is C code that is compiled in. One set of flags for every target, so
# that it is compiled once, and kept in Go's build cache.
export CGO_ENABLED = 1

VERSION := $(shell .ci/version)
COMMIT  := $(shell git rev-parse HEAD 2>/dev/null)
BUILD   := -trimpath -buildvcs=false -ldflags "-s -w -X gatecrier/app.Version=$(VERSION) -X gatecrier/app.Commit=$(COMMIT)"

.DEFAULT_GOAL := help

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## Build, then run the server on http://127.0.0.1:8080 (Ctrl-C stops it)
	@exec bin/gatecrier serve

demo: build ## Build, then show what it does: sample products and a receiver for all messages (Ctrl-C stops it)
	@exec bin/gatecrier demo

build: ## Build bin/gatecrier
	@.ci/sqlite-notice $(BUILD)
	go build $(BUILD) -o bin/gatecrier .

check: test race lint ## Everything that must pass before a change goes in: test, race and lint

# app/apptest takes longer than all others, so it comes first. "make lint" runs vet.
test: deps ## Run all tests, and fuzz untrusted input for 5 s each
	@.ci/sqlite-notice
	go test -vet=off -timeout 20m ./app/apptest ./...
	@.ci/fuzz 5s FuzzEnvelope FuzzKey

# Where goroutines share something: every package but the whole program, and of that the
# scenarios in which many callers, instances or senders meet.
RACES := MainJob|AtOnce|Race|Same|Share|Two|Storm|Order|Late|Hanging|Stream|Outage|SilenceHolds|Staged|Panic|Sentry
race: deps ## Run the packages with goroutines, and the scenarios in which many meet, with the race detector
	@.ci/sqlite-notice -race
	go test -race -vet=off -timeout 20m $$(go list ./... | grep -v -e /apptest -e /templates/ -e /static)
	go test -race -vet=off -timeout 20m -run '$(RACES)' -skip 'InTheBrowser|FromThePage' ./app/apptest

# The same scenarios as in test, ten times as long, and those that only measure.
trial: deps ## Run the long trials: kills, walks, storms, instances, outages, every state of every page (half an hour)
	GATECRIER_KILLS=50 GATECRIER_STEPS=10000 GATECRIER_STORM=25 GATECRIER_DELIVERIES=10000 GATECRIER_HANG=10 \
	GATECRIER_GATES=5000 GATECRIER_COPY=1000000 GATECRIER_GAP=2 GATECRIER_ATTACK=5 GATECRIER_OUTAGE=60 GATECRIER_ASSESSED=10000 \
	GATECRIER_DELETED=1000000 GATECRIER_ALL_LOOKS=1 go test -count=1 -timeout 90m -v \
	-run 'Kill|RandomWalk|Storm|TwoInstances|OneOfTwo|Outage|Trial|DayOfAttack|InTheBrowser|FromThePage' ./app/apptest

lint: tools ## Run the linters; see that words, generated code, go.mod and scripts are right
	@.ci/scripts
	@go test ./.ci/words ./.ci/bench
	@go run ./.ci/words
	@.ci/drift
	@unformatted=$$(.ci/bin/gofumpt -l .); if [ -n "$$unformatted" ]; then echo "run make fmt for:" $$unformatted >&2; exit 1; fi
	.ci/bin/golangci-lint run ./... ./.ci/words ./.ci/bench
	@.ci/openapi
	@.ci/selfscan

texts: ## Print all texts for users in a row, per area, with the places of their source
	@go run ./.ci/words -texts

fmt: tools ## Format Go code and templates
	.ci/bin/gofumpt -w .
	.ci/bin/templ fmt templates .ci/bench

generate: tools ## Format the templates and generate their code
	.ci/generate

fuzz: ## Run each fuzz target for 5 minutes
	@.ci/fuzz 5m

# BENCH has flags, such as -only S2,S9 or -postgres.
bench: bench-program ## Measure the built program beside the limit (BENCH="-only S2,S9")
	bin/bench $(BENCH)

bench-short: bench-program ## Send a few requests of each measurement; see that nothing gets lost
	bin/bench -short -json bin/bench-short.json $(BENCH)

bench-program: build
	go build $(BUILD) -o bin/bench ./.ci/bench

bench-go: ## Run the Go benchmarks of all packages that have some
	go test -run '^$$' -bench . -benchmem $$(git grep -l --untracked '^func Benchmark' -- '*_test.go' | xargs -n1 dirname | sort -u | sed 's|^|./|')

pictures: deps ## Renew the pictures of the README and of docs/notifications.md
	GATECRIER_PICTURES=$(CURDIR)/docs go test -count=1 -run 'DemoInTheBrowser|MessagePictures' ./app/apptest

freeze: deps ## Store databases of this schema, which later versions must be able to upgrade (VERSION=0.1.0)
	GATECRIER_FREEZE=$(VERSION) go test -count=1 -run '^TestFreezeSchema$$' ./app/apptest

deps: ## Install what tests need: C compiler, PostgreSQL, Chromium
	@.ci/deps

vendor-static: ## Renew the style sheets, scripts and icons of others (needs npm)
	.ci/vendor-static

release: ## Build a release for linux/amd64 and linux/arm64 into dist (VERSION=0.1.0; else that of the tag)
	@.ci/deps release
	@.ci/release $(VERSION)

outdated: ## List direct dependencies and tools that have a newer version
	@.ci/outdated

tools:
	@.ci/tools

.PHONY: help run demo build check test race trial lint texts fmt generate fuzz bench bench-short bench-program bench-go pictures freeze deps vendor-static release outdated tools
