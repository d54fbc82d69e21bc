#!/usr/bin/env bash
# Follows docs/adding-a-provider.md for each of the five ways to connect, in a copy of the source: writes the provider,
# checks that one folder and one line of src changed, that its tests fail for the stated reason, fills it in, and runs
# its tests, the contract suite and the rules of the registry. Compiles with warnings denied. Takes minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
target=${CARGO_TARGET_DIR:-$root/target}
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
fail() { printf 'FAILED: %s\n' "$1" >&2; exit 1; }

cargo build --quiet --locked --bin dashtam
dashtam="$target/debug/dashtam"

tar -c --exclude=./target --exclude=./.git --exclude='*/node_modules' . | tar -x -C "$copy"
cd "$copy"
git init --quiet . && git add -A && git -c user.name=x -c user.email=x@example.com commit --quiet -m start
commit() { git add -A && git -c user.name=x -c user.email=x@example.com commit --quiet -m "$1"; }

kinds=(oauth api-key file link certificate)
for kind in "${kinds[@]}"; do
    slug="guide_${kind/-/_}"
    "$dashtam" dev new-provider "$slug" --auth "$kind" --name "Guide $kind" >/dev/null 2>&1 || fail "$kind: new-provider"
    git add -A
    changed=$(git diff --cached --name-status -- src)
    outside=$(grep -v "src/providers/$slug/" <<<"$changed" || true)
    [ "$outside" = $'M\tsrc/providers/registry.rs' ] || fail "$kind: more than a folder and the registry changed: $outside"
    [ "$(git diff --cached --numstat -- src/providers/registry.rs | cut -f1,2)" = $'1\t0' ] || fail "$kind: more than one line"
    beside=$(git diff --cached --name-only -- . ':!src' | grep -v -e "^fixtures/providers/$slug/" -e "^docs/providers/$slug.md$" || true)
    [ -z "$beside" ] || fail "$kind: unexpected files: $beside"
    commit "$kind"
    echo "$kind: one folder and one line of src, $(git show --name-only --format= | wc -l) files in all"
done

# The copy shares the compiled dependencies, but not the program itself.
export CARGO_TARGET_DIR="$target"
# One crate for all five; a warning is an error, without other flags for the dependencies.
sed -i '1i #![deny(warnings)]' src/lib.rs
if cargo test --quiet --locked --lib providers::guide_ >"$copy/before" 2>&1; then
    fail "the tests of new providers pass before they are filled in"
fi
grep -q '^test result: FAILED' "$copy/before" || { tail -40 "$copy/before"; fail "new providers do not compile"; }
for kind in "${kinds[@]}"; do
    slug="guide_${kind/-/_}"
    grep -q "providers::$slug::tests::nothing_is_left_to_fill_in" "$copy/before" || fail "$kind: no test names what is left"
done
echo "before: $(grep '^test result' "$copy/before")"

# The answers of a developer, place by place.
for kind in "${kinds[@]}"; do
    slug="guide_${kind/-/_}"
    folder="src/providers/$slug"
    sed -i '/^ *\/\/ FILL IN/d; s/ FILL IN:[^"]*$/ Made up./' "$folder"/*.rs
    sed -i 's/FILL IN: [a-z]/It has &/; s/FILL IN: //' "docs/providers/$slug.md"
    sed -i '/"FILL IN"/d' "fixtures/providers/$slug/contract.json"
    if [ "$kind" = file ]; then
        sed -i 's/NUMBERS: &\[&str\] = &\[\]/NUMBERS: \&[\&str] = \&["990017"]/' "$folder/map.rs"
    else
        python3 - "$folder/map.rs" <<'PY'
import sys
path = sys.argv[1]
text = open(path).read()
for before, after in [
    ("ACCOUNT_TYPES: &[(&str, AccountType)] = &[];",
     'ACCOUNT_TYPES: &[(&str, AccountType)] =\n    &[("checking", AccountType::Checking), ("savings", AccountType::Savings), ("card", AccountType::CreditCard)];'),
    ("KINDS: &[(&str, Sub, Sub)] = &[];",
     'KINDS: &[(&str, Sub, Sub)] =\n    &[("purchase", Sub::Refund, Sub::Purchase), ("salary", Sub::OtherIncome, Sub::Adjustment)];'),
    ("ASSET_TYPES: &[(&str, AssetType)] = &[];", 'ASSET_TYPES: &[(&str, AssetType)] = &[("share", AssetType::Equity)];'),
]:
    assert before in text, before
    text = text.replace(before, after)
open(path, "w").write(text)
PY
    fi
done
outside=$(git status --porcelain -- src | grep -v 'src/providers/guide_' | grep -v 'src/lib.rs' || true)
[ -z "$outside" ] || fail "filling in touched other files: $outside"

run() { cargo test --quiet --locked "$@" >"$copy/after" 2>&1 || { tail -60 "$copy/after"; fail "cargo test $*"; }; grep '^test result' "$copy/after"; }
run --lib providers::
run --test it live::provider_contract
if [ "${1:-}" = --lints ]; then
    cargo clippy --quiet --locked --lib --tests -- -D warnings || fail "lints"
fi
echo "the guide holds for: ${kinds[*]}"
