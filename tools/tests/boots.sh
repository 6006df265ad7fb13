# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # run, which reads this, sets what is used here
# Tests of crashwatch boots (R-10), on files that stand for those of other machines.

# log FILE WHEN: what comes on standard input is a kernel log that was written then
log() {
	mkdir -p "$(dirname "$other/$1")"
	cat >"$other/$1"
	touch -d "$2" "$other/$1"
}

# other ID BTIME: a machine whose files are in $other, with a boot that runs or without
other() {
	rm -rf "$other"
	mkdir -p "$other/proc/sys/kernel/random"
	[ $# = 0 ] && return
	echo "$1" >"$other/proc/sys/kernel/random/boot_id"
	printf 'cpu 1 2 3\nbtime %s\n' "$2" >"$other/proc/stat"
}

now=99999999-9999-4999-8999-999999999999
unexpected='<0>[  812.345678][ T4711] crashwatch: reboot how="restart" at="reboot_notifier" origin="syscall" scope="host" action="recorded" pid=4711 uid=0 auid=1000 comm="reboot" argv=["reboot","-f"] domain="systemd(1) /usr/sbin/sshd /bin/bash /usr/sbin/reboot" tree=["4711:reboot","1:systemd"]'

# A machine with an end of each kind
many_ends() {
	other $now 1795400000
	log sys/fs/pstore/dmesg-ramoops-0 '2026-11-20 10:00:00' <<-END
		Shutdown#1 Part1
		<5>[  812.300000] crashwatch: incident [  811.2] #0.1 crash pid=1 reason="x"
		$unexpected
		<5>[  812.345700] crashwatch: block at 0x12345000 boot_id=11111111-1111-4111-8111-111111111111
		<6>[  812.400000] reboot: Restarting system
	END
	log var/crash/202611201100/dmesg.202611201100 '2026-11-20 11:00:10' <<-END
		[    0.000000] Linux version 6.1.0-56-amd64 (who@where)
		[    3.100000] crashwatch: block at 0x12345000 boot_id=22222222-2222-4222-8222-222222222222
		[  812.345678] crashwatch: reboot how="restart" at="emergency_restart" origin="sysrq" scope="host" action="panic" pid=88 uid=0 comm="bash" argv=["bash","-c","echo b >/proc/sysrq-trigger"] domain="systemd(1) /usr/sbin/cron /bin/ba
		[  812.345679] crashwatch: ... sh" tree=["88:bash","1:systemd"] via="sysrq-b" reason="unexpected"
		[  812.345680] Kernel panic - not syncing: crashwatch: unexpected restart requested by sysrq-b of bash(88) uid=0 domain="systemd(1) /usr/sbin/cron /bin/bash"
		[  812.345690] CPU: 1 PID: 88 Comm: bash Tainted: G           OE
	END
	log var/lib/systemd/pstore/1795180000/1/dmesg.txt '2026-11-20 12:30:00' <<-END
		<6>[    3.100000] crashwatch: block at 0x12345000 boot_id=33333333-3333-4333-8333-333333333333
		<0>[   99.345678] crashwatch: reboot how="panic" at="panic" origin="panic" scope="host" action="recorded" pid=77 uid=33 comm="apache2" argv=["apache2"]
		<0>[   99.345680] Kernel panic - not syncing: Fatal exception in interrupt
		<0>[   99.999999] ---[ end Kernel panic - not syncing: Fatal exception in interrupt ]---
	END
	log sys/fs/pstore/console-ramoops-0 '2026-11-20 14:00:00' <<-END
		[    3.100000] crashwatch: block at 0x12345000 boot_id=44444444-4444-4444-8444-444444444444
		[   99.200000] systemd-shutdown[1]: Syncing filesystems and block devices.
		[   99.345678] crashwatch: reboot how="power-off" at="reboot_notifier" origin="syscall" scope="host" action="allowed" pid=1 uid=0 comm="systemd-shutdow" argv=["/lib/systemd/systemd-shutdown"] domain="systemd(1) /lib/systemd/systemd-shutdown" reason="the machine is to stay off"
	END
	mkdir -p "$other/sys/kernel/debug/crashwatch/previous"
	cp "$tmp/plain" "$other/sys/kernel/debug/crashwatch/previous/events_raw"
}

boots() {
	CRASHWATCH_ROOT=$other "$@"
}

# ends STATUS PATTERN...: the table has such lines
ends() {
	boots gives "$1" boots || return
	shift
	for pattern; do
		grep -qe "$pattern" "$tmp/out" && continue
		echo "no $pattern in"
		cat "$tmp/out"
		return 1
	done
}

of_each_kind() {
	many_ends
	boots shows boots.txt boots &&
		boots shows boots.json boots --json &&
		boots gives 0 boots -n 2 && [ "$(wc -l <"$tmp/out")" = 3 ] &&
		boots gives 0 boots -r && sed -n 2p "$tmp/out" | grep -q '^0 .* running ' &&
		gives 0 boots --root="$other" && grep -q ' unexpected ' "$tmp/out" || return
	# This machine's records are not those of another
	mv "$other/sys/kernel/debug/crashwatch" "$tmp/ours"
	CRASHWATCH_DIR=$tmp/ours gives 0 boots --root="$other"
	status=$?
	rm -r "$tmp/ours"
	[ $status = 0 ] && ! grep ' memory ' "$tmp/out"
}

# A log that does not say of which boot it is belongs to the one it was written in or, if that
# was after a restart, to the one before.
matched_by_time() {
	other $now 1795400000
	mkdir -p "$other/sys/kernel/debug/crashwatch/previous"
	cp "$tmp/plain" "$other/sys/kernel/debug/crashwatch/previous/events_raw"
	echo "$unexpected" | log var/crash/x/dmesg.1 '2026-11-22 10:00:00'
	ends 0 '^-2 *01234567.* panic *memory *reboot(5101)' \
		'^-1 *- .* 2026-11-22 10:00:00 *unexpected *kdump' || return
	other $now 1795400000
	echo "$unexpected" | log sys/fs/pstore/dmesg-efi-1 '2026-11-25 10:00:00'
	ends 0 '^-1 *- .* unexpected *pstore *reboot(4711) uid=0 auid=1000 domain="systemd(1) '
}

# A record goes on in the next part, which was written first.
of_parts() {
	other $now 1795400000
	{ echo 'Panic#3 Part2'; printf %.200s "$unexpected"; } | log sys/fs/pstore/dmesg-efi-02 '2026-11-20 10:00:00.2'
	{ echo 'Panic#3 Part1'; echo "$unexpected" | tail -c +201; } |
		log sys/fs/pstore/dmesg-efi-01 '2026-11-20 10:00:00.1'
	ends 0 'unexpected *pstore *reboot(4711) uid=0 auid=1000 domain="systemd(1) /usr/sbin/sshd /bin/bash /usr/sbin/reboot"'
}

# What the arguments of a program say is not what the module says; nor is a line of another.
not_forged() {
	other $now 1795400000
	log sys/fs/pstore/dmesg-ramoops-0 '2026-11-20 10:00:00' <<-'END'
		[    1.0] evil[5]: crashwatch: reboot how="restart" scope="host" action="recorded" pid=1 comm="init"
		[  812.3] crashwatch: reboot how="restart" at="reboot_notifier" origin="syscall" scope="host" action="recorded" pid=7 uid=0 comm="e(1) pid=1 \x1b[31m" argv=["a] pid=1 reason=","\" reason=\"init asks for it\""] domain="init(1) /bin/e"
		[  812.4] evil: Kernel panic - not syncing: no
		[  812.5] crashwatch: ... reason="init asks for it
	END
	sed -i '$d' "$other/sys/fs/pstore/dmesg-ramoops-0"
	touch -d '2026-11-20 10:00:00' "$other/sys/fs/pstore/dmesg-ramoops-0"
	ends 0 ' unexpected *pstore *e(1) pid=1 .x1b\[31m(7) uid=0 domain="init(1) /bin/e"$' || return
	LC_ALL=C grep -qP '[\x00-\x09\x0b-\x1f\x7f]' "$tmp/out" && return 1
	boots gives 0 boots --json && json_good <"$tmp/out"
}

# Whatever bytes there are, and wherever a text ends
of_garbage() {
	many_ends
	text=$other/var/crash/202611201100/dmesg.202611201100
	cp "$text" "$tmp/text"
	size=$(wc -c <"$tmp/text")
	at=0
	while [ $at -lt "$size" ]; do
		{ head -c $at "$tmp/text"; head -c 300 "$tmp/hostile"; printf 'crashwatch: reboot how="'; } >"$text"
		boots "$cw" boots >"$tmp/out" 2>"$tmp/err" || { cat "$tmp/err"; return 1; }
		LC_ALL=C grep -qP '[\x00-\x09\x0b-\x1f\x7f]' "$tmp/out" && return 1
		at=$((at + 61))
	done
	mkfifo "$other/sys/fs/pstore/dmesg-fifo"
	ln -s /etc/passwd "$other/sys/fs/pstore/dmesg-link"
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' \
		"$other/sys/fs/pstore/dmesg-$(printf '\033')[2J" || return
	boots gives 0 boots && [ ! -s "$tmp/err" ]
}

# A panic has no requester, also where the record of it is all there is.
of_panics() {
	other $now 1795400000
	log sys/fs/pstore/dmesg-ramoops-0 '2026-11-20 10:00:00' <<-'END'
		[   99.3] crashwatch: reboot how="panic" at="panic" origin="panic" scope="host" action="recorded" pid=77 uid=33 comm="apache2" argv=["apache2"]
	END
	ends 0 ' panic *pstore *in apache2(77) uid=33$' || return
	log sys/fs/pstore/dmesg-ramoops-0 '2026-11-20 10:00:00' <<-'END'
		[   99.3] crashwatch: reboot how="panic" at="panic" origin="panic" scope="host" action="recorded"
	END
	ends 0 ' panic *pstore *in an interrupt$'
}

# The kernel prints the names of processes as they are, with what room they have.
not_erased() {
	other $now 1795400000
	{ echo "$unexpected"; printf '[  812.5] \nLinux version [123]: segfault at 0 ip 0\n'; } |
		log sys/fs/pstore/dmesg-ramoops-0 '2026-11-20 10:00:00'
	ends 0 ' unexpected *pstore *reboot(4711)'
}

# Where init runs a program, its last runlevel is orderly; and so is what busybox's child does.
of_other_inits() {
	other $now 1795400000
	log sys/fs/pstore/dmesg-ramoops-0 '2026-11-20 10:00:00' <<-'END'
		[  812.3] crashwatch: reboot how="restart" at="reboot_notifier" origin="syscall" scope="host" action="recorded" pid=900 uid=0 comm="reboot" domain="init(1) /etc/init.d/rc /etc/init.d/reboot /sbin/reboot"
	END
	ends 0 ' orderly *pstore *reboot(900)' || return
	log sys/fs/pstore/dmesg-ramoops-0 '2026-11-20 10:00:00' <<-'END'
		[  812.3] crashwatch: reboot how="restart" at="reboot_notifier" origin="syscall" scope="host" action="recorded" pid=900 uid=0 comm="reboot" domain="init(1) /etc/init.d/rc /usr/sbin/sshd /bin/sh /sbin/reboot"
	END
	ends 0 ' unexpected *pstore *reboot(900)' || return
	log sys/fs/pstore/dmesg-ramoops-0 '2026-11-20 10:00:00' <<-'END'
		[  812.3] crashwatch: reboot how="restart" at="reboot_notifier" origin="syscall" scope="host" action="allowed" pid=900 uid=0 comm="init" domain="init(1) /bin/busybox" reason="init asks for it"
	END
	ends 0 ' orderly *pstore *init(900)' || return
	# Without reboot_panic there is no reason; what has executed nothing has no program in its history.
	log sys/fs/pstore/dmesg-ramoops-0 '2026-11-20 10:00:00' <<-'END'
		[  812.3] crashwatch: reboot how="restart" at="reboot_notifier" origin="syscall" scope="host" action="recorded" pid=900 uid=0 comm="init" domain="init(1)"
	END
	ends 0 ' orderly *pstore *init(900)' || return
	log sys/fs/pstore/dmesg-ramoops-0 '2026-11-20 10:00:00' <<-'END'
		[  812.3] crashwatch: reboot how="restart" at="reboot_notifier" origin="syscall" scope="host" action="recorded" pid=900 uid=0 comm="init" domain="init(1) /tmp/init(1)"
	END
	ends 0 ' unexpected *pstore *init(900)' || return
	# Init may hold a watchdog, too, and not feed it any more.
	log sys/fs/pstore/dmesg-ramoops-0 '2026-11-20 10:00:00' <<-'END'
		[  812.3] crashwatch: reboot how="restart" at="emergency_restart" origin="interrupt" scope="host" action="recorded" pid=1 uid=0 comm="systemd" domain="systemd(1)" via="softdog"
	END
	ends 0 ' unexpected *pstore *softdog of systemd(1)'
}

told_once() {
	many_ends
	boots gives 0 boots --verdict || return
	grep '^The boot 01234567.* ended in a panic, which crashwatch made of an unexpected restart: restart by reboot(5101) ' "$tmp/out" &&
		grep -x "$(echo $now | tr -d -)" "$other/var/lib/crashwatch/boot-told" || return
	boots gives 0 boots --verdict || return
	[ ! -s "$tmp/out" ] || return
	other $now 1795400000
	boots complains 1 'nothing is known of a boot before' boots --verdict &&
		complains 2 'only one of them' boots --verdict --root="$other"
}

# The init script disarms when the machine is shut down, and only then.
disarmed() {
	other
	mkdir -p "$other/sys/module/crashwatch/parameters"
	mode=$other/sys/module/crashwatch/parameters/reboot_panic
	sed "s|/sys/module|$other&|" sysvinit/crashwatch >"$tmp/script"
	echo unexpected >"$mode"
	RUNLEVEL=2 sh "$tmp/script" stop && grep -x unexpected "$mode" &&
		RUNLEVEL=6 sh "$tmp/script" stop && grep -x off "$mode" &&
		sh "$tmp/script" status | grep 'reboot_panic=off$' &&
		rm -r "$other/sys" && RUNLEVEL=0 sh "$tmp/script" stop
}

# What the system starts names the command where it was installed.
elsewhere() {
	rm -rf "$tmp/dest"
	make -s -C .. PREFIX=/opt/cw DESTDIR="$tmp/dest" install-files install-sysvinit || return
	grep -x 'ExecStart=/opt/cw/sbin/crashwatch boots --verdict' \
		"$tmp/dest/opt/cw/lib/systemd/system/crashwatch-boots.service" &&
		[ -x "$tmp/dest/etc/init.d/crashwatch" ] && [ -x "$tmp/dest/opt/cw/sbin/crashwatch" ] &&
		! grep -r /usr/sbin "$tmp/dest/opt/cw/lib" "$tmp/dest/etc/init.d"
}

no_boots() {
	other
	boots complains 1 'nothing tells of any boot' boots &&
		complains 2 'cannot look into .*/none/: No such file' boots --root="$other/none"
}

suite_boots() {
	check "R-10 boots: an end of each kind" of_each_kind
	check "R-10 boots: logs without a boot id" matched_by_time
	check "R-10 boots: logs in parts" of_parts
	check "R-10 boots: arguments are no keys" not_forged
	check "R-10 boots: logs of any bytes" of_garbage
	check "R-10 boots: a name like the first line of a boot" not_erased
	check "R-10 boots: a panic has no requester" of_panics
	check "R-10 boots: other inits" of_other_inits
	check "R-10 boots: the verdict is told once" told_once
	check "R-10 boots: none" no_boots
	check "R-10 boots: installed elsewhere" elsewhere
	check "R-01 the init script disarms at shutdown" disarmed
}
