#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Restarts guests in every way there is and reads on their consoles who asked, and whether it
# became a panic (R-01 to R-07). The guests have no crash kernel: reboot_panic_force stands for it.
# With a regular expression as argument, only the properties that it matches.
set -u
only=${1-}
here=$(cd "$(dirname "$0")" && pwd -P)
cd "$here/.." || exit
log=$(mktemp)
trap 'rm -f "$log" "$log".*' EXIT
bad=0 tried=0
net=''
# Where the kernel has it built in, modprobe says that to nobody
boot_args=softdog.soft_margin=1
force='reboot_panic=unexpected reboot_panic_force=1'

# One a line, as the kernel log has them since the module was loaded
said() {
	tr -d '\r' <"$log" | sed -nE 's/^\[[^]]*\] //p' |
		sed -e '1,/crashwatch: version /d' -e '/^Linux version /,$d'
}

# What went to netconsole's port, of all that FILE says was sent
datagrams() {
	perl -0777 -ne 'for (my $at = 24; $at + 16 <= length; ) {
			my $frame = substr $_, $at + 16, my $bytes = unpack "x8 V", substr $_, $at;
			my ($type, $protocol, $port, $len) = unpack "x12 n x9 C x12 n n", $frame;
			$at += 16 + $bytes;
			print substr $frame, 42, $len - 8
				if $type == 0x800 && $protocol == 17 && $port == 6666;
		}' "$1"
}

# restart NAME PANICS PARAMETERS COMMAND PATTERN...: the guest restarts after so many panics, and
# every pattern stands in the one record on the console or in the panic's text; with net=1, in what
# netconsole has sent
restart() {
	local name=$1 panics=$2 parameters=$3 command=$4 pattern problem=''
	shift 4
	[[ $name =~ $only ]] || { rm -f "$log.said" && return; }
	tried=$((tried + 1))
	if ! timeout 660 selftests/vm/boot -t 600 -r -l "$log" -a "$boot_args" \
		${net:+-n "$log.net"} -- \
		bash -c "command -v reboot >/dev/null || ln -s /run/vm/busybox /usr/local/sbin/reboot
			${net:+$netconsole || exit}
			insmod ./crashwatch.ko $parameters && { $command; }; sleep 60"; then
		problem='the guest did not restart'
	elif [ -n "$net" ]; then
		datagrams "$log.net" >"$log"
	fi
	said >"$log.said"
	# A long record goes on in lines of its own
	sed -nE 's/^crashwatch: (reboot |\.\.\. )//p' "$log.said" | tr -d '\n' >"$log.record"
	for pattern; do
		[ -z "$problem" ] || break
		grep -qE "$pattern" "$log.record" || grep -qE "^Kernel panic.*$pattern" "$log.said" ||
			problem="no $pattern in: $(cat "$log.record"; grep '^Kernel panic' "$log.said")"
	done
	[ -n "$problem" ] || [ "$(grep -c '^Kernel panic' "$log.said")" = "$panics" ] ||
		problem="not $panics panics: $(grep '^Kernel panic' "$log.said")"
	[ -n "$problem" ] || [ "$(grep -c '^crashwatch: reboot ' "$log.said")" = 1 ] ||
		problem='not one record'
	[ -n "$problem" ] || ! grep -aE 'BUG:|WARNING:|Oops' "$log.said" ||
		problem='the kernel complained'
	# A panic of our own has its trace, no other restart has
	[ -n "$problem" ] || [ "$panics" != 0 ] || ! grep -q 'Call [Tt]race' "$log.said" ||
		problem='there is a call trace'
	if [ -n "$problem" ]; then
		echo "#   $problem"
		tail -n 5 "$log" | sed 's/^/#   /'
		echo "not ok reboot: $name"
		bad=1
	else
		echo "ok reboot: $name"
	fi
}

# incidents NAME: the guest before had one
incidents() {
	[ -e "$log.said" ] || return 0 # it was left out
	if grep -qE '^crashwatch: incident .* crash pid=[0-9]+ uid=0 comm="sh" .*signame="SIGSEGV".* domain="init\(1\) ' \
		"$log.said" && grep -qE '^crashwatch: block at 0x[0-9a-f]+ boot_id=[0-9a-f-]{36}$' "$log.said"; then
		echo "ok reboot: $1"
	else
		echo "not ok reboot: $1"
		bad=1
	fi
}

