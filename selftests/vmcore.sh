#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Has a guest make a panic of `reboot -f`, and reads what its crash kernel leaves (R-08).
# The host runs it without an argument, the guest with the word "guest".
# shellcheck disable=SC2317 # verdict calls functions by their names
set -u
cd "$(dirname "$0")/.." || exit
bad=0

# verdict PROPERTY COMMAND...: what COMMAND says is of interest when it fails
verdict() {
	local property=$1 said
	shift
	if said=$("$@" 2>&1); then
		echo "ok vmcore: $property"
	else
		tail -n 20 <<<"$said" | cut -c1-400 | sed 's/^/#   /'
		echo "not ok vmcore: $property"
		bad=1
	fi
}

# === The guest ===

# Whatever is executed after the files were read is not in them: the shell reads them itself.
guest() {
	local d=/sys/kernel/debug/crashwatch file
	command -v reboot >/dev/null || ln -s /run/vm/busybox /usr/local/sbin/reboot
	insmod ./crashwatch.ko reboot_panic=unexpected || exit
	# shellcheck disable=SC2016 # for that shell
	{ sh -c 'kill -SEGV $$'; } 2>/dev/null # bash has a word to say about it
	for file in {1..400}; do /bin/true "argument $file"; done
	perl -e 'sleep 1000' "$(printf 'a\nb\377')" &
	until grep -q 'sleep[ ]1000' $d/tasks; do sleep 0.1; done
	for file in events incidents tasks; do
		mapfile live <"$d/$file"
		printf '%s' "${live[@]}" >"/host/$file"
	done
	sh -c 'reboot -f; :'
	sleep 60
}

# === The host ===

crashwatch() { tools/crashwatch --no-pager "$@"; }
part() { crashwatch vmcore "--$1" "$tmp/vmcore.$2"; }

# The clock's offset in the header may have been looked at anew.
lines_of() { part "$@" | tail -n +2; }

# begins_so PART FORMAT: what comes behind the live lines is the restart
begins_so() {
	local n
	tail -n +2 "$tmp/$1" >"$tmp/live"
	n=$(wc -l <"$tmp/live")
	lines_of "$1" "$2" >"$tmp/dead"
	head -n "$n" "$tmp/dead" | diff "$tmp/live" - &&
		tail -n +$((n + 1)) "$tmp/dead" | grep ' reboot .*action="panic"'
}

events_begin_so() {
	[ "$(wc -l <"$tmp/events")" -gt 800 ] && begins_so events "$1"
}

# Kernel threads come and go.
tasks_are_there() {
	part tasks "$1" >"$tmp/dead"
	grep ' exe=' "$tmp/tasks" | sort >"$tmp/live"
	[ "$(wc -l <"$tmp/live")" -ge 3 ] && [ -z "$(sort "$tmp/dead" | comm -13 - "$tmp/live")" ] &&
		grep -q 'comm="kthreadd" domain="kthreadd(2)"' "$tmp/dead" &&
		grep -qF 'argv=["perl","-e","sleep 1000","a\nb\xff"]' "$tmp/dead"
}

tells_who() {
	crashwatch vmcore "$tmp/vmcore.$1" >"$tmp/said"
	cat "$tmp/said"
	head -n 1 "$tmp/said" | grep 'asked for a restart.*it was turned into a panic' &&
		grep -A1 ' argv: "reboot"' "$tmp/said" | grep '"-f"' &&
		grep ' -> /.*reboot$' "$tmp/said" && grep '__do_sys_reboot' "$tmp/said" &&
		grep '#[0-9.]* *crash .*SIGSEGV' "$tmp/said"
}

same_as() {
	crashwatch vmcore --events "$tmp/vmcore.kdump" | cmp - "$1"
}

scans() {
	crashwatch vmcore --scan --events "$tmp/vmcore.$1" >"$tmp/said" && same_as "$tmp/said"
}

has_domains() {
	part domains "$1" >"$tmp/said"
	cat "$tmp/said"
	grep -E '^users=[1-9][0-9]* domain="init( |")' "$tmp/said" && grep 'domain="kthreadd"' "$tmp/said"
}

adds_up() {
	part stats "$1" >"$tmp/said"
	cat "$tmp/said"
	awk '{ n[$1] = $2 } END { exit !(n["written"] > 800 &&
		n["written"] == n["readable"] + n["overwritten"] + n["dropped"]) }' "$tmp/said"
}

json() {
	local part
	for part in events incidents tasks domains stats; do
		part "$part" kdump >/dev/null || return
		crashwatch vmcore --json "--$part" "$tmp/vmcore.kdump" |
			python3 -c 'import json, sys
lines = [json.loads(line) for line in sys.stdin]
sys.exit(not lines)' || return
	done
}

