#!/usr/bin/env bash
# Measures the lines of live providers that tests run, with rustc's own instrumentation (source-based, as cargo-llvm-cov
# does), and fails below 90 % for an adapter and 95 % for a mapper. Only the program is instrumented, not its dependencies.
# Needs the component llvm-tools: rustup component add llvm-tools
set -euo pipefail
cd "$(dirname "$0")/.."
tools=$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin
for tool in llvm-profdata llvm-cov; do
    [ -x "$tools/$tool" ] || rustup component add llvm-tools >/dev/null 2>&1 || true
    [ -x "$tools/$tool" ] || { echo "SKIPPED: coverage, since $tool is missing" >&2; exit 0; }
done
work=$(mktemp -d)
# Programs that tests start without these variables write here.
trap 'rm -rf "$work"; rm -f default_*.profraw' EXIT

cat > "$work/wrapper" <<'W'
#!/usr/bin/env bash
exec "$@" -C instrument-coverage
W
chmod +x "$work/wrapper"
export RUSTC_WORKSPACE_WRAPPER="$work/wrapper" LLVM_PROFILE_FILE="$work/%p-%m.profraw"
# Beside the usual files, since the same dependencies serve both.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}
cargo test --locked --no-run --lib --test it --message-format=json >"$work/messages"
objects=$(python3 - "$work/messages" <<'P'
import json, sys
for line in open(sys.argv[1]):
    message = json.loads(line)
    if message.get("reason") == "compiler-artifact" and message.get("executable"):
        print(message["executable"])
P
)
rm -f "$work"/*.profraw
for object in $objects; do
    case $object in
        */deps/dashtam-*) "$object" --quiet providers:: >"$work/log" 2>&1 || { tail -30 "$work/log"; exit 1; } ;;
        */deps/it-*) "$object" --quiet live:: >"$work/log" 2>&1 || { tail -30 "$work/log"; exit 1; } ;;
    esac
done
"$tools/llvm-profdata" merge --sparse "$work"/*.profraw -o "$work/all.profdata"
arguments=()
for object in $objects; do arguments+=(--object "$object"); done
"$tools/llvm-cov" export --summary-only --instr-profile "$work/all.profdata" "${arguments[@]}" >"$work/report.json"
# The lines that no test runs, file by file, for those who ask.
if [ -n "${DASHTAM_COVERAGE_LINES:-}" ]; then
    "$tools/llvm-cov" show --instr-profile "$work/all.profdata" "${arguments[@]}" --sources src/providers \
        >"$DASHTAM_COVERAGE_LINES"
fi

python3 - "$work/report.json" <<'P'
import json, os, re, sys
# Files that turn replies into drafts; everything else of a folder asks for them.
MAPPERS = {"map.rs", "wire.rs", "legs.rs", "signs.rs", "relink.rs"}
totals = {}
for file in json.load(open(sys.argv[1]))["data"][0]["files"]:
    found = re.search(r"src/providers/(\w+)/(\w+\.rs)$", file["filename"])
    if not found or found[1] == "kit" or found[1].endswith("_file") or found[2] == "tests.rs":
        continue
    kind = "mapper" if found[2] in MAPPERS else "adapter"
    lines = file["summary"]["lines"]
    count, covered = totals.get((found[1], kind), (0, 0))
    totals[found[1], kind] = count + lines["count"], covered + lines["covered"]
failed = not totals
for (slug, kind), (count, covered) in sorted(totals.items()):
    share = 100 * covered / count
    least = 95 if kind == "mapper" else 90
    failed |= share < least
    print(f"{slug:<12} {kind:<8} {share:6.1f} % of {count} lines" + ("" if share >= least else f"   below {least} %"))
sys.exit(failed)
P
