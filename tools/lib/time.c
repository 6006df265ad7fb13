// SPDX-License-Identifier: GPL-2.0
/* Times as people write and read them. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/time.h"

#define NS_PER_S 1000000000LL
#define S_MAX (0x7fffffffffffffffLL / NS_PER_S - 1)

/* SECONDS[.FRACTION], up to the end or to @stop. */
static bool parse_seconds(const char **s, char stop, __s64 *ns)
{
	const char *p = *s;
	__s64 sec = 0, scale = NS_PER_S;

	if (!isdigit(*p))
		return false;
	for (; isdigit(*p); p++) {
		sec = 10 * sec + *p - '0';
		if (sec > S_MAX)
			return false;
	}
	*ns = sec * NS_PER_S;
	if (*p == '.') {
		for (p++; isdigit(*p); p++) {
			scale /= 10;
			*ns += (*p - '0') * scale;
		}
	}
	*s = p;
	return *p == stop;
}

static __s64 unit_seconds(const char *s, size_t len)
{
	static const struct {
		const char *names;
		int seconds;
	} units[] = {
		{ "s sec secs second seconds", 1 },
		{ "min m minute minutes", 60 },
		{ "h hr hour hours", 3600 },
		{ "d day days", 24 * 3600 },
		{ "w week weeks", 7 * 24 * 3600 },
	};
	const char *name;
	size_t i, n;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		for (name = units[i].names; *name; name += n + (name[n] == ' ')) {
			n = strcspn(name, " ");
			if (n == len && !memcmp(name, s, n))
				return units[i].seconds;
		}
	return 0;
}

/* "2h", "1h 30min": up to the end or to " ago". */
static bool parse_span(const char *s, bool ago, __s64 *ns)
{
	__s64 sum = 0;

	do {
		size_t len;
		char *end;
		__s64 n, unit;

		if (!isdigit(*s))
			return false;
		n = strtoll(s, &end, 10);
		s = end + (*end == ' ');
		len = strspn(s, "abcdefghijklmnopqrstuvwxyz");
		unit = unit_seconds(s, len);
		if (!unit || n > S_MAX / unit || sum + n * unit > S_MAX)
			return false;
		sum += n * unit;
		s += len;
		s += *s == ' ';
	} while (*s && strcmp(s, "ago"));
	*ns = sum * NS_PER_S;
	return !strcmp(s, ago ? "ago" : "");
}

static bool parse_number(const char **s, int digits, int min, int max, int *n)
{
	int i;

	*n = 0;
	for (i = 0; i < digits && isdigit(**s); i++)
		*n = 10 * *n + *(*s)++ - '0';
	return i && *n >= min && *n <= max;
}

static bool parse_clock(const char *s, struct tm *tm, __s64 *fraction)
{
	if (!parse_number(&s, 2, 0, 23, &tm->tm_hour) || *s++ != ':' ||
	    !parse_number(&s, 2, 0, 59, &tm->tm_min))
		return false;
	if (!*s)
		return true;
	if (*s++ != ':' || !parse_seconds(&s, 0, fraction) || *fraction > 60 * NS_PER_S)
		return false;
	tm->tm_sec = *fraction / NS_PER_S;
	*fraction %= NS_PER_S;
	return true;
}

/* "2026-11-21 03:00:12.5", or the date or the time of it alone. */
static bool parse_date(const char *s, struct tm *tm, __s64 *fraction)
{
	if (strlen(s) < 5 || s[4] != '-')
		return parse_clock(s, tm, fraction);
	if (!parse_number(&s, 4, 1900, 2200, &tm->tm_year) || *s++ != '-' ||
	    !parse_number(&s, 2, 1, 12, &tm->tm_mon) || *s++ != '-' ||
	    !parse_number(&s, 2, 1, 31, &tm->tm_mday))
		return false;
	tm->tm_year -= 1900;
	tm->tm_mon--;
	return !*s || ((*s == ' ' || *s == 'T') && parse_clock(s + 1, tm, fraction));
}

/**
 * cw_time_parse() - read a time
 * @time: result
 * @s: in one of the forms that crashwatch(8) lists
 * @utc: dates and times of day are meant in UTC
 *
 * Return: false if @s has none of these forms.
 */
