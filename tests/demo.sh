#!/bin/sh
# `make demo`: CHAINSAW is the built binary.
set -eu
chainsaw=$1
cd "$(dirname "$0")/.."
value='["ip route add 192.0.3.0/24 dev CURRENT_INTERFACE", "ip route"]'

echo "== In a throw-away namespace that looks like a pod's; no root, no cluster =="
echo
echo "\$ chainsaw try '$value'"
"$chainsaw" try "$value"
echo

if [ "$(id -u)" -ne 0 ]; then
    echo "As root this would go on with a pod on a real containerd, and with one that is served by NRI."
    exit 0
fi
echo "== In a pod on a real containerd =="
echo
tests/parts.sh >&2
# Of the whole workspace, so that what the tests have built is used.
cargo build --quiet --locked --workspace --example demo
# On standard error comes the whole log of containerd.
if ! target/debug/examples/demo 2>target/demo.log; then
    cat target/demo.log >&2
    exit 1
fi
