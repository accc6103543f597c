/*
 * A line of the log.
 */
#include "gateway/core/log.h"

#include <inttypes.h>
#include <stdio.h>

#include "gateway/core/date.h"
#include "gateway/core/json.h"
#include "gateway/core/text.h"

enum { LINE_MAX_BYTES = 16 * 1024 };

static const char *const levels[] = {
    [GW_LOG_DEBUG] = "debug", [GW_LOG_INFO] = "info", [GW_LOG_WARNING] = "warning", [GW_LOG_ERROR] = "error"};

void gw_log_open(struct gw_log *log, int64_t (*utc)(void *ctx), uint64_t (*monotonic_ms)(void *ctx), void *clock_ctx)
{
    log->utc = utc;
    log->monotonic_ms = monotonic_ms;
    log->clock_ctx = clock_ctx;
    log->started_ms = monotonic_ms(clock_ctx);
}

void gw_log_stderr(void *ctx, const char *line, size_t length)
{
    (void)ctx;
    fwrite(line, 1, length, stderr); /* where the log cannot be written there is nowhere to say so */
}

static void add_head(struct gw_log *log, enum gw_log_level level, const char *event, struct gw_text *line)
{
    char now[GW_INSTANT_BYTES];

    gw_instant_print(log->utc(log->clock_ctx), now);
    gw_text_print(line,
                  "{\"time\":\"%s\",\"number\":%" PRIu64 ",\"uptime_ms\":%" PRIu64 ",\"level\":\"%s\",\"event\":", now,
                  ++log->number, log->monotonic_ms(log->clock_ctx) - log->started_ms, levels[level]);
    gw_json_quote(line, event);
}

static void add_field(const struct gw_log_field *field, struct gw_text *line)
{
    if (field->is_text && !field->text)
        return;
    gw_text_add(line, ",");
    gw_json_quote(line, field->name);
    gw_text_add(line, ":");
    if (field->is_text)
        gw_json_quote(line, field->text);
    else
        gw_text_print(line, "%" PRId64, field->number);
}

void gw_log_write(struct gw_log *log, enum gw_log_level level, const char *event, const struct gw_log_field *fields,
                  size_t count)
{
    struct gw_text line = GW_TEXT_INIT(LINE_MAX_BYTES);

    if (level < log->least)
        return;
    add_head(log, level, event, &line);
    for (size_t i = 0; i < count; i++)
        add_field(&fields[i], &line);
    gw_text_add(&line, "}\n");
    if (!line.failed)
        log->write(log->ctx, line.at, line.length);
    gw_text_release(&line); /* too long or no memory: the gap in the numbers tells of it */
}
