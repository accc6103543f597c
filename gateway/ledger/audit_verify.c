/*
 * The verdict over a trail: rows in order against the chain and against what was signed. Pure.
 */
#include <stdio.h>
#include <string.h>

#include "gateway/ledger/audit.h"

/* The first finding is the one that counts: behind it nothing can be trusted. */
static void find(struct gw_audit_verifier *v, int64_t first, int64_t last, const char *what)
{
    if (v->verdict.first_bad != 0)
        return;
    v->verdict.first_bad = first;
    v->verdict.last_bad = last;
    snprintf(v->verdict.what, sizeof v->verdict.what, "%s", what);
}

void gw_audit_verify_begin(struct gw_audit_verifier *v, const struct gw_audit_point *points, size_t count)
{
    *v = (struct gw_audit_verifier){.points = points, .point_count = count};
    v->verdict.points = count;
}

/* Everything from the last checkpoint that fitted to this one was written anew, or some of it: the hashes fit. */
static void check_points(struct gw_audit_verifier *v)
{
    char head[2 * GW_SHA256_BYTES + 1], what[200];

    gw_hex(v->hash, sizeof v->hash, head);
    for (; v->next < v->point_count && v->points[v->next].count <= v->verdict.rows; v->next++) {
        const struct gw_audit_point *point = &v->points[v->next];

        if (strcmp(point->head, head) != 0) {
            snprintf(what, sizeof what, "rows were written anew: a checkpoint signed at %s knows others", point->at);
            find(v, v->good + 1, point->count, what);
            continue;
        }
        v->good = point->count;
        memcpy(v->verdict.signed_at, point->at, sizeof v->verdict.signed_at);
        if (point->shipped)
            v->verdict.covered = point->count;
        if (point->stored)
            v->verdict.covered_here = point->count;
        if (!point->stored) {
            snprintf(what, sizeof what, "the ledger lacks the checkpoint of this row that was shipped at %s",
                     point->at);
            find(v, point->count, point->count, what);
        }
    }
}

void gw_audit_verify_row(struct gw_audit_verifier *v, struct gw_arena *arena, int64_t n, const char *text,
                         size_t length, const void *hash, size_t hash_length)
{
    const int64_t expected = v->verdict.rows + 1;
    struct gw_audit_row row;

    v->verdict.rows = expected;
    gw_audit_link(v->hash, text, length);
    if (v->verdict.first_bad != 0)
        return;
    if (n != expected)
        find(v, expected, expected, "it is missing");
    else if (hash_length != sizeof v->hash || memcmp(hash, v->hash, sizeof v->hash) != 0)
        find(v, n, n, "its hash does not follow from its bytes and the row before: one of the two was changed");
    else if (gw_audit_read(arena, text, length, &row, NULL) != GW_OK || row.n != n)
        find(v, n, n, "its bytes are not those of this row");
    else if (strcmp(row.at, v->at) < 0 && !row.back)
        find(v, n, n, "it says an earlier time than the row before, and not that the clock was set back");
    if (v->verdict.first_bad == 0) {
        snprintf(v->at, sizeof v->at, "%s", row.at);
        check_points(v);
    }
}

void gw_audit_verify_end(struct gw_audit_verifier *v)
{
    char what[200];

    if (v->verdict.first_bad != 0 || v->next == v->point_count)
        return;
    const struct gw_audit_point *last = &v->points[v->point_count - 1];
    snprintf(
        what, sizeof what,
        "rows are gone: a checkpoint signed at %s counts %lld, and the ledger has %lld. It was cut, or an old copy "
        "was put back",
        last->at, (long long)last->count, (long long)v->verdict.rows);
    find(v, v->good + 1, v->verdict.rows + 1, what); /* what stands behind the last one that fits may be new, too */
}
