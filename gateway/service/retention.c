/*
 * Retention: which studies are due, and their subjects.
 */
#include "gateway/service/retention.h"

#include <stdio.h>
#include <string.h>

#include "gateway/ledger/audit.h"
#include "gateway/ledger/purge.h"
#include "gateway/service/order.h"
#include "gateway/sources/hints.h"
#include "service/agenda.h"
#include "service/readings.h"
#include "service/retention.h"
#include "service/steering.h"

enum { SUBJECTS_MEMORY = 256 * 1024 * 1024, WHY_MAX = 200, HALF_A_DAY_S = 12 * 3600, DAY_S = 86400 };

static const char *const subject_spaces[] = {AGENDA_WINDOWS_SPACE, AGENDA_SCHEDULE_SPACE, AGENDA_LINKED_SPACE,
                                             READINGS_SPACE};
const struct gw_purge_notes retention_notes = {subject_spaces, sizeof subject_spaces / sizeof subject_spaces[0],
                                               GW_HINT_SPACE};

gw_day retention_closed(const struct gw_config_study *study)
{
    gw_day day = GW_NO_DAY;

    if (study->closed)
        gw_day_parse(study->closed, &day);
    return day;
}

gw_day gw_retention_due(const struct gw_config *config, const struct gw_config_study *study)
{
    const gw_day closed = retention_closed(study);

    return closed == GW_NO_DAY ? GW_NO_DAY : closed + (config->purge_days > 0 ? config->purge_days : 1);
}

/* Nowhere on earth it is earlier: the day came in every zone. */
static bool is_due(const struct gw_config *config, const struct gw_config_study *study, int64_t now)
{
    const gw_day due = gw_retention_due(config, study);

    return due != GW_NO_DAY && (now - HALF_A_DAY_S) / DAY_S >= due;
}

static enum gw_status begin_study(struct gw_ledger *ledger, const struct gw_config *config,
                                  const struct gw_config_study *study, const struct gw_ledger_subjects *subjects,
                                  struct gw_error *err)
{
    char why[WHY_MAX];
    enum gw_status rc = GW_OK;

    snprintf(why, sizeof why, "the study closed on %s, and its facts are kept for %d days", study->closed,
             config->purge_days);
    for (size_t i = 0; rc == GW_OK && i < subjects->count; i++)
        if (!subjects->list[i].purged && strcmp(subjects->list[i].study, study->id) == 0)
            rc = gw_ledger_purge_begin(ledger, subjects->list[i].number, why, err);
    return rc;
}

static enum gw_status begin_due(struct gw_ledger *ledger, const struct gw_config *config, int64_t now,
                                struct gw_error *err)
{
    struct gw_arena arena = GW_ARENA_INIT(SUBJECTS_MEMORY);
    struct gw_ledger_subjects subjects = {0};
    bool any = false;
    enum gw_status rc = GW_OK;

    for (size_t i = 0; i < config->study_count; i++)
        any |= is_due(config, &config->studies[i], now);
    if (any)
        rc = gw_ledger_subjects(ledger, &arena, &subjects, err);
    for (size_t i = 0; rc == GW_OK && any && i < config->study_count; i++)
        if (is_due(config, &config->studies[i], now))
            rc = begin_study(ledger, config, &config->studies[i], &subjects, err);
    gw_arena_release(&arena);
    return rc;
}

enum gw_status retention_piece(struct gw_ledger *ledger, const struct gw_config *config, int64_t now, bool *more,
                               size_t *ordered, struct gw_error *err)
{
    enum gw_status rc = gw_orders_take_up(ledger, config, now, ordered, err);

    *more = false;
    if (rc == GW_OK)
        rc = begin_due(ledger, config, now, err);
    return rc == GW_OK ? gw_ledger_purge_piece(ledger, &retention_notes, more, err) : rc;
}

enum gw_status gw_retention_finish(struct gw_ledger *ledger, struct gw_error *err)
{
    bool more = true;
    enum gw_status rc = GW_OK;

    while (rc == GW_OK && more)
        rc = gw_ledger_purge_piece(ledger, &retention_notes, &more, err);
    return rc == GW_OK ? gw_ledger_sweep(ledger, err) : rc;
}

enum gw_status gw_retention_run(struct gw_ledger *ledger, const struct gw_config *config, int64_t now,
                                struct gw_error *err)
{
    size_t ordered;
    bool more;
    const enum gw_status rc = retention_piece(ledger, config, now, &more, &ordered, err);

    return rc == GW_OK ? gw_retention_finish(ledger, err) : rc;
}

/* ---- the trail ---- */

static enum gw_status audit_closing(struct gw_ledger *ledger, const struct gw_config *config,
                                    const struct gw_config_study *study, struct gw_error *err)
{
    char thing[WHY_MAX], what[WHY_MAX], due[11], digest[DERIVED_DIGITS + 1];

    snprintf(thing, sizeof thing, "closing|%s", study->id);
    snprintf(what, sizeof what, "that the study %s runs", study->id);
    if (study->closed) {
        gw_day_print(gw_retention_due(config, study), due);
        snprintf(what, sizeof what, "that the last day of the study %s is %s, and its facts go on %s", study->id,
                 study->closed, due);
    }
    steering_text(NULL, what, digest);
    return gw_audit_change(
        ledger, thing,
        &(struct gw_audit_act){.act = GW_AUDIT_CLOSING, .study = study->id, .what = what, .new_hash = digest}, err);
}

/* A key that cannot be read stops no retrieval: casement check says it, and no order is carried out. */
static enum gw_status audit_key(struct gw_ledger *ledger, const struct gw_config *config, struct gw_error *err)
{
    char name[GW_KEY_NAME_DIGITS + 1], what[WHY_MAX];

    if (!config->order_key || gw_order_key_name(config, name, NULL) != GW_OK)
        return GW_OK;
    snprintf(what, sizeof what, "the key %s of who may order a purge", name);
    return gw_audit_change(ledger, "order_key",
                           &(struct gw_audit_act){.act = GW_AUDIT_KEY, .what = what, .new_hash = name}, err);
}

enum gw_status retention_audit(struct gw_ledger *ledger, const struct gw_config *config, struct gw_error *err)
{
    enum gw_status rc = GW_OK;

    for (size_t i = 0; rc == GW_OK && i < config->study_count; i++)
        rc = audit_closing(ledger, config, &config->studies[i], err);
    return rc == GW_OK ? audit_key(ledger, config, err) : rc;
}
