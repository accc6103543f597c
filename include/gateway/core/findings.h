/*
 * What is wrong with a file of ours, one finding a line: "path:line: what, what to do".
 *
 * A loader and the lint read a file by the same code. The loader wants the first finding as its failure, the lint wants
 * them all. A finding names keys, codes and units of our own files, never anything of a patient.
 */
#ifndef GATEWAY_CORE_FINDINGS_H
#define GATEWAY_CORE_FINDINGS_H

#include <stddef.h>

#include "gateway/core/arena.h"
#include "gateway/core/error.h"
#include "gateway/core/text.h"

struct gw_findings {
    struct gw_text *out; /* every finding, a line each; NULL: only the first is kept */
    size_t count;
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

/*
 * GW_OK without findings, else the first one in *err. An arena that is used up makes good files look wrong: then the
 * failure is GW_ENOMEM, about `path`.
 */
enum gw_status gw_findings_close(const struct gw_findings *findings, struct gw_arena *arena, const char *path,
                                 struct gw_error *err);

#endif
