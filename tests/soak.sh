#!/usr/bin/env bash
# Long trials that depend on chance and time, each alone: tests/soak.sh TRIAL [COUNT] [PROGRAM]
#   kills    COUNT rounds of kill -9 in each of import, sync, undo, redo, edit, backup, restore, encrypt, decrypt, merge, vault passphrase
#   doubles  COUNT histories of import, undo, redo and merge of overlapping files, each step killed at a random moment: after the next
#            import every row is there once
#   full     a full disk at COUNT sizes (RLIMIT_FSIZE) during an import
#   flips    COUNT single flipped bits in a database of 30 MB: exports are right or refused, imports add nothing that is there
#   backups  COUNT single flipped bits in each of a database backup, an age backup, a gzip file and a zip of a statement: none is
#            accepted with other content
# The profile is encrypted with a passphrase; with DASHTAM_VAULT=memory it is plain, which is faster and leaves damage to the
# store's own checks. Power losses: DASHTAM_CUTS=N cargo nextest run --lib power
set -euo pipefail
trial=${1:?kills, doubles, full, flips or backups}
count=${2:-50}
program=$(realpath "${3:-target/release/dashtam}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export HOME=$folder DASHTAM_VAULT=${DASHTAM_VAULT:-passphrase} DASHTAM_PASSPHRASE_FILE=$folder/passphrase
echo "open sesame" > passphrase
printf '[backup]\ndaily = false\n' > config.toml
export DASHTAM_CONFIG=$folder/config.toml

statement() { # ACCOUNT ROWS FILE
    awk -v account="$1" -v rows="$2" 'BEGIN {
        print "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD"
        print "<BANKACCTFROM><BANKID>021000021<ACCTID>" account "<ACCTTYPE>CHECKING</BANKACCTFROM><BANKTRANLIST>"
        for (row = 1; row <= rows; row++)
            printf "<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>2026%02d%02d<TRNAMT>-%d.%02d<FITID>%s-%d<NAME>Shop %d</STMTTRN>\n",
                row % 12 + 1, row % 28 + 1, row % 90 + 1, row % 100, account, row, row % 500
        print "</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
    }' > "$3"
}
run() { "$program" --data-dir "$@"; }
# Everything a user sees of a profile but the times of syncs, as one hash; fails if the profile can't be read.
state() {
    { run "$1" export --to json && run "$1" accounts --format json; } |
        sed 's/"[0-9-]*T[0-9:.]*Z"/"time"/g' | sha256sum | cut -d' ' -f1
}
flip() { # FILE: flips a random bit and prints how to flip it back
    local at bit byte
    at=$(shuf -i 0-$(($(stat -c %s "$1") - 1)) -n 1) bit=$((RANDOM % 8))
    byte=$(od -An -tu1 -j "$at" -N 1 "$1")
    printf "\\x$(printf %x $((byte ^ (1 << bit))))" | dd of="$1" bs=1 seek="$at" conv=notrunc status=none
    echo "$at $byte"
}
restore_byte() { printf "\\x$(printf %x "$3")" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none; }

# A SimpleFIN Bridge on loopback that lists more rows once the file "grown" exists.
bridge() {
    python3 - > bridge.port <<'PYTHON' &
import base64, http.server, json, os, time

class Bridge(http.server.BaseHTTPRequestHandler):
    def answer(self, text):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(text.encode())

    def do_POST(self):
        self.answer("https://user:password@bridge.simplefin.org/simplefin")

    def do_GET(self):
        now = int(time.time()) // 86400 * 86400
        rows = range(4000 if os.path.exists("grown") else 2000)
        rows = [{"id": f"t{row}", "posted": now - 86400 * (2 + row % 80), "amount": f"-{row}.25", "description": f"Shop {row}"} for row in rows]
        account = {"org": {"name": "Bank", "domain": "bank.example", "sfin-url": "https://bridge.simplefin.org/simplefin"}, "id": "a1",
                   "name": "Checking", "currency": "USD", "balance": "100.00", "balance-date": now, "transactions": rows}
        self.answer(json.dumps({"errors": [], "accounts": [account]}))

    def log_message(self, *_):
        pass

server = http.server.HTTPServer(("127.0.0.1", 0), Bridge)
# A killed client is no error here.
server.handle_error = lambda *_: None
print(server.server_port, flush=True)
server.serve_forever()
PYTHON
    bridge=$!
    trap 'kill "$bridge"; rm -rf "$folder"' EXIT
    until [ -s bridge.port ]; do sleep 0.1; done
    DASHTAM_ENDPOINT_SIMPLEFIN=http://127.0.0.1:$(cat bridge.port)
    export DASHTAM_ENDPOINT_SIMPLEFIN
}