log_is_clean() { ! grep -aE 'BUG:|WARNING:|Oops' "$tmp/log"; }

# Less than 2 s of a processor and 64 MiB, whatever the file's size
costs_little() {
	python3 - "$tmp/vmcore.$1" <<-'END'
		import resource, subprocess, sys
		def used():
		    return resource.getrusage(resource.RUSAGE_CHILDREN)
		for part in ("--events", "--tasks"):
		    start = used().ru_utime + used().ru_stime
		    subprocess.run(["tools/crashwatch", "vmcore", part, sys.argv[1]],
		                   stdout=subprocess.DEVNULL, check=True)
		    took = used().ru_utime + used().ru_stime - start
		    kib = used().ru_maxrss
		    print(f"{part}: {took:.3f} s, {kib} KiB")
		    if took > 2 or kib > 65536:
		        sys.exit(1)
	END
}

# Its beginning alone, as a disk that is full leaves it, is not that of another machine either.
beginning_of_it() {
	local bytes status
	for bytes in 1000 5000 10000 20000 40000 80000; do
		head -c "$bytes" "$tmp/vmcore.$1" >"$tmp/cut"
		crashwatch vmcore --events "$tmp/cut" >"$tmp/said" 2>"$tmp/err"
		status=$?
		sed "s/^/$bytes bytes, status $status: /" "$tmp/err"
		[ "$status" = 5 ] && [ ! -s "$tmp/said" ] && [ "$(wc -l <"$tmp/err")" = 1 ] || return
	done
}

# Half a dump has or has not the block; it never has all, and never no sentence, and never is it
# the same as if the module had not been loaded.
half_of_it() {
	local bytes status
	bytes=$(stat -c %s "$tmp/vmcore.$1")
	head -c $((bytes / 2)) "$tmp/vmcore.$1" >"$tmp/cut"
	crashwatch vmcore --events "$tmp/cut" >"$tmp/said" 2>"$tmp/err"
	status=$?
	cat "$tmp/err"
	case $status in
	0) same_as "$tmp/said" ;; # all that is wanted lies in the first half
	2 | 5) [ "$(wc -l <"$tmp/err")" = 1 ] ;;
	*) false ;;
	esac
}

# drgn has a reader of its own: as many records, and the same requester
drgn_reads_it() {
	local block
	block=$(grep -aoE 'crashwatch: block at 0x[0-9a-f]+' "$tmp/log" | tail -n 1)
	drgn -c "$tmp/vmcore.$1" tools/drgn/crashwatch.py -a "${block##* }" >"$tmp/said" 2>"$tmp/err" &&
		crashwatch vmcore --events "$tmp/vmcore.$1" >"$tmp/dead" &&
		sed 1d "$tmp/dead" | cut -d ' ' -f 1-4 >"$tmp/ours" &&
		cut -d ' ' -f 1-4 "$tmp/said" | diff "$tmp/ours" - &&
		grep ' reboot .*action="panic" .*argv=\["reboot","-f"\] domain="init(1) .*tree=\["[0-9]*:reboot"' \
			"$tmp/said" &&
		drgn -c "$tmp/vmcore.$1" tools/drgn/crashwatch.py tree 2>/dev/null | grep '\\_ [0-9]* reboot$'
}

# in_crash FORMAT [OPTION]: have crash run the commands on standard input
in_crash() {
	local format=$1
	shift
	{ printf 'eval 6 * 7\nextend %s/tools/crashwatch.so\n' "$PWD" && cat && echo exit; } |
		(cd "$tmp" && timeout 300 crash -s "$@" "$(cat vmlinux)" "vmcore.$format") \
			>"$tmp/said" 2>&1
}

# Its own list of tasks is not asked: Debian 12's does not find those of its kernel.
records_in_crash() {
	in_crash "$1" <<-END
		cwlog > events.crash
		cwlog -i > incidents.crash
		cwtree > tasks.crash
		cwlog -s > scan.crash
		cwlog -j -t crash,reboot > json.crash
		cwlog #0.1 > one.crash
	END
}

crash_prints_it() {
	local part events=(crashwatch vmcore --events "$tmp/vmcore.$1")
	cat "$tmp/said"
	for part in events incidents tasks; do
		part "$part" "$1" | cmp - "$tmp/$part.crash" || return
	done
	cmp "$tmp/events.crash" "$tmp/scan.crash" &&
		"${events[@]}" --json --type=crash,reboot | cmp - "$tmp/json.crash" &&
		"${events[@]}" '#0.1' | cmp - "$tmp/one.crash"
}

