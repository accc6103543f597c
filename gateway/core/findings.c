/*
 * Findings about our own files.
 */
#include "gateway/core/findings.h"

#include <stdarg.h>
#include <stdio.h>

static const char where[] = "core.findings";

#define SMALLEST_REST 4096 /* bytes; no single text or number read from our files needs more */

static void write_line(struct gw_findings *findings, const char *text)
{
    if (!findings->out)
        return;
    gw_text_add(findings->out, text);
    gw_text_append(findings->out, "\n", 1);
}

static void place(char *text, size_t size, const char *path, unsigned line, const char *kind)
{
    if (line > 0)
        snprintf(text, size, "%s:%u: %s", path, line, kind);
    else
        snprintf(text, size, "%s: %s", path, kind);
}

void gw_findings_add(struct gw_findings *findings, const char *path, unsigned line, const char *format, ...)
{
    char at[600], message[400];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    place(at, sizeof at, path, line, "");

    struct gw_error finding = {.status = GW_OK};
    gw_fail(&finding, GW_ECONFIG, where, "%s%s", at, message);
    gw_findings_failure(findings, &finding);
}

void gw_findings_note(struct gw_findings *findings, const char *path, unsigned line, const char *format, ...)
{
    char at[600], message[400], text[1000];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    place(at, sizeof at, path, line, "note: ");
    snprintf(text, sizeof text, "%s%s", at, message);
    write_line(findings, text);
}

void gw_findings_failure(struct gw_findings *findings, const struct gw_error *failure)
{
    if (findings->count++ == 0)
        findings->first = *failure;
    findings->no_memory |= failure->status == GW_ENOMEM;
    write_line(findings, failure->text);
}

void gw_findings_no_memory(struct gw_findings *findings, const char *path)
{
    struct gw_error failure = {.status = GW_OK};

    gw_fail(&failure, GW_ENOMEM, where, "%s: does not fit the memory set for it", path);
    gw_findings_failure(findings, &failure);
}

bool gw_findings_is_short(const struct gw_findings *findings, struct gw_arena *arena)
{
    return findings->no_memory || !gw_arena_raw(arena, SMALLEST_REST);
}

enum gw_status gw_findings_close(const struct gw_findings *findings, struct gw_arena *arena, const char *path,
                                 struct gw_error *err)
{
    if (findings->count == 0)
        return GW_OK;
    if (gw_findings_is_short(findings, arena))
        return gw_fail(err, GW_ENOMEM, where, "%s: does not fit the memory set for it", path);
    if (err)
        *err = findings->first;
    return findings->first.status;
}
