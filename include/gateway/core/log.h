/*
 * The log of the service: one JSON object a line, for a collector and for eyes.
 *
 *      {"time":"2026-11-21T10:20:52Z","number":17,"uptime_ms":5234,"level":"warning","event":"circuit","endpoint":"hm-ehr",
 *       "state":"backoff","class":"B2","wait_s":30}
 *
 * What an event says is a list of fields from the code, never a text of a server: no body, no URL with a query, no
 * patient id, no name, no token. A subject is named by the study's own number. Control characters and what is no UTF-8
 * are escaped, so that nothing a field holds can look like another line.
 *
 * `time` is the wall clock, `uptime_ms` the monotonic one: a jump of the first shows beside the second. `number` rises
 * by one a line, a gap is a lost line.
 */
#ifndef GATEWAY_CORE_LOG_H
#define GATEWAY_CORE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum gw_log_level { GW_LOG_DEBUG, GW_LOG_INFO, GW_LOG_WARNING, GW_LOG_ERROR };

struct gw_log_field {
    const char *name;
    bool is_text;
    const char *text; /* NULL: the field is left out */
    int64_t number;
};

/* Fields of an event: GW_LOG_TEXT("endpoint", id), GW_LOG_NUMBER("wait_s", 30). */
#define GW_LOG_TEXT(name, value)   ((struct gw_log_field){(name), true, (value), 0})
#define GW_LOG_NUMBER(name, value) ((struct gw_log_field){(name), false, NULL, (value)})

struct gw_log {
    /* A whole line with its line feed; standard error in earnest. */
    void (*write)(void *ctx, const char *line, size_t length);
    void *ctx;
    int64_t (*utc)(void *ctx); /* seconds; the clock's */
    uint64_t (*monotonic_ms)(void *ctx);
    void *clock_ctx;
    uint64_t started_ms;
    uint64_t number;
    enum gw_log_level least; /* what is below it is not written */
};

/* From now on `uptime_ms` counts. */
void gw_log_open(struct gw_log *log, int64_t (*utc)(void *ctx), uint64_t (*monotonic_ms)(void *ctx), void *clock_ctx);

/* Lines to standard error. */
void gw_log_stderr(void *ctx, const char *line, size_t length);

void gw_log_write(struct gw_log *log, enum gw_log_level level, const char *event, const struct gw_log_field *fields,
                  size_t count);

#define gw_log(log, level, event, ...)                                                                                 \
    gw_log_write((log), (level), (event), (const struct gw_log_field[]){__VA_ARGS__},                                  \
                 sizeof((const struct gw_log_field[]){__VA_ARGS__}) / sizeof(struct gw_log_field))

#endif