kills() {
    if [ "$DASHTAM_VAULT" != memory ]; then
        bridge
        TOKEN=$(printf https://bridge.simplefin.org/simplefin/claim/one | base64 -w 0) run live connect simplefin --field-env setup_token=TOKEN \
            > /dev/null 2>&1 || true
        touch grown
    fi
    statement 111122223333 3000 before.ofx
    statement 444455556666 3000 all.ofx
    run base import before.ofx > /dev/null 2>&1
    run base import all.ofx > /dev/null 2>&1
    run base backup base.redb > /dev/null 2>&1
    # Of one vault, since a backup opens only with the vault of its database.
    cp -r base undone
    run undone undo > /dev/null
    run plain import before.ofx > /dev/null 2>&1
    run plain vault decrypt > /dev/null
    declare -A from=([import]=before [sync]=live [undo]=base [redo]=undone [edit]=base [backup]=base [restore]=undone [encrypt]=plain
        [decrypt]=base [merge]=base [passphrase]=base)
    declare -A order=([import]="import all.ofx" [sync]="sync" [undo]="undo" [redo]="redo" [edit]="edit --query shop --category Zoo"
        [backup]="backup made.redb" [restore]="restore base.redb" [encrypt]="vault encrypt" [decrypt]="vault decrypt"
        [merge]="merge 1 2" [passphrase]="vault passphrase --file passphrase")
    run before import before.ofx > /dev/null 2>&1
    for name in import sync undo redo edit backup restore encrypt decrypt merge passphrase; do
        rm -rf after made.redb; cp -r "${from[$name]}" after
        local begun=$(date +%s%N)
        # shellcheck disable=SC2086
        if ! run after ${order[$name]} > out 2>&1; then echo "$name: left out ($(head -1 out))"; continue; fi
        local took=$((($(date +%s%N) - begun) / 1000000)) old new found whole=0 none=0
        old=$(state "${from[$name]}") new=$(state after)
        for _ in $(seq "$count"); do
            rm -rf round made.redb; cp -r "${from[$name]}" round
            # shellcheck disable=SC2086
            "$program" --data-dir round ${order[$name]} > /dev/null 2>&1 & local victim=$!
            sleep "$(awk -v most="$took" -v chance=$RANDOM 'BEGIN { printf "%.3f", most * chance / 32768 / 1000 }')"
            kill -9 "$victim" 2> /dev/null || true
            wait "$victim" 2> /dev/null || true
            found=$(state round) || { echo "$name: a profile can't be read after a kill" >&2; exit 1; }
            if [ "$found" = "$new" ]; then whole=$((whole + 1)); elif [ "$found" = "$old" ]; then none=$((none + 1));
            else echo "$name: neither the old nor the new state" >&2; exit 1; fi
            if [ -e made.redb ]; then
                rm -rf restored; cp -r undone restored
                run restored restore made.redb > /dev/null 2>&1
                [ "$(state restored)" = "$old" ] || { echo "backup: it restores as something else" >&2; exit 1; }
            fi
        done
        echo "$name: $count kills within $took ms: $whole whole or unchanged, $none old, 0 broken"
    done
}

# A statement of one account, rows FIRST to LAST, with ids that begin with PREFIX: the same rows under other ids are the same rows.
listing() { # ACCOUNT FIRST LAST PREFIX FILE
    awk -v account="$1" -v first="$2" -v last="$3" -v prefix="$4" 'BEGIN {
        print "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD"
        print "<BANKACCTFROM><BANKID>021000021<ACCTID>" account "<ACCTTYPE>CHECKING</BANKACCTFROM><BANKTRANLIST>"
        for (row = first; row <= last; row++)
            printf "<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>2026%02d%02d<TRNAMT>-%d.%02d<FITID>%s%d<NAME>Shop %d</STMTTRN>\n",
                int(row / 280) + 1, int(row / 10) % 28 + 1, row % 90 + 1, row % 100, prefix, row, row
        print "</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
    }' > "$5"
}

doubles() {
    listing 111122223333 0 1200 a one.ofx
    listing 111122223333 800 2000 a two.ofx
    listing 111122223333 1500 2399 b three.ofx
    listing 444455556666 0 2399 c other.ofx
    local files="one.ofx two.ofx three.ofx" truth=2400 step rows
    killed() { # MILLISECONDS COMMAND…
        local most=$1 victim; shift
        "$program" --data-dir round "$@" > /dev/null 2>&1 & victim=$!
        sleep "$(awk -v most="$most" -v chance=$RANDOM 'BEGIN { printf "%.3f", most * chance / 32768 / 1000 }')"
        kill -9 "$victim" 2> /dev/null || true
        wait "$victim" 2> /dev/null || true
    }
    local begun=$(date +%s%N) took
    # shellcheck disable=SC2086
    run after import $files > /dev/null 2>&1
    took=$((($(date +%s%N) - begun) / 1000000))
    rows=$(run after transactions --format jsonl | wc -l)
    [ "$rows" = "$truth" ] || { echo "without a kill: $rows rows, not $truth" >&2; exit 1; }
    for round in $(seq "$count"); do
        rm -rf round
        for step in "import $files" undo undo redo redo undo "import $files" "import other.ofx" "merge 1 2" undo redo undo; do
            # shellcheck disable=SC2086
            killed "$took" $step
        done
        # shellcheck disable=SC2086
        run round import $files > /dev/null 2>&1
        run round import other.ofx > /dev/null 2>&1
        run round merge 1 2 > /dev/null 2>&1 || true
        rows=$(run round transactions --format jsonl | wc -l)
        [ "$rows" = "$truth" ] || { echo "round $round: $rows rows, not $truth" >&2; exit 1; }
    done
    echo "doubles: $count histories of 12 steps, each killed within $took ms: every row is there once"
}

