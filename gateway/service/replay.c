/*
 * The one pass once more, for subjects that a person chose; and the sink once more, from the revisions.
 */
#include "gateway/service/replay.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gateway/ledger/audit.h"
#include "service/named.h"
#include "service/rederive.h"

#define SUBJECT_MEMORY  ((size_t)2 << 30)
#define SECONDS_PER_DAY 86400

static const char where[] = "service.replay";

enum { WHAT_MAX_BYTES = 32 * 1024 };

struct replaying {
    struct gw_arena *arena;
    struct gw_arena scratch; /* of one subject */
    const struct gw_replay_request *request;
    struct gw_replay_result *out;
    struct rederive rederive;
    char now[GW_INSTANT_BYTES];
};

/* ---- who ---- */

static gw_day day_read(int64_t fetched_at)
{
    return gw_day_of(1970, 1, 1) + (gw_day)(fetched_at / SECONDS_PER_DAY);
}

static bool is_meant(const struct gw_replay_request *request, const struct gw_kept *kept)
{
    const gw_day day = day_read(kept->fetched_at);

    return (!request->type || strcmp(kept->type, request->type) == 0) &&
           (request->from == GW_NO_DAY || day >= request->from) && (request->to == GW_NO_DAY || day <= request->to);
}

static enum gw_status has_records(struct replaying *r, int64_t subject, bool *has, struct gw_error *err)
{
    const struct gw_replay_request *request = r->request;
    struct gw_kept_facts kept = {0};
    enum gw_status rc;

    *has = !request->type && request->from == GW_NO_DAY && request->to == GW_NO_DAY;
    if (*has)
        return GW_OK;
    rc = gw_ledger_begin(request->ledger, err);
    if (rc != GW_OK)
        return rc;
    gw_arena_clear(&r->scratch);
    rc = gw_ledger_facts(request->ledger, &r->scratch, subject, &kept, err);
    gw_ledger_rollback(request->ledger); /* reading facts indexes them: the pass does it again */
    for (size_t i = 0; rc == GW_OK && !*has && i < kept.count; i++)
        *has = is_meant(request, &kept.list[i]);
    return rc;
}

static enum gw_status choose(struct replaying *r, struct source *s, size_t index, struct gw_error *err)
{
    const struct gw_enrolled *subject = &s->subjects[index];
    bool has = false;
    enum gw_status rc;

    if (r->request->subjects && !named_has(r->request->subjects, subject->line->subject))
        return GW_OK;
    rc = has_records(r, subject->number, &has, err);
    if (rc == GW_OK && has)
        rc = gw_ledger_mark(r->request->ledger, subject->number, err);
    r->out->chosen += rc == GW_OK && has;
    return rc;
}

static bool is_subject(const struct replaying *r, struct gw_slice name)
{
    for (size_t i = 0; i < r->rederive.count; i++)
        for (size_t k = 0; k < r->rederive.sources[i].subject_count; k++)
            if (named_is(name, r->rederive.sources[i].subjects[k].line->subject))
                return true;
    return false;
}

static enum gw_status check_names(const struct replaying *r, struct gw_error *err)
{
    const enum gw_status rc = named_check(r->request->subjects, err);
    const char *rest = r->request->subjects;
    struct gw_slice name;

    while (rc == GW_OK && named_next(&rest, &name))
        if (!is_subject(r, name))
            return gw_fail(err, GW_EUSAGE, where, "no subject \"%.*s\" of the roster is in this ledger",
                           (int)name.length, name.at);
    return rc;
}

static enum gw_status choose_all(struct replaying *r, struct gw_error *err)
{
    bool asked = false;
    enum gw_status rc = check_names(r, err);

    for (size_t i = 0; rc == GW_OK && i < r->rederive.count; i++) {
        struct source *s = &r->rederive.sources[i];

        if (r->request->study && strcmp(r->request->study, s->protocol.study->id) != 0)
            continue;
        asked = true;
        for (size_t k = 0; rc == GW_OK && k < s->subject_count; k++)
            rc = choose(r, s, k, err);
    }
    if (rc == GW_OK && !asked)
        return gw_fail(err, GW_EUSAGE, where, "there is no study \"%.60s\"", r->request->study);
    return rc;
}

/* ---- the replay ---- */

static enum gw_status audit_replay(struct replaying *r, struct gw_error *err)
{
    const struct gw_replay_request *request = r->request;
    struct gw_text what = GW_TEXT_INIT(WHAT_MAX_BYTES);
    enum gw_status rc;

    gw_text_print(&what, "%zu %s", r->out->chosen, r->out->chosen == 1 ? "subject" : "subjects");
    if (request->subjects)
        gw_text_print(&what, " out of %s", request->subjects);
    if (request->type)
        gw_text_print(&what, " with %s", request->type);
    rc = what.failed ? gw_fail(err, GW_ENOMEM, where, "no memory for a replay")
                     : gw_audit_note(request->ledger,
                                     &(struct gw_audit_act){.act = GW_AUDIT_REPLAY,
                                                            .by = request->by,
                                                            .study = request->study,
                                                            .what = what.at,
                                                            .reason = request->reason},
                                     err);
    gw_text_release(&what);
    return rc;
}

