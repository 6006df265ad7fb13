#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Parameters, permissions, loading and unloading as the administrator meets them (2.1, 2.2, L-04)
# shellcheck disable=SC2034,SC2317 # used by name: the tables and the tests
here=$(cd "$(dirname "$0")" && pwd)
ko=${CRASHWATCH_KO:-$here/../crashwatch.ko}
tiny=${CRASHWATCH_BIN:-$here}/tiny
D=/sys/kernel/debug/crashwatch
P=/sys/module/crashwatch/parameters
files='events events_pipe events_raw incidents tasks probes stats'

# Values that cannot be used, "-" for the empty one. A parameter that is not here fails a test.
declare -A bad=(
	[ring_kb]='- 0 64 127 192 32768 -128 x 128K 99999999999999999999'
	[incident_kb]='- 0 128 255 384 32768 -256 x 256K 99999999999999999999'
	[argv_bytes]='- 0 63 32769 -64 x 4096B'
	[max_mem_kb]='- 0 255 16777217 -256 x 1M'
	[tree_levels]='- 0 65 -1 x 1.5'
	[fail_alloc]='- 1000001 -1 x 0x'
	[log_exec]='- 2 x nonsense 10'
	[log_failed_exec]='- 2 x nonsense 10'
	[log_exit]='- 2 x nonsense 10'
	[persist]='x 4M 4M@ @4096 4M@0x1000'
	[reboot_panic]='- on 0 1 Unexpected panic'
	[reboot_panic_force]='- 2 x nonsense 10'
	[signals]='- NOSUCH SEGV, ,SEGV 0 65 -9 SEGV;KILL SEGV,,KILL 9x'
	[skip_hooks]='nosuch do_exit,nosuch do_exi do_exitt'
)
# The least and the greatest that can be used
declare -A least=(
	[ring_kb]=128 [incident_kb]=256 [argv_bytes]=64 [max_mem_kb]=256 [tree_levels]=1
	[fail_alloc]=0 [log_exec]=N [log_failed_exec]=N [log_exit]=N [signals]=SIGHUP
	[skip_hooks]="" [persist]="" [reboot_panic]=off [reboot_panic_force]=N
)
declare -A most=(
	[ring_kb]=16384 [incident_kb]=16384 [argv_bytes]=32768 [max_mem_kb]=16777216
	[tree_levels]=64 [fail_alloc]=1000000 [log_exec]=Y [log_failed_exec]=Y [log_exit]=Y
	[signals]=all [skip_hooks]='do_exit,do_execveat_common'
	[persist]="" [reboot_panic]=dry-run [reboot_panic_force]=Y
)

wrong=0
tmp=
fail() {
	echo "# $*"
	wrong=1
}

parameters() { modinfo -p "$ko" | sed 's/:.*//'; }
about() { modinfo -p "$ko" | sed -n "s/^$1://p"; }
gone() { [ ! -e /sys/module/crashwatch ]; }
load() { insmod "$ko" "$@" || fail "insmod $* failed"; }
unload() { gone || rmmod crashwatch || fail "rmmod failed"; }
stat_of() { sed -n "s/^$1 //p" "$D/stats"; }

# The kernel log since the last mark
mark() { echo "mark $((++marks))" >/dev/kmsg; }
log() { dmesg | sed "0,/mark $marks\$/d"; } # 0: the mark may be the first line