# A mistake, a reader that goes away and a pipe leave the prompt as it was.
crash_goes_on() {
	in_crash "$1" --minimal <<-END
		cwlog -x
		help cwlog
		cwlog | head -n 1 | wc -l
		cwlog > events.crash
		eval 7 * 9
	END
	cat "$tmp/said"
	part events "$1" | cmp - "$tmp/events.crash" && grep 'invalid option' "$tmp/said" &&
		grep '^  cwlog - ' "$tmp/said" && grep -x 1 "$tmp/said" &&
		grep 'decimal: 63' "$tmp/said"
}

# The head of CPU 1 is gone: the same is left, and the same sentence.
crash_sees_damage() {
	perl -0777 -pe 's/cw-cpu\n\0(?=\x01\0\0\0)/xxxxxxxx/g' "$tmp/vmcore.$1" >"$tmp/vmcore.damaged"
	in_crash damaged --minimal <<-END
		cwlog > events.crash
	END
	cat "$tmp/said"
	(cd "$tmp" && "$OLDPWD/tools/crashwatch" vmcore --events vmcore.damaged) \
		>"$tmp/dead" 2>"$tmp/err"
	[ $? = 5 ] && cmp "$tmp/dead" "$tmp/events.crash" && grep -xF "$(cat "$tmp/err")" "$tmp/said"
}

with_crash() {
	records_in_crash kdump
	if ! grep -q 'decimal: 42' "$tmp/said"; then
		echo "skip vmcore: reading with crash # it does not start: $(grep -m 1 '^crash: ' "$tmp/said")"
		return
	fi
	verdict 'crash prints the same, without its own list of tasks' crash_prints_it kdump
	verdict 'crash goes on after a mistake, a closed pipe, and with --minimal' crash_goes_on elf
	verdict 'crash tells the same of a damaged dump' crash_sees_damage elf31
}

tmp='' # not local: the trap needs it
host() {
	local format start=$SECONDS missing='' debuginfo
	command -v makedumpfile >/dev/null || missing=makedumpfile
	[ -e /usr/include/libkdumpfile/kdumpfile.h ] || missing+=${missing:+, }libkdumpfile-dev
	if [ -n "$missing" ]; then
		echo "skip vmcore: reading a dump # not installed: $missing"
		exit 4
	fi
	tmp=$(mktemp -d)
	trap 'rm -rf "$tmp"' EXIT
	# While the guest runs: 110 MiB the first time
	selftests/vm/debuginfo >"$tmp/vmlinux" 2>"$tmp/without" &
	debuginfo=$!
	if ! selftests/vm/dump -m 768 -t 900 -l "$tmp/log" -f elf -f elf31 -f kdump \
		-x 'tools/crashwatch vmcore --events /proc/vmcore >/host/inside' \
		"$tmp" selftests/vmcore.sh guest; then
		tail -n 20 "$tmp/log" | sed 's/^/#   /'
		echo 'not ok vmcore: a panic leaves a dump'
		exit 1
	fi
	echo "# the dumps took $((SECONDS - start)) s: $(cd "$tmp" && du -h vmcore.* | tr '\n\t' ', ')"
	verdict 'the kernel does not complain' log_is_clean
	for format in elf elf31 kdump; do
		verdict "$format: the records begin with all that the live file had" events_begin_so $format
		verdict "$format: so do the incidents" begins_so incidents $format
		verdict "$format: the processes are those of the live file" tasks_are_there $format
		verdict "$format: the domains are there" has_domains $format
		verdict "$format: the counters add up" adds_up $format
		verdict "$format: it says first who asked for the restart" tells_who $format
		verdict "$format: the block is found without the kernel log" scans $format
		verdict "$format: it takes less than 2 s and 64 MiB" costs_little $format
		echo "# $format: $(costs_little $format | tr '\n' ' ')"
		verdict "$format: what of it fits on a full disk is called cut" beginning_of_it $format
		verdict "$format: half of it ends in a sentence or has all" half_of_it $format
	done
	verdict 'inside the crash kernel /proc/vmcore says the same' same_as "$tmp/inside"
	verdict 'JSON of all parts can be read' json
	if command -v drgn >/dev/null; then
		verdict 'drgn reads the same without debug information' drgn_reads_it kdump
	else
		echo 'skip vmcore: reading with drgn # not installed: python3-drgn'
	fi
	if [ ! -e tools/crashwatch.so ]; then
		echo 'skip vmcore: reading with crash # not installed: crash, zlib1g-dev'
	elif ! wait $debuginfo; then
		echo "skip vmcore: reading with crash # $(tail -n 1 "$tmp/without")"
	else
		echo "# with the debug information, $((SECONDS - start)) s"
		with_crash
	fi
	echo "# all of it took $((SECONDS - start)) s"
}

case ${1-} in
'') host ;;
guest) guest ;;
*) echo 'usage: vmcore.sh' >&2 && exit 2 ;;
esac
exit $bad
