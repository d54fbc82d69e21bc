#!/usr/bin/env bash
# Kills imports at random moments and looks at what is left: all rows of the file or none, and no repair by hand.
# A script of its own since it depends on chance and time: tests/kill-9.sh [ROUNDS] [PROGRAM]
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-50}
program=${2:-target/release/dashtam}
rows=20000
[ -x "$program" ] || { echo "build it first: cargo build --release" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

awk -v rows="$rows" 'BEGIN {
    print "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD"
    print "<BANKACCTFROM><BANKID>021000021<ACCTID>000123457890<ACCTTYPE>CHECKING</BANKACCTFROM><BANKTRANLIST>"
    for (row = 1; row <= rows; row++)
        printf "<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>2026%02d%02d<TRNAMT>-%d.%02d<FITID>%d<NAME>Shop %d</STMTTRN>\n",
            row % 12 + 1, row % 28 + 1, row % 90 + 1, row % 100, row, row % 500
    print "</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
}' > "$folder/all.ofx"
sed 's/000123457890/000999990001/' "$folder/all.ofx" > "$folder/before.ofx"

count() { "$program" --data-dir "$1" transactions --format jsonl | wc -l; }
none=0 whole=0
for round in $(seq "$rounds"); do
    data="$folder/$round"
    "$program" --data-dir "$data" import "$folder/before.ofx" >/dev/null
    "$program" --data-dir "$data" import "$folder/all.ofx" >/dev/null 2>&1 &
    victim=$!
    sleep "0.$(printf '%03d' $((RANDOM % 250)))"
    kill -9 "$victim" 2>/dev/null || true
    wait "$victim" 2>/dev/null || true
    case $(count "$data") in
        "$rows") none=$((none + 1)) ;;
        "$((2 * rows))") whole=$((whole + 1)) ;;
        *) echo "round $round: $(count "$data") rows, neither $rows nor $((2 * rows))" >&2; exit 1 ;;
    esac
    rm -rf "$data"
done
echo "$rounds rounds: $whole imports were whole, $none left nothing"