# few START WORD...: all of them; with CW_FEWER every so many, beginning elsewhere for another START
few() {
	local start=$1 step=${CW_FEWER:-1} i
	shift
	for ((i = 1 + start % (step < $# ? step : $#); i <= $#; i += step)); do
		printf '%s\n' "${!i}"
	done
}

# One sentence of ours, which names the parameter, the value and what is accepted
expect_sentence() {
	local line sentences=()
	while read -r line; do
		[[ $line != *'crashwatch: '*'cannot be used'* ]] || sentences+=("$line")
	done < <(log)
	[ "${#sentences[@]}" = 1 ] || fail "$1=$2: ${#sentences[@]} sentences"
	[[ ${sentences[*]} == *"crashwatch: $1=$2 cannot be used: "*accepted* ]] ||
		fail "$1=$2: ${sentences[*]}"
}

# Section 2.1
every_useless_value_is_refused_at_load() {
	local name value said turn=0
	for name in $(parameters); do
		[ -n "${bad[$name]}" ] || fail "no value of $name is known to be refused"
		((turn++))
		# shellcheck disable=SC2086 # a list of words
		for value in $(few $turn ${bad[$name]}); do
			[ "$value" != - ] || value=
			mark
			if said=$(insmod "$ko" "$name=$value" 2>&1); then
				fail "insmod $name=$value succeeds"
				unload
			fi
			# What EINVAL is for insmod
			[[ $said == *'Invalid parameters'* ]] || fail "$name=$value: $said"
			expect_sentence "$name" "$value"
			gone || fail "$name=$value: the module is there"
			[ ! -e "$D" ] || fail "$name=$value: $D is there"
		done
	done
}

# Section 2.1
every_useless_value_is_refused_at_run_time() {
	local name value old said count=0 turn=0
	load tree_levels=7 signals=SEGV,9
	for name in $(parameters); do
		[ "$(stat -c %a "$P/$name")" = 644 ] || continue
		((turn++))
		old=$(cat "$P/$name")
		# shellcheck disable=SC2086 # a list of words
		for value in $(few $turn ${bad[$name]}); do
			[ "$value" != - ] || value=
			mark
			said=$( { echo "$value" >"$P/$name"; } 2>&1) && fail "$name=$value is accepted"
			[[ $said == *'Invalid argument'* ]] || fail "$name=$value: $said"
			expect_sentence "$name" "$value"
			[ "$(cat "$P/$name")" = "$old" ] || fail "$name=$value: now $(cat "$P/$name")"
			((count++))
		done
	done
	[ "$count" -ge $((20 / ${CW_FEWER:-1})) ] || fail "only $count values tried"
	grep -qE '^[^#]*#[0-9.]+ config ' "$D/events" && fail "a refused change is a config record"
	unload
}

# Whoever loads it may be handing on what others wrote
a_refused_value_goes_into_the_kernel_log_escaped() {
	local name said
	for name in $(parameters); do
		mark
		insmod "$ko" "$name=no"$'\e[2J\x9b'"$(printf '%0200d' 0)" 2>/dev/null && unload
		log | grep -q "crashwatch: $name=no.*cannot be used: .*accepted" ||
			fail "$name: $(log | cat -v)"
	done
	# What has been written, not what dmesg makes of it
	said=$(dmesg --syslog | grep -aF 'cannot be used')
	LC_ALL=C grep -qa $'[\x01-\x09\x0b-\x1f\x7f-\xff]' <<<"$said" && fail "$(cat -v <<<"$said")"
	[ "$(grep -c 'no\\x1b\[2J\\x9b0' <<<"$said")" = "$(parameters | wc -w)" ] || fail "$said"
}

# Section 2.1
bounds_are_accepted_and_told() {
	local -n values
	local name value
	for values in least most; do
		local args=()
		for name in $(parameters); do
			[[ -v values[$name] ]] || fail "$name: nothing is known to be accepted"
			args+=("$name=${values[$name]}")
		done
		mark
		load "${args[@]}"
		for name in $(parameters); do
			value=$(cat "$P/$name")
			[ "$value" = "${values[$name]}" ] || fail "$name is $value"
		done
		unload
		log | grep 'cannot be used' && fail "a value at the bound is refused"
	done
}

# Section 2.1
parameters_have_the_right_modes() {
	local name mode want
	load
	for name in $(parameters); do
		want=644
		[[ $name == @(ring_kb|incident_kb|argv_bytes|max_mem_kb|persist|skip_hooks) ]] && want=444
		mode=$(stat -c %a "$P/$name")
		[ "$mode" = "$want" ] || fail "$name has mode $mode"
		setpriv --reuid=65534 --regid=65534 --clear-groups sh -c "echo 1 >$P/$name" \
			2>/dev/null && fail "nobody can change $name"
	done
	[ "$(find "$P" -type f | wc -l)" = "$(parameters | wc -l)" ] || fail "undescribed parameters"
	unload
}

# Section 2.1: unit, default and range
parameters_are_described_as_they_are() {
	local name text default
	load
	for name in $(parameters); do
		text=$(about "$name")
		default=$(sed -n 's/.*; default \([^ ,:]*\).*/\1/p' <<<"$text")
		case $name in
		signals) [[ $text == *'default (all;'* ]] || fail "$name: $text" ;;
		persist | skip_hooks) [[ $text == *'; default none'* ]] || fail "$name: $text" ;;
		*)
			[ "$default" = "$(cat "$P/$name")" ] ||
				fail "$name: default ${default:-none} but $(cat "$P/$name")"
			;;
		esac
		[[ $text =~ from\ [0-9]+M?\ to\ [0-9]+|Y\ or\ N|parted\ by\ commas|off,\ unexpected,\ always ]] ||
			fail "$name: no range: $text"
	done
	unload
}

