#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In a guest with KCSAN: programs fail to start, start and die, while all files but events_pipe are
# read and all parameters set, for so many seconds, or until a race of ours (with FUNCTION: in that
# one) is found: races.sh SECONDS [FUNCTION]
set -u
cd "$(dirname "$0")/.." || exit
files=/sys/kernel/debug/crashwatch
parameters=/sys/module/crashwatch/parameters

# What it finds goes with the time that it has waited, and with what is done meanwhile.
cd /sys/module/kcsan/parameters && echo 200 >skip_watch && echo 4000 >udelay_task &&
	echo 4000 >udelay_interrupt && cd - >/dev/null || exit
waits() { sed -n 's/^setup_watchpoints: //p' /sys/kernel/debug/kcsan; }
found() { dmesg | grep "BUG: KCSAN: .*$1"; }
before=$(waits)
insmod ./crashwatch.ko log_failed_exec=1 ring_kb=128 || exit
function=${2-crashwatch}
end=$(($(cut -d . -f 1 /proc/uptime) + $1))
# over PAUSE COMMAND...: again and again until the time is over, in the background. Without pauses those who
# read would take most of the time, and of all accesses those where somebody else comes would be few.
over() {
	local pause=$1
	shift
	while [ "$(cut -d . -f 1 /proc/uptime)" -lt "$end" ] && ! found "$function"; do
		"$@"
		sleep "$pause"
	done >/dev/null 2>&1 &
}
die() { sh -c 'kill -SEGV $$'; }
settings() {
	local name
	for name in "$parameters"/*; do
		cat "$name" >/tmp/value && cat /tmp/value >"$name"
	done
}
others() { cat "$files/stats" "$files/probes" "$files/tasks" "$files/incidents"; }
some() { head -c 20000 "$files/events" && head -c 65536 "$files/events_raw"; }

over 0 selftests/obj/storm - 2000
over 1 selftests/obj/storm selftests/obj/tiny 20
over 2 die
over 3 settings
over 3 others
over 3 some
wait
# That it was done: the least that was seen on a busy machine is two and three times as much.
written=$(sed -n 's/^written //p' "$files/stats")
waited=$(($(waits) - before))
echo "# $written records, KCSAN has waited $waited times"
rmmod crashwatch || exit
found "$function" || { [ "$written" -gt 1000 ] && [ "$waited" -gt 5000 ]; }
