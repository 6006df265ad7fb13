#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the guest: what the module adds to a process's life, in instructions.
set -eu
obj=$(cd "$(dirname "$0")/obj" && pwd)
rounds=${CW_ROUNDS:-400}
turns=${CW_TURNS:-5}
limit=${CW_LIMIT:-6500}
work=$(mktemp -d)
mount -t tmpfs bench "$work"
cp "$obj/bench" "$obj/tiny" "$work"

# Loading and unloading shift the kernel's memory about: every figure is taken after
# a pass that does not count, and in turns, so that no state has all the luck.
measure() {
	"$work/bench" "$work/tiny" $((rounds / 4)) >"$work/warm"
	"$work/bench" "$work/tiny" "$rounds" | sed "s/^/$1 /" >>"$work/figures"
}

measure warm
for ((turn = 0; turn < turns; turn++)); do
	measure "$([ $turn = 0 ] && echo absent || echo unloaded)"
	insmod "$obj/../../crashwatch.ko"
	measure loaded
	grep -E '^(dropped|probe_missed|no_memory|history_bytes) ' \
		/sys/kernel/debug/crashwatch/stats | tr '\n' ' ' >"$work/stats"
	rmmod crashwatch
done
measure unloaded

printf 'after the last turn: %s\n' "$(cat "$work/stats")"
printf '%-20s %9s %9s %9s %7s %7s\n' 'instructions each' absent unloaded loaded adds percent
sort -k 2,2 -k 1,1 -k 3,3n "$work/figures" | awk -v limit="$limit" '
	function median(state,    n) {
		n = count[state]
		return value[state, int((n + 1) / 2)]
	}
	function show() {
		without = (median("absent") + median("unloaded")) / 2
		adds = median("loaded") - median("unloaded")
		printf "%-20s %9d %9d %9d %7d %6.2f%%\n", kind, median("absent"),
			median("unloaded"), median("loaded"), adds, 100 * adds / without
		if (kind == "fork_exec_exit_wait" && adds > limit)
			bad = bad "not ok: an exec costs " adds " more, over " limit "\n"
		if (kind != "crash" && (without / 50) ^ 2 < (median("absent") - without) ^ 2)
			bad = bad "not ok: unloading leaves more than 2 % behind\n"
		delete count
		delete value
	}
	$1 == "warm" { next }
	kind != $2 { if (kind) show(); kind = $2 }
	{ value[$1, ++count[$1]] = $3 }
	END { show(); printf "%s", bad; exit bad != "" }'
