#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the guest: what the module adds to a process's life, in instructions.
set -eu
obj=$(cd "$(dirname "$0")/obj" && pwd)
rounds=${CW_ROUNDS:-400}
turns=${CW_TURNS:-9}
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
# absent and unloaded are the same to whoever runs there: "without" is both
sed -n 's/^\(un\)*\(absent\|loaded\)/&/p; s/^\(absent\|unloaded\) /without /p' "$work/figures" |
	sort -k 2,2 -k 1,1 -k 3,3n | awk -v limit="$limit" '
	function show(    adds) {
		adds = middle["loaded"] - middle["without"]
		printf "%-20s %9d %9d %9d %7d %6.2f%%\n", kind, middle["absent"],
			middle["unloaded"], middle["loaded"], adds, 100 * adds / middle["without"]
		if (kind == "fork_exec_exit_wait" && adds > limit)
			bad = bad "not ok: an exec costs " adds " more, over " limit "\n"
		if ((middle["absent"] - middle["unloaded"]) ^ 2 > (middle["without"] / 50) ^ 2)
			bad = bad "not ok: " kind ": unloading leaves more than 2 % behind\n"
	}
	kind != $2 || state != $1 { n = 0; split("", value) }
	kind != $2 && kind { show() }
	{
		state = $1
		kind = $2
		value[++n] = $3
		middle[state] = (value[int((n + 1) / 2)] + value[int(n / 2) + 1]) / 2
	}
	END { show(); printf "%s", bad; exit bad != "" }'
