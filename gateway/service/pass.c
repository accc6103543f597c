/*
 * The one pass. See the header for the way of a datum through it.
 */
#include "gateway/service/pass.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/core/json.h"
#include "gateway/ledger/decisions.h"
#include "gateway/ledger/purge.h"
#include "gateway/ledger/refusals.h"
#include "service/agenda.h"
#include "service/batch.h"
#include "service/signatures.h"

#define SUBJECT_MEMORY ((size_t)2 << 30) /* of one subject's derivation: some 400,000 facts */
#define GROUP_FACTS    1000              /* facts settled before a commit: the house rule of group commit */
#define BUILD_FACTS    10000             /* the same where nobody waits for the commit */

struct delivered { /* in this group, to be marked once both files are committed */
    int64_t subject;
    int64_t revision;
};

struct group {
    struct gw_pass *pass;
    struct gw_pass_result *result;
    struct gw_arena arena;
    size_t facts;
    bool open;
    struct delivered delivered[BUILD_FACTS];
    size_t delivered_count;
};

static const struct gw_enrolled *enrolled(const struct gw_pass *pass, int64_t number)
{
    size_t low = 0, high = pass->subject_count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (pass->subjects[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < pass->subject_count && pass->subjects[low].number == number ? &pass->subjects[low] : NULL;
}

/* ---- facts ---- */

/* Bytes that were readable at the door and no longer are (a stricter release) stay in the count as a type not read. */
static struct gw_fact unreadable(const struct gw_kept *kept)
{
    return (struct gw_fact){.type = GW_RESOURCE_OTHER,
                            .type_name = kept->type,
                            .id = kept->id,
                            .version_id = kept->version_id,
                            .last_updated = kept->last_updated};
}

/* The tree ends with its fact, which keeps its texts: a subject's trees would be more than a processor's cache holds.
 */
static enum gw_status read_fact(struct gw_arena *arena, struct gw_arena *trees, const struct gw_kept *kept,
                                struct gw_fact *out, struct gw_error *err)
{
    const struct gw_json_options options = {.accepted = true, .items = trees};
    const cJSON *tree = NULL;
    enum gw_status rc;

    gw_arena_clear(trees);
    rc = gw_json_parse(arena, kept->raw.at, kept->raw.length, &options, &tree, NULL, err);

    if (rc == GW_OK)
        rc = gw_fact_read(arena, tree, out, err);
    if (rc == GW_ENOMEM)
        return rc;
    if (rc != GW_OK || out->part_count != kept->part_count)
        *out = unreadable(kept);
    out->part_count = kept->part_count;
    out->endpoint = kept->endpoint;
    out->source = kept->source;
    out->delivery = kept->delivery;
    out->fetched_at = kept->fetched_at;
    memcpy(out->sha256, kept->sha256, sizeof out->sha256);
    return GW_OK;
}

static enum gw_status read_facts(struct gw_pass *pass, struct gw_arena *arena, int64_t subject,
                                 struct gw_kept_facts *kept, struct gw_fact **facts, struct gw_error *err)
{
    struct gw_arena trees = GW_ARENA_INIT(SUBJECT_MEMORY);
    enum gw_status rc = gw_ledger_facts(pass->ledger, arena, subject, kept, err);

    if (rc != GW_OK)
        return rc;
    *facts = gw_arena_alloc(arena, (kept->count + 1) * sizeof **facts);
    if (!*facts)
        return gw_fail(err, GW_ENOMEM, "service.pass", "the facts of one subject need more memory than allowed");
    for (size_t i = 0; rc == GW_OK && i < kept->count; i++)
        rc = read_fact(arena, &trees, &kept->list[i], &(*facts)[i], err);
    gw_arena_release(&trees);
    return rc;
}

/* The patients whom the subject's facts name, each once. */
static bool add_person(struct gw_arena *arena, const struct gw_fact *fact, struct gw_ledger_person **list,
                       size_t *count, size_t *capacity)
{
    struct gw_ledger_person *person;

    if (!fact->subject.id || fact->type == GW_MEDICATION)
        return true;
    for (size_t i = *count; i > 0; i--)
        if (strcmp((*list)[i - 1].patient, fact->subject.id) == 0 &&
            strcmp((*list)[i - 1].endpoint, fact->endpoint) == 0)
            return true;
    person = GW_ARENA_PUSH(arena, *list, *count, *capacity);
    if (person)
        *person = (struct gw_ledger_person){fact->endpoint, fact->subject.id};
    return person != NULL;
}

static enum gw_status read_moves(struct gw_pass *pass, struct gw_arena *arena, const struct gw_kept_facts *kept,
                                 const struct gw_fact *facts, struct gw_subject_input *input, struct gw_error *err)
{
    struct gw_ledger_person *people = NULL;
    size_t count = 0, capacity = 0;
    struct gw_move *moves = NULL;
    enum gw_status rc;

    for (size_t i = 0; i < kept->count; i++)
        if (!add_person(arena, &facts[i], &people, &count, &capacity))
            return gw_fail(err, GW_ENOMEM, "service.pass", "the facts of one subject need more memory than allowed");
    rc = gw_ledger_moves(pass->ledger, arena, kept, people, count, &moves, &input->move_count, err);
    input->moves = moves;
    return rc;
}

/* The ledger's about the subject, and those that are only tried. */
static enum gw_status read_decisions(struct gw_pass *pass, struct gw_arena *arena, const char *subject_key,
                                     struct gw_decisions *out, struct gw_error *err)
{
    struct gw_decision *all;
    enum gw_status rc = gw_ledger_decisions_of(pass->ledger, arena, subject_key, out, err);

    if (rc != GW_OK || pass->tried_count == 0)
        return rc;
    all = gw_arena_alloc(arena, (out->count + pass->tried_count) * sizeof *all);
    if (!all)
        return gw_fail(err, GW_ENOMEM, "service.pass", "the decisions need more memory than allowed");
    if (out->count > 0)
        memcpy(all, out->list, out->count * sizeof *all);
    memcpy(all + out->count, pass->tried, pass->tried_count * sizeof *all);
    *out = (struct gw_decisions){all, out->count + pass->tried_count};
    return GW_OK;
}

static enum gw_status derive(struct gw_pass *pass, struct gw_arena *arena, const struct gw_enrolled *subject,
                             struct gw_kept_facts *kept, struct gw_subject_input *input, struct gw_derived *out,
                             struct gw_error *err)
{
    struct gw_decisions decisions = {NULL, 0};
    struct gw_refusals refusals = {0};
    struct gw_fact *facts = NULL;
    enum gw_status rc = read_facts(pass, arena, subject->number, kept, &facts, err);

    if (rc == GW_OK)
        rc = read_decisions(pass, arena, subject->line->subject, &decisions, err);
    if (rc != GW_OK)
        return rc;
    *input = (struct gw_subject_input){.study = pass->protocol->study,
                                       .tables = pass->protocol->tables,
                                       .rules = &pass->protocol->rules,
                                       .site = subject->site,
                                       .roster = subject->line,
                                       .facts = facts,
                                       .fact_count = kept->count,
                                       .decisions = decisions.list,
                                       .decision_count = decisions.count,
                                       .author_approves = pass->author_approves,
                                       .horizon = subject->horizon,
                                       .key = pass->key};
    rc = read_moves(pass, arena, kept, facts, input, err);
    if (rc == GW_OK)
        rc = signatures_read(pass, arena, subject, &decisions, input, err);
    if (rc == GW_OK)
        rc = gw_ledger_refusals(pass->ledger, arena, subject->number, subject->line->subject, &refusals, err);
    input->refusals = refusals.list;
    input->refusal_count = refusals.count;
    return rc == GW_OK ? gw_derive(arena, input, out, err) : rc;
}

/* ---- delivery ---- */

static void count_rows(struct gw_pass_result *result, const struct gw_difference *difference)
{
    result->added += difference->added;
    result->changed += difference->updated;
    result->withdrawn += difference->withdrawn;
}

static enum gw_status deliver(struct group *g, int64_t subject, const struct gw_batch *batch, struct gw_error *err)
{
    struct gw_pass *pass = g->pass;
    struct gw_receipt receipt;
    enum gw_status rc = pass->sink->apply(pass->sink, batch, &receipt, err);

    if (rc != GW_OK || !receipt.applied)
        return rc; /* not applied: the outbox line stays, and drain() takes it from where the sink stands */
    g->delivered[g->delivered_count++] = (struct delivered){subject, receipt.revision};
    g->result->batches++;
    count_rows(g->result, batch->difference);
    return GW_OK;
}

static enum gw_status settle(struct group *g, const struct gw_enrolled *subject, struct gw_kept_facts *kept,
                             struct gw_derived *derived, struct gw_error *err)
{
    struct gw_pass *pass = g->pass;
    struct gw_rows previous = {0};
    struct gw_difference difference = {0};
    struct gw_settled settled = {0};
    int64_t revision = 0;
    enum gw_status rc = gw_ledger_rows(pass->ledger, &g->arena, subject->number, GW_LATEST, &previous, &revision, err);

    if (rc == GW_OK)
        rc = gw_identify_derived(&g->arena, &previous, derived, err);
    if (rc == GW_OK)
        rc = gw_history(&previous, derived, err);
    if (rc == GW_OK)
        rc = gw_difference(&g->arena, &previous, &derived->rows, &difference, err);
    if (rc == GW_OK)
        rc = gw_ledger_settle(pass->ledger,
                              &(struct gw_settlement){.facts = kept,
                                                      .derived = derived,
                                                      .previous = &previous,
                                                      .next = &derived->rows,
                                                      .difference = &difference,
                                                      .stamp = {.rule_set_version = pass->protocol->rule_set,
                                                                .mapped_at = pass->now,
                                                                .anchor_version = derived->anchor_version},
                                                      .horizon = subject->horizon,
                                                      .zone = gw_site_zone(subject->site),
                                                      .arena = &g->arena},
                              &settled, err);
    if (rc == GW_OK && !pass->built)
        rc = agenda_keep_windows(pass->ledger, &g->arena, subject->number, derived, err);
    if (rc == GW_OK && !pass->built)
        rc = agenda_keep_linked(pass->ledger, &g->arena, subject->number, derived, err);
    if (rc != GW_OK)
        return rc;
    g->result->items_opened += settled.items_opened;
    g->result->items_closed += settled.items_closed;
    g->result->parts_changed += settled.parts_changed;
    g->result->blocked += derived->blocked;
    if (settled.to_revision == settled.from_revision)
        return GW_OK;
    g->result->unchanged += difference.unchanged;
    if (!pass->sink) {
        count_rows(g->result, &difference); /* the outbox waits for its courier */
        return GW_OK;
    }
    return deliver(g, subject->number,
                   &(struct gw_batch){.study = pass->protocol->study->id,
                                      .subject_key = subject->line->subject,
                                      .from_revision = settled.from_revision,
                                      .to_revision = settled.to_revision,
                                      .difference = &difference,
                                      .applied_at = pass->now},
                   err);
}

/* ---- groups ---- */

static enum gw_status begin(struct group *g, struct gw_error *err)
{
    enum gw_status rc = gw_ledger_begin(g->pass->ledger, err);

    if (rc == GW_OK && g->pass->sink && g->pass->sink->begin)
        rc = g->pass->sink->begin(g->pass->sink, err);
    g->open = rc == GW_OK;
    g->facts = 0;
    return rc;
}

/* The ledger first: what it does not know must not stand in the study database. */
static enum gw_status commit(struct group *g, struct gw_error *err)
{
    enum gw_status rc = gw_ledger_commit(g->pass->ledger, err);

    g->open = false;
    if (rc == GW_OK && g->pass->sink && g->pass->sink->commit)
        rc = g->pass->sink->commit(g->pass->sink, err);
    if (rc == GW_OK && g->delivered_count > 0)
        rc = gw_ledger_begin(g->pass->ledger, err);
    for (size_t i = 0; rc == GW_OK && i < g->delivered_count; i++)
        rc = gw_outbox_delivered(g->pass->ledger, g->delivered[i].subject, g->delivered[i].revision, g->pass->now, err);
    if (rc == GW_OK && g->delivered_count > 0)
        rc = gw_ledger_commit(g->pass->ledger, err);
    g->delivered_count = 0;
    return rc;
}

/* The roster's line and not its subject: errors go into logs. */
static enum gw_status too_large(const struct gw_enrolled *subject, size_t facts, struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, "service.pass",
                   "the subject on line %u of the roster has %zu facts, which need more than the %zu MiB allowed: take "
                   "the line out of the roster to go on with the others",
                   subject->line->line, facts, SUBJECT_MEMORY >> 20);
}

static enum gw_status one_subject(struct group *g, const struct gw_enrolled *subject, struct gw_error *err)
{
    struct gw_kept_facts kept = {0};
    struct gw_subject_input input;
    struct gw_derived derived;
    enum gw_status rc = g->open ? GW_OK : begin(g, err);

    gw_arena_clear(&g->arena);
    if (rc == GW_OK)
        rc = derive(g->pass, &g->arena, subject, &kept, &input, &derived, err);
    if (rc == GW_OK)
        rc = settle(g, subject, &kept, &derived, err);
    if (rc == GW_ENOMEM)
        rc = too_large(subject, kept.count, err);
    g->facts += kept.count + 1;
    g->result->subjects++;
    if (rc == GW_OK && g->facts >= (g->pass->built ? BUILD_FACTS : GROUP_FACTS))
        rc = commit(g, err);
    return rc;
}

static enum gw_status derive_marked(struct group *g, struct gw_error *err)
{
    int64_t number = GW_NOBODY;
    enum gw_status rc = gw_ledger_next_dirty(g->pass->ledger, GW_NOBODY, &number, err);

    while (rc == GW_OK && number != GW_NOBODY) {
        const struct gw_enrolled *subject = enrolled(g->pass, number);

        if (subject)
            rc = one_subject(g, subject, err);
        if (rc == GW_OK && g->pass->progress)
            g->pass->progress(g->pass->ctx, g->result->subjects, g->pass->subject_count);
        if (rc == GW_OK && g->pass->stopped && g->pass->stopped(g->pass->ctx))
            rc = gw_fail(err, GW_ECANCELED, "service.pass", "stopped before it was done");
        if (rc == GW_OK)
            rc = gw_ledger_next_dirty(g->pass->ledger, number, &number, err);
    }
    return rc == GW_OK && g->open ? commit(g, err) : rc;
}

/* ---- what an earlier end left in the outbox ---- */

/* Who is enrolled; and of whom nothing is kept any more, what was derived before that. */
static enum gw_status is_delivered(const struct gw_pass *pass, const char *subject_key, bool *delivered,
                                   struct gw_error *err)
{
    *delivered = true;
    for (size_t i = 0; i < pass->subject_count; i++)
        if (strcmp(pass->subjects[i].line->subject, subject_key) == 0)
            return GW_OK;
    return gw_ledger_is_purged(pass->ledger, pass->protocol->study->id, subject_key, delivered, err);
}

/* The difference anew, from the revision at which the sink stands to the latest. */
static enum gw_status redeliver(struct group *g, const struct gw_outbox_line *line, struct gw_error *err)
{
    struct gw_pass *pass = g->pass;
    struct gw_batch batch;
    bool delivered = false;
    int64_t stands;
    enum gw_status rc = pass->sink->revision_of(pass->sink, line->subject_key, &stands, err);

    if (rc == GW_OK)
        rc = batch_make(pass->ledger, &g->arena, line, stands, GW_LATEST, pass->now, &batch, err);
    if (rc == GW_OK && stands == batch.to_revision)
        return gw_outbox_delivered(pass->ledger, line->subject, stands, pass->now, err);
    if (rc == GW_OK)
        rc = is_delivered(pass, line->subject_key, &delivered, err);
    if (rc == GW_OK && delivered)
        rc = deliver(g, line->subject, &batch, err);
    if (rc == GW_OK && g->delivered_count == 1)
        rc = gw_outbox_delivered(pass->ledger, g->delivered[0].subject, g->delivered[0].revision, pass->now, err);
    g->delivered_count = 0;
    return rc;
}

static enum gw_status drain(struct group *g, struct gw_error *err)
{
    struct gw_outbox_line line = {0};
    enum gw_status rc = GW_OK;

    if (!g->pass->sink)
        return GW_OK;
    do {
        const int64_t after = line.number;

        gw_arena_clear(&g->arena);
        rc = gw_outbox_next(g->pass->ledger, &g->arena, after, &line, err);
        if (rc == GW_OK && line.number != 0 && gw_same(line.study, g->pass->protocol->study->id))
            rc = redeliver(g, &line, err); /* other studies have sinks of their own */
    } while (rc == GW_OK && line.number != 0);
    return rc;
}

enum gw_status gw_pass_run(struct gw_pass *pass, struct gw_pass_result *out, struct gw_error *err)
{
    struct group g = {.pass = pass, .result = out, .arena = GW_ARENA_INIT(SUBJECT_MEMORY)};
    enum gw_status rc;

    *out = (struct gw_pass_result){0};
    rc = drain(&g, err);
    if (rc == GW_OK)
        rc = derive_marked(&g, err);
    if (rc != GW_OK && g.open)
        gw_ledger_rollback(pass->ledger);
    if (rc == GW_OK)
        rc = drain(&g, err);
    gw_arena_release(&g.arena);
    return rc;
}

void gw_pass_add_up(struct gw_pass_result *into, const struct gw_pass_result *from)
{
    into->subjects += from->subjects;
    into->batches += from->batches;
    into->added += from->added;
    into->changed += from->changed;
    into->withdrawn += from->withdrawn;
    into->unchanged += from->unchanged;
    into->items_opened += from->items_opened;
    into->items_closed += from->items_closed;
    into->blocked += from->blocked;
    into->parts_changed += from->parts_changed;
}

enum gw_status gw_pass_span(struct gw_pass *pass, int64_t subject, bool *anchored, gw_day *low, gw_day *high,
                            struct gw_error *err)
{
    struct gw_arena arena = GW_ARENA_INIT(SUBJECT_MEMORY);
    const struct gw_enrolled *line = enrolled(pass, subject);
    struct gw_kept_facts kept;
    struct gw_subject_input input;
    struct gw_derived derived;
    enum gw_status rc;

    *anchored = false;
    if (!line)
        return GW_OK;
    rc = derive(pass, &arena, line, &kept, &input, &derived, err);
    if (rc == GW_OK && derived.windows.span_low != GW_NO_DAY) {
        *anchored = true;
        *low = derived.windows.span_low;
        *high = derived.windows.span_high;
    }
    gw_arena_release(&arena);
    return rc;
}

enum gw_status gw_pass_look(struct gw_pass *pass, struct gw_arena *arena, int64_t subject, struct gw_look *out,
                            struct gw_error *err)
{
    const struct gw_enrolled *line = enrolled(pass, subject);
    struct gw_kept_facts kept = {0};
    enum gw_status rc;

    if (!line)
        return gw_fail(err, GW_EINPUT, "service.pass", "this subject is not on the roster");
    rc = derive(pass, arena, line, &kept, &out->input, &out->derived, err);
    if (rc == GW_OK)
        rc = gw_ledger_rows(pass->ledger, arena, subject, GW_LATEST, &out->delivered, &out->revision, err);
    if (rc == GW_OK)
        rc = gw_identify_derived(arena, &out->delivered, &out->derived, err);
    return rc == GW_ENOMEM ? too_large(line, kept.count, err) : rc;
}
