#!/bin/sh
# Fetches the real parts that the tests judge us by, and unpacks them beside the system:
#
#   containerd-1.7/  containerd 1.7, the oldest that must always work      (Debian trixie)
#   containerd-2/    containerd 2.x, whatever is newest                    (Debian sid)
#   cni/             the reference CNI plugins                             (Debian sid)
#   judge/           iproute2 6.15, the judge of the `ip` dialect          (Debian bookworm-backports)
#   kustomize/       what builds the manifests, as `kubectl -k` does       (Debian trixie)
#   kubectl/         what runs the commands that README tells people       (Debian trixie)
#   kernel-6.1/      kernels, with the modules of networks, for QEMU       (Debian bookworm)
#   kernel-6.12/                                                           (Debian trixie)
#   kernel-newest/                                                         (Debian sid)
#
# They are unpacked, never installed: the system keeps its own libc, its own `ip` and its own runc (the suites' runc
# wants a newer libc). The mirror and the archive's key are those that this machine's apt already uses.
# Where: ${CHAINSAW_PARTS:-target/parts}. What is there already stays; every part is there whole or not at all.
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
parts=${CHAINSAW_PARTS:-$here/target/parts}
keyring=${CHAINSAW_KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg}
staging=$parts/.staging

fail() {
    echo "parts: $*" >&2
    exit 1
}

# Programs of the machine's own release that the parts or the tests call, as PROGRAM:PACKAGE.
tools="runc:runc busybox:busybox-static ip:iproute2 setpriv:util-linux nsenter:util-linux flock:util-linux
       dpkg-deb:dpkg mount:mount qemu-system-x86_64:qemu-system-x86 cpio:cpio depmod:kmod xz:xz-utils gcc:gcc"

system_tools() {
    missing=
    for tool in $tools; do
        command -v "${tool%%:*}" >/dev/null 2>&1 || missing="$missing ${tool##*:}"
    done
    [ -z "$missing" ] && return
    # shellcheck disable=SC2086  # a list of words on purpose
    { apt-get -q update && apt-get -qy install --no-install-recommends $missing; } >&2 ||
        fail "cannot install$missing with apt-get (as root? is the mirror reachable?)"
}

# The URI of the mirror that apt uses for the release this machine runs.
mirror() {
    codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
    uri=$(apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(CREATED_BY) $(REPO_URI)' |
        sed -n "s/^$codename main Packages //p" | head -n 1)
    [ -n "$uri" ] || fail "apt has no source for '$codename main', so there is no mirror to take other suites from"
    echo "$uri"
}

# One of apt's programs, with a root of its own that knows one suite only.
private() {
    program=$1
    shift
    "$program" -q -o Dir::Etc::SourceList="$apt/sources.list" -o Dir::Etc::SourceParts=- \
        -o Dir::State="$apt/state" -o Dir::State::status="$apt/status" -o Dir::Cache="$apt/cache" \
        -o Acquire::Languages=none -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false \
        -o Acquire::Retries=3 -o APT::Sandbox::User=root "$@"
}

# prepare SUITE: its package index, fetched once a run.
prepare() {
    apt=$staging/apt-$1
    [ -d "$apt" ] && return
    mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial"
    : >"$apt/status"
    echo "deb [signed-by=$keyring] $(mirror) $1 main" >"$apt/sources.list"
    private apt-get update >"$apt/log" 2>&1 || { cat "$apt/log" >&2; fail "cannot read the package index of suite '$1'"; }
}

# part FOLDER SUITE PACKAGE VERSION-PATTERN PROGRAM...: the package unpacked, its version checked, each program run once.
part() {
    folder=$1 suite=$2 package=$3 pattern=$4
    shift 4
    recipe="$package $suite"
    if [ "$(sed -n 1p "$parts/$folder/recipe" 2>/dev/null)" != "$recipe" ]; then
        fetch "$@"
    fi
    printf '%-15s %s %s\n' "$folder" "$package" "$(sed -n 2p "$parts/$folder/recipe")"
}

