# The one door: `make demo` shows it, `make test` proves it. Each does all its own set-up.

HOST := $(shell rustc -vV | sed -n 's/^host: //p')
RELEASE := target/$(HOST)/release
VERSION := $(shell sed -n 's/^version = "\(.*\)"$$/\1/p' Cargo.toml)
# Static, and not position-independent: what that saves and what it costs stands in docs/costs.md, "Why it is built so".
STATIC := -C target-feature=+crt-static -C relocation-model=static
# Not in the profile: the names of functions are hashes over it, and cni/order.txt needs the names.
STRIPPED := $(STATIC) -C strip=symbols

# Properties are tried on the same cases in every run, so that a run tells of the change and not of the dice. `make explore`
# throws them.
export PROPTEST_RNG_SEED ?= 1

.PHONY: all demo test explore hunt lint docs build guest image parts bench order tools clean

all: build

## Shows the main job: first without root in a throw-away namespace, then, with root, in a pod on a real containerd.
demo: build
	@tests/demo.sh $(RELEASE)/chainsaw

## Everything that CI asks for: formatting, lints, licences, documentation, all tests, the privileged ones too.
test: lint docs image guest parts
	cargo nextest run --workspace --locked

## The same properties on other cases, and many more of them.
explore:
	PROPTEST_RNG_SEED=$$(date +%s) PROPTEST_CASES=1000000 cargo nextest run --locked -p chainsaw-common -E 'binary(dialect) or binary(hostile)'

## Random sequences of commands, by iproute2 and by us on another kernel: 20,000 commands, other ones each time. An hour and
## more; HUNT_SEED=N takes those from that seed on.
hunt: export HUNT_SEED ?= $(shell date +%s)
hunt: export HUNT_COMMANDS ?= 20000
hunt: image guest parts
	@echo "HUNT_SEED=$(HUNT_SEED)"
	cargo nextest run --profile hunt --workspace --locked -E 'test(random_sequences)'

lint: tools
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo deny --log-level error check bans licenses sources

docs:
	RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" cargo doc --workspace --no-deps --document-private-items --locked --quiet

## The plugin, the program by which it asks the Kubernetes API, and the daemon; static. Apart, so that no one's
## dependencies choose features for another's.
build:
	RUSTFLAGS="$(STRIPPED)" cargo build --release --locked --target $(HOST) -p chainsaw-cni
	RUSTFLAGS="$(STRIPPED)" cargo build --release --locked --target $(HOST) -p chainsaw-lookup
	RUSTFLAGS="$(STRIPPED)" cargo build --release --locked --target $(HOST) -p chainsaw-nri --bin chainsawd

## What runs a test's commands, here and on other kernels, and what makes of the judge a server.
guest:
	RUSTFLAGS="$(STRIPPED)" cargo build --release --locked --target $(HOST) -p chainsaw-guest
	gcc -O2 -Wall -Wextra -Werror -shared -fPIC -o target/judge-server.so tests/guest/judge.c

## The image, as an OCI archive: with no container engine, and the same bytes for the same programs.
image: build
	@deployments/image/build.sh $(RELEASE) $(HOST) $(VERSION) target/chainsaw-image.tar

## The real containerd, CNI plugins and ip that tests and demo run against.
parts:
	@tests/parts.sh

## What an ADD costs, as ratios to an empty static binary, and its policy; what an NRI event costs, beside a plugin that
## says yes. About two minutes, and better with nothing else running. A gate or a goal that is missed fails it.
bench: build parts
	rustc --edition 2024 -C opt-level=3 -C lto=fat -C codegen-units=1 -C panic=abort -C strip=symbols $(STATIC) \
		tests/benches/add/empty.rs -o target/empty
	RUSTFLAGS="$(STRIPPED)" cargo build --release --locked --target $(HOST) -p chainsaw-nri --no-default-features \
		--features testing --bin least
	CHAINSAW_EMPTY=$(CURDIR)/target/empty CHAINSAW_LEAST=$(CURDIR)/$(RELEASE)/least \
		cargo bench --locked --no-fail-fast -p chainsaw-tests --bench add --bench nri --bench memory

## Where the functions of an ADD lie in the plugin, found out anew (docs/costs.md, "Why it is built so").
order:
	STATIC="$(STATIC)" cni/order.sh

tools:
	@cargo nextest --version >/dev/null 2>&1 || cargo install --locked cargo-nextest
	@cargo deny --version >/dev/null 2>&1 || cargo install --locked cargo-deny

clean:
	cargo clean
