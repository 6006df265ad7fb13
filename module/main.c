// SPDX-License-Identifier: GPL-2.0
/* Brings the parts up in order and takes them down in reverse. */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/crash_dump.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/workqueue.h>

#include "block.h"
#include "debugfs.h"
#include "domain.h"
#include "history.h"
#include "hook.h"
#include "layout.h"
#include "mem.h"
#include "params.h"
#include "persist.h"
#include "probe.h"
#include "ring.h"
#include "scan.h"
#include "stream.h"

static bool off;	/* loaded as a no-op */
static int cpu_state;

/* A CPU that gets nothing still runs: its records are counted as dropped_no_ring. */
static int cpu_prepare(unsigned int cpu)
{
	if (cw_ring_prepare_cpu(cpu) || cw_mem_prepare_cpu(cpu))
		pr_warn("no memory for CPU %u: its records will be lost and counted\n", cpu);
	return 0;
}

/*
 * Older kernels, such as 5.10, take a callback for this kind of state and yet do not call it for
 * the CPUs that are there.
 */
static int __init cpus_init(void)
{
	unsigned int cpu;
	int ret;

	cpus_read_lock();
	for_each_online_cpu(cpu)
		cpu_prepare(cpu);
	ret = cpuhp_setup_state_nocalls_cpuslocked(CPUHP_BP_PREPARE_DYN, "crashwatch:prepare",
						   cpu_prepare, NULL);
	cpus_read_unlock();
	return ret;
}

static int __init crashwatch_init(void)
{
	int ret;

	ret = cw_params_off();
	if (ret < 0)
		return ret;
	off = ret || is_kdump_kernel();
	if (off) {
		pr_info("does nothing, since %s\n",
			is_kdump_kernel() ? "this is a crash kernel" :
					    "nocrashwatch is on the kernel's command line");
		return 0;
	}
	ret = cw_params_check_hooks();
	if (ret)
		return ret;
	ret = cw_block_init(cw_layout_make());
	if (ret)
		return ret;
	ret = cw_persist_init(cw_params_persist());
	if (ret)
		goto err_persist;
	ret = cw_mem_init(cw_domain_evict);
	if (ret)
		goto err_mem;
	ret = cpus_init();
	if (ret < 0)
		goto err_cpu;
	cpu_state = ret;
	ret = cw_stream_init();
	if (ret)
		goto err_stream;
	ret = cw_domain_init();
	if (ret)
		goto err_domain;
	ret = cw_history_init();
	if (ret)
		goto err_history;
	ret = cw_scan_init();
	if (ret)
		goto err_scan;
	ret = cw_probe_reboot_init();
	if (ret)
		goto err_reboot;
	/* From here on nothing fails */
	cw_persist_begin(cw_block_get());
	cw_hook_set_all();
	kernel_param_lock(THIS_MODULE);
	if (cw_hook_want_returns(cw_params.log_failed_exec))
		WRITE_ONCE(cw_params.log_failed_exec, false);
	kernel_param_unlock(THIS_MODULE);
	cw_scan_run(cw_hook_is_set(CW_HOOK_FORK));
	cw_debugfs_init();
	cw_params_live(true);
	pr_info("version " CW_VERSION " records, %u processes known\n", cw_history_count());
	return 0;

err_reboot:
	cw_scan_exit();
err_scan:
	cw_history_exit();
err_history:
	cw_domain_exit();
err_domain:
	cw_stream_exit();
err_stream:
	cpuhp_remove_state_nocalls(cpu_state);
err_cpu:
	cw_mem_exit();
err_mem:
	cw_ring_exit();
	cw_persist_exit();
err_persist:
	cw_block_exit();
	return ret;
}

static void __exit crashwatch_exit(void)
{
	if (off)
		return;
	cw_params_live(false);
	cw_debugfs_exit();
	cw_hook_clear_all();
	cw_mem_calm();
	cw_probe_reboot_exit();
	cw_history_exit();
	cw_domain_exit();
	cw_stream_exit();
	cpuhp_remove_state_nocalls(cpu_state);
	cw_mem_exit();
	cw_ring_exit();
	cw_persist_exit();
	cw_block_exit();
}

module_init(crashwatch_init);
module_exit(crashwatch_exit);

MODULE_DESCRIPTION("Flight recorder: who ran what, who died of what, who asked for the reboot");
MODULE_AUTHOR("The crashwatch developers");
MODULE_LICENSE("GPL");
MODULE_VERSION(CW_VERSION);
