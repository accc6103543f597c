/*
 * What is wrong with a file of ours, one finding a line: "path:line: what, what to do".
 *
 * A loader and the lint read a file by the same code. The loader wants the first finding as its failure, the lint wants
 * them all. A finding names keys, codes and units of our own files, never anything of a patient.
 */
#ifndef GATEWAY_CORE_FINDINGS_H
#define GATEWAY_CORE_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/core/arena.h"
#include "gateway/core/error.h"
#include "gateway/core/text.h"

struct gw_findings {
    struct gw_text *out; /* every finding, a line each; NULL: only the first is kept */
    size_t count;
    bool no_memory; /* one of them is GW_ENOMEM: what was read is not whole */
    struct gw_error first;
};

/* line 0: the whole file. */
void gw_findings_add(struct gw_findings *findings, const char *path, unsigned line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Something a reader should know that is no fault: written out, not counted. */
void gw_findings_note(struct gw_findings *findings, const char *path, unsigned line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* A failure of a reader below (CSV, JSON), whose text already says where. GW_ENOMEM and GW_EIO are kept apart by it. */
void gw_findings_failure(struct gw_findings *findings, const struct gw_error *failure);

/* What `path` holds does not fit the arena: GW_ENOMEM. */
void gw_findings_no_memory(struct gw_findings *findings, const char *path);

/* It was said, or the arena is used up: what was read is not whole, and good files look wrong. */
bool gw_findings_is_short(const struct gw_findings *findings, struct gw_arena *arena);

/* GW_OK without findings, else the first one in *err, or GW_ENOMEM about `path` where memory was short. */
enum gw_status gw_findings_close(const struct gw_findings *findings, struct gw_arena *arena, const char *path,
                                 struct gw_error *err);

#endif