# The module comes after ours. Whoever holds the watchdog is stuck, as a daemon that hangs.
softdog='modprobe softdog soft_margin=1 && (exec -a dog dash -c "exec 7>/dev/watchdog; echo >&7; sleep 30")'
# shellcheck disable=SC2016 # for the guest's shell
crash_and_go='{ sh -c "kill -SEGV \$\$"; } 2>/dev/null; sh -c "reboot -f; :"'
# Who writes to a frozen file system hangs, and cannot be killed.
# shellcheck disable=SC2016 # for the guest's shell
hang='{ sh -c "kill -SEGV \$\$"; } 2>/dev/null; modprobe loop && truncate -s 8M /tmp/disk && mke2fs -q /tmp/disk &&
	mount -o loop /tmp/disk /mnt && fsfreeze -f /mnt && cd /proc/sys/kernel &&
	echo 1 >hung_task_timeout_secs && echo 1 >hung_task_panic && touch /mnt/file'
keys='modprobe uinput; perl -e '\''require "sys/syscall.ph";
	syscall SYS_reboot(), 0xfee1dead, 672274793, 0x89abcdef, 0'\''; selftests/obj/keys'

# What is recorded (R-02, R-07)
restart 'R-02 a forced restart names the program, its arguments and its chain' 0 '' "$crash_and_go" \
	'how="restart" at="reboot_notifier" origin="syscall" scope="host" action="recorded"' \
	' pid=[0-9]+ uid=0 .*comm="reboot" argv=\["reboot","-f"\] ' \
	' domain="init\(1\) .*/sh [^ ]*/reboot" ' \
	' tree=\["[0-9]+:reboot","[0-9]+:sh",.*"1:init"\]' \
	'"(kernel_restart\+0x.*)?__do_sys_reboot(\.cold)?\+0x'
incidents 'R-07 the kernel log has the newest incidents and the place of the block'
restart 'R-02 sysrq-b names the program that wrote it' 0 '' \
	'echo b >/proc/sysrq-trigger' \
	'at="emergency_restart" origin="sysrq"' ' comm="bash" argv=\["bash","-c"' \
	'"emergency_restart\+0x.*"__handle_sysrq' ' via="sysrq-b"'
restart 'R-02 a power-off by sysrq-o is recorded as one' 0 "$force" \
	'echo o >/proc/sysrq-trigger; sleep 20' \
	'how="power-off" at="reboot_notifier" origin="kthread"' 'via="sysrq-o"' \
	'action="allowed"' 'reason="the machine is to stay off"'
# shellcheck disable=SC2016 # for Perl
restart 'R-02 the command string of reboot(2) is there' 0 '' \
	'perl -e "require q(sys/syscall.ph); my \$to = qq(boot into rescue\\0);
		syscall SYS_reboot(), 0xfee1dead, 672274793, 0xa1b2c3d4, \$to"' \
	'how="restart" .* command="boot into rescue"'
restart 'R-02 a panic that is not ours has its record' 1 "$force" \
	'echo c >/proc/sysrq-trigger' 'how="panic" at="panic" origin="panic"' 'action="recorded"' \
	'comm="bash"' '"panic\+0x.*"__handle_sysrq'
restart 'R-02 so has the panic over a task that hangs' 1 "$force" "$hang" \
	'how="panic" at="panic" origin="panic"' 'action="recorded"' 'comm="khungtaskd"' \
	'"panic\+0x.*"watchdog[.+]' 'hung_task: blocked tasks'
incidents 'R-07 and the newest incidents'

# The same through a network (R-07). That an interface is up before saves 4 s of waiting for it.
net=1
netconsole='modprobe virtio_net && /run/vm/busybox ip link set eth0 up &&
	modprobe netconsole netconsole=@10.0.2.15/eth0,6666@10.0.2.2/'
restart 'R-07 netconsole sends who asks for a restart' 0 '' "$crash_and_go" \
	'action="recorded".* comm="reboot" argv=\["reboot","-f"\] ' ' tree=\[.*"1:init"\]' \
	'"kernel_restart\+0x.*__do_sys_reboot\+0x'
incidents 'R-07 and the newest incidents'
restart 'R-07 netconsole sends who asked when that becomes a panic, and its text' 1 "$force" \
	"$crash_and_go" 'action="panic".* comm="reboot" argv=\["reboot","-f"\] ' \
	'crashwatch: unexpected restart requested by reboot\([0-9]+\) uid=0 domain="init\(1\) '
incidents 'R-07 and the newest incidents, before the panic'
net=''