# download PACKAGE...: packages of the suite, unpacked into $new; $version is theirs.
download() {
    mkdir -p "$new" "$new.deb"
    (cd "$new.deb" && private apt-get download "$@" >log 2>&1) ||
        { cat "$new.deb/log" >&2; fail "suite '$suite' does not give package '$*'"; }
    for deb in "$new.deb"/*.deb; do
        version=$(dpkg-deb -f "$deb" Version)
        dpkg-deb -x "$deb" "$new"
    done
    # shellcheck disable=SC2254  # a pattern on purpose
    case ${version#*:} in
    $pattern) ;;
    *) fail "suite '$suite' has $package $version, but the tests need $pattern" ;;
    esac
}

# finish: the part is whole.
finish() {
    printf '%s\n%s\n' "$recipe" "$version" >"$new/recipe"
    rm -rf "${parts:?}/$folder"
    mv "$new" "$parts/$folder"
}

fetch() {
    echo "parts: fetching $package from $suite" >&2
    prepare "$suite"
    new=$staging/$folder
    download "$package"
    rm -f "$new"/usr/bin/runc "$new"/usr/sbin/runc
    for program in "$@"; do
        "$new/$program" -V >"$new.out" 2>&1 || "$new/$program" -v >"$new.out" 2>&1 ||
            "$new/$program" version >"$new.out" 2>&1 || "$new/$program" version --client >"$new.out" 2>&1 ||
            { cat "$new.out" >&2; fail "$package $version of suite '$suite' does not run on this machine's libc"; }
    done
    finish
}

# Folders of a kernel's modules that hold what networks are made of, with what that depends on.
modules="net crypto lib arch drivers/net/bonding drivers/net/vxlan drivers/net/ipvlan drivers/net/wireguard
         drivers/net/team"

# kernel FOLDER SUITE VERSION-PATTERN: the suite's kernel as `vmlinuz`, and its modules, unpacked, as modprobe wants them.
kernel() {
    folder=$1 suite=$2 pattern=$3 package=linux-image-amd64
    recipe="$package $suite"
    if [ "$(sed -n 1p "$parts/$folder/recipe" 2>/dev/null)" != "$recipe" ]; then
        fetch_kernel
    fi
    printf '%-15s %s %s\n' "$folder" "$package" "$(sed -n 2p "$parts/$folder/recipe")"
}

fetch_kernel() {
    echo "parts: fetching $package from $suite" >&2
    prepare "$suite"
    # The package of no version depends on the one that holds the kernel, or on those that do.
    packages=$(private apt-cache depends --recurse --important "$package" | grep -E '^linux-(image|base|binary|modules)-[0-9]') ||
        fail "suite '$suite' has no package that holds the kernel of '$package'"
    new=$staging/$folder.whole
    # shellcheck disable=SC2086  # a list of words on purpose
    download $packages
    whole=$new new=$staging/$folder
    release=$(cd "$whole" && ls -d lib/modules/* usr/lib/modules/* 2>/dev/null | head -n 1)
    there=$new/lib/modules/${release##*/}
    mkdir -p "$there/kernel/drivers/net"
    cp "$whole"/boot/vmlinuz-* "$new/vmlinuz" 2>/dev/null || cp "$whole/$release/vmlinuz" "$new/vmlinuz"
    cp "$whole/$release"/modules.builtin* "$whole/$release/modules.order" "$there"
    (cd "$whole/$release/kernel" && find $modules drivers/net/*.ko* -name '*.ko*' | cpio -pdm --quiet "$there/kernel")
    find "$there" -name '*.xz' -exec xz -d {} +
    depmod -b "$new" "${release##*/}"
    rm -rf "$whole"
    finish
}

system_tools
mkdir -p "$parts"
exec 9>"$parts/.lock"
flock 9
rm -rf "$staging"
trap 'rm -rf "$staging"' EXIT

part containerd-1.7 trixie containerd '1.7.*' usr/bin/containerd usr/bin/containerd-shim-runc-v2
part containerd-2 sid containerd '[2-9].*' usr/bin/containerd usr/bin/containerd-shim-runc-v2
part cni sid containernetworking-plugins '1.*'
part judge bookworm-backports iproute2 '6.15.*' bin/ip
part kustomize trixie kustomize '5.*' usr/bin/kustomize
part kubectl trixie kubectl '1.3*' usr/bin/kubectl
kernel kernel-6.1 bookworm '6.1.*'
kernel kernel-6.12 trixie '6.12.*'
kernel kernel-newest sid '[7-9].*'
printf '%-15s %s\n' "system's own" "$(runc --version | head -n 1)"
