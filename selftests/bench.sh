#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the guest: what the module adds to a process's life, in instructions.
set -eu
obj=$(cd "$(dirname "$0")/obj" && pwd)
rounds=${CW_ROUNDS:-200}
passes=${CW_PASSES:-3}
turns=${CW_TURNS:-9}
limit=${CW_LIMIT:-6500}
work=$(mktemp -d)
mount -t tmpfs bench "$work"
cp "$obj/bench" "$obj/tiny" "$work"

# measure TURN STATE
measure() {
	local pass
	for ((pass = 0; pass < passes; pass++)); do
		"$work/bench" "$work/tiny" "$rounds" >"$work/pass"
		sed "s/^/$1 $2 /" "$work/pass" >>"$work/figures"
	done
}

# What nobody can hold still, the kernel's own memory above all, shifts slowly while the guest
# runs. So each turn with the module is set against the two without it, before and after.
"$work/bench" "$work/tiny" "$rounds" >"$work/pass"
measure 0 without
for ((turn = 1; turn <= turns; turn++)); do
	insmod "$obj/../../crashwatch.ko"
	measure $turn loaded
	grep -E '^(dropped|probe_missed|no_memory|history_bytes) ' \
		/sys/kernel/debug/crashwatch/stats | tr '\n' ' ' >"$work/stats"
	rmmod crashwatch
	measure $turn without
done

printf 'after the last turn: %s\n' "$(cat "$work/stats")"
awk -v turns="$turns" -v limit="$limit" '
	{ sum[$3, $2, $1] += $4; n[$3, $2, $1]++ }
	function mean(kind, state, turn) { return sum[kind, state, turn] / n[kind, state, turn] }
	# the middle of value[1..turns], which is left in order
	function middle(value,    i, j, v) {
		for (i = 2; i <= turns; i++) {
			v = value[i]
			for (j = i; j > 1 && value[j - 1] > v; j--)
				value[j] = value[j - 1]
			value[j] = v
		}
		return (value[int((turns + 1) / 2)] + value[int(turns / 2) + 1]) / 2
	}
	function show(kind,    i, absent, loaded, adds, before, after) {
		for (i = 1; i <= turns; i++) {
			before = mean(kind, "without", i - 1)
			after = mean(kind, "without", i)
			without[i] = (before + after) / 2
			with[i] = mean(kind, "loaded", i)
			added[i] = with[i] - without[i]
		}
		adds = middle(added)
		absent = mean(kind, "without", 0)
		after = mean(kind, "without", turns)
		printf "%-20s %9d %9d %9d %7d %6.2f%%  %d to %d\n", kind, absent, after,
			middle(with), adds, 100 * adds / middle(without), added[1], added[turns]
		if (kind == "fork_exec_exit_wait" && adds > limit)
			bad = bad "not ok: an exec costs " adds " more, over " limit "\n"
		if ((absent - after) ^ 2 > (absent / 50) ^ 2)
			bad = bad "not ok: " kind ": unloading leaves more than 2 % behind\n"
	}
	END {
		printf "%-20s %9s %9s %9s %7s %7s  %s\n", "instructions each", "absent", "unloaded",
			"loaded", "adds", "percent", "lowest and highest turn"
		show("fork_exec_exit_wait")
		show("fork_exit_wait")
		show("crash")
		printf "%s", bad
		exit bad != ""
	}' "$work/figures"
