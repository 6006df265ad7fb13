#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the guest: stress-ng for CW_STORM_SECONDS (60); to the last one everything is counted, and the
# kernel's memory is what it was (L-01, L-04, X-09).
# shellcheck disable=SC2034,SC2317 # the tests are called by name
set -u
here=$(cd "$(dirname "$0")" && pwd)
ko=${CRASHWATCH_KO:-$here/../crashwatch.ko}
seconds=${CW_STORM_SECONDS:-60}
D=/sys/kernel/debug/crashwatch
storms=(fork vfork clone kill sigsegv unshare bad-altstack)

wrong=0
fail() {
	echo "# $*"
	wrong=1
}

# One of each. The one that executes refuses to as root; what is cloned must fit into the guest.
storm() {
	local name stressors=() nobody
	for name in "${storms[@]}"; do stressors+=("--$name" 1); done
	install -d -o 65534 -g 65534 "$tmp/nobody"
	(cd "$tmp/nobody" && exec setpriv --reuid=65534 --regid=65534 --clear-groups stress-ng \
		--exec 1 --timeout "$1" --metrics-brief) >"$tmp/said.nobody" 2>&1 &
	nobody=$!
	stress-ng "${stressors[@]}" --clone-max 256 --timeout "$1" --temp-path "$tmp" \
		--metrics-brief >"$tmp/said" 2>&1 || fail "stress-ng ended with $?"
	wait $nobody || fail "stress-ng as nobody ended with $?"
}

L_01_all_of_them_did_something() {
	local name
	for name in exec "${storms[@]}"; do
		sed -nE "s/^.*metrc: \[[0-9]+\] ($name +[1-9][0-9]*) .*/# \1/p" "$tmp"/said* |
			grep . || fail "$name did nothing: $(cat "$tmp"/said*)"
	done
}

# === Counting: by this shell alone, so that nothing happens meanwhile ===

declare -A stat
read_stats() {
	local name value
	while read -r name value; do stat[$name]=$value; done <"$D/stats"
}