# Section 2.2, O-07
nobody_below_root_reads_a_record() {
	local file said
	load
	mount -o remount,mode=755 /sys/kernel/debug
	for file in $files; do
		[ "$(stat -c '%a %u %g' "$D/$file")" = '400 0 0' ] || fail "$file: $(ls -l "$D/$file")"
		said=$(setpriv --reuid=65534 --regid=65534 --clear-groups cat "$D/$file" 2>&1)
		[[ $said == *'Permission denied' ]] || fail "$file: $said"
	done
	[ "$(find "$D" -type f | wc -l)" = "$(wc -w <<<"$files")" ] || fail "more files: $(ls "$D")"
	mount -o remount,mode=700 /sys/kernel/debug
	unload
}

# L-04
an_open_file_holds_the_module() {
	local file said
	for file in $files; do
		load
		exec 9<"$D/$file"
		said=$(rmmod crashwatch 2>&1) && fail "$file is open and rmmod succeeds"
		[[ $said == *'in use'* ]] || fail "$file: $said"
		exec 9<&-
		unload
		gone || fail "$file was closed and holds the module"
	done
}

# One that reads until the file "stop" is there, half of the time: where that is slow three of them
# would leave no moment in which nobody has a file open.
reader() {
	local took
	while [ ! -e stop ]; do
		took=${EPOCHREALTIME/./}
		"$@"
		took=$((${EPOCHREALTIME/./} - took))
		sleep "$(printf '%d.%06d' $((took / 1000000)) $((took % 1000000)))"
	done >/dev/null 2>&1
}

# Execs, crashes and readers until the file "stop" is there
begin_load() {
	local cpu
	rm -f stop
	for cpu in 0 1; do
		taskset -c "$cpu" bash -c "while [ ! -e stop ]; do $tiny; done" &
		reader cat "$D/events" "$D/tasks" &
	done
	(while [ ! -e stop ]; do $tiny segv; done) >/dev/null 2>&1 &
	reader timeout 0.1 cat "$D/events_pipe" &
	sleep 1
}

# rmmod is refused only while a reader has a file open
unload_busy() {
	local said end=$((SECONDS + 60 * ${CW_SLOW:-1}))
	until said=$(rmmod crashwatch 2>&1); do
		[[ $said == *'in use'* ]] || fail "rmmod: $said"
		if [ "$SECONDS" -gt "$end" ]; then
			fail "rmmod: $said for a minute"
			return
		fi
	done
	gone || fail "the module is still there"
}

# L-04
it_unloads_under_full_load() {
	local round
	for round in 1 2 3; do
		[ "$round" != 1 ] || begin_load
		load ring_kb=128
		until [ "$(stat_of written)" -gt 100 ] && grep -q ' crash ' "$D/incidents"; do
			sleep 1 # what never comes is a matter of the limit of each test
		done
		unload_busy
	done
	touch stop
	wait
	load
	$tiny
	[ "$(grep -c " exec .*exe=\"$tiny\"" "$D/events")" = 1 ] || fail "it no longer records"
	unload
}

kernel_memory() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
	sleep 1
	awk '/^(Slab|VmallocUsed|Percpu|KernelStack):/ { sum += $2 } END { print sum }' /proc/meminfo
}

# L-04: the wider suite has more
loads_and_unloads_leak_nothing() {
	local i before after
	for ((i = 0; i < 4 + ${CW_LOADS:-20}; i++)); do
		# The first ones also fill caches that stay
		[ "$i" != 4 ] || before=$(kernel_memory)
		load
		$tiny
		(exec $tiny segv) 2>/dev/null
		cat "$D/events" "$D/tasks" "$D/probes" "$D/stats" >/dev/null
		unload
	done
	after=$(kernel_memory)
	echo "# $before kB before, $after kB after"
	[ $((100 * after)) -le $((101 * before)) ] || fail "$before kB before, $after kB after"
}

