/*
 * The bytes of an audit row, the step of the chain, and the line of a checkpoint. Pure.
 */
#include "gateway/ledger/audit.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/core/json.h"

static const char where[] = "ledger.audit";

/* ---- rows ---- */

static void print_member(struct gw_text *out, const char *name, const char *text)
{
    gw_text_print(out, ",\"%s\":", name);
    gw_json_quote(out, text ? text : "");
}

void gw_audit_print(struct gw_text *out, const struct gw_audit_row *row)
{
    gw_text_print(out, "{\"at\":\"%s\",\"n\":%lld", row->at, (long long)row->n);
    print_member(out, "zone", row->zone);
    print_member(out, "clock", row->back ? "set back" : "");
    print_member(out, "by", row->by);
    print_member(out, "act", row->act);
    print_member(out, "study", row->study);
    print_member(out, "site", row->site);
    print_member(out, "subject", row->subject);
    print_member(out, "what", row->what);
    print_member(out, "old", row->old_hash);
    print_member(out, "new", row->new_hash);
    print_member(out, "reason", row->reason);
    gw_text_add(out, "}");
}

enum gw_status gw_audit_read(struct gw_arena *arena, const char *text, size_t length, struct gw_audit_row *out,
                             struct gw_error *err)
{
    const cJSON *root = NULL;
    enum gw_status rc = gw_json_parse(arena, text, length, NULL, &root, NULL, err);
    long n = 0;

    if (rc != GW_OK)
        return rc;
    *out = (struct gw_audit_row){.at = gw_json_string(root, "at"),
                                 .zone = gw_json_string(root, "zone"),
                                 .back = gw_same(gw_json_string(root, "clock"), "set back"),
                                 .by = gw_json_string(root, "by"),
                                 .act = gw_json_string(root, "act"),
                                 .study = gw_json_string(root, "study"),
                                 .site = gw_json_string(root, "site"),
                                 .subject = gw_json_string(root, "subject"),
                                 .what = gw_json_string(root, "what"),
                                 .old_hash = gw_json_string(root, "old"),
                                 .new_hash = gw_json_string(root, "new"),
                                 .reason = gw_json_string(root, "reason")};
    if (!gw_json_int(root, "n", &n) || !out->at || strlen(out->at) != GW_AUDIT_TIME_MAX - 1 || !out->zone || !out->by ||
        !out->act || !out->study || !out->site || !out->subject || !out->what || !out->old_hash || !out->new_hash ||
        !out->reason)
        return gw_fail(err, GW_EINPUT, where, "these are not the bytes of an audit row");
    out->n = n;
    return GW_OK;
}

void gw_audit_link(uint8_t hash[GW_SHA256_BYTES], const char *text, size_t length)
{
    uint8_t both[2 * GW_SHA256_BYTES];

    /* Two digests and not one over a copy: a row may be long. The inner one has a fixed length, so nothing can shift.
     */
    memcpy(both, hash, GW_SHA256_BYTES);
    gw_sha256(text, length, both + GW_SHA256_BYTES);
    gw_sha256(both, sizeof both, hash);
}

/* ---- acts ---- */

static const struct {
    const char *name;
    const char *words;
} acts[GW_AUDIT_KINDS] = {
#define AUDIT_ACT(id, name, words) {name, words},
#include "gateway/ledger/audit.def"
#undef AUDIT_ACT
};

const char *gw_audit_name(enum gw_audit_kind kind)
{
    return acts[kind].name;
}

const char *gw_audit_words(const char *act)
{
    for (size_t i = 0; i < GW_AUDIT_KINDS; i++)
        if (gw_same(acts[i].name, act))
            return acts[i].words;
    return act;
}

/* ---- checkpoints ---- */

enum gw_status gw_audit_point_print(struct gw_text *out, const struct gw_audit_point *point,
                                    const struct gw_signature_key *key, struct gw_error *err)
{
    const size_t start = out->length;

    gw_text_print(out, "{\"count\":%lld,\"head\":\"%s\",\"at\":\"%s\",\"key\":\"%s\"", (long long)point->count,
                  point->head, point->at, gw_signature_key_name(key));
    return gw_signature_end_line(key, out, start, err);
}

static bool read_point(const cJSON *root, struct gw_audit_point *out)
{
    const char *head = gw_json_string(root, "head"), *at = gw_json_string(root, "at");
    long count;

    if (!head || !at || strlen(head) != sizeof out->head - 1 || strlen(at) != sizeof out->at - 1 ||
        !gw_json_int(root, "count", &count) || count < 1)
        return false;
    *out = (struct gw_audit_point){.count = count};
    memcpy(out->head, head, sizeof out->head);
    memcpy(out->at, at, sizeof out->at);
    return true;
}

enum gw_status gw_audit_point_read(const char *line, size_t length, const struct gw_signature_key *key,
                                   struct gw_audit_point *out, struct gw_error *err)
{
    struct gw_arena arena = GW_ARENA_INIT(64 * 1024);
    const cJSON *root = NULL;
    enum gw_status rc = gw_json_parse(&arena, line, length, NULL, &root, NULL, NULL);

    if (rc != GW_OK || !read_point(root, out))
        rc = gw_fail(err, GW_EINPUT, where, "this line is no checkpoint");
    else if (gw_signature_of_line(key, line, length) == 0)
        rc = gw_fail(err, GW_EDENIED, where, "the signature of a checkpoint is not of this key");
    gw_arena_release(&arena);
    return rc;
}
