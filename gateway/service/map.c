/*
 * `casement map`: a fresh ledger from files, the one pass, and the lists a person reads.
 *
 *      roster ──> enrol ──> inputs page by page ──> pass ──> CSVs, summary ──> rename
 */
#include "gateway/service/map.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gateway/core/folder.h"
#include "gateway/ledger/decisions.h"
#include "gateway/service/pseudonym.h"
#include "service/audited.h"
#include "service/enrolment.h"
#include "service/lists.h"
#include "service/steering.h"

#define SETUP_MEMORY (256u << 20)

static const char *const folders[] = {"study", "hospital", NULL};
static const struct gw_folder_kind folder_kind = {
    .maker = "casement map", .mark = "hospital/summary.json", .holds = folders, .inner = folders};

struct map {
    const struct gw_map_options *options;
    struct gw_map_result *result;
    struct gw_arena arena;
    struct gw_protocol protocol;
    const struct gw_site *site;
    struct gw_roster roster;
    struct gw_hmac *key;
    struct gw_ledger *ledger;
    struct gw_sink *sink;
    struct enrolment enrolment;
    struct gw_intake intake;
    struct gw_folder folder;
    int64_t delivery;
    int64_t now;
    char now_text[GW_INSTANT_BYTES];
    char as_of[11];
};

static enum gw_status no_memory(struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, "service.map", "the study and its roster need more memory than allowed");
}

static const char *inside(struct map *m, const char *name)
{
    return gw_arena_print(&m->arena, "%s/%s", m->folder.part, name);
}

/* ---- setting up ---- */

static void read_clock(struct map *m)
{
    m->now = m->options->now ? m->options->now : time(NULL);
    gw_instant_print(m->now, m->now_text);
    m->result->as_of = enrolment_horizon(gw_site_zone(m->site), m->now, m->options->as_of);
    gw_day_print(m->result->as_of, m->as_of);
}

static enum gw_status load(struct map *m, struct gw_error *err)
{
    const struct gw_map_options *o = m->options;
    enum gw_status rc = gw_protocol_load(&m->arena, o->study, &m->protocol, err);

    if (rc == GW_OK)
        rc = gw_site_load(&m->arena, o->site, m->protocol.tables, &m->site, err);
    if (rc == GW_OK)
        rc = gw_roster_load(&m->arena, o->enrolment, m->protocol.study->id, gw_site_id(m->site), &m->roster, err);
    if (rc != GW_OK)
        return rc;
    m->result->roster_lines = m->roster.count;
    m->result->roster_ignored = m->roster.ignored;
    read_clock(m);
    return GW_OK;
}

/* A key that stood in the former OUT stays in the new one, whichever is used: without it no id is ever met again. */
static enum gw_status carry_key(struct map *m, const char *former, const char *path, struct gw_error *err)
{
    struct gw_text key = GW_TEXT_INIT(4096);
    enum gw_status rc = gw_text_read_secret(&key, former, err);

    if (rc == GW_OK)
        rc = gw_text_write_file(path, 0600, key.at, key.length, err);
    gw_text_release(&key);
    if (rc == GW_OK && !m->options->key)
        rc = gw_pseudonym_open(former, m->protocol.study->id, &m->key, err);
    return rc;
}

/* The key: the one named, or a former OUT's, or a new one; the last two stand in OUT/hospital. */
static enum gw_status open_key(struct map *m, struct gw_error *err)
{
    const char *former = gw_arena_print(&m->arena, "%s/hospital/pseudonym.key", m->folder.out);
    const char *path = inside(m, "hospital/pseudonym.key");
    enum gw_status rc = GW_OK;

    if (!path || !former)
        return no_memory(err);
    if (m->folder.again && access(former, F_OK) == 0)
        rc = carry_key(m, former, path, err);
    else if (!m->options->key)
        rc = gw_pseudonym_make(path, err);
    if (rc != GW_OK || m->key)
        return rc;
    return gw_pseudonym_open(m->options->key ? m->options->key : path, m->protocol.study->id, &m->key, err);
}