# Section 2.3
hostile_names_are_still_one_record_a_line() {
	local name file crashes=0
	local names=($'new\nline' $'[ 1.000000000] #0.1 exec\n[ 2.0] #0.2 exit pid=1' $'\e[31mred'
		$'\xff\xfe\xc3' $'\xed\xa0\x80\xf4\x90\x80\x80' $'quo"tation\\' 'a pid=1 b="c"' $'tab\t\r\x7f'
		'ünïcode…' $'\xe2\x80\xa8' '…' '","' ']' '= =' $'\x01')
	load argv_bytes=64
	mkdir "$tmp/hostile"
	for name in "${names[@]}"; do
		cp "$tiny" "$tmp/hostile/$name"
		(cd "$tmp/hostile" && "./$name" "$name" "" "$name$name")
		(exec -a "$name" "$tmp/hostile/$name" segv "$name$name$name$name$name$name") 2>/dev/null
		((crashes++))
	done 2>/dev/null
	echo 'no
such' >"$P/signals" 2>/dev/null
	printf 'SEGV,\x1b' >"$P/signals" 2>/dev/null
	echo 5 >"$P/tree_levels"
	for file in events incidents; do
		cat "$D/$file" >"$tmp/$file"
		python3 "$here/strict_parse.py" "$tmp/$file" >"$tmp/said" 2>&1 ||
			fail "$file: $(head -5 "$tmp/said")"
		[ "$(grep -c '^\[.*\] #[0-9.]* crash pid=' "$tmp/$file")" = "$crashes" ] ||
			fail "$file: $(grep -c ' crash ' "$tmp/$file") crashes of $crashes"
		[ "$(tail -n +2 "$tmp/$file" | wc -l)" = "$(grep -c '^\[' "$tmp/$file")" ] ||
			fail "$file has lines that are no records"
		LC_ALL=C grep -q $'[\x01-\x09\x0b-\x1f\x7f]' "$tmp/$file" && fail "$file: control bytes"
		# The parser would have said so
		printf '[    9.000000000] #0.99999999 exit pid="x\n' >>"$tmp/$file"
		python3 "$here/strict_parse.py" "$tmp/$file" >/dev/null 2>&1 &&
			fail "the parser accepts nonsense"
	done
	rm -r "$tmp/hostile"
	unload
}

# House: no test may leave this
the_kernel_log_is_clean() {
	dmesg | "$here/complaints"
	[ "${PIPESTATUS[*]}" = '0 1' ] || fail 'the kernel complained, or nobody has looked'
}

tests=(
	every_useless_value_is_refused_at_load
	every_useless_value_is_refused_at_run_time
	a_refused_value_goes_into_the_kernel_log_escaped
	bounds_are_accepted_and_told
	parameters_have_the_right_modes
	parameters_are_described_as_they_are
	nobody_below_root_reads_a_record
	an_open_file_holds_the_module
	it_unloads_under_full_load
	loads_and_unloads_leak_nothing
	hostile_names_are_still_one_record_a_line
	the_kernel_log_is_clean
)

echo 'TAP version 13'
if [ "$(id -u)" != 0 ] || [ ! -e "$ko" ] || [ ! -x "$tiny" ]; then
	echo "1..0 # SKIP needs root, $ko and $tiny"
	exit 4
fi
echo "1..${#tests[@]}"
tmp=$(mktemp -d)
trap 'cd /; rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
cp "$tiny" tiny	# what they really lie on may be slow
cp "$ko" crashwatch.ko
tiny=$tmp/tiny
ko=$tmp/crashwatch.ko
failed=0
marks=0
for ((nr = 1; nr <= ${#tests[@]}; nr++)); do
	wrong=0
	gone || rmmod crashwatch
	"${tests[nr - 1]}"
	[ "$wrong" = 0 ] || printf 'not '
	echo "ok $nr ${tests[nr - 1]}"
	((failed += wrong))
done
exit $((failed != 0))
