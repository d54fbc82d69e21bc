#!/usr/bin/env bash
# Builds and tries the program on a machine that has nothing: a fresh Debian in a folder.
#
# Usage: tests/clean-machine.sh [FOLDER]    (needs root, debootstrap, git, and the network; about 4 GB and 20 minutes)
#
# Without a way to the servers of Rust: TOOLCHAIN names a folder with an installed toolchain, CARGO_CACHE the folder of cargo
# with the packages of Cargo.lock; both are copied into the fresh system.
#
# It proves the list of packages below, the build with the locked dependencies, and the first minute of the README.
set -euo pipefail

packages=ca-certificates,curl,gcc,libc6-dev,make,cmake,pkg-config
mirror=${MIRROR:-http://deb.debian.org/debian}
root=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)
folder=${1:-$(mktemp -d /var/tmp/dashtam-clean.XXXXXX)}

for tool in debootstrap git chroot; do
    command -v "$tool" >/dev/null || { echo "$tool is needed: install it, or run the commands below by hand in a container" >&2; exit 2; }
done
[ "$(id -u)" = 0 ] || { echo "chroot needs root" >&2; exit 2; }

debootstrap --variant=minbase --include="$packages" bookworm "$folder" "$mirror"
cp /etc/resolv.conf "$folder/etc/resolv.conf"
mkdir -p "$folder/src"
git -C "$root" archive HEAD | tar -x -C "$folder/src"
if [ -n "${TOOLCHAIN:-}" ]; then cp -r "$TOOLCHAIN" "$folder/opt/rust"; fi
if [ -n "${CARGO_CACHE:-}" ]; then mkdir -p "$folder/src/target/home/.cargo"; cp -r "$CARGO_CACHE/registry" "$folder/src/target/home/.cargo/"; fi
mount --bind /dev "$folder/dev"
mount -t proc proc "$folder/proc"
trap 'umount "$folder/proc" "$folder/dev"' EXIT

chroot "$folder" /bin/bash -euxo pipefail -c '
    export HOME=/src/target/home; mkdir -p "$HOME"; export PATH="/opt/rust/bin:$HOME/.cargo/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    [ -d /opt/rust ] || curl --proto "=https" --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal
    cd /src
    if [ -d "$HOME/.cargo/registry" ]; then export CARGO_NET_OFFLINE=true; fi
    time cargo install --locked --path .
    dashtam --version
    dashtam --demo accounts
    dashtam --demo transactions --query "coffee last:30d" --format json >/dev/null
    dashtam --demo export --to csv >/dev/null
    printf "1\n3\nq\n" | dashtam --demo --plain >/dev/null
    dashtam accounts
    dashtam doctor || [ $? = 1 ]
'
echo "built and tried in $folder"