static enum gw_status open_files(struct map *m, struct gw_error *err)
{
    enum gw_status rc = gw_folder_begin(&m->folder, &folder_kind, &m->arena, m->options->out, err);

    if (rc == GW_OK)
        rc = open_key(m, err);
    if (rc == GW_OK)
        rc = gw_ledger_build(inside(m, "hospital/ledger.db"), &m->ledger, err);
    if (rc == GW_OK)
        rc = gw_sink_sqlite_build(inside(m, "study/study.db"), m->protocol.study->id, &m->sink, err);
    return rc;
}

/* Absolute: whoever asks later may stand in another folder. */
static enum gw_status remember_file(struct map *m, const char *name, const char *path, const char *digest,
                                    struct gw_error *err)
{
    char *whole = realpath(path, NULL);
    const enum gw_status rc = remember_input(m->ledger, name, whole ? whole : path, digest, err);

    free(whole);
    return rc;
}

/* What an explanation derives again from: the files, and whether they still say the same. */
static enum gw_status remember_inputs(struct map *m, struct gw_error *err)
{
    const struct gw_map_options *o = m->options;
    char package[DERIVED_DIGITS + 1], site[DERIVED_DIGITS + 1], roster[DERIVED_DIGITS + 1];
    enum gw_status rc = steering_study(&m->arena, o->study, m->protocol.rule_set, package, err);

    if (rc == GW_OK)
        rc = steering_file(NULL, o->site, site, err);
    if (rc == GW_OK)
        rc = steering_file(NULL, o->enrolment, roster, err);
    if (rc == GW_OK)
        rc = remember_file(m, "package", o->study, package, err);
    if (rc == GW_OK)
        rc = remember_file(m, "site", o->site, site, err);
    if (rc == GW_OK)
        rc = remember_file(m, "enrolment", o->enrolment, roster, err);
    if (rc == GW_OK && o->key)
        rc = remember_file(m, "key", o->key, "", err);
    if (rc == GW_OK)
        rc = gw_pseudonym_bind(o->key ? o->key : inside(m, "hospital/pseudonym.key"), m->ledger, true, err);
    if (rc == GW_OK)
        rc = audited_package(m->ledger, &m->protocol, package, err);
    if (rc == GW_OK)
        rc = audited_profile(m->ledger, &m->protocol, gw_site_id(m->site), m->site, site, err);
    return rc == GW_OK ? remember_input(m->ledger, "as_of", m->as_of, "", err) : rc;
}

/* ---- decisions ---- */

static bool same_decision(const struct gw_decisions *kept, const struct gw_decision *decision)
{
    struct gw_text one = GW_TEXT_INIT(64 * 1024), other = GW_TEXT_INIT(64 * 1024);
    bool same;

    gw_decision_print(&one, gw_decisions_find(kept, decision->n));
    gw_decision_print(&other, decision);
    same = !one.failed && !other.failed && strcmp(one.at, other.at) == 0;
    gw_text_release(&one);
    gw_text_release(&other);
    return same;
}

static enum gw_status add_decisions(struct map *m, const struct gw_decisions *from, struct gw_error *err)
{
    struct gw_decisions kept = {NULL, 0};
    enum gw_status rc = GW_OK;

    for (size_t i = 0; rc == GW_OK && i < from->count; i++) {
        struct gw_decision decision = from->list[i];

        rc = gw_ledger_decisions(m->ledger, &kept, err);
        if (rc == GW_OK && gw_decisions_find(&kept, decision.n) && same_decision(&kept, &decision))
            continue; /* of the former folder, and in the file too */
        if (rc == GW_OK)
            rc = gw_ledger_decide(m->ledger, &decision, err);
    }
    return rc;
}

