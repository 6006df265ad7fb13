# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # run, which reads this, sets what is used here
# Tests of what crashwatch check says about signatures, dumps, logs and reboot_panic (O-04).

# In $root: a kernel that takes modules without a signature. What modinfo would say of ours is in
# the file modinfo.
make_modules() {
	mkdir -p "$root/bin" "$root/sys/module/module/parameters"
	echo N >"$root/sys/module/module/parameters/sig_enforce"
	printf '#!/bin/sh\ncat "%s/modinfo"\n' "$root" >"$root/bin/modinfo"
	chmod 755 "$root/bin/modinfo"
	printf '%-16s%s\n' filename: /lib/modules/6.1/crashwatch.ko license: GPL >"$root/modinfo"
	# Of a certificate what counts here, with an id that begins with a zero
	printf 'CN=ours\006\003\125\035\016\004\006\004\004\000\253\001\177more' \
		>"$root/var/lib/dkms/mok.pub"
	echo '18 I------ 1 perm 1f030000 0 0 asymmetric Vendor: 6ccece7e: X509.rsa 419ea1 []' \
		>"$root/proc/keys"
}

# refused LINE: the module is not loaded, and check says that
refused() {
	verdict 1 "^FAIL The module is not loaded$1"
}

load_verdicts() {
	make_root
	verdict 0 '^ok   The module is loaded\.$' || return
	rm -r "$root/sys/module/crashwatch"
	refused ": 'modprobe crashwatch' does it\.$" || return
	mv "$root/modinfo" "$root/unsigned"
	refused ", and there is none for this kernel, $(uname -r): 'make dkms-install'" || return
	mv "$root/unsigned" "$root/modinfo"
	enrol="'mokutil --import /var/lib/dkms/mok.pub' and a restart make the kernel know the key\.$"
	for only in lockdown parameter; do
		case $only in
		lockdown) echo 'none [integrity] confidentiality' >"$root/sys/kernel/security/lockdown" ;;
		parameter)
			make_root
			rm -r "$root/sys/module/crashwatch"
			echo Y >"$root/sys/module/module/parameters/sig_enforce"
			;;
		esac
		refused ": .*, and /lib/modules/6.1/crashwatch.ko is not signed: .*, and $enrol" || return
		echo '19 I------ 1 perm 1f030000 0 0 asymmetric Ours: ab017f: X509.rsa e5 []' >>"$root/proc/keys"
		refused ": .* is not signed: with openssl installed 'make dkms-install' signs it\.$" || return
		echo 'signer:         Ours' >>"$root/modinfo"
		refused ": 'modprobe crashwatch' does it\.$" || return
		sed -i '$d' "$root/proc/keys"
		refused ": .* with a key that it knows, and this one is signed by 'Ours': $enrol" || return
	done
	rm "$root/var/lib/dkms/mok.pub"
	refused ": .* signed by 'Ours': $enrol" || return
	mkdir -p "$root/var/lib/shim-signed/mok"
	: >"$root/var/lib/shim-signed/mok/MOK.der"
	refused ": .* signed by 'Ours': 'mokutil --import /var/lib/shim-signed/mok/MOK.der'" || return
	rm "$root/proc/keys"
	refused ": .* signed by 'Ours': "
}

secure_boot_verdicts() {
	make_root
	variable=$root/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c
	unknown='It is not known whether Secure Boot is on, .* cannot be read'
	verdict 0 '^ok   Secure Boot is off\.$' || return
	mkdir -p "$root/sys/firmware/efi/efivars"
	verdict 0 "^ok   $unknown: efivarfs is not mounted\.$" || return
	echo 'efivarfs /sys/firmware/efi/efivars efivarfs rw 0 0' >>"$root/proc/self/mounts"
	verdict 0 '^ok   Secure Boot is off\.$' || return
	printf '\006\000\000\000\000' >"$variable"
	verdict 0 '^ok   Secure Boot is off\.$' || return
	printf '\006\000\000\000\001' >"$variable"
	verdict 0 '^ok   Secure Boot is on' || return
	printf '\006\000' >"$variable"
	verdict 0 "^ok   $unknown: it is too short\.$" || return
	rm "$variable"
	mkdir "$variable"
	verdict 0 "^ok   $unknown: Is a directory\.$" || return
	rm -r "$root/sys/module/crashwatch"
	verdict 1 "^WARN $unknown"
}

