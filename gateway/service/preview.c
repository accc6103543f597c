/*
 * The difference that another package, profile or decision would make, subject by subject.
 */
#include "gateway/service/preview.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/ledger/decisions.h"
#include "gateway/ledger/report.h"
#include "gateway/service/cuts.h"
#include "gateway/study/seal.h"
#include "service/explanation.h"

#define SUBJECT_MEMORY ((size_t)2 << 30)

static const char where[] = "service.preview";

struct previewing {
    struct gw_arena *arena;
    struct gw_arena scratch; /* of one subject */
    const struct gw_preview_query *query;
    struct gw_config config; /* with what is tried in it */
    struct gw_config_study *studies;
    struct gw_explain_query source_query;
    struct gw_decision *tried;
    struct gw_ledger_items open;
    struct gw_cut cut;       /* the last one of the study at hand; its name is NULL where there is none */
    struct gw_rows exported; /* of the subject at hand, at that cut */
    struct gw_preview *out;
    size_t first; /* line of the subject at hand */
    size_t line_capacity, item_capacity;
};

static enum gw_status no_memory(struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, where, "the plan needs more memory than allowed");
}

/* ---- what is tried ---- */

static enum gw_status try_package(struct previewing *p, struct gw_error *err)
{
    struct gw_protocol protocol;
    const enum gw_status rc = gw_protocol_load(p->arena, p->query->package, &protocol, err);

    for (size_t i = 0; rc == GW_OK && i < p->config.study_count; i++)
        if (strcmp(p->studies[i].id, protocol.study->id) == 0) {
            p->studies[i].package = p->query->package;
            p->studies[0] = p->studies[i]; /* of the others nothing changes */
            p->config.study_count = 1;
            return GW_OK;
        }
    return rc != GW_OK ? rc
                       : gw_fail(err, GW_EUSAGE, where, "%s: of study %s, which %s does not have", p->query->package,
                                 protocol.study->id, p->config.path);
}

static enum gw_status try_site(struct previewing *p, struct gw_error *err)
{
    struct gw_config_endpoint *endpoints = gw_arena_alloc(p->arena, (p->config.endpoint_count + 1) * sizeof *endpoints);
    const struct gw_site *site = NULL;
    struct gw_protocol protocol;
    bool found = false;
    enum gw_status rc = endpoints ? gw_protocol_load(p->arena, p->studies[0].package, &protocol, err) : no_memory(err);

    if (rc == GW_OK)
        rc = gw_site_load(p->arena, p->query->site, protocol.tables, &site, err);
    if (rc != GW_OK)
        return rc;
    for (size_t i = 0; i < p->config.endpoint_count; i++) {
        endpoints[i] = p->config.endpoints[i];
        if (strcmp(endpoints[i].site, gw_site_id(site)) != 0)
            continue;
        endpoints[i].site_profile = p->query->site;
        found = true;
    }
    p->config.endpoints = endpoints;
    if (!found)
        rc = gw_fail(err, GW_EUSAGE, where, "%s: of site %s, which no endpoint of %s has", p->query->site,
                     gw_site_id(site), p->config.path);
    gw_site_close(site);
    return rc;
}

/* A number that the ledger has already, or none, becomes the next one. */
static enum gw_status try_decisions(struct previewing *p, struct gw_error *err)
{
    struct gw_decisions all = {NULL, 0};
    enum gw_status rc = gw_ledger_decisions(p->query->ledger, &all, err);
    int64_t last = rc == GW_OK && all.count > 0 ? all.list[all.count - 1].n : 0;

    p->tried = gw_arena_alloc(p->arena, (p->query->decisions.count + 1) * sizeof *p->tried);
    if (!p->tried)
        return no_memory(err);
    for (size_t i = 0; i < p->query->decisions.count; i++) {
        p->tried[i] = p->query->decisions.list[i];
        if (p->tried[i].n <= last)
            p->tried[i].n = last + 1;
        last = p->tried[i].n;
    }
    return rc;
}

static enum gw_status try_all(struct previewing *p, struct gw_error *err)
{
    const struct gw_config *config = p->query->config;
    enum gw_status rc = try_decisions(p, err);

    if (rc != GW_OK || !config)
        return rc;
    p->config = *config;
    p->studies = gw_arena_alloc(p->arena, (config->study_count + 1) * sizeof *p->studies);
    if (!p->studies)
        return no_memory(err);
    memcpy(p->studies, config->studies, config->study_count * sizeof *p->studies);
    p->config.studies = p->studies;
    if (p->query->package)
        rc = try_package(p, err);
    return rc == GW_OK && p->query->site ? try_site(p, err) : rc;
}

/* ---- rows ---- */

static struct gw_preview_line *line_of(struct previewing *p, const char *subject, const char *window, const char *table)
{
    struct gw_preview_line *line;

    for (size_t i = p->first; i < p->out->line_count; i++)
        if (strcmp(p->out->lines[i].window, window) == 0 && strcmp(p->out->lines[i].table, table) == 0)
            return &p->out->lines[i];
    line = GW_ARENA_PUSH(p->arena, p->out->lines, p->out->line_count, p->line_capacity);
    if (!line)
        return NULL;
    *line = (struct gw_preview_line){
        .subject = subject, .window = gw_arena_copy(p->arena, window, strlen(window)), .table = table};
    return line->window ? line : NULL;
}

