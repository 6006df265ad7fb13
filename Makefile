# SPDX-License-Identifier: GPL-2.0
# Build, install, try and test crashwatch; `make help` lists what there is.
VERSION := $(shell sed -n 's/.*define CW_VERSION[^"]*"\(.*\)".*/\1/p' module/abi/crashwatch.h)
KDIR ?= /lib/modules/$(KERNEL)/build
KERNEL ?= $(shell uname -r)
PREFIX ?= /usr
UNITS := $(PREFIX)/lib/systemd/system
# What the system starts has to name the command where it is
PLACED := sed 's|/usr/sbin/crashwatch|$(PREFIX)/sbin/crashwatch|'
# Where crash looks first, if there is such a place, and where Debian's has its own
EXTENSIONS := $(PREFIX)/$(if $(wildcard /usr/lib64/crash/extensions),lib64,lib)/crash/extensions
DKMS_SRC := /usr/src/crashwatch-$(VERSION)
DKMS_TREE := /var/lib/dkms/crashwatch
# DKMS removes nothing whose source is gone, and keeps what a build left that could not be signed
DKMS_FORGET := if [ -d $(DKMS_TREE)/$(VERSION) ]; then \
	[ -e $(DKMS_SRC)/dkms.conf ] || install -D -m 0644 dkms.conf $(DKMS_SRC)/dkms.conf; \
	dkms remove crashwatch/$(VERSION) --all; rm -rf $(DKMS_TREE)/$(VERSION); \
	rmdir --ignore-fail-on-non-empty $(DKMS_TREE) 2>/dev/null || :; fi
