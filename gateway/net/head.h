/*
 * May a request's head be believed? Pure.
 *
 * Two parties that read one head differently are how requests are smuggled past a proxy: what two could read
 * differently is refused, also where HTTP would allow it (a doubled Content-Length of the same value, an absolute
 * target, percent signs that spell a dot). Source: RFC 9110, RFC 9112 (6.3, 11.2).
 */
#ifndef NET_HEAD_H
#define NET_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/core/text.h"

struct head_field {
    struct gw_slice name;
    struct gw_slice value;
};

struct head {
    const char *method;
    const char *target; /* as sent, with its query */
    const char *version;
    size_t bytes; /* of the whole head */
    const struct head_field *fields;
    size_t field_count;
};

/* The status to refuse it with and why, or 0. hosts as in listener.h. */
int head_judge(const struct head *head, const char *const *hosts, size_t host_count, const char **why);

/* The first field of the name, without regard to case; NULL. */
const struct head_field *head_find(const struct head *head, const char *name);

/* The Content-Length of a head that was judged well; 0: none. */
uint64_t head_length(const struct head *head);

#endif