# What becomes a panic (R-01, R-06)
restart 'R-01 a forced restart becomes one panic, which names who asked' 1 "$force" \
	'sh -c "reboot -f; :"' 'action="panic".*reason="unexpected"' \
	'crashwatch: unexpected restart requested by reboot\([0-9]+\) uid=0 domain="init\(1\) .*/sh [^ ]*/reboot"'
restart 'R-01 sysrq-b becomes one panic' 1 "$force" 'echo b >/proc/sysrq-trigger' \
	'crashwatch: unexpected restart requested by sysrq-b of bash\([0-9]+\) uid=0 '
restart 'R-01 Ctrl-Alt-Del becomes one panic' 1 "$force" "$keys" \
	'crashwatch: unexpected restart requested by Ctrl-Alt-Del$'
restart 'R-01 a watchdog becomes one panic, which names who held it' 1 "$force" "$softdog" \
	'origin="interrupt" scope="host" action="panic" pid=[0-9]+ uid=0 comm="dash" argv=\["dog",' \
	' domain="init\(1\) /usr/bin/bash /usr/bin/dash" stack=' \
	'crashwatch: unexpected restart requested by softdog of dash\([0-9]+\) uid=0 domain="init\(1\) '
restart 'R-02 the holder of a watchdog is named if it has ended, too' 0 '' \
	'modprobe softdog soft_margin=1 && dash -c "echo >/dev/watchdog"; rmmod softdog; sleep 30' \
	'origin="interrupt" scope="host" action="recorded" pid=[0-9]+ uid=0 comm="dash" argv=\["dash",'
restart 'R-01 always: init too' 1 'reboot_panic=always reboot_panic_force=1' \
	'kill -TERM 1; sleep 20' 'crashwatch: restart requested by busybox\(1\) uid=0 '

# What does not
restart 'R-01 what init asks for passes' 0 "$force" 'kill -TERM 1; sleep 20' \
	'action="allowed" pid=1 ' 'reason="init asks for it"'
# Without an initrd the second kernel panics, and that resets the guest
kernel=$(echo "${CRASHWATCH_KERNEL:-$(selftests/vm/kernel)}"/boot/vmlinuz-*)
if [[ $kernel == *-arm64 ]]; then
	[[ ! 'R-01 so does a kexec' =~ $only ]] ||
		echo "skip reboot: R-01 so does a kexec # ${kernel##*/vmlinuz-} has no kexec_file_load()"
else
	# shellcheck disable=SC2016 # for Perl
	restart 'R-01 so does a kexec by whoever' 0 "$force" "KERNEL=$kernel "'perl -e '\''
		require "sys/syscall.ph";
		open my $kernel, "<", $ENV{KERNEL} or die; my $args = "console=ttyS0 panic=-1";
		syscall SYS_kexec_file_load(), fileno $kernel, -1, 1 + length $args, $args, 4;
		syscall SYS_reboot(), 0xfee1dead, 672274793, 0x45584543, 0; die "kexec: $!"'\' \
		'how="kexec" at="reboot_notifier" origin="syscall"' 'action="allowed"' 'comm="perl"' \
		'reason="kexec"'
fi
restart 'R-01 so does what comes after a disarm' 0 "$force" \
	'echo off >/sys/module/crashwatch/parameters/reboot_panic; sh -c "reboot -f; :"' \
	'action="recorded"'
restart 'R-01 a dry run says what it would do' 0 'reboot_panic=dry-run reboot_panic_force=1' \
	'sh -c "reboot -f; :"' 'action="recorded"' 'reason="dry run: this would be a panic"'
restart 'R-04 without a crash kernel a restart goes on as asked' 0 reboot_panic=always \
	'sh -c "reboot -f; :"' 'action="allowed"' 'reason="no crash kernel is loaded"'
boot_args+=' panic=1'
restart 'R-03 sysrq-b with panic=1 and no crash kernel restarts without a panic' 0 \
	reboot_panic=always 'echo b >/proc/sysrq-trigger' 'reason="no crash kernel is loaded"'
restart 'R-03 and with reboot_panic_force=1 after one' 1 'reboot_panic=always reboot_panic_force=1' \
	'echo b >/proc/sysrq-trigger' 'action="panic"' \
	'crashwatch: restart requested by sysrq-b of bash'
if [ $tried = 0 ]; then
	echo "not ok reboot: there is nothing that matches $only"
	bad=1
fi
exit $bad
