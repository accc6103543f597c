/*
 * A question, the subject it is about, and the answer.
 */
#include "gateway/service/explain.h"

#include <string.h>

#include "service/explanation.h"

#define SUBJECT_MEMORY ((size_t)2 << 30)

static const char where[] = "service.explain";

struct found {
    const struct gw_enrolled *subject; /* NULL: not found */
    const struct gw_ledger_subject *known;
    int64_t former; /* the newest revision that had the row, where none has it now; 0: it is there */
};

static bool wanted(const struct gw_explain_query *query, const struct gw_enrolled *subject)
{
    return !query->subject || strcmp(query->subject, subject->line->subject) == 0;
}

static bool has_row(const struct gw_rows *rows, const char *row_id)
{
    for (int i = 0; i < GW_TABLE_COUNT; i++)
        if (gw_rows_find(rows, (enum gw_table_id)i, row_id))
            return true;
    return false;
}

/* ---- whose row it is: delivered, derived and not delivered, or withdrawn since ---- */

static enum gw_status was_delivered(struct source *s, struct gw_arena *scratch, size_t index, int64_t *former,
                                    bool *has, struct gw_error *err)
{
    struct gw_rows rows = {0};
    int64_t number;
    const enum gw_status rc =
        gw_ledger_rows(s->query->ledger, scratch, s->subjects[index].number, GW_LATEST, &rows, &number, err);

    *former = 0;
    *has = rc == GW_OK && has_row(&rows, s->query->row);
    return rc;
}

static enum gw_status is_derived(struct source *s, struct gw_arena *scratch, size_t index, int64_t *former, bool *has,
                                 struct gw_error *err)
{
    struct gw_look look;
    enum gw_status rc = gw_pass_look(&s->pass, scratch, s->subjects[index].number, &look, err);

    if (rc == GW_OK)
        rc = gw_history(&look.delivered, &look.derived, err);
    *former = 0;
    *has = rc == GW_OK && has_row(&look.derived.rows, s->query->row);
    return rc;
}

static enum gw_status was_withdrawn(struct source *s, struct gw_arena *scratch, size_t index, int64_t *former,
                                    bool *has, struct gw_error *err)
{
    struct gw_rows rows = {0};
    int64_t number;
    enum gw_status rc = GW_OK;

    *has = false;
    for (*former = s->known[index].revision - 1; *former > 0 && rc == GW_OK; --*former) {
        gw_arena_clear(scratch);
        rc = gw_ledger_rows(s->query->ledger, scratch, s->subjects[index].number, *former, &rows, &number, err);
        if (rc == GW_OK && (*has = has_row(&rows, s->query->row)))
            break;
        if (rc == GW_EINPUT) /* a number that was passed over: the ledger was restored from a copy */
            rc = GW_OK;
    }
    return rc;
}

static enum gw_status find_row(struct source *s, struct found *found, struct gw_error *err)
{
    static enum gw_status (*const ways[])(struct source *, struct gw_arena *, size_t, int64_t *, bool *,
                                          struct gw_error *) = {was_delivered, is_derived, was_withdrawn};
    struct gw_arena scratch = GW_ARENA_INIT(SUBJECT_MEMORY);
    enum gw_status rc = GW_OK;
    bool has = false;

    for (size_t w = 0; w < sizeof ways / sizeof *ways && rc == GW_OK && !has; w++)
        for (size_t i = 0; i < s->subject_count && rc == GW_OK && !has; i++) {
            if (!wanted(s->query, &s->subjects[i]))
                continue;
            gw_arena_clear(&scratch);
            rc = ways[w](s, &scratch, i, &found->former, &has, err);
            if (has) {
                found->subject = &s->subjects[i];
                found->known = &s->known[i];
            }
        }
    gw_arena_release(&scratch);
    return rc;
}

static void find_subject(struct source *s, struct found *found)
{
    for (size_t i = 0; i < s->subject_count; i++)
        if (wanted(s->query, &s->subjects[i])) {
            found->subject = &s->subjects[i];
            found->known = &s->known[i];
        }
}

/* ---- the answer ---- */

static enum gw_status add_sentence(struct source *s, struct gw_explanation *out, const char *text, struct gw_error *err)
{
    struct gw_sentence *sentence =
        text ? GW_ARENA_PUSH(s->arena, out->sentences, out->sentence_count, out->sentence_capacity) : NULL;

    if (!sentence)
        return gw_fail(err, GW_ENOMEM, where, "the explanation needs more memory than allowed");
    *sentence = (struct gw_sentence){"inputs", text};
    return GW_OK;
}

/* What the answer rests on that was not there when the subject was derived last. */
static enum gw_status tell_changes(struct source *s, const struct found *found, struct gw_explanation *out,
                                   struct gw_error *err)
{
    const char *changed;
    enum gw_status rc = source_changed(s, found->subject, &changed, err);

    if (rc == GW_OK && *changed)
        rc = add_sentence(
            s, out,
            gw_arena_print(s->arena,
                           "Since the last derivation %s changed: this answer goes by what they say today, what was "
                           "delivered by what they said.",
                           changed),
            err);
    if (rc == GW_OK && found->known->dirty)
        rc = add_sentence(s, out,
                          "Records came since the last derivation: this answer counts them, the next pass "
                          "delivers what follows.",
                          err);
    return rc;
}

