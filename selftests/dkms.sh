#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Installs with DKMS in a guest, boots systemd in another with what that left behind, uninstalls.
# The host runs it without an argument; the guests run it with the name of their part. With the
# name of a Debian release a guest has that one on a disk, and its kernel is changed, too; another
# one of that release boots under Secure Boot.
# shellcheck disable=SC2317 # verdict calls functions by their names
set -u
cd "$(dirname "$0")/.." || exit
bad=0
on='' # which system speaks, where there are several
saved=saved.tar # in the directory that the guests share with the host, their /host
options='options crashwatch ring_kb=2048 log_failed_exec=1'

# verdict PROPERTY COMMAND...: what COMMAND says is of interest when it fails
verdict() {
	local property=$1 said
	shift
	if said=$("$@" 2>&1); then
		echo "ok dkms: $on$property"
	else
		tail -n 30 <<<"$said" | sed 's/^/#   /'
		echo "not ok dkms: $on$property"
		bad=1
	fi
}

# === The guest that installs and uninstalls ===

# An attempt that did not come to its end must not be in the way of the next: DKMS leaves such a
# directory where it cannot sign, then removes nothing, and without the source does nothing at all.
add() {
	cp -a dkms.conf Kbuild Makefile module "/usr/src/crashwatch-$version" &&
		dkms add "crashwatch/$version" &&
		mkdir -p "/var/lib/dkms/crashwatch/$version/$(uname -r)/$(uname -m)/log" &&
		rm -r "/usr/src/crashwatch-$version"
}

# COMMAND PATTERN: what COMMAND says has a line that matches
has_line() {
	local said
	said=$($1) && grep -E "$2" <<<"$said" && return
	echo "no line $2: $said"
	return 1
}

in_place() {
	grep -x crashwatch /usr/lib/modules-load.d/crashwatch.conf &&
		cmp tools/systemd/modprobe.conf /etc/modprobe.d/crashwatch.conf &&
		cmp tools/crashwatch /usr/sbin/crashwatch &&
		cmp tools/systemd/crashwatch-boots.service \
			/usr/lib/systemd/system/multi-user.target.wants/crashwatch-boots.service
}

# All that the guest has changed, to be put back by the next
save() {
	tar -C /run/vm/layers -cf "/host/$saved.part" root.upper modules.upper &&
		mv "/host/$saved.part" "/host/$saved"
}

# A character device says that a file is gone. depmod's indices and DKMS's own signing key stay.
nothing_left() {
	local left
	left=$(
		cd /run/vm/layers || exit
		find root.upper modules.upper top.upper ! -type c \
			-ipath '*crashwatch*' ! -path root.upper/etc/modprobe.d/crashwatch.conf
		grep -rlsi crashwatch root.upper modules.upper top.upper |
			grep -vx root.upper/etc/modprobe.d/crashwatch.conf
	)
	[ -z "$left" ] || { echo "left: $left" && return 1; }
	has_line 'dkms status' '^$'
}

install() {
	local version start=$SECONDS
	version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
	mkdir -p "/usr/src/crashwatch-$version"
	verdict 'an attempt can be broken off' add
	verdict 'make dkms-install works, also over an attempt that was broken off' \
		make dkms-install
	echo "# took $((SECONDS - start)) s"
	verdict 'dkms status says that the module is installed' has_line 'dkms status' \
		"^crashwatch/$version, $(uname -r), [^:]*: installed$"
	verdict 'modinfo finds it' has_line 'modinfo -n crashwatch' \
		"/$(uname -r)/updates/dkms/crashwatch\.ko"
	verdict 'the command, its unit and the files of modules-load.d and modprobe.d are in place' in_place
	echo "$options" >>/etc/modprobe.d/crashwatch.conf
	verdict 'all that was installed can be saved' save
	start=$SECONDS
	rm -r "/usr/src/crashwatch-$version"
	verdict 'make uninstall works without the source in /usr/src, and says what it leaves' \
		has_line 'make uninstall' '^left alone: /etc/modprobe\.d/crashwatch\.conf'
	echo "# took $((SECONDS - start)) s"
	verdict 'it leaves nothing else' nothing_left
	verdict 'it leaves the settings' grep -x "$options" /etc/modprobe.d/crashwatch.conf
}

# === The guest that systemd boots ===

# Runs before systemd does.
restore() {
	tar -C / -xf "/host/$saved" --strip-components=1 root.upper
	tar -C "/lib/modules/$(uname -r)" -xf "/host/$saved" --strip-components=1 modules.upper
}

parameters() {
	cd /sys/module/crashwatch/parameters && grep . ring_kb log_failed_exec &&
		[ "$(cat ring_kb) $(cat log_failed_exec)" = '2048 Y' ]
}

