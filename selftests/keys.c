// SPDX-License-Identifier: GPL-2.0
/* Presses Ctrl-Alt-Del on a keyboard of its own. */
#include <err.h>
#include <fcntl.h>
#include <linux/uinput.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const int keys[] = { KEY_LEFTCTRL, KEY_LEFTALT, KEY_DELETE };

#define KEYS (sizeof(keys) / sizeof(*keys))

static void emit(int fd, int type, int code, int value)
{
	struct input_event event = { .type = type, .code = code, .value = value };

	if (write(fd, &event, sizeof(event)) != sizeof(event))
		err(1, "the keyboard takes no event");
}

int main(void)
{
	struct uinput_setup setup = { .id.bustype = BUS_VIRTUAL, .name = "crashwatch keys" };
	int fd = open("/dev/uinput", O_WRONLY);
	size_t i;

	if (fd < 0)
		err(1, "/dev/uinput");
	ioctl(fd, UI_SET_EVBIT, EV_KEY);
	/* The kernel takes for a keyboard what has the whole row of letters too */
	for (i = KEY_ESC; i <= KEY_DELETE; i++)
		ioctl(fd, UI_SET_KEYBIT, i);
	if (ioctl(fd, UI_DEV_SETUP, &setup) || ioctl(fd, UI_DEV_CREATE))
		err(1, "no keyboard can be made");
	sleep(1);
	for (i = 0; i < KEYS; i++)
		emit(fd, EV_KEY, keys[i], 1);
	emit(fd, EV_SYN, SYN_REPORT, 0);
	for (i = 0; i < KEYS; i++)
		emit(fd, EV_KEY, keys[i], 0);
	emit(fd, EV_SYN, SYN_REPORT, 0);
	sleep(1);
	return 0;
}
