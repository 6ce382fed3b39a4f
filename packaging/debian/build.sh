#!/bin/sh
# Makes a Debian package: packaging/debian/build.sh [BINARY [FOLDER]]
# BINARY is target/release/sipwarden unless given; the package goes to FOLDER, by default the present one.
# Prints the package's path. Needs dpkg-deb and gzip, and neither root nor fakeroot. The same binary and the same
# SOURCE_DATE_EPOCH give the same package.
set -eu
umask 022

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
binary=${1:-"$root/target/release/sipwarden"}
folder=${2:-.}
[ -x "$binary" ] || { echo "$binary is not there; cargo build --release -p server makes it" >&2; exit 1; }
case $binary in /*) ;; *) binary=./$binary ;; esac

version=$("$binary" --version | cut -d' ' -f2)
architecture=$(dpkg --print-architecture)
tree=$(mktemp -d)
chmod 0755 "$tree"
trap 'rm -rf "$tree"' EXIT

install -D -m 0755 "$binary" "$tree/usr/bin/sipwarden"
install -D -m 0644 "$here/../systemd/sipwarden.service" "$tree/usr/lib/systemd/system/sipwarden.service"
install -D -m 0644 "$here/../systemd/sipwarden.sysusers" "$tree/usr/lib/sysusers.d/sipwarden.conf"

# Written beside its place first: a pipe would hide that the program failed.
print() {
    mkdir -p "$(dirname "$tree/$1")"
    target=$tree/$1
    shift
    env -i "$binary" "$@" >"$target"
}
print etc/sipwarden/sipwarden.toml config example
sed -i 's|^#data_dir = .*|data_dir = "/var/lib/sipwarden"|' "$tree/etc/sipwarden/sipwarden.toml"
grep -q '^data_dir = "/var/lib/sipwarden"$' "$tree/etc/sipwarden/sipwarden.toml"
env -i "$binary" config check --config "$tree/etc/sipwarden/sipwarden.toml" >/dev/null
print usr/share/bash-completion/completions/sipwarden completions bash
print usr/share/zsh/vendor-completions/_sipwarden completions zsh
print usr/share/fish/vendor_completions.d/sipwarden.fish completions fish

manuals=usr/share/man/man1
print "$manuals/sipwarden.1" man
for command in serve quickstart config "config check" "config example" account "account create" "account list" \
    realm "realm set-policy" credential "credential create" "credential list" "credential show" "credential update" \
    "credential disable" "credential enable" "credential delete" completions man; do
    # shellcheck disable=SC2086 # the words of a command
    print "$manuals/sipwarden-$(echo "$command" | tr ' ' -).1" man $command
done
gzip -9 -n "$tree/$manuals"/*.1

documents=$tree/usr/share/doc/sipwarden
install -D -m 0644 "$root/CHANGELOG.md" "$documents/changelog"
gzip -9 -n "$documents/changelog"
{
    printf 'Licence: MIT OR Apache-2.0\n\n'
    cat "$root/LICENSE-MIT"
    printf '\nThe Apache License 2.0 is in /usr/share/common-licenses/Apache-2.0.\n'
} >"$documents/copyright"

mkdir "$tree/DEBIAN"
for script in postinst prerm postrm; do install -m 0755 "$here/$script" "$tree/DEBIAN/$script"; done
echo /etc/sipwarden/sipwarden.toml >"$tree/DEBIAN/conffiles"
# A static binary needs nothing; another needs at least the C library whose symbols it names.
needs=$(grep -ao 'GLIBC_2\.[0-9]*' "$binary" | sort -t. -k2 -n -u | tail -n 1 | cut -d_ -f2)
if grep -aq 'ld-linux' "$binary"; then
    depends="libc6 (>= $needs), libgcc-s1"
else
    depends=
fi
{
    printf 'Package: sipwarden\nVersion: %s\nArchitecture: %s\n' "$version" "$architecture"
    printf 'Maintainer: The sipwarden authors <sipwarden@localhost>\nSection: net\nPriority: optional\n'
    [ -z "$depends" ] || printf 'Depends: %s\n' "$depends"
    printf 'Installed-Size: %s\n' "$(du -sk --exclude=DEBIAN "$tree" | cut -f1)"
    printf 'Description: self-hosted multi-tenant SIP credential service\n'
    printf ' Creates credentials over HTTP; phones register with them over SIP.\n'
} >"$tree/DEBIAN/control"

mkdir -p "$folder"
package=$folder/sipwarden_${version}_$architecture.deb
dpkg-deb --root-owner-group --build "$tree" "$package" >/dev/null
echo "$package"