/* Cells of what was delivered that are others now (is NULL: gone); the first five name the row. */
static size_t values_lost(const struct gw_table *table, const struct gw_row *was, const struct gw_row *is)
{
    size_t count = 0;

    for (size_t c = 5; c < table->column_count; c++) {
        char before[12], after[12];
        const char *old = gw_row_cell(table, was, c, before);

        if (!table->columns[c].stamp && old && *old && (!is || !gw_same(old, gw_row_cell(table, is, c, after))))
            count++;
    }
    return count;
}

/* Cells that were exported as they stand now, and would be others. */
static size_t values_exported(const struct previewing *p, enum gw_table_id table, const struct gw_row *was,
                              const struct gw_row *is)
{
    const struct gw_row *then = gw_rows_find(&p->exported, table, was->row_id);

    return then && gw_row_equal(table, then, was) ? values_lost(gw_table_of(table), was, is) : 0;
}

static enum gw_status add_change(struct previewing *p, const char *subject, const struct gw_look *look,
                                 const struct gw_change *change, struct gw_error *err)
{
    const struct gw_rows *delivered = &look->delivered;
    const struct gw_table *table = gw_table_of(change->table);
    const struct gw_row *was = gw_rows_find(delivered, change->table, change->row->row_id);
    const bool withdrawn = change->kind == GW_CHANGE_WITHDRAW;
    struct gw_preview_line *line;
    const char *window;

    if (change->table == GW_TABLE_provenance)
        return GW_OK;
    window = withdrawn && was ? gw_window_of(delivered, change->table, was)
                              : gw_window_of(&look->derived.rows, change->table, change->row);
    line = line_of(p, subject, window ? window : "", table->name);
    if (!line)
        return no_memory(err);
    line->added += change->kind == GW_CHANGE_ADD;
    line->changed += change->kind == GW_CHANGE_UPDATE;
    line->withdrawn += withdrawn;
    if (was) {
        line->values += values_lost(table, was, withdrawn ? NULL : change->row);
        line->exported += values_exported(p, change->table, was, withdrawn ? NULL : change->row);
    }
    return GW_OK;
}

static enum gw_status add_held(struct previewing *p, const char *subject, const struct gw_held_row *held,
                               struct gw_error *err)
{
    const struct gw_table *table = gw_table_of(held->table);
    struct gw_preview_line *line;

    if (!held->stands)
        return GW_OK;
    line = line_of(p, subject, held->window, table->name);
    if (!line)
        return no_memory(err);
    line->signed_values += values_lost(table, held->stands, held->is);
    return GW_OK;
}

static int by_window(const void *a, const void *b)
{
    const struct gw_preview_line *left = a, *right = b;
    const int windows = strcmp(left->window, right->window);

    return windows ? windows : strcmp(left->table, right->table);
}

static enum gw_status compare_rows(struct previewing *p, const char *subject, const struct gw_look *look,
                                   struct gw_error *err)
{
    struct gw_difference difference;
    enum gw_status rc = gw_difference(&p->scratch, &look->delivered, &look->derived.rows, &difference, err);

    p->first = p->out->line_count;
    for (size_t i = 0; rc == GW_OK && i < difference.count; i++)
        rc = add_change(p, subject, look, &difference.changes[i], err);
    for (size_t i = 0; rc == GW_OK && i < look->derived.held_count; i++)
        rc = add_held(p, subject, &look->derived.held[i], err);
    if (p->out->line_count > p->first + 1)
        qsort(p->out->lines + p->first, p->out->line_count - p->first, sizeof *p->out->lines, by_window);
    p->out->touched += difference.count > 0;
    return rc;
}

/* ---- exceptions ---- */

static enum gw_status add_item(struct previewing *p, const char *subject, const char *id, const char *code, bool opens,
                               struct gw_error *err)
{
    struct gw_preview_item *item = GW_ARENA_PUSH(p->arena, p->out->items, p->out->item_count, p->item_capacity);

    if (!item)
        return no_memory(err);
    *item = (struct gw_preview_item){.subject = subject,
                                     .id = gw_arena_copy(p->arena, id, strlen(id)),
                                     .code = gw_arena_copy(p->arena, code, strlen(code)),
                                     .opens = opens};
    return item->id && item->code ? GW_OK : no_memory(err);
}

static bool is_open(const struct previewing *p, const char *subject, const char *id)
{
    for (size_t i = 0; i < p->open.count; i++)
        if (strcmp(p->open.list[i].id, id) == 0 && strcmp(p->open.list[i].subject_key, subject) == 0)
            return true;
    return false;
}

static bool is_raised(const struct gw_derived *derived, const char *id)
{
    for (size_t i = 0; i < derived->item_count; i++)
        if (strcmp(derived->items[i].id, id) == 0)
            return true;
    for (size_t i = 0; i < derived->lasting_count; i++)
        if (strcmp(derived->lasting[i], id) == 0)
            return true;
    return false;
}

