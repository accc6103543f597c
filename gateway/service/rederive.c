/*
 * The one pass again, for subjects whose facts are as they were.
 */
#include "service/rederive.h"

#include <string.h>
#include <unistd.h>

#include "service/lists.h"
#include "service/reach.h"

static const char where[] = "service.decide";

static enum gw_status no_memory(struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, where, "the studies and their rosters need more memory than allowed");
}

/* ---- opening ---- */

enum gw_status rederive_open(struct rederive *r, struct gw_arena *arena, struct gw_ledger *ledger,
                             const char *ledger_path, const struct gw_config *config, struct gw_error *err)
{
    const size_t count = config ? config->study_count : 1;
    enum gw_status rc = GW_OK;

    *r = (struct rederive){
        .query = {.ledger = ledger, .ledger_path = ledger_path, .config = config}, .arena = arena, .changed = ""};
    r->sources = gw_arena_alloc(arena, (count + 1) * sizeof *r->sources);
    r->studies = gw_arena_alloc(arena, (count + 1) * sizeof *r->studies);
    if (!r->sources || !r->studies)
        return no_memory(err);
    while (rc == GW_OK && r->count < count) {
        r->studies[r->count] = config ? &config->studies[r->count] : NULL;
        r->sources[r->count] = (struct source){.arena = arena, .query = &r->query};
        rc = source_open(&r->sources[r->count], r->studies[r->count], err);
        r->count++;
    }
    return rc;
}

void rederive_release(struct rederive *r)
{
    for (size_t i = 0; i < r->count; i++)
        source_release(&r->sources[i]);
}

/* ---- who ---- */

/* Up to date then: derived before, with nothing that came since. */
static enum gw_status was_settled(struct source *s, size_t subject, bool *settled, struct gw_error *err)
{
    struct derived_before before = {.horizon = s->as_of};
    enum gw_status rc = GW_OK;

    if (s->query->config)
        rc = remembered_derivation(s->query->ledger, s->arena, s->subjects[subject].number, &before, err);
    *settled = !s->known[subject].dirty && before.horizon != GW_NO_DAY;
    return rc;
}

/* What is derived now may differ for this as well, and not for the decision alone. */
static enum gw_status note_changes(struct rederive *r, struct source *s, size_t subject, struct gw_error *err)
{
    const char *changed = "";
    const enum gw_status rc = source_changed(s, &s->subjects[subject], &changed, err);

    if (rc == GW_OK && *changed)
        r->changed = changed;
    return rc;
}

/* For the span that is needed by now, up to the day that the subject was derived for. */
static enum gw_status was_read(struct source *s, const struct gw_enrolled *subject, bool *read, struct gw_error *err)
{
    struct reach reach = {.ledger = s->query->ledger,
                          .scratch = s->arena,
                          .subject = subject->number,
                          .zone = gw_site_zone(subject->site),
                          .low = GW_NO_DAY,
                          .high = GW_NO_DAY};
    struct gw_explain_reach *endpoints;
    size_t count = 0;
    bool anchored;
    enum gw_status rc;

    *read = true;
    if (subject->line->withdrawn != GW_NO_DAY && subject->horizon >= subject->line->withdrawn)
        return GW_OK; /* nothing more is asked */
    rc = gw_pass_span(&s->pass, subject->number, &anchored, &reach.low, &reach.high, err);
    if (rc == GW_OK)
        rc = source_reach(s, subject, &endpoints, &count, err);
    for (size_t i = 0; rc == GW_OK && i < count; i++) {
        gw_day needed;

        rc = reach_at(&reach, endpoints[i].endpoint, &needed, err);
        *read &= rc == GW_OK && needed >= subject->horizon;
    }
    return rc;
}

static enum gw_status keep_settled(struct rederive *r, struct source *s, bool anchors, size_t *held_back,
                                   struct gw_error *err)
{
    struct gw_ledger_subjects now = {0};
    size_t kept = 0, at = 0;
    enum gw_status rc = gw_ledger_subjects(s->query->ledger, s->arena, &now, err);