/* What people decided in the former OUT stays in the new one: nothing of it may get lost. */
static enum gw_status carry_decisions(struct map *m, struct gw_error *err)
{
    const char *path = gw_arena_print(&m->arena, "%s/hospital/ledger.db", m->folder.out);
    struct gw_decisions decisions = {NULL, 0};
    struct gw_ledger *former = NULL;
    enum gw_status rc;

    if (!path)
        return no_memory(err);
    if (!m->folder.again || access(path, F_OK) != 0)
        return GW_OK;
    rc = gw_ledger_open(path, &former, err);
    if (rc == GW_OK)
        rc = gw_ledger_decisions(former, &decisions, err);
    if (rc == GW_OK)
        rc = add_decisions(m, &decisions, err);
    gw_ledger_close(former);
    return rc;
}

static enum gw_status read_decisions(struct map *m, struct gw_error *err)
{
    struct gw_decisions decisions = {NULL, 0};
    enum gw_status rc = carry_decisions(m, err);

    if (rc != GW_OK || !m->options->decisions)
        return rc;
    rc = gw_decisions_load(&m->arena, m->options->decisions, &decisions, err);
    return rc == GW_OK ? add_decisions(m, &decisions, err) : rc;
}

static enum gw_status enrol(struct map *m, struct gw_error *err)
{
    const char *endpoint = gw_site_id(m->site);
    enum gw_status rc = gw_ledger_begin(m->ledger, err);

    if (rc == GW_OK)
        rc = remember_inputs(m, err);
    if (rc == GW_OK)
        rc = enrolment_open(&m->enrolment, &m->arena, m->ledger, &m->roster, m->site, m->protocol.study->id, endpoint,
                            m->result->as_of, err);
    for (size_t i = 0; rc == GW_OK && i < m->enrolment.count; i++)
        rc = gw_ledger_mark(m->ledger, m->enrolment.subjects[i].number, err);
    if (rc == GW_OK)
        rc = gw_ledger_commit(m->ledger, err);
    m->intake = (struct gw_intake){.endpoint = endpoint,
                                   .site = endpoint,
                                   .key = m->key,
                                   .whose = enrolment_whose,
                                   .invalid_blocks = gw_rules_class(&m->protocol.rules, "RESOURCE_INVALID")->blocks,
                                   .ctx = &m->enrolment};
    return rc;
}

/* ---- reading ---- */

static bool is_stopped(void *ctx)
{
    const struct map *m = ctx;

    return m->options->stopped && m->options->stopped(m->options->ctx);
}

static enum gw_status go_on(struct map *m, struct gw_error *err)
{
    return is_stopped(m) ? gw_fail(err, GW_ECANCELED, "service.map", "stopped before it was done: nothing was written")
                         : GW_OK;
}

static enum gw_status keep_page(void *ctx, struct gw_keep_entry *entries, size_t count, struct gw_error *err)
{
    struct map *m = ctx;
    const struct gw_keep_page page = {
        .delivery = m->delivery, .fetched_at = m->now, .entries = entries, .count = count};
    struct gw_keep_answer answer;
    const enum gw_status rc = gw_ledger_keep(m->ledger, &page, &answer, err);

    if (rc == GW_OK && m->options->progress)
        m->options->progress(m->options->ctx, "reading", m->result->files.entries, 0);
    return rc == GW_OK ? go_on(m, err) : rc;
}

static enum gw_status skip_page(void *ctx, struct gw_keep_entry *entries, size_t count, struct gw_error *err)
{
    (void)entries, (void)count;
    return go_on(ctx, err);
}

static void complain(void *ctx, const char *place, const char *reason)
{
    struct map *m = ctx;

    if (m->options->complaints)
        fprintf(m->options->complaints, "casement: %s: %s: held for a person\n", place, reason);
}

static void complain_of_file(void *ctx, const char *path, const struct gw_error *failure)
{
    struct map *m = ctx;

    (void)path;
    if (m->options->complaints)
        fprintf(m->options->complaints, "casement: %s\n", failure->text);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash && slash[1] ? slash + 1 : path;
}