# In $root: all that a dump and the last words need
make_dump() {
	mkdir -p "$root/boot" "$root/etc/default" "$root/var/crash" "$root/run/systemd/system" \
		"$root/etc/systemd/system/multi-user.target.wants" "$root/proc/sys/kernel" \
		"$root/sys/module/pstore/parameters" "$root/sys/module/printk/parameters" \
		"$root/sys/module/ramoops/parameters"
	echo 268435456 >"$root/sys/kernel/kexec_crash_size"
	echo 6.1.0-test >"$root/proc/sys/kernel/osrelease"
	echo 0 >"$root/proc/sys/kernel/panic"
	truncate -s 8M "$root/boot/vmlinuz-6.1.0-test"
	truncate -s 20M "$root/boot/initrd.img-6.1.0-test"
	printf '# ours\nUSE_KDUMP=1\n' >"$root/etc/default/kdump-tools"
	ln -s /none "$root/etc/systemd/system/multi-user.target.wants/kdump-tools.service"
	printf 'MemTotal: 1000 kB\nMemFree: 900 kB\nBuffers: 0 kB\nCached: 50 kB\n' >"$root/proc/meminfo"
	echo efi >"$root/sys/module/pstore/parameters/backend"
	echo 'pstore /sys/fs/pstore pstore rw 0 0' >>"$root/proc/self/mounts"
	echo Y >"$root/sys/module/printk/parameters/always_kmsg_dump"
	printf 'tty0 -WU (EC p  ) 4:1\nttyS0 -W- (E  p a) 4:64\n' >"$root/proc/consoles"
}

dump_verdicts() {
	make_root
	truncate -s 90M "$root/boot/initrd.img-6.1.0-test"
	verdict 0 '^WARN 256 MiB are set aside for a crash kernel; .* initrd of 98 MiB it needs about 456 MiB' || return
	truncate -s 20M "$root/boot/initrd.img-6.1.0-test"
	truncate -s 90M "$root/boot/vmlinuz-6.1.0-test"
	echo 0 >"$root/sys/kernel/kexec_crash_size"
	verdict 0 "^WARN No memory is set aside for a crash kernel: 'crashkernel=512M'" || return
	echo 'MemTotal: 99999999999999 kB' >"$root/proc/meminfo"
	verdict 0 '^WARN /var/crash has [0-9]* MiB left; a dump may need' || return
	echo "KDUMP_COREDIR='/srv/dumps' # there" >>"$root/etc/default/kdump-tools"
	verdict 0 '^WARN There is no directory /srv/dumps,' || return
	rm "$root/etc/systemd/system/multi-user.target.wants/kdump-tools.service"
	verdict 0 '^WARN kdump-tools is not enabled' || return
	mkdir "$root/etc/rc2.d"
	: >"$root/etc/rc2.d/S01kdump-tools"
	verdict 0 '^ok   kdump-tools is enabled' || return
	echo 'USE_KDUMP=0' >>"$root/etc/default/kdump-tools"
	verdict 0 '^WARN kdump-tools is told to do nothing' || return
	rm "$root/etc/default/kdump-tools"
	verdict 0 '^WARN kdump-tools is not installed'
}

keep_verdicts() {
	make_root
	echo N >"$root/sys/module/printk/parameters/always_kmsg_dump"
	verdict 0 '^WARN pstore keeps the log of a panic, but not of a restart: .*always_kmsg_dump' || return
	echo ramoops >"$root/sys/module/pstore/parameters/backend"
	echo 2 >"$root/sys/module/ramoops/parameters/max_reason"
	verdict 0 '^WARN pstore keeps the log of a panic, but not of a restart: .*max_reason=4' || return
	echo 4 >"$root/sys/module/ramoops/parameters/max_reason"
	verdict 0 '^ok   pstore keeps the log of a restart' || return
	echo -1 >"$root/sys/module/ramoops/parameters/max_reason"
	echo 4096 >"$root/sys/module/ramoops/parameters/console_size"
	verdict 0 '^ok   pstore keeps the log of a restart' || return
	sed -i /pstore/d "$root/proc/self/mounts"
	verdict 0 '^WARN pstore is not mounted' || return
	echo '(null)' >"$root/sys/module/pstore/parameters/backend"
	verdict 0 '^WARN pstore has no back-end' || return
	printf 'ttyS0 -W- (   p a) 4:64\nnetcon0 -W- (E    ) \n' >"$root/proc/consoles"
	verdict 0 '^ok   The last words go to the console netcon0' || return
	sed -i '$d' "$root/proc/consoles"
	verdict 0 '^WARN There is no serial console'
}

policy_verdicts() {
	make_root
	mode=$root/sys/module/crashwatch/parameters/reboot_panic
	echo unexpected >"$mode"
	verdict 0 "^ok   reboot_panic is 'unexpected'\.$" || return
	echo 0 >"$root/sys/kernel/kexec_crash_loaded"
	verdict 0 '^WARN reboot_panic=unexpected makes a panic of nothing' || return
	echo Y >"${mode}_force"
	verdict 0 '^WARN reboot_panic_force=1 and no crash kernel: .* hangs' || return
	echo 5 >"$root/proc/sys/kernel/panic"
	verdict 0 "^ok   reboot_panic is 'unexpected'\.$" || return
	rm -r "$root/run"
	mkdir "$root/etc/rc6.d"
	verdict 0 '^WARN reboot_panic=unexpected makes a panic of orderly restarts' || return
	: >"$root/etc/rc6.d/K01crashwatch"
	verdict 0 "^ok   reboot_panic is 'unexpected'\.$"
}