# Threads and processes that were ever made, and that there are
declare -A made alive
count_tasks() {
	local name value
	while read -r name value _; do
		[ "$name" != processes ] || made[$1]=$value
	done </proc/stat
	read -r _ _ _ value _ </proc/loadavg
	alive[$1]=${value#*/}
}

declare -A hits
read_hits() {
	local line format='hook="([^"]*)".* hits=([0-9]+)'
	while read -r line; do
		[[ ! $line =~ $format ]] || hits[$1.${BASH_REMATCH[1]}]=${BASH_REMATCH[2]}
	done <"$D/probes"
}

# What the kernel counts of its own events: execs that succeeded, threads that were made, and ends of
# its own workers, of which there are no records
T=/sys/kernel/tracing/events
declare -A counter=(
	[execs]=sched/sched_process_exec
	[threads]=task/task_newtask
	[workers]=sched/sched_process_exit
) only=(
	[execs]=''
	[threads]=' if clone_flags & 65536'
	[workers]=' if comm ~ "kworker/*"'
)
begin_to_count() {
	local name
	[ -d $T ] || mount -t tracefs tracefs /sys/kernel/tracing || return
	for name in "${!counter[@]}"; do
		echo "hist:keys=common_type${only[$name]}" >"$T/${counter[$name]}/trigger" || return
	done
}

declare -A counted
read_counters() {
	local name line
	for name in "${!counter[@]}"; do
		while read -r line; do
			[[ $line != *Hits:* ]] || counted[$1.$name]=${line##* }
		done <"$T/${counter[$name]}/hist"
	done
}

# Processes that there are, without the threads
declare -A processes
count_processes() {
	local dirs=(/proc/[1-9]*)
	processes[$1]=${#dirs[@]}
}

# Everything at one moment, under this name; again if a worker of the kernel came or went
declare -A written
look() {
	local again
	for again in 1 2 3 4 5; do
		count_tasks before
		read_hits "$1"
		read_counters "$1"
		count_processes "$1"
		read_stats
		written[$1]=${stat[written]}
		count_tasks "$1"
		[ "${made[before]} ${alive[before]}" != "${made[$1]} ${alive[$1]}" ] || return
	done
	fail 'it never gets quiet'
}

L_01_written_is_readable_and_overwritten_and_dropped() {
	local key cpu line lines=() at n last written readable overwritten dropped
	read_stats
	mapfile -t lines <"$D/events"
	for key in "${!stat[@]}"; do
		[[ $key =~ ^cpu([0-9]+)_written$ ]] || continue
		cpu=${BASH_REMATCH[1]} at="\\] #${BASH_REMATCH[1]}\\.([0-9]+) "
		n=0 last=0
		for line in "${lines[@]}"; do
			[[ ${line:0:60} =~ $at ]] || continue
			last=${BASH_REMATCH[1]}
			((n++))
		done
		written=${stat[$key]} readable=${stat[cpu${cpu}_readable]}
		overwritten=${stat[cpu${cpu}_overwritten]} dropped=${stat[cpu${cpu}_dropped]}
		echo "# CPU $cpu: $written written, $readable readable"
		[ $((readable + overwritten + dropped)) = "$written" ] || fail "the sum of CPU $cpu"
		[ "$n" = "$readable" ] || fail "CPU $cpu: $n lines"
		[ "$last" = "$written" ] || fail "CPU $cpu: the last one is $last"
		[ "$overwritten" -gt 0 ] || fail "CPU $cpu: that was no storm"
	done
}

L_01_nothing_was_dropped_and_no_hook_missed() {
	local name
	for name in dropped dropped_no_ring probe_missed no_memory; do
		[ "${stat[$name]}" = 0 ] || fail "$name is ${stat[$name]}"
	done
	# Who acts while the module is loaded, before it has come to him, is met without one
	[ "${stat[no_history]}" = "$met" ] || fail "no_history is ${stat[no_history]}, and was $met"
}

seen() { echo $((${hits[end.$1]} - ${hits[start.$1]})); }

# The kernel counts what it makes, too
X_05_every_fork_and_every_end_was_seen() {
	local forks=$((made[end] - made[start])) ends
	ends=$((forks - alive[end] + alive[start]))
	echo "# $forks made, $ends ended, $(seen sched_process_exec) execs"
	[ "$(seen sched_process_fork)" = "$forks" ] || fail "$(seen sched_process_fork) forks seen"
	[ "$(seen sched_process_exit)" = "$ends" ] || fail "$(seen sched_process_exit) ends seen"
	[ "$(seen do_exit)" = "$ends" ] || fail "$(seen do_exit) ends seen by do_exit"
}

of() { echo $((${counted[end.$1]} - ${counted[start.$1]})); }

X_05_every_exec_was_seen() {
	[ "$(of execs)" -gt 0 ] || fail 'the kernel counts no exec'
	[ "$(seen sched_process_exec)" = "$(of execs)" ] || fail "$(seen sched_process_exec) of $(of execs) execs seen"
}

# One for each program and one for each process that ended; of threads and workers there are none
L_01_each_exec_and_each_end_of_a_process_has_its_record() {
	local records=$((written[end] - written[start])) ends
	ends=$((made[end] - made[start] - $(of threads) - processes[end] + processes[start] - $(of workers)))
	echo "# $records records; $(of execs) execs, $ends ends of processes, $(of threads) threads," \
		"$(of workers) workers ended"
	[ "$records" = $(($(of execs) + ends)) ] || fail "$records records are not $(of execs) + $ends"
}

# === Memory ===

# A sleep without a process, of which something would be left for a moment
nap() { read -rt "$1" -u 9; }

shrink() {
	local cache
	sync
	echo 3 >/proc/sys/vm/drop_caches
	for cache in /sys/kernel/slab/*/shrink; do echo 1 >"$cache"; done 2>/dev/null
}

# What the kernel cannot give back, in kB, when it has given back what it can and that no longer
# changes: namespaces, for one, end by and by.
settled() {
	local before now=0 i
	for ((i = 0; i < 30; i++)); do
		shrink
		nap 2
		before=$now now=$(awk '/^SUnreclaim:/ { print $2 }' /proc/meminfo)
		[ $((now > before ? now - before : before - now)) -gt $((now / 1000)) ] || break
	done
	echo "$now"
}

# What of it is in use, in kB, by /proc/slabinfo as it is in a file; without the areas of the stacks
# that have been freed, which the kernel gives back when they are many
in_use() {
	local file name
	for file in /sys/kernel/slab/*/reclaim_account; do
		read -r name <"$file"
		[ "$name" = 0 ] || continue
		name=${file%/*}
		echo "${name##*/}"
	done | grep -vx vmap_area | awk 'FNR == NR { counts[$1] = 1; next } $1 in counts { sum += $2 * $4 }
		END { print int(sum / 1024) }' - "$1"
}

# The least that is in use in several looks: all that a processor has at hand, free or not, counts
least_in_use() {
	local i least='' now
	for ((i = 0; i < 8; i++)); do
		shrink
		nap 1
		cat /proc/slabinfo >"$tmp/slabinfo.now"
		now=$(in_use "$tmp/slabinfo.now")
		[ "${least:-$now}" -ge "$now" ] || continue
		least=$now
		mv "$tmp/slabinfo.now" "$tmp/slabinfo.$1"
	done
	echo "$least"
}

# What histories take besides one object for each living process, of which there may be more or
# fewer of the kernel's own
declare -A slab used bytes domains
measure() {
	local size
	read -r size </sys/kernel/slab/crashwatch_task/object_size
	slab[$1]=$(settled)
	used[$1]=$(least_in_use "$1")
	nap 3
	read_stats
	bytes[$1]=$((stat[history_bytes] - stat[tasks] * size))
	domains[$1]=${stat[domains]}
	echo "# $1: ${slab[$1]} kB of slab that stays, ${used[$1]} kB in use; histories of ${stat[tasks]} processes," \
		"${domains[$1]} domains, ${stat[history_bytes]} bytes"
}

# The caches that have grown most, in kB: for whoever has to find out why
grown() {
	awk '/^(#|slabinfo)/ { next } FNR == NR { was[$1] = $2 * $4; next }
		$2 * $4 > was[$1] { print "#", $1, ($2 * $4 - was[$1]) / 1024, "kB, to", $2, "objects" }
		' "$tmp/slabinfo.start" "$tmp/slabinfo.end" | sort -k 3nr | head -n 12
}

# within PERCENT BEFORE AFTER WHAT
within() { [ $((100 * $3)) -le $(((100 + $1) * $2)) ] || fail "$4: $2, then $3"; }

# A slab stays as a whole as long as one object in it does: how much all of them take goes up and
# down by five per cent without the module, too.
X_09_slab_does_not_grow() {
	within 10 "${slab[start]}" "${slab[end]}" 'kB of slab'
	within 1 "${used[start]}" "${used[end]}" 'kB of slab in use'
	within 1 "${bytes[start]}" "${bytes[end]}" 'bytes of histories'
	[ "$wrong" = 0 ] || grown
}

L_04_it_unloads() {
	rmmod crashwatch || fail 'rmmod failed'
}

tests=(
	L_01_all_of_them_did_something
	L_01_written_is_readable_and_overwritten_and_dropped
	L_01_nothing_was_dropped_and_no_hook_missed
	X_05_every_fork_and_every_end_was_seen
	X_05_every_exec_was_seen
	L_01_each_exec_and_each_end_of_a_process_has_its_record
	X_09_slab_does_not_grow
	L_04_it_unloads
)

echo 'TAP version 13'
if ! command -v stress-ng >/dev/null; then
	echo '1..0 # SKIP stress-ng is not installed'
	exit 4
fi
echo "1..${#tests[@]}"
tmp=$(mktemp -d)
chmod 711 "$tmp"
trap 'rm -rf "$tmp"' EXIT
mkfifo "$tmp/never"
exec 9<>"$tmp/never"
begin_to_count && insmod "$ko" ring_kb=128 || exit
read_stats
met=${stat[no_history]}
# The first storm brings up what stays: the kernel's caches, the histories of these programs
storm "${CW_STORM_FIRST:-$((seconds / 4 < 240 ? 240 : seconds / 4))}"
measure start
look start
storm "$seconds"
measure end
look end
number=0 bad=0
for name in "${tests[@]}"; do
	# If a storm has failed that counts for the first one
	$name
	number=$((number + 1))
	if [ $wrong = 0 ]; then
		echo "ok $number $name"
	else
		echo "not ok $number $name"
		bad=1
	fi
	wrong=0
done
exit $bad