# An ordinary service is one that waits for the early ones. Prints when it was started, in
# microseconds, its process and its name.
ordinary() {
	systemctl show -p Id -p DefaultDependencies -p ExecMainStartTimestampMonotonic \
		-p ExecMainPID '*.service' | awk -F= '{ value[$1] = $2 }
		function put() {
			if (value["DefaultDependencies"] == "yes" && value["ExecMainPID"])
				print value["ExecMainStartTimestampMonotonic"],
				      value["ExecMainPID"], value["Id"]
			split("", value)
		}
		/^$/ { put() } END { put() }' | sort -n
}

# The first record was made no earlier than the module was loaded.
before_services() {
	local record first service
	record=$(sed -nE 's/^\[ *([0-9]+)\.([0-9]{6}).*/\1\2/p' /tmp/events | head -n 1)
	read -r first _ service </tmp/services
	echo "first record at $record us, first ordinary service at ${first:-} us: ${service:-}"
	[ -n "$record" ] && [ -n "$first" ] && [ "$record" -lt "$first" ]
}

every_service() {
	local pid service
	while read -r _ pid service; do
		grep -E " exec pid=$pid ppid=1 .* domain=\"systemd\(1\) " /tmp/events && continue
		echo "no exec of process $pid, $service, among $(wc -l </tmp/events) records"
		return 1
	done </tmp/services
}

check() {
	crashwatch --no-pager check >/tmp/check
	has_line 'cat /tmp/check' 'The module is loaded at boot' &&
		has_line 'cat /tmp/check' 'DKMS builds the module'
}

boot() {
	ordinary >/tmp/services
	cat /sys/kernel/debug/crashwatch/events >/tmp/events
	verdict 'at the next boot the first process is systemd' grep -x systemd /proc/1/comm
	verdict 'systemd-modules-load loads the module' \
		has_line dmesg "systemd-modules-load\[[0-9]+\]: Inserted module 'crashwatch'"
	verdict 'the parameters are those of modprobe.d' parameters
	verdict 'it records before the first ordinary service is started' before_services
	echo "# $(before_services)"
	verdict 'every ordinary service has an exec record, in a domain of systemd(1)' every_service
	verdict 'crashwatch check sees that the module comes with every boot and every kernel' check
}

# === The guest that has a Debian of its own, at each boot one step further ===

state=/var/lib/upgrade/step
kernels() { dkms status | sed -nE "s|^crashwatch[/,] ?$version, ([^,]*), [^:]*: installed.*|\1|p" | sort; }

installed_for() { [ "$(kernels)" = "$(printf '%s\n' "$@" | sort)" ] || { dkms status && false; }; }