full() {
    statement 111122223333 3000 before.ofx
    statement 444455556666 20000 all.ofx
    run base import before.ofx > /dev/null 2>&1
    cp -r base after; run after import all.ofx > /dev/null 2>&1
    local old new size=$(stat -c %s base/dashtam.redb) most=$(stat -c %s after/dashtam.redb) whole=0 none=0
    old=$(state base) new=$(state after)
    for round in $(seq "$count"); do
        rm -rf round; cp -r base round
        local limit=$(((size + (most * 12 / 10 - size) * round / count) / 1024))
        (trap '' XFSZ; ulimit -f "$limit"; run round import all.ofx > /dev/null 2>&1) || true
        found=$(state round) || { echo "full at $limit KiB: the profile can't be read" >&2; exit 1; }
        if [ "$found" = "$new" ]; then whole=$((whole + 1)); elif [ "$found" = "$old" ]; then none=$((none + 1));
        else echo "full at $limit KiB: neither the old nor the new state" >&2; exit 1; fi
        run round import all.ofx > /dev/null 2>&1
        [ "$(state round)" = "$new" ] || { echo "full at $limit KiB: a second import does not heal it" >&2; exit 1; }
    done
    echo "full disk: $count sizes: $whole imports whole, $none left nothing, 0 broken"
}

flips() {
    statement 111122223333 220000 all.ofx
    run base import all.ofx > /dev/null 2>&1
    local right refused=0 unseen=0 change; right=$(state base)
    echo "database: $(stat -c %s base/dashtam.redb) bytes"
    cp -r base round
    for n in $(seq "$count"); do
        change=$(flip round/dashtam.redb)
        if found=$(state round 2> /dev/null); then
            [ "$found" = "$right" ] || { echo "a wrong output without a word: byte ${change% *}" >&2; exit 1; }
            unseen=$((unseen + 1))
        else refused=$((refused + 1)); fi
        if [ $((n % 500)) = 0 ]; then echo "after $n flips: refused $refused, right $unseen, wrong 0"; fi
        if [ $((n % 10)) = 0 ]; then
            run round import all.ofx > /dev/null 2>&1 || true
            cmp -s round/dashtam.redb base/dashtam.redb || rm -rf round
            if [ -d round ]; then :; else cp -r base round; continue; fi
        fi
        # Opening a whole file writes to it, so it is compared as a whole.
        rm -rf round; cp -r base round
    done
    echo "flips: $count, refused $refused, in unused bytes with right outputs $unseen, wrong outputs 0"
}

backups() {
    command -v age-keygen > /dev/null || { echo "it needs age-keygen" >&2; exit 1; }
    age-keygen -o identity 2> /dev/null
    statement 111122223333 3000 all.ofx
    run base import all.ofx > /dev/null 2>&1
    run base backup whole.redb > /dev/null 2>&1
    run base backup recipient.age --recipient "$(age-keygen -y identity)" > /dev/null 2>&1
    run base backup passphrase.age --passphrase-file passphrase > /dev/null 2>&1
    gzip -k all.ofx
    zip -q all.zip all.ofx
    local right file files change refused=0 unseen=0 flips=0; right=$(run base export --to json | sha256sum)
    for n in $(seq "$count"); do
        files="whole.redb recipient.age all.ofx.gz all.zip"
        # A passphrase takes a second by design.
        [ $((n % 20)) != 0 ] || files="$files passphrase.age"
        for file in $files; do
            flips=$((flips + 1))
            cp "$file" "changed.${file##*.}"; change=$(flip "changed.${file##*.}")
            rm -rf round; mkdir round; if [ -e base/vault ]; then cp base/vault round/vault; fi
            case $file in
                all.*) set -- import "changed.${file##*.}" ;;
                recipient.age) set -- restore changed.age --identity identity ;;
                passphrase.age) set -- restore changed.age --passphrase-file passphrase ;;
                *) set -- restore changed.redb ;;
            esac
            if ! run round "$@" > /dev/null 2>&1; then refused=$((refused + 1)); continue; fi
            if [ "$(run round export --to json | sha256sum)" = "$right" ]; then
                unseen=$((unseen + 1))
            else echo "$file is accepted with other content: byte ${change% *}" >&2; exit 1; fi
        done
        if [ $((n % 500)) = 0 ]; then echo "after $flips flips: $refused refused, $unseen right, 0 wrong"; fi
    done
    echo "flips of backups and archives: $flips: $refused refused, $unseen with the right content, 0 accepted wrong"
}

"$trial"
