/*
 * PostgreSQL as a study database: a cut that was taken of it.
 *
 * Where each subject stood, in one transaction with its name; what changed since is told by a view.
 */
#include "sinks/postgres_migrate.h"
#include "sinks/postgres_rows.h"
#include "sinks/postgres_session.h"

static const char where[] = "sinks.postgres";

enum { CUT_MAX_BYTES = 64 * 1024 * 1024 };

static const char note_cut[] = "INSERT INTO cuts (name, taken_at) VALUES ($1, $2)"
                               " ON CONFLICT (name) DO UPDATE SET taken_at = excluded.taken_at";

static const char note_subjects[] = "INSERT INTO cut_subjects (cut, subject_key, revision) SELECT $1, s.key, s.revision"
                                    " FROM unnest($2::text[], $3::bigint[]) AS s (key, revision)"
                                    " ON CONFLICT (cut, subject_key) DO UPDATE SET revision = excluded.revision";

struct noting {
    const struct gw_postgres_target *target;
    struct gw_error strange;
};

static void on_target(void *ctx, const PGresult *answer)
{
    struct noting *noting = ctx;

    target_check(noting->target, answer, &noting->strange);
}

static enum gw_status check(struct session *session, struct noting *noting, struct gw_error *err)
{
    const enum gw_status rc =
        session_ask(session, (struct gw_postgres_statement){target_question, NULL, 0, on_target, noting}, err);

    if (rc == GW_OK && noting->strange.status != GW_OK)
        *err = noting->strange;
    return rc == GW_OK ? noting->strange.status : rc;
}

static enum gw_status note(struct session *session, const char *name, const char *taken_at, const char *keys,
                           const char *revisions, struct gw_error *err)
{
    const char *const cut[] = {name, taken_at}, *const subjects[] = {name, keys, revisions};
    const struct gw_postgres_statement statements[] = {
        {"BEGIN", NULL, 0, NULL, NULL},
        {note_cut, cut, 2, NULL, NULL},
        {note_subjects, subjects, 3, NULL, NULL},
        {"COMMIT", NULL, 0, NULL, NULL},
    };

    return session_run(session, statements, sizeof statements / sizeof *statements, err);
}

static void print_receipts(const struct gw_export_receipts *receipts, struct gw_text *keys, struct gw_text *revisions)
{
    char number[24];

    array_begin(keys);
    array_begin(revisions);
    for (size_t i = 0; i < receipts->count; i++) {
        snprintf(number, sizeof number, "%lld", (long long)receipts->list[i].revision);
        array_add(keys, receipts->list[i].subject_key);
        array_add(revisions, number);
    }
    array_end(keys);
    array_end(revisions);
}

enum gw_status gw_sink_postgres_cut(const struct gw_postgres_target *target, const char *name, const char *taken_at,
                                    const struct gw_export_receipts *receipts, struct gw_error *err)
{
    struct gw_text keys = GW_TEXT_INIT(CUT_MAX_BYTES), revisions = GW_TEXT_INIT(CUT_MAX_BYTES);
    struct noting noting = {.target = target};
    struct session session;
    enum gw_status rc;

    print_receipts(receipts, &keys, &revisions);
    rc = session_open(&session, target, err);
    if (rc == GW_OK)
        rc = check(&session, &noting, err);
    if (rc == GW_OK && (keys.failed || revisions.failed))
        rc = gw_fail(err, GW_ENOMEM, where, "the cut needs more memory than allowed");
    if (rc == GW_OK)
        rc = note(&session, name, taken_at, keys.at, revisions.at, err);
    session_close(&session);
    gw_text_release(&keys);
    gw_text_release(&revisions);
    return rc;
}