enum gw_status gw_replay_run(struct gw_arena *arena, const struct gw_replay_request *request,
                             struct gw_replay_result *out, struct gw_error *err)
{
    struct replaying r = {.arena = arena, .scratch = GW_ARENA_INIT(SUBJECT_MEMORY), .request = request, .out = out};
    enum gw_status rc;

    *out = (struct gw_replay_result){.changed = ""};
    gw_instant_print(time(NULL), r.now);
    rc = rederive_open(&r.rederive, arena, request->ledger, request->ledger_path, request->config, err);
    if (rc == GW_OK)
        rc = choose_all(&r, err);
    if (rc == GW_OK && out->chosen > 0)
        rc = audit_replay(&r, err);
    if (rc == GW_OK && out->chosen > 0 && !request->beside)
        rc = rederive_run(&r.rederive, r.now, true, &out->pass, &out->held_back, err);
    out->changed = r.rederive.changed;
    rederive_release(&r.rederive);
    gw_arena_release(&r.scratch);
    return rc;
}

/* ---- the rebuild ---- */

static enum gw_status pick_study(const struct gw_ledger_subjects *all, const char **study, struct gw_error *err)
{
    const char *found = NULL;

    for (size_t i = 0; i < all->count; i++) {
        if (*study && strcmp(all->list[i].study, *study) != 0)
            continue;
        if (found && strcmp(all->list[i].study, found) != 0)
            return gw_fail(err, GW_EUSAGE, where, "the ledger has several studies: say which with --study ID");
        found = all->list[i].study;
    }
    if (!found)
        return gw_fail(err, GW_EUSAGE, where, "the ledger has no subject%s%.60s: there is nothing to rebuild",
                       *study ? " of study " : "", *study ? *study : "");
    *study = found;
    return GW_OK;
}

static enum gw_status rebuild_subject(struct gw_ledger *ledger, struct gw_sink *sink,
                                      const struct gw_ledger_subject *subject, const char *now,
                                      struct gw_rebuild_result *out, struct gw_error *err)
{
    struct gw_arena arena = GW_ARENA_INIT(SUBJECT_MEMORY);
    struct gw_rows none = {0}, rows = {0};
    struct gw_difference difference;
    struct gw_receipt receipt;
    struct gw_batch batch = {.study = subject->study, .subject_key = subject->subject_key, .applied_at = now};
    enum gw_status rc = gw_ledger_rows(ledger, &arena, subject->number, GW_LATEST, &rows, &batch.to_revision, err);

    if (rc == GW_OK)
        rc = gw_difference(&arena, &none, &rows, &difference, err);
    batch.difference = &difference;
    if (rc == GW_OK)
        rc = sink->apply(sink, &batch, &receipt, err);
    if (rc == GW_OK) {
        out->subjects++;
        out->rows += difference.added;
    }
    gw_arena_release(&arena);
    return rc;
}

static enum gw_status rebuild(struct gw_ledger *ledger, struct gw_sink *sink, const char *study,
                              const struct gw_ledger_subjects *all, struct gw_rebuild_result *out, struct gw_error *err)
{
    char now[GW_INSTANT_BYTES];
    enum gw_status rc = sink->begin(sink, err);

    gw_instant_print(time(NULL), now);
    for (size_t i = 0; rc == GW_OK && i < all->count; i++)
        if (all->list[i].revision > 0 && strcmp(all->list[i].study, study) == 0)
            rc = rebuild_subject(ledger, sink, &all->list[i], now, out, err);
    return rc == GW_OK ? sink->commit(sink, err) : rc;
}

enum gw_status gw_replay_rebuild(struct gw_ledger *ledger, const char *study, const char *path,
                                 struct gw_rebuild_result *out, struct gw_error *err)
{
    struct gw_arena arena = GW_ARENA_INIT(SUBJECT_MEMORY);
    struct gw_ledger_subjects all = {0};
    struct gw_sink *sink = NULL;
    enum gw_status rc = GW_OK;

    *out = (struct gw_rebuild_result){0};
    if (access(path, F_OK) == 0)
        return gw_fail(err, GW_ECREATE, where, "%s: is there already; a rebuild writes a new file", path);
    rc = gw_ledger_subjects(ledger, &arena, &all, err);
    if (rc == GW_OK)
        rc = pick_study(&all, &study, err);
    if (rc == GW_OK)
        rc = gw_sink_sqlite_open(path, study, &sink, err);
    if (rc == GW_OK)
        rc = rebuild(ledger, sink, study, &all, out, err);
    if (sink)
        sink->close(sink);
    gw_arena_release(&arena);
    return rc;
}