static enum gw_status compare_items(struct previewing *p, const char *subject, const struct gw_derived *derived,
                                    struct gw_error *err)
{
    enum gw_status rc = GW_OK;

    for (size_t i = 0; rc == GW_OK && i < derived->item_count; i++)
        if (!is_open(p, subject, derived->items[i].id))
            rc = add_item(p, subject, derived->items[i].id, derived->items[i].code, true, err);
    for (size_t i = 0; rc == GW_OK && i < p->open.count; i++)
        if (strcmp(p->open.list[i].subject_key, subject) == 0 && !is_raised(derived, p->open.list[i].id))
            rc = add_item(p, subject, p->open.list[i].id, p->open.list[i].code, false, err);
    return rc;
}

/* ---- subjects ---- */

static enum gw_status read_exported(struct previewing *p, int64_t number, const char *subject, struct gw_error *err)
{
    int64_t ignored;

    p->exported = (struct gw_rows){0};
    if (!p->cut.name)
        return GW_OK;
    return gw_ledger_rows(p->query->ledger, &p->scratch, number, gw_cut_revision(&p->cut, subject), &p->exported,
                          &ignored, err);
}

static enum gw_status look_at(struct previewing *p, struct source *s, size_t index, struct gw_error *err)
{
    const char *subject = s->subjects[index].line->subject;
    struct gw_look look;
    enum gw_status rc = gw_ledger_begin(p->query->ledger, err);

    if (rc != GW_OK)
        return rc;
    gw_arena_clear(&p->scratch);
    rc = gw_pass_look(&s->pass, &p->scratch, s->subjects[index].number, &look, err);
    gw_ledger_rollback(p->query->ledger); /* reading facts indexes them */
    if (rc == GW_OK)
        rc = gw_history(&look.delivered, &look.derived, err);
    if (rc == GW_OK)
        rc = read_exported(p, s->subjects[index].number, subject, err);
    if (rc != GW_OK)
        return rc;
    p->out->subjects++;
    p->out->waiting += s->known[index].dirty;
    p->out->blocked += look.derived.blocked;
    if (!look.derived.blocked)
        rc = compare_rows(p, subject, &look, err);
    return rc == GW_OK ? compare_items(p, subject, &look.derived, err) : rc;
}

static bool is_asked(const struct gw_preview_query *query, const struct gw_enrolled *subject)
{
    return !query->subject || strcmp(query->subject, subject->line->subject) == 0;
}

static enum gw_status preview_study(struct previewing *p, const struct gw_config_study *study, struct gw_error *err)
{
    struct source source = {.arena = p->arena, .query = &p->source_query};
    enum gw_status rc = source_open(&source, study, err);

    if (rc == GW_OK)
        rc = gw_cut_find(p->query->ledger, p->arena, source.protocol.study->id, NULL, &p->cut, err);
    if (rc == GW_OK && p->cut.name)
        p->out->cut = p->cut.name;
    source.pass.tried = p->tried;
    source.pass.tried_count = p->query->decisions.count;
    for (size_t i = 0; rc == GW_OK && i < source.subject_count; i++)
        if (is_asked(p->query, &source.subjects[i]))
            rc = look_at(p, &source, i, err);
    source_release(&source);
    return rc;
}

static enum gw_status preview_all(struct previewing *p, struct gw_error *err)
{
    bool asked = !p->query->config;
    enum gw_status rc = GW_OK;

    if (!p->query->config)
        rc = preview_study(p, NULL, err);
    for (size_t i = 0; rc == GW_OK && p->query->config && i < p->config.study_count; i++) {
        if (p->query->study && strcmp(p->query->study, p->studies[i].id) != 0)
            continue;
        asked = true;
        rc = preview_study(p, &p->studies[i], err);
    }
    if (rc == GW_OK && !asked)
        return gw_fail(err, GW_EUSAGE, where, "%s has no study \"%.60s\"", p->config.path, p->query->study);
    if (rc == GW_OK && p->query->subject && p->out->subjects == 0)
        return gw_fail(err, GW_EUSAGE, where, "no subject \"%.60s\" of the roster is in this ledger",
                       p->query->subject);
    return rc;
}

enum gw_status gw_preview_run(struct gw_arena *arena, const struct gw_preview_query *query, struct gw_preview *out,
                              struct gw_error *err)
{
    struct previewing p = {.arena = arena, .scratch = GW_ARENA_INIT(SUBJECT_MEMORY), .query = query, .out = out};
    enum gw_status rc;

    *out = (struct gw_preview){0};
    rc = try_all(&p, err);
    p.source_query = (struct gw_explain_query){
        .ledger = query->ledger, .ledger_path = query->ledger_path, .config = query->config ? &p.config : NULL};
    if (rc == GW_OK)
        rc = gw_ledger_items(query->ledger, arena, NULL, true, &p.open, err);
    if (rc == GW_OK)
        rc = preview_all(&p, err);
    gw_arena_release(&p.scratch);
    return rc;
}
