#!/usr/bin/env bash
# Writes order.txt anew: the functions that the plugin runs for ADD with no value, with two commands, and for DEL, by
# callgrind, in a machine of namespaces. To be done when the compiler or much of the code has changed; what it
# is good for is in docs/costs.md, "Why it is built so". Needs root, and valgrind.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v valgrind >/dev/null || { echo "valgrind is missing: apt-get install valgrind" >&2; exit 1; }
host=$(rustc -vV | sed -n 's/^host: //p')
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# The names are hashes over the profile and what else cargo counts in, but not over these flags: so they are those of `make build`.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target/order}
RUSTFLAGS="$STATIC" cargo build --release --locked --target "$host" -p chainsaw-cni
cp "$CARGO_TARGET_DIR/$host/release/chainsaw" "$folder/chainsaw"

conf() {
    cat <<JSON
{"cniVersion": "1.0.0", "name": "order", "type": "chainsaw",
 "runtimeConfig": {"io.kubernetes.cri.pod-annotations": $1},
 "prevResult": {"cniVersion": "1.0.0",
  "interfaces": [{"name": "eth0", "mac": "02:00:00:00:00:01", "sandbox": "/run/netns/pod"}],
  "ips": [{"address": "192.0.2.10/24", "gateway": "192.0.2.1", "interface": 0}],
  "routes": [{"dst": "0.0.0.0/0"}], "dns": {}}}
JSON
}
conf '{}' >"$folder/none.json"
conf '{"k8s.v1.cni.cncf.io/chainsaw":
       "[\"ip route add 192.0.3.0/24 dev CURRENT_INTERFACE\", \"ip route\"]"}' >"$folder/two.json"

cat >"$folder/inside.sh" <<'INSIDE'
set -euo pipefail
mount -t tmpfs order /run
mkdir -m 0755 /run/netns /run/chainsaw
mkdir -p "$1/etc/chainsaw"
printf '[[rule]]\nnamespaces = ["default"]\nprofile = "route"\n' >"$1/etc/chainsaw/config.toml"
mount -t overlay -o "ro,lowerdir=$1/etc:/etc" order /etc
ip netns add pod
ip -n pod link add eth0 type veth peer name node0
ip -n pod link set node0 up
ip -n pod link set eth0 up
ip -n pod address add 192.0.2.10/24 dev eth0
# A configuration that was changed just now is taken another way.
sleep 2
export CNI_CONTAINERID=order CNI_NETNS=/run/netns/pod CNI_IFNAME=eth0 CNI_PATH=/opt/cni/bin
export CNI_ARGS='IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=order'
trace() {
    CNI_COMMAND=$1 valgrind --tool=callgrind --demangle=no --callgrind-out-file="$3" "$4/chainsaw" <"$4/$2.json" &>/dev/null
}
trace ADD none "$1/1" "$1"
trace ADD two "$1/2" "$1"
trace DEL none "$1/3" "$1"
INSIDE
unshare --mount --net --pid --fork --mount-proc bash "$folder/inside.sh" "$folder"

# A name stands behind its number where it comes first; one that calls itself has a number behind the name. What has no
# name of its own is in parentheses, or an address.
sed -n "s/^c\{0,1\}fn=([0-9]*) \([_a-zA-Z][^']*\).*/\1/p" "$folder/1" "$folder/2" "$folder/3" |
    awk '!seen[$0]++' >"$folder/order"
mv "$folder/order" cni/order.txt
echo "$(wc -l <cni/order.txt) functions in cni/order.txt"