    for (size_t i = 0; rc == GW_OK && i < s->subject_count; i++) {
        bool settled = false;

        while (at < now.count && now.list[at].number < s->subjects[i].number)
            at++;
        if (at == now.count || !now.list[at].dirty)
            continue;
        rc = was_settled(s, i, &settled, err);
        if (rc == GW_OK && settled && anchors && s->query->config)
            rc = was_read(s, &s->subjects[i], &settled, err);
        if (rc == GW_OK && settled)
            rc = note_changes(r, s, i, err);
        if (settled)
            s->subjects[kept++] = s->subjects[i];
        *held_back += !settled;
    }
    s->pass.subjects = s->subjects;
    s->pass.subject_count = kept;
    return rc;
}

/* ---- where to ---- */

/* FOLDER of FOLDER/hospital/ledger.db. NULL: the ledger lies in no folder of a map. */
static const char *folder_of(struct gw_arena *arena, const char *ledger_path)
{
    static const char tail[] = "hospital/ledger.db";
    const size_t length = strlen(ledger_path), end = sizeof tail - 1;

    if (length < end || strcmp(ledger_path + length - end, tail) != 0)
        return NULL;
    return length == end ? "." : gw_arena_copy(arena, ledger_path, length - end - 1);
}

static enum gw_status open_sink(struct rederive *r, size_t study, struct gw_sink **sink, struct gw_error *err)
{
    const char *folder = folder_of(r->arena, r->query.ledger_path);
    const char *path = r->studies[study] ? r->studies[study]->sink_path : NULL;

    if (!path && r->studies[study])
        return GW_OK; /* it is elsewhere: the outbox keeps what follows for the service, or the next sync */
    if (!path && !folder)
        return gw_fail(err, GW_EUSAGE, where,
                       "%s: lies in no folder of casement map, so there is no study database to deliver to",
                       r->query.ledger_path);
    if (!path && !(path = gw_arena_print(r->arena, "%s/study/study.db", folder)))
        return no_memory(err);
    if (!r->studies[study] && access(path, F_OK) != 0)
        return gw_fail(err, GW_ENOINPUT, where, "%s: is not there; make the folder again with casement map", path);
    return gw_sink_sqlite_open(path, r->sources[study].protocol.study->id, sink, err);
}

/* ---- the pass ---- */

static enum gw_status write_lists(struct rederive *r, struct gw_error *err)
{
    struct gw_equation equation;
    struct source *s = &r->sources[0];
    char as_of[11];
    enum gw_status rc = gw_ledger_equation(r->query.ledger, &equation, err);

    gw_day_print(s->as_of, as_of);
    if (rc != GW_OK)
        return rc;
    return lists_write(&(struct lists){.folder = folder_of(r->arena, r->query.ledger_path),
                                       .ledger = r->query.ledger,
                                       .study = s->protocol.study,
                                       .as_of = as_of},
                       &equation, r->arena, err);
}

static enum gw_status run_pass(struct rederive *r, size_t study, const char *now, struct gw_pass_result *out,
                               struct gw_error *err)
{
    struct source *s = &r->sources[study];
    struct gw_pass_result one = {0};
    struct gw_sink *sink = NULL;
    enum gw_status rc = open_sink(r, study, &sink, err);

    if (rc != GW_OK)
        return rc;
    s->pass.sink = sink;
    s->pass.now = now;
    rc = gw_pass_run(&s->pass, &one, err);
    if (sink)
        sink->close(sink);
    if (rc == GW_OK)
        gw_pass_add_up(out, &one);
    return rc;
}

enum gw_status rederive_run(struct rederive *r, const char *now, bool anchors, struct gw_pass_result *out,
                            size_t *held_back, struct gw_error *err)
{
    enum gw_status rc = GW_OK;

    *out = (struct gw_pass_result){0};
    *held_back = 0;
    for (size_t i = 0; rc == GW_OK && i < r->count; i++) {
        rc = keep_settled(r, &r->sources[i], anchors, held_back, err);
        if (rc == GW_OK)
            rc = run_pass(r, i, now, out, err);
    }
    return rc == GW_OK && !r->query.config ? write_lists(r, err) : rc;
}

enum gw_status rederive_deliver(struct rederive *r, const char *now, struct gw_pass_result *out, struct gw_error *err)
{
    enum gw_status rc = GW_OK;

    *out = (struct gw_pass_result){0};
    for (size_t i = 0; rc == GW_OK && i < r->count; i++) {
        r->sources[i].pass.subject_count = 0;
        rc = run_pass(r, i, now, out, err);
    }
    return rc;
}
