/*
 * Signing windows: each looked at as it was delivered, then all signed in one transaction.
 */
#include "gateway/service/sign.h"

#include <string.h>
#include <time.h>

#include "gateway/core/csv.h"
#include "gateway/ledger/decisions.h"
#include "gateway/study/seal.h"
#include "service/rederive.h"

#define LIST_MAX_BYTES ((size_t)16 << 20)

static const char where[] = "service.sign";

struct signing {
    struct gw_arena *arena;
    const struct gw_sign_request *request;
    struct gw_sign_result *out;
    struct rederive rederive;
    struct gw_outbox pending;
    struct gw_decisions known;
    struct gw_decision *decisions;
    size_t count;
    char now[GW_INSTANT_BYTES];
};

static enum gw_status no_memory(struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, where, "the windows to be signed need more memory than allowed");
}

/* ---- the list ---- */

enum gw_status gw_sign_list(struct gw_arena *arena, const char *path, struct gw_sign_windows *out, struct gw_error *err)
{
    static const char *const names[] = {"subject", "window"};
    struct gw_csv csv;
    int index[2];
    enum gw_status rc = gw_csv_load(arena, path, LIST_MAX_BYTES, &csv, err);

    if (rc == GW_OK)
        rc = gw_csv_columns(&csv, names, 2, index, err);
    if (rc != GW_OK)
        return rc;
    out->list = gw_arena_alloc(arena, (csv.count + 1) * sizeof *out->list);
    if (!out->list)
        return no_memory(err);
    out->count = csv.count;
    for (size_t i = 0; i < csv.count; i++)
        out->list[i] = (struct gw_sign_window){.subject = csv.records[i].fields[index[0]],
                                               .window = csv.records[i].fields[index[1]],
                                               .line = csv.records[i].line};
    return GW_OK;
}

/* ---- one window ---- */

/* Why it cannot be signed, with where it was asked for. */
static enum gw_status refuse(const struct gw_sign_window *window, const char *why, struct gw_error *err)
{
    if (window->line)
        return gw_fail(err, GW_EUSAGE, where, "line %u: %.40s %.40s: %s", window->line, window->subject, window->window,
                       why);
    return gw_fail(err, GW_EUSAGE, where, "%.40s %.40s: %s", window->subject, window->window, why);
}

static const struct gw_enrolled *find_subject(struct signing *s, const char *name, const struct source **source)
{
    for (size_t i = 0; i < s->rederive.count; i++) {
        const struct source *at = &s->rederive.sources[i];

        if (s->request->study && strcmp(s->request->study, at->protocol.study->id) != 0)
            continue;
        for (size_t k = 0; k < at->subject_count; k++)
            if (strcmp(at->subjects[k].line->subject, name) == 0) {
                *source = at;
                return &at->subjects[k];
            }
    }
    return NULL;
}

static const struct gw_row_windows *find_window(const struct gw_rows *rows, const char *id)
{
    const struct gw_row_list *list = &rows->tables[GW_TABLE_windows];

    for (size_t i = 0; i < list->count; i++)
        if (gw_same(((const struct gw_row_windows *)list->rows[i])->window_id, id))
            return (const struct gw_row_windows *)list->rows[i];
    return NULL;
}

static bool takes_values(const struct gw_row_windows *row, gw_day horizon)
{
    gw_day target = GW_NO_DAY;

    if (gw_same(row->state, "open") || gw_same(row->state, "future"))
        return true;
    return row->target_date && gw_day_parse(row->target_date, &target) &&
           target + (row->high - row->target_elapsed) > horizon;
}

static bool waits(const struct signing *s, int64_t subject)
{
    for (size_t i = 0; i < s->pending.count; i++)
        if (s->pending.lines[i].subject == subject)
            return true;
    return false;
}

/* The same rows are signed already, or twice in one list. */
static bool is_signed(const struct signing *s, const char *study, const char *subject, const char *window,
                      const char *seal)
{
    const struct gw_decision *last = gw_window_signature(s->known.list, s->known.count, study, subject, window);

    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->decisions[i].match.subject, subject) == 0 &&
            strcmp(s->decisions[i].set[GW_SET_WINDOW], window) == 0)
            last = &s->decisions[i];
    return last && strcmp(last->set[GW_SET_SEAL], seal) == 0;
}