static enum gw_status read_batches(struct source *s, int64_t subject, struct gw_explain_input *in, struct gw_error *err)
{
    struct gw_explain_batch *batches;
    struct gw_outbox outbox;
    const enum gw_status rc = gw_outbox_of(s->query->ledger, s->arena, subject, &outbox, err);

    if (rc != GW_OK)
        return rc;
    batches = gw_arena_alloc(s->arena, (outbox.count + 1) * sizeof *batches);
    if (!batches)
        return gw_fail(err, GW_ENOMEM, where, "the explanation needs more memory than allowed");
    for (size_t i = 0; i < outbox.count; i++)
        batches[i] = (struct gw_explain_batch){outbox.lines[i].from_revision, outbox.lines[i].to_revision,
                                               outbox.lines[i].receipt};
    in->batches = batches;
    in->batch_count = outbox.count;
    return GW_OK;
}

static enum gw_status answer(struct source *s, const struct found *found, struct gw_explanation *out,
                             struct gw_error *err)
{
    struct gw_look *look = gw_arena_alloc(s->arena, sizeof *look);
    struct gw_explain_reach *reach;
    struct gw_rows former = {0};
    struct gw_explain_input in = {.former_revision = found->former, .rule_set = s->protocol.rule_set};
    int64_t number;
    bool told = true;
    enum gw_status rc = look ? gw_pass_look(&s->pass, s->arena, found->subject->number, look, err)
                             : gw_fail(err, GW_ENOMEM, where, "the explanation needs more memory than allowed");

    if (rc == GW_OK) /* rows of signed windows stay as they were */
        rc = gw_history(&look->delivered, &look->derived, err);
    if (rc == GW_OK)
        rc = source_reach(s, found->subject, &reach, &in.reach_count, err);
    if (rc == GW_OK)
        rc = read_batches(s, found->subject->number, &in, err);
    if (rc == GW_OK && found->former)
        rc = gw_ledger_rows(s->query->ledger, s->arena, found->subject->number, found->former, &former, &number, err);
    if (rc != GW_OK)
        return rc;
    in.subject = &look->input;
    in.derived = &look->derived;
    in.delivered = &look->delivered;
    in.former = found->former ? &former : NULL;
    in.reach = reach;
    rc = s->query->row ? gw_explain_row(s->arena, &in, s->query->row, &told, out, err)
                       : gw_explain_missing(s->arena, &in, s->query->concept, s->query->window, out, err);
    return rc == GW_OK ? tell_changes(s, found, out, err) : rc;
}

static enum gw_status ask_study(struct gw_arena *arena, const struct gw_explain_query *query,
                                const struct gw_config_study *config, struct found *found, struct gw_explanation *out,
                                struct gw_error *err)
{
    struct source source = {.arena = arena, .query = query};
    enum gw_status rc = source_open(&source, config, err);

    if (rc == GW_OK && query->row)
        rc = find_row(&source, found, err);
    else if (rc == GW_OK)
        find_subject(&source, found);
    if (rc == GW_OK && found->subject)
        rc = answer(&source, found, out, err);
    source_release(&source);
    return rc;
}

static enum gw_status nobody(const struct gw_explain_query *query, struct gw_error *err)
{
    if (query->row)
        return gw_fail(err, GW_EUSAGE, where,
                       "no row of %s has the id \"%.120s\": copy it whole from the column row_id of its table",
                       query->subject ? query->subject : "this ledger", query->row);
    return gw_fail(err, GW_EUSAGE, where, "no subject \"%.60s\" of the roster is in this ledger", query->subject);
}

static enum gw_status ask_all(struct gw_arena *arena, const struct gw_explain_query *query, struct gw_explanation *out,
                              struct gw_error *err)
{
    const struct gw_config *config = query->config;
    struct found found = {.subject = NULL};
    enum gw_status rc = GW_OK;
    bool asked = !config;

    if (!config)
        rc = ask_study(arena, query, NULL, &found, out, err);
    for (size_t i = 0; config && i < config->study_count && rc == GW_OK && !found.subject; i++) {
        if (query->study && strcmp(query->study, config->studies[i].id) != 0)
            continue;
        asked = true;
        rc = ask_study(arena, query, &config->studies[i], &found, out, err);
    }
    if (rc == GW_OK && !asked)
        return gw_fail(err, GW_EUSAGE, where, "%s has no study \"%.60s\"", config->path, query->study);
    return rc == GW_OK && !found.subject ? nobody(query, err) : rc;
}

enum gw_status gw_explain_ask(struct gw_arena *arena, const struct gw_explain_query *query, struct gw_explanation *out,
                              struct gw_error *err)
{
    enum gw_status rc = gw_ledger_begin(query->ledger, err);

    if (rc != GW_OK)
        return rc;
    rc = ask_all(arena, query, out, err);
    gw_ledger_rollback(query->ledger); /* reading facts indexes them: an explanation leaves no trace */
    return rc;
}