# No initrd is wanted, and the module has to be there all the same.
change_kernel() {
	INITRD=No DEBIAN_FRONTEND=noninteractive dpkg -i /var/lib/upgrade/*.deb
}

# The journal may speak of it, and this guest's own files have the name.
gone() {
	local left
	left=$(find /boot /etc /lib /opt /usr /var -xdev -ipath '*crashwatch*' \
		! -path /etc/modprobe.d/crashwatch.conf ! -path "$PWD*" ! -name '*crashwatch-job*' \
		! -path '*/initramfs-tools/*' | sort -u)
	[ -z "$left" ] && ! dkms status | grep crashwatch && return
	echo "left: $left"
	dkms status
	return 1
}

disk() {
	local version new start
	version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
	on="Debian $(cat /etc/debian_version): "
	if [ ! -e $state ]; then
		start=$SECONDS
		verdict 'make dkms-install works' \
			make -j "$(nproc)" dkms-install
		echo "# ${on}took $((SECONDS - start)) s"
		verdict 'the module is installed' installed_for "$(uname -r)"
		tar -cf /host/tools.tar tools # built here: another guest need not
		echo $bad >$state
		sync
		systemctl reboot
		sleep infinity
	fi
	bad=$(cat $state)
	ordinary >/tmp/services
	cat /sys/kernel/debug/crashwatch/events >/tmp/events
	verdict 'it records before the first ordinary service is started' before_services
	echo "# $on$(before_services)"
	start=$SECONDS
	verdict 'another kernel can be installed' change_kernel
	echo "# ${on}took $((SECONDS - start)) s"
	new=$(find /lib/modules -mindepth 1 -maxdepth 1 ! -name "$(uname -r)" -printf '%f')
	verdict "DKMS has built the module for it: $new" installed_for "$(uname -r)" "$new"
	verdict 'what it has built is for that kernel' \
		has_line "modinfo -k $new -F vermagic crashwatch" "^${new//+/[+]} "
	verdict 'make uninstall works' make uninstall
	verdict 'it leaves nothing but the settings' gone
}

# === The guest that boots under Secure Boot ===

# key NAME FILE: a key and its certificate, in the way of DKMS
key() {
	openssl req -new -x509 -nodes -days 36500 -subj "/CN=$1" -newkey rsa:2048 \
		-keyout "$2.key" -outform DER -out "$2.pub" 2>&1
}

sign_file() { find -L "/lib/modules/$(uname -r)/build/scripts" -name sign-file; }

# DKMS of Debian 11 signs only with what it is told to run.
sign_helper() {
	! grep -q mok_signing_key "$(command -v dkms)" || return 0
	echo 'sign_tool="/etc/dkms/sign_helper.sh"' >>/etc/dkms/framework.conf
	command install -m 755 /dev/stdin /etc/dkms/sign_helper.sh <<-END
		#!/bin/sh
		$(sign_file) sha256 /var/lib/dkms/mok.key /var/lib/dkms/mok.pub "\$2"
	END
}

# Of debugfs the kernel shows what nobody can write to.
every_file() {
	local file n=0
	if cat /sys/kernel/debug/fault_around_bytes; then
		echo 'lockdown does not keep debugfs from being read'
		return 1
	fi
	for file in /sys/kernel/debug/crashwatch/*; do
		[ -f "$file" ] || continue
		# One of them waits for more.
		if ! timeout 60 head -n 1 "$file" | grep -a . >/tmp/read; then
			echo "nothing from $file"
			return 1
		fi
		n=$((n + 1))
	done
	echo "$n files"
	[ "$n" -ge 7 ]
}

hears() {
	/bin/true under lockdown
	grep ' exec .* argv=\["/bin/true","under","lockdown"\]' /sys/kernel/debug/crashwatch/events
}

tell() { crashwatch --no-pager check || :; }

content() {
	has_line tell '^ok   The module is loaded\.$' && has_line tell '^ok   All [0-9]+ hooks are set' &&
		has_line tell "^ok   Kernel lockdown is 'integrity'" && has_line tell '^ok   Secure Boot is on'
}

# Put a module without a signature into the place of the one that is installed.
strip_signature() {
	local file to
	file=$(modinfo -n crashwatch) to=${file%.ko*}.ko
	case $file in
	*.xz) xz -d "$file" ;;
	*.zst) zstd -d --rm "$file" ;;
	esac && objcopy --strip-debug "$to" && depmod && [ -z "$(modinfo -F signer crashwatch)" ]
}

sign_with() {
	"$(sign_file)" sha256 "$1.key" "$1.pub" "$(modinfo -n crashwatch)"
}

# refused WHAT: by the word of the kernel, which is another one where lockdown alone refuses it
refused() {
	dmesg --clear
	! modprobe crashwatch && [ ! -e /sys/module/crashwatch ] &&
		has_line dmesg "(oading of $1 is rejected|: unsigned module loading is restricted)"
}

# Do what check says, as far as it can be done before the restart.
obey() {
	local command
	command=$(tell | sed -n "s/.*'\(mokutil --import [^']*\)'.*/\1/p")
	echo "check says: $command"
	mokutil --generate-hash=once >/tmp/hash && $command --hash-file /tmp/hash &&
		has_line 'mokutil --list-new' 'Subject: CN *= *nobody has enrolled this'
}

secure() {
	local start no='^FAIL The module is not loaded: this kernel takes'
	cp /host/mok.* /var/lib/dkms
	[ ! -e /host/tools.tar ] || tar -xf /host/tools.tar
	sign_helper
	on="Debian $(cat /etc/debian_version): "
	verdict 'it has booted under Secure Boot' \
		has_line 'mokutil --sb-state' '^SecureBoot enabled'
	verdict 'the kernel is locked down' \
		grep '\[integrity\]' /sys/kernel/security/lockdown
	start=$SECONDS
	verdict 'make dkms-install works' make -j "$(nproc)" dkms-install
	echo "# ${on}took $((SECONDS - start)) s"
	verdict 'DKMS has signed the module' has_line 'modinfo -F signer crashwatch' '^crashwatch owner$'
	verdict 'it loads' modprobe crashwatch
	verdict 'every file of it in debugfs can be read' every_file
	verdict 'it records' hears
	verdict 'crashwatch check is content' content
	verdict 'it can be unloaded' rmmod crashwatch
	verdict 'its signature can be taken away' strip_signature
	verdict 'without a signature it is refused' refused 'unsigned module'
	verdict 'crashwatch check says so, and what to do' \
		has_line tell "$no signed modules only, and /.* is not signed: .* 'make dkms-install' signs it\.$"
	verdict 'there is another key' key 'nobody has enrolled this' /var/lib/dkms/mok
	verdict 'it can be signed with that key' sign_with /var/lib/dkms/mok
	verdict 'with a key that the kernel does not know it is refused' refused 'module with unavailable key'
	verdict 'crashwatch check says so, and what to do' \
		has_line tell "$no .* signed by 'nobody has enrolled this': 'mokutil --import /var/lib/dkms/mok.pub'"
	verdict 'what it says can be done' obey
}

