# Process 1 of a node (tests/src/machine.rs), in new pid, mount, network, uts and ipc namespaces.
# /run is empty; /etc, /opt and /var show the host's and take writes of their own; all of it is memory, and gone with us.
set -eu
read -r outer_pid rest </proc/self/stat
# As systemd has it: what is mounted later is seen where a container asks for it (HostToContainer).
mount --make-rshared /
mount -t proc proc /proc
mount -t tmpfs -o mode=755 node /run
for tree in etc opt var; do
    mkdir -p "/run/.node/$tree" "/run/.node/$tree.work"
    mount -t overlay -o "lowerdir=/$tree,upperdir=/run/.node/$tree,workdir=/run/.node/$tree.work" node "/$tree"
done
# What this host's own Chainsaw is told is not the node's.
rm -rf /etc/chainsaw
# containerd's snapshots are overlays themselves, and those cannot lie on an overlay.
mkdir -p /run/.node/containerd /var/lib/containerd
mount --bind /run/.node/containerd /var/lib/containerd
ip link set lo up
echo "$outer_pid"
# Reap orphans, as process 1 must, until the test lets go of our standard input.
exec 3<&0
cat <&3 >/dev/null &
exec 3<&-
wait $!
