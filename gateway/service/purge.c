/*
 * What a purge would take, and an order carried out.
 */
#include "gateway/service/purge.h"

#include <string.h>

#include "gateway/ledger/settle.h"
#include "gateway/service/retention.h"
#include "service/rederive.h"
#include "service/retention.h"

#define ROWS_MEMORY ((size_t)2 << 30) /* of one subject */

static const char where[] = "service.purge";

struct listing {
    struct gw_ledger *ledger;
    struct gw_arena *arena;
    struct gw_purge_list *out;
    size_t capacity;
    struct gw_error *err;
};

static enum gw_status no_memory(struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, where, "the list of subjects needs more memory than allowed");
}

/* ---- who ---- */

static const struct gw_tombstone *stone_of(const struct gw_purge_list *list, int64_t subject)
{
    for (size_t i = 0; i < list->stones.count; i++)
        if (list->stones.list[i].subject == subject)
            return &list->stones.list[i];
    return NULL;
}

static enum gw_status choose(struct listing *k, const struct gw_config_study *study,
                             const struct gw_ledger_subjects *all, const char *subject)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct gw_ledger_subject *known = &all->list[i];
        struct gw_purge_subject *chosen;

        if (strcmp(known->study, study->id) != 0 || (subject && strcmp(known->subject_key, subject) != 0))
            continue;
        chosen = GW_ARENA_PUSH(k->arena, k->out->list, k->out->count, k->capacity);
        if (!chosen)
            return no_memory(k->err);
        *chosen = (struct gw_purge_subject){.study = study,
                                            .site = known->site,
                                            .subject = known->subject_key,
                                            .stone = stone_of(k->out, known->number),
                                            .view = {.subject = known->number},
                                            .revision = known->revision};
    }
    return GW_OK;
}

static enum gw_status choose_all(struct listing *k, const struct gw_config *config, const char *study,
                                 const char *subject)
{
    struct gw_ledger_subjects all = {0};
    bool known = !study;
    enum gw_status rc = gw_ledger_subjects(k->ledger, k->arena, &all, k->err);

    for (size_t i = 0; rc == GW_OK && i < config->study_count; i++) {
        const struct gw_config_study *at = &config->studies[i];

        if (study && strcmp(study, at->id) != 0)
            continue;
        known = true;
        if (subject || at->closed)
            rc = choose(k, at, &all, subject);
    }
    if (rc == GW_OK && !known)
        return gw_fail(k->err, GW_EUSAGE, where, "%s has no study \"%.60s\"", config->path, study);
    if (rc == GW_OK && subject && k->out->count == 0)
        return gw_fail(k->err, GW_EUSAGE, where, "no subject \"%.60s\" is in this ledger", subject);
    return rc;
}

/* ---- what of them ---- */

static enum gw_status count_rows(struct listing *k, struct gw_purge_subject *subject)
{
    struct gw_arena arena = GW_ARENA_INIT(ROWS_MEMORY);
    struct gw_rows rows = {0};
    int64_t revision;
    const enum gw_status rc =
        gw_ledger_rows(k->ledger, &arena, subject->view.subject, GW_LATEST, &rows, &revision, k->err);

    for (int t = 0; rc == GW_OK && t < GW_TABLE_COUNT; t++)
        if (t != GW_TABLE_provenance && t != GW_TABLE_exceptions)
            subject->rows += (int64_t)rows.tables[t].count;
    gw_arena_release(&arena);
    return rc;
}

/* In one look: what lies by arrival is looked through once for all. */
static enum gw_status look(struct listing *k)
{
    struct gw_purge_view *views = gw_arena_alloc(k->arena, (k->out->count + 1) * sizeof *views);
    size_t count = 0, at = 0;
    enum gw_status rc = views ? GW_OK : no_memory(k->err);

    for (size_t i = 0; rc == GW_OK && i < k->out->count; i++)
        if (!k->out->list[i].stone)
            views[count++].subject = k->out->list[i].view.subject;
    if (rc == GW_OK && count > 0)
        rc = gw_ledger_purge_look(k->ledger, k->arena, &retention_notes, views, count, k->err);
    for (size_t i = 0; rc == GW_OK && i < k->out->count; i++) {
        if (!k->out->list[i].stone)
            k->out->list[i].view = views[at++];
        rc = count_rows(k, &k->out->list[i]);
    }
    return rc;
}

enum gw_status gw_purge_list(struct gw_ledger *ledger, struct gw_arena *arena, const struct gw_config *config,
                             const char *study, const char *subject, struct gw_purge_list *out, struct gw_error *err)
{
    struct listing k = {.ledger = ledger, .arena = arena, .out = out, .err = err};
    enum gw_status rc;

    *out = (struct gw_purge_list){0};
    rc = gw_ledger_tombstones(ledger, arena, &out->stones, err);
    if (rc == GW_OK)
        rc = gw_orders_waiting(ledger, &out->waiting, err);
    if (rc == GW_OK)
        rc = choose_all(&k, config, study, subject);
    return rc == GW_OK ? look(&k) : rc;
}

/* ---- an order ---- */

static enum gw_status deliver(struct gw_ledger *ledger, const char *ledger_path, struct gw_arena *arena,
                              const struct gw_config *config, int64_t now, struct gw_pass_result *out,
                              struct gw_error *err)
{
    struct rederive rederive;
    char at[GW_INSTANT_BYTES];
    enum gw_status rc = rederive_open(&rederive, arena, ledger, ledger_path, config, err);

    gw_instant_print(now, at);
    if (rc == GW_OK)
        rc = rederive_deliver(&rederive, at, out, err);
    rederive_release(&rederive);
    return rc;
}

enum gw_status gw_purge_apply(struct gw_ledger *ledger, const char *ledger_path, struct gw_arena *arena,
                              const struct gw_config *config, const struct gw_text *line, int64_t now, bool beside,
                              const char *by, struct gw_purge_applied *out, struct gw_error *err)
{
    enum gw_status rc;

    *out = (struct gw_purge_applied){.left = beside};
    rc = gw_order_hand_in(ledger, config, line->at, line->length, now, beside, by, arena, &out->order, &out->answer,
                          err);
    if (rc != GW_OK || beside)
        return rc;
    rc = gw_retention_finish(ledger, err);
    return rc == GW_OK && out->order.withdraw ? deliver(ledger, ledger_path, arena, config, now, &out->pass, err) : rc;
}