# === The host ===

tmp='' installs='' # not local: the traps need them

# stock NAME OPTION...: run that part in a guest with the Debian $debian. Compilers take most of the
# time, of two processors what they can get.
stock() {
	local name=$1 status=0 start=$SECONDS
	shift
	selftests/vm/boot -P -d "$debian" -m 2048 -t 2400 -w "$tmp/share" -l "$tmp/$name.log" "$@" \
		-- selftests/dkms.sh "$name" || status=$?
	[ "$status" -lt 2 ] || echo "not ok dkms: $debian: the guest ended with status $status"
	if grep -aE 'BUG:|WARNING:|Oops|Call Trace' "$tmp/$name.log"; then
		echo "not ok dkms: $debian: the kernel complained"
		status=1
	fi
	[ "$status" = 0 ] || bad=1
	echo "# $debian: $name took $((SECONDS - start)) s"
}

debian() {
	local debian=$1 start=$SECONDS
	tmp=$(mktemp -d)
	trap 'rm -rf "$tmp"' EXIT
	if ! selftests/vm/image "$debian" >/dev/null; then
		echo "skip dkms: Debian $debian # its image cannot be made"
		exit 4
	fi
	echo "# $debian: the image took $((SECONDS - start)) s"
	mkdir "$tmp/share"
	key 'crashwatch owner' "$tmp/share/mok" >"$tmp/key" || { cat "$tmp/key" && exit 1; }
	stock disk -b
	stock secure -e "$tmp/share/mok.pub"
}

# depmod reads every module there is, 20 s each time: the guest has those that it boots with.
few_modules() {
	local from=$1 to=$2 version=${1##*/}
	mkdir -p "$to/lib/modules/$version"
	ln -s "${from%/lib/modules/*}/boot" "$to/boot"
	(cd "$from" && cp --parents -r modules.builtin* modules.order \
		kernel/{drivers/{char,virtio},fs/{9p,fscache,netfs,overlayfs},net/9p} \
		"$to/lib/modules/$version") && depmod -b "$to" "$version"
}

# guest NAME OPTION...: run that part
guest() {
	local name=$1 status=0
	shift
	selftests/vm/boot -P -m 2048 -t 2400 -k "$tmp/kernel" -w "$tmp/share" -l "$tmp/$name.log" "$@" \
		-- selftests/dkms.sh "$name" || status=$?
	if grep -aE 'BUG:|WARNING:|Oops|Call Trace' "$tmp/$name.log"; then
		echo "not ok dkms: $name: the kernel complained"
		return 1
	fi
	return "$status"
}

host() {
	local missing='' start=$SECONDS
	command -v dkms >/dev/null || missing=dkms
	[ -x /lib/systemd/systemd ] || missing+=${missing:+, }systemd
	if [ -n "$missing" ]; then
		echo "skip dkms: install, boot, uninstall # not installed: $missing"
		exit 4
	fi
	tmp=$(mktemp -d)
	set -m # so that all of the guest that runs in the background ends with this
	trap '[ -z "$installs" ] || kill -- "-$installs" 2>/dev/null; rm -rf "$tmp"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	mkdir "$tmp/share"
	few_modules "$(echo "$(selftests/vm/kernel)"/lib/modules/*)" "$tmp/kernel" || exit

	# The second boots while the first still uninstalls.
	guest install >"$tmp/install" 2>&1 &
	installs=$!
	while [ ! -e "$tmp/share/$saved" ] && kill -0 "$installs" 2>/dev/null; do
		sleep 1
	done
	if [ -e "$tmp/share/$saved" ]; then
		guest boot -S "cd '${PWD//\'/\'\\\'\'}' && selftests/dkms.sh restore" >"$tmp/boot" 2>&1 || bad=1
	else
		echo 'not ok dkms: boot: there is nothing to boot with' >"$tmp/boot"
		bad=1
	fi
	wait "$installs" || bad=1
	installs=
	cat "$tmp/install" "$tmp/boot"
	echo "# all of it took $((SECONDS - start)) s"
}

case ${1-} in
'') host ;;
install) install ;;
restore) restore ;;
boot) boot ;;
disk) disk ;;
secure) secure ;;
bullseye | bookworm | trixie | forky) debian "$1" ;;
*) echo 'usage: dkms.sh [bullseye|bookworm|trixie|forky]' >&2 && exit 2 ;;
esac
exit "$bad"