/* A roster with record numbers only: the Patients tell the ids, and they may stand behind what needs them. */
static enum gw_status learn_patients(struct map *m, struct gw_error *err)
{
    const struct gw_files files = {.intake = &m->intake, .page = skip_page, .ctx = m};
    struct gw_files_answer ignored = {0};
    enum gw_status rc = GW_OK;

    for (size_t i = 0; rc == GW_OK && m->enrolment.by_record_number && i < m->options->input_count; i++)
        rc = gw_files_read(&files, m->options->inputs[i], &ignored, err);
    return rc;
}

static enum gw_status read_inputs(struct map *m, struct gw_error *err)
{
    const struct gw_files files = {
        .intake = &m->intake, .page = keep_page, .refused = complain_of_file, .invalid = complain, .ctx = m};
    enum gw_status rc = learn_patients(m, err);

    for (size_t i = 0; rc == GW_OK && i < m->options->input_count; i++) {
        rc = gw_ledger_deliver(m->ledger, base_name(m->options->inputs[i]), m->as_of, &m->delivery, err);
        if (rc == GW_OK)
            rc = gw_files_read(&files, m->options->inputs[i], &m->result->files, err);
    }
    return rc;
}

/* ---- deriving and writing ---- */

static void show_pass(void *ctx, size_t done, size_t of)
{
    struct map *m = ctx;

    if (m->options->progress)
        m->options->progress(m->options->ctx, "deriving", done, of);
}

static enum gw_status run_pass(struct map *m, struct gw_error *err)
{
    struct gw_pass pass = {.ledger = m->ledger,
                           .built = true,
                           .sink = m->sink,
                           .protocol = &m->protocol,
                           .key = m->key,
                           .subjects = m->enrolment.subjects,
                           .subject_count = m->enrolment.count,
                           .now = m->now_text,
                           .progress = show_pass,
                           .stopped = is_stopped,
                           .ctx = m};
    enum gw_status rc = gw_pass_run(&pass, &m->result->pass, err);

    if (rc == GW_OK)
        rc = gw_ledger_equation(m->ledger, &m->result->equation, err);
    return rc;
}

static enum gw_status write_lists(struct map *m, struct gw_error *err)
{
    m->sink->close(m->sink);
    m->sink = NULL;
    return lists_write(
        &(struct lists){.folder = m->folder.part, .ledger = m->ledger, .study = m->protocol.study, .as_of = m->as_of},
        &m->result->equation, &m->arena, err);
}

static void close_files(struct map *m)
{
    if (m->sink)
        m->sink->close(m->sink);
    gw_ledger_close(m->ledger);
    m->sink = NULL;
    m->ledger = NULL;
}

enum gw_status gw_map_run(const struct gw_map_options *options, struct gw_map_result *out, struct gw_error *err)
{
    struct map m = {.options = options, .result = out, .arena = GW_ARENA_INIT(SETUP_MEMORY)};
    enum gw_status rc;

    *out = (struct gw_map_result){0};
    rc = load(&m, err);
    if (rc == GW_OK)
        rc = open_files(&m, err);
    if (rc == GW_OK)
        rc = enrol(&m, err);
    if (rc == GW_OK)
        rc = read_decisions(&m, err);
    if (rc == GW_OK)
        rc = read_inputs(&m, err);
    if (rc == GW_OK)
        rc = run_pass(&m, err);
    if (rc == GW_OK)
        rc = write_lists(&m, err);
    close_files(&m);
    if (rc == GW_OK)
        rc = go_on(&m, err);
    if (rc == GW_OK)
        rc = gw_folder_publish(&m.folder, err);
    gw_folder_discard(&m.folder);
    if (m.site)
        gw_site_close(m.site);
    gw_hmac_free(m.key);
    gw_arena_release(&m.arena);
    return rc;
}