VM := selftests/vm
# The kernel that guests run: the distribution's stock one, whatever runs here
GUEST = $$(basename $$($(VM)/kernel)/lib/modules/*)

.PHONY: all module tools guest tests help demo check shell bench check-storm check-kernels check-dkms \
	check-debug check-others gates install install-sysvinit uninstall dkms-install dkms-uninstall \
	install-files clean setup-build setup-guest dkms-here

all: module tools

module:
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

tools:
	$(MAKE) -C tools

# What a guest needs: the module for its kernel, the command, a few helpers
guest: setup-guest
	$(MAKE) module KERNEL=$(GUEST)
	$(MAKE) tools
	$(MAKE) -C selftests helpers

# The same and the tests, whose harness comes with the kernel's source
tests: guest
	@$(VM)/setup linux-source-6.1 xz-utils
	$(MAKE) -C selftests

setup-build:
	@$(VM)/setup build

setup-guest:
	@$(VM)/setup build guest

help:
	@echo 'make              the module and the command, for the running kernel'
	@echo 'make KDIR=DIR     the same for another kernel'
	@echo 'make demo         see it work, in a throw-away guest; installs what is missing'
	@echo 'make check        gates and tests, in a guest; installs what is missing'
	@echo 'make shell        a prompt in a guest with the module loaded'
	@echo 'make bench        what it costs, in instructions'
	@echo 'make check-storm  a million execs, an hour of storms, and what else takes long'
	@echo 'make check-kernels  the tests on other kernels, from 5.10 to 7.3'
	@echo 'make check-dkms   installs it through DKMS on Debian 11 to 14, with and without Secure Boot'
	@echo 'make check-debug  the tests on kernels built to find fault with the module'
	@echo 'make check-others  tests of others, the same with the module as without'
	@echo 'make gates        the static checks alone'
	@echo 'make dkms-install the module through DKMS, loaded at every boot; and the command'
	@echo 'make install      the same without DKMS, for the running kernel only'
	@echo 'make install-sysvinit  the init script besides, where the init is sysvinit'
	@echo 'make uninstall    take away what either has installed'

demo: setup-guest
	@$(VM)/setup dump
	@selftests/demo

shell: guest
	@$(VM)/boot -p 'insmod ./crashwatch.ko; ln -s $$PWD/tools/crashwatch /usr/local/sbin'

check:
	@selftests/check

check-storm: tests
	@selftests/check storm

check-kernels:
	@selftests/kernels

check-dkms: tests
	@selftests/check dkms

check-debug:
	@selftests/debug

check-others:
	@selftests/others

bench: guest
	@$(VM)/boot -t 3000 -i -- selftests/bench.sh

gates:
	@$(VM)/setup build gates
	@selftests/gates

install-files: tools
	install -D -m 0755 tools/crashwatch $(DESTDIR)$(PREFIX)/sbin/crashwatch
	[ ! -e tools/crashwatch.so ] || install -D -m 0644 tools/crashwatch.so \
		$(DESTDIR)$(EXTENSIONS)/crashwatch.so
	install -D -m 0644 tools/man/crashwatch.8 $(DESTDIR)$(PREFIX)/share/man/man8/crashwatch.8
	install -D -m 0644 tools/man/crashwatch.4 $(DESTDIR)$(PREFIX)/share/man/man4/crashwatch.4
	install -D -m 0644 tools/man/crashwatch-events.5 \
		$(DESTDIR)$(PREFIX)/share/man/man5/crashwatch-events.5
	install -D -m 0644 tools/completion/crashwatch.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/crashwatch
	install -D -m 0644 tools/systemd/modules-load.conf \
		$(DESTDIR)$(PREFIX)/lib/modules-load.d/crashwatch.conf
	install -d $(DESTDIR)$(UNITS)/multi-user.target.wants
	$(PLACED) tools/systemd/crashwatch-boots.service >$(DESTDIR)$(UNITS)/crashwatch-boots.service
	chmod 0644 $(DESTDIR)$(UNITS)/crashwatch-boots.service
	ln -sf ../crashwatch-boots.service $(DESTDIR)$(UNITS)/multi-user.target.wants
	[ -e $(DESTDIR)/etc/modprobe.d/crashwatch.conf ] || install -D -m 0644 \
		tools/systemd/modprobe.conf $(DESTDIR)/etc/modprobe.d/crashwatch.conf

install: all install-files
	$(MAKE) -C $(KDIR) M=$(CURDIR) INSTALL_MOD_PATH=$(DESTDIR) modules_install
	[ -n "$(DESTDIR)" ] || depmod $(KERNEL)

# For an init that runs a program to restart, after either of the other two
install-sysvinit:
	install -d $(DESTDIR)/etc/init.d
	$(PLACED) tools/sysvinit/crashwatch >$(DESTDIR)/etc/init.d/crashwatch
	chmod 0755 $(DESTDIR)/etc/init.d/crashwatch
	[ -n "$(DESTDIR)" ] || update-rc.d crashwatch defaults

# DKMS has no other place than this machine
dkms-here:
	@[ -z "$(DESTDIR)" ] || { echo 'dkms-install and dkms-uninstall act on this machine:' \
		'only "make install" and "make uninstall" take DESTDIR' >&2; false; }

dkms-install: dkms-here install-files
	$(DKMS_FORGET)
	rm -rf $(DKMS_SRC)
	install -d $(DKMS_SRC)
	cp -a Kbuild Makefile dkms.conf COPYING module $(DKMS_SRC)
	find $(DKMS_SRC) '(' -name '*.o' -o -name '.*.cmd' ')' -delete
	dkms add crashwatch/$(VERSION)
	dkms install crashwatch/$(VERSION) -k $(KERNEL)

dkms-uninstall: dkms-here
	$(DKMS_FORGET)
	rm -rf $(DKMS_SRC)

uninstall:
	[ -n "$(DESTDIR)" ] || [ ! -d $(DKMS_SRC) -a ! -d $(DKMS_TREE)/$(VERSION) ] || \
		$(MAKE) dkms-uninstall
	rm -f $(DESTDIR)/lib/modules/$(KERNEL)/extra/crashwatch.ko* \
		$(DESTDIR)/lib/modules/$(KERNEL)/updates/crashwatch.ko*
	rm -f $(DESTDIR)$(PREFIX)/sbin/crashwatch $(DESTDIR)$(EXTENSIONS)/crashwatch.so
	rm -f $(DESTDIR)$(PREFIX)/share/man/man8/crashwatch.8
	rm -f $(DESTDIR)$(PREFIX)/share/man/man4/crashwatch.4
	rm -f $(DESTDIR)$(PREFIX)/share/man/man5/crashwatch-events.5
	rm -f $(DESTDIR)$(PREFIX)/share/bash-completion/completions/crashwatch
	rm -f $(DESTDIR)$(PREFIX)/lib/modules-load.d/crashwatch.conf
	rm -f $(DESTDIR)$(UNITS)/crashwatch-boots.service \
		$(DESTDIR)$(UNITS)/multi-user.target.wants/crashwatch-boots.service
	rm -f $(DESTDIR)/var/lib/crashwatch/boot-told
	[ ! -e $(DESTDIR)/etc/init.d/crashwatch ] || { rm $(DESTDIR)/etc/init.d/crashwatch && \
		{ [ -n "$(DESTDIR)" ] || update-rc.d crashwatch remove; }; }
	@echo 'left alone: $(DESTDIR)/etc/modprobe.d/crashwatch.conf, which may have your settings'
	[ -n "$(DESTDIR)" ] || depmod $(KERNEL)

clean:
	$(MAKE) -C tools clean
	$(MAKE) -C selftests clean
	rm -f crashwatch.ko crashwatch.o crashwatch.mod* .crashwatch.* .module* modules.order \
		Module.symvers .modules.order.cmd .Module.symvers.cmd
	rm -f module/compat/have.h
	find module -name '*.o' -delete -o -name '.*.cmd' -delete