static enum gw_status add_decision(struct signing *s, const struct gw_sign_window *window, const struct source *source,
                                   int64_t revision, const char *seal, struct gw_error *err)
{
    struct gw_decision *decision = &s->decisions[s->count];
    const char *number = gw_arena_print(s->arena, "%lld", (long long)revision);

    if (is_signed(s, source->protocol.study->id, window->subject, window->window, seal)) {
        s->out->already++;
        return GW_OK;
    }
    *decision = (struct gw_decision){.n = INT64_MAX,
                                     .at = s->now,
                                     .by = s->request->by,
                                     .reason = s->request->reason,
                                     .kind = GW_DECIDE_SIGN,
                                     .scope = gw_arena_print(s->arena, "study:%s", source->protocol.study->id),
                                     .match = {.subject = window->subject}};
    decision->set[GW_SET_WINDOW] = window->window;
    decision->set[GW_SET_REVISION] = number;
    decision->set[GW_SET_SEAL] = gw_arena_print(s->arena, "%s", seal);
    if (!decision->scope || !number || !decision->set[GW_SET_SEAL])
        return no_memory(err);
    s->count++;
    return gw_decision_check(decision, err);
}

static enum gw_status look_at(struct signing *s, const struct gw_sign_window *window, struct gw_error *err)
{
    struct gw_arena scratch = GW_ARENA_INIT((size_t)2 << 30);
    const struct source *source = NULL;
    const struct gw_enrolled *subject = find_subject(s, window->subject, &source);
    const struct gw_row_windows *row = NULL;
    struct gw_rows rows = {0};
    char seal[GW_SEAL_BYTES];
    int64_t revision = 0;
    size_t count = 0;
    enum gw_status rc = GW_OK;

    if (!subject)
        return refuse(window, "no subject of the roster that is in this ledger", err);
    rc = gw_ledger_rows(s->request->ledger, &scratch, subject->number, GW_LATEST, &rows, &revision, err);
    if (rc == GW_OK)
        row = find_window(&rows, window->window);
    if (rc == GW_OK && !row)
        rc = refuse(window, "no window that was delivered", err);
    else if (rc == GW_OK && takes_values(row, subject->horizon))
        rc = refuse(window, "takes values still: sign it once it is over and read to its end", err);
    else if (rc == GW_OK && waits(s, subject->number))
        rc = refuse(window, "has rows that the study database does not have yet: sign it once they are there", err);
    if (rc == GW_OK)
        rc = gw_window_seal(&rows, window->window, seal, &count, err);
    if (rc == GW_OK)
        rc = add_decision(s, window, source, revision, seal, err);
    gw_arena_release(&scratch);
    return rc;
}

/* ---- all of them ---- */

static enum gw_status look_at_all(struct signing *s, struct gw_error *err)
{
    const struct gw_sign_windows *windows = &s->request->windows;
    enum gw_status rc = gw_ledger_decisions(s->request->ledger, &s->known, err);

    s->decisions = gw_arena_alloc(s->arena, (windows->count + 1) * sizeof *s->decisions);
    if (rc == GW_OK && !s->decisions)
        rc = no_memory(err);
    if (rc == GW_OK)
        rc = gw_outbox_list(s->request->ledger, s->arena, true, &s->pending, err);
    for (size_t i = 0; rc == GW_OK && i < windows->count; i++)
        rc = look_at(s, &windows->list[i], err);
    return rc;
}

static enum gw_status append_all(struct signing *s, struct gw_error *err)
{
    enum gw_status rc = gw_ledger_begin(s->request->ledger, err);

    for (size_t i = 0; rc == GW_OK && i < s->count; i++) {
        s->decisions[i].n = 0;
        rc = gw_ledger_decide(s->request->ledger, &s->decisions[i], err);
    }
    if (rc == GW_OK)
        rc = gw_ledger_commit(s->request->ledger, err);
    else
        gw_ledger_rollback(s->request->ledger);
    if (rc == GW_OK && s->count > 0) {
        s->out->first = s->decisions[0].n;
        s->out->last = s->decisions[s->count - 1].n;
        s->out->signed_now = s->count;
    }
    return rc;
}

enum gw_status gw_sign_run(struct gw_arena *arena, const struct gw_sign_request *request, struct gw_sign_result *out,
                           struct gw_error *err)
{
    struct signing s = {.arena = arena, .request = request, .out = out};
    enum gw_status rc;

    *out = (struct gw_sign_result){0};
    gw_instant_print(time(NULL), s.now);
    rc = rederive_open(&s.rederive, arena, request->ledger, request->ledger_path, request->config, err);
    if (rc == GW_OK)
        rc = look_at_all(&s, err);
    if (rc == GW_OK && s.count > 0)
        rc = append_all(&s, err);
    if (rc == GW_OK && s.count > 0 && !request->beside)
        rc = rederive_run(&s.rederive, s.now, false, &out->pass, &out->held_back, err);
    rederive_release(&s.rederive);
    return rc;
}
