/* SPDX-License-Identifier: GPL-2.0 */
/* Standard output: pager, colours, errors. */
#ifndef CW_TERM_H
#define CW_TERM_H

#include "lib/options.h"
#include "text.h"

/**
 * enum cw_color - what a colour stands for
 * @CW_COLOR_NONE: end of a colour
 * @CW_COLOR_HEAD: a heading
 * @CW_COLOR_GOOD: all is well
 * @CW_COLOR_WARN: worth a look
 * @CW_COLOR_BAD: something died or failed
 */
enum cw_color {
	CW_COLOR_NONE,
	CW_COLOR_HEAD,
	CW_COLOR_GOOD,
	CW_COLOR_WARN,
	CW_COLOR_BAD,
};

void cw_term_open(const struct cw_options *opt, bool prose);
int cw_term_close(int status);
bool cw_term_is_terminal(void);
bool cw_term_flush(void);
void cw_term_write(const void *bytes, size_t len);
void cw_term_print(void (*render)(struct cw_out *out, const void *arg), const void *arg);
void cw_term_color(struct cw_out *out, enum cw_color color);
void cw_term_label(struct cw_out *out, const char *label, size_t width);
void cw_term_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void *cw_term_alloc(void *memory, size_t bytes);
char *cw_term_copy(const char *s);

#endif
