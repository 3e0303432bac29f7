#!/bin/sh
# Builds the image of Containerfile as an OCI archive, with no container engine: tar, sha256sum and a few lines of JSON.
# The same programs give the same bytes: no time, no owner and no order of this machine's goes into it.
#
#     build.sh FOLDER-OF-PROGRAMS TRIPLE VERSION ARCHIVE
set -eu
umask 022

programs=$1 triple=$2 version=$3 archive=$4
name=localhost/chainsaw

case $triple in
x86_64-*) architecture=amd64 ;;
aarch64-*) architecture=arm64 ;;
*)
    echo "image: no name is known for the architecture of $triple" >&2
    exit 1
    ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/rootfs" "$work/oci/blobs/sha256"

# pack FOLDER NAME...: an archive on standard output that depends on names, modes and contents alone.
pack() {
    folder=$1
    shift
    LC_ALL=C tar --format=ustar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$folder" -cf - "$@"
}

# blob FILE: keeps it under its digest, and says digest and size.
blob() {
    digest=$(sha256sum "$1" | cut -d ' ' -f 1)
    mv "$1" "$work/oci/blobs/sha256/$digest"
    echo "$digest" "$(wc -c <"$work/oci/blobs/sha256/$digest")"
}

for program in chainsaw chainsaw-lookup chainsawd; do
    install -m 0755 "$programs/$program" "$work/rootfs/$program"
done
pack "$work/rootfs" chainsaw chainsaw-lookup chainsawd >"$work/layer"
read -r layer layer_size <<END
$(blob "$work/layer")
END

cat >"$work/config" <<END
{"architecture":"$architecture","os":"linux","config":{"Entrypoint":["/chainsawd"],"Labels":{"org.opencontainers.image.title":"chainsaw","org.opencontainers.image.version":"$version","org.opencontainers.image.licenses":"Apache-2.0"}},"rootfs":{"type":"layers","diff_ids":["sha256:$layer"]}}
END
read -r config config_size <<END
$(blob "$work/config")
END

cat >"$work/manifest" <<END
{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:$config","size":$config_size},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"sha256:$layer","size":$layer_size}]}
END
read -r manifest manifest_size <<END
$(blob "$work/manifest")
END

# containerd takes the whole name from its own annotation; others take the tag.
cat >"$work/oci/index.json" <<END
{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:$manifest","size":$manifest_size,"platform":{"architecture":"$architecture","os":"linux"},"annotations":{"io.containerd.image.name":"$name:$version","org.opencontainers.image.ref.name":"$version"}}]}
END
printf '{"imageLayoutVersion":"1.0.0"}' >"$work/oci/oci-layout"

# Beside and renamed: whoever is killed leaves no half of an archive.
pack "$work/oci" blobs index.json oci-layout >"$archive.new"
mv "$archive.new" "$archive"
echo "$archive: $name:$version, linux/$architecture, sha256:$manifest"
