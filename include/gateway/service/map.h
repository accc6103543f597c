/*
 * `casement map`: files in, records out, no network. The same pass as everywhere, on a fresh ledger.
 *
 * OUT is built beside its place and appears by one rename:
 *      OUT/study/     study.db and the CSV tables: only this may leave the hospital
 *      OUT/hospital/  ledger.db, ledger.csv, exceptions.csv, summary.json, pseudonym.key
 * A former OUT is replaced, its pseudonym key and what people decided in it are kept; a folder that map did not make is
 * refused.
 */
#ifndef GATEWAY_SERVICE_MAP_H
#define GATEWAY_SERVICE_MAP_H

#include <stdio.h>

#include "gateway/ledger/ledger.h"
#include "gateway/service/pass.h"
#include "gateway/sources/files.h"

struct gw_map_options {
    const char *study;     /* mappings/studies/<id> */
    const char *site;      /* mappings/sites/<site>.json */
    const char *enrolment; /* roster.csv */
    const char *out;
    const char *decisions; /* a file of them, beside those of a former OUT; NULL: none */
    const char *key;       /* NULL: OUT/hospital/pseudonym.key */
    gw_day as_of;          /* GW_NO_DAY, or later than it: today in the site's zone */
    int64_t now;           /* seconds from the epoch; 0: by the clock */
    const char *const *inputs;
    size_t input_count;
    FILE *complaints; /* one line for each entry or file that cannot be read; NULL: none */
    void (*progress)(void *ctx, const char *what, size_t done, size_t of); /* of 0: unknown; may be NULL */
    bool (*stopped)(void *ctx); /* asked after each page and subject; true: give up. May be NULL */
    void *ctx;
};

struct gw_map_result {
    struct gw_files_answer files;
    struct gw_pass_result pass;
    struct gw_equation equation;
    gw_day as_of;
    size_t roster_lines, roster_ignored;
};

/*
 * GW_OK also when single entries were held; a refused file is in result->files.first (exit 65), the rest is done.
 * GW_ECANCELED: it was stopped, and what was begun of OUT is gone.
 */
enum gw_status gw_map_run(const struct gw_map_options *options, struct gw_map_result *out, struct gw_error *err);

#endif