bool cw_time_parse(struct cw_time *time, const char *s, bool utc)
{
	struct timespec now;
	__s64 now_ns, fraction = 0;
	struct tm tm;
	int day;

	*time = (struct cw_time){ 0 };
	clock_gettime(CLOCK_REALTIME, &now);
	now_ns = now.tv_sec * NS_PER_S + now.tv_nsec;
	if (*s == '@' || !strncmp(s, "boot+", 5)) {
		time->since_boot = *s == 'b';
		s += time->since_boot ? 5 : 1;
		return parse_seconds(&s, 0, &time->ns);
	}
	if (parse_span(s + (*s == '-'), *s != '-', &time->ns)) {
		time->ns = now_ns - time->ns;
		return true;
	}
	if (!strcmp(s, "now")) {
		time->ns = now_ns;
		return true;
	}
	if (!(utc ? gmtime_r(&now.tv_sec, &tm) : localtime_r(&now.tv_sec, &tm)))
		return false;
	tm.tm_hour = 0;
	tm.tm_min = 0;
	tm.tm_sec = 0;
	tm.tm_isdst = -1;
	if (!strcmp(s, "yesterday"))
		tm.tm_mday--;
	else if (strcmp(s, "today") && !parse_date(s, &tm, &fraction))
		return false;
	day = tm.tm_mday;
	time->ns = (utc ? timegm(&tm) : mktime(&tm)) * NS_PER_S + fraction;
	return day == tm.tm_mday || !day; /* no 31st of February */
}

/**
 * cw_time_real() - time of day of a record
 * @block: where the record comes from
 * @monotonic_ns: its time since boot
 *
 * Return: nanoseconds since 1970; what does not fit is cut off at the ends.
 */
__s64 cw_time_real(const struct cw_block *block, __u64 monotonic_ns)
{
	__s64 real;

	if (monotonic_ns > 0x7fffffffffffffffULL ||
	    __builtin_add_overflow((__s64)monotonic_ns, block->realtime_offset_ns, &real))
		return 0x7fffffffffffffffLL;
	return real;
}

/**
 * cw_time_monotonic() - time since boot of a moment that was asked for
 * @block: where records come from
 * @time: the moment
 *
 * Return: nanoseconds since boot, 0 for everything before.
 */
__u64 cw_time_monotonic(const struct cw_block *block, const struct cw_time *time)
{
	__s64 ns = time->ns;

	if (!time->since_boot && __builtin_sub_overflow(ns, block->realtime_offset_ns, &ns))
		return block->realtime_offset_ns < 0 ? ~0ULL : 0;
	return ns < 0 ? 0 : ns;
}

/**
 * cw_time_put() - append a time of day
 * @out: where to
 * @real_ns: nanoseconds since 1970
 * @utc: in UTC, not in local time
 * @style: how
 */
void cw_time_put(struct cw_out *out, __s64 real_ns, bool utc, enum cw_time_style style)
{
	static const char *const head[] = { "%Y-%m-%d %H:%M:%S", "%a %Y-%m-%d %H:%M:%S",
					    "%Y-%m-%dT%H:%M:%S" };
	time_t sec = real_ns / NS_PER_S - (real_ns % NS_PER_S < 0);
	char text[64] = "?";
	struct tm tm;

	if (!(utc ? gmtime_r(&sec, &tm) : localtime_r(&sec, &tm))) {
		cw_text_puts(out, text);
		return;
	}
	strftime(text, sizeof(text), head[style], &tm);
	cw_text_puts(out, text);
	if (style == CW_TIME_TABLE)
		return;
	cw_text_puts(out, ".");
	cw_text_num(out, real_ns - sec * NS_PER_S, 9, '0');
	if (style == CW_TIME_FULL)
		strftime(text, sizeof(text), utc ? " UTC" : " %Z", &tm);
	else
		strftime(text, sizeof(text), "%z", &tm);
	if (style == CW_TIME_ISO && strlen(text) == 5) /* +0100, but RFC 3339 wants +01:00 */
		memmove(text + 4, text + 3, 3);
	if (style == CW_TIME_ISO)
		text[3] = ':';
	cw_text_puts(out, text);
}

static void put_two(struct cw_out *out, __u64 n, const char *unit, __u64 rest, const char *part)
{
	cw_text_num(out, n, 0, 0);
	cw_text_puts(out, unit);
	if (!rest)
		return;
	cw_text_puts(out, " ");
	cw_text_num(out, rest, 0, 0);
	cw_text_puts(out, part);
}

/**
 * cw_time_put_duration() - append a span of time, rounded for people
 * @out: where to
 * @ns: nanoseconds
 */
void cw_time_put_duration(struct cw_out *out, __u64 ns)
{
	__u64 s = ns / NS_PER_S;
	char text[32];

	if (s >= 24 * 3600) {
		put_two(out, s / (24 * 3600), " d", s / 3600 % 24, " h");
	} else if (s >= 3600) {
		put_two(out, s / 3600, " h", s / 60 % 60, " min");
	} else if (s >= 60) {
		put_two(out, s / 60, " min", s % 60, " s");
	} else {
		if (s)
			snprintf(text, sizeof(text), "%.1f s", ns / 1e9);
		else if (ns >= 1000000)
			snprintf(text, sizeof(text), "%.1f ms", ns / 1e6);
		else
			snprintf(text, sizeof(text), "%.1f \u00b5s", ns / 1e3);
		cw_text_puts(out, text);
	}
}
