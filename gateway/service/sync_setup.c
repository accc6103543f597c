/*
 * What a sync needs before it asks anybody anything.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gateway/service/pseudonym.h"
#include "service/endpoint.h"
#include "service/enrolment.h"
#include "service/steering.h"
#include "service/sync_parts.h"

static const char where[] = "service.sync";
static const char loinc[] = "http://loinc.org";

static enum gw_status no_memory(struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, where, "the studies and their rosters need more memory than allowed");
}

/* ---- studies ---- */

/* For servers that fill no Observation.category and are asked by code. */
static bool list_codes(struct sync *s, struct sync_study *study)
{
    const struct gw_lab *labs;
    const size_t count = gw_tables_labs(study->protocol.tables, &labs);

    study->codes = gw_arena_alloc(&s->arena, (count + 1) * sizeof *study->codes);
    study->before_codes = gw_arena_alloc(&s->arena, (count + 1) * sizeof *study->before_codes);
    for (size_t i = 0; study->codes && study->before_codes && i < count; i++) {
        study->codes[i] = gw_arena_print(&s->arena, "%s|%s", loinc, labs[i].loinc);
        if (!study->codes[i])
            return false;
        study->code_count++;
        if (gw_study_looks_back(study->protocol.study, &labs[i]))
            study->before_codes[study->before_count++] = study->codes[i];
    }
    return study->codes && study->before_codes;
}

static enum gw_status load_study(struct sync *s, const struct gw_config_study *config, struct sync_study *study,
                                 struct gw_error *err)
{
    enum gw_status rc;

    study->config = config;
    if (!gw_same(config->sink_kind, "sqlite"))
        return gw_fail(err, GW_ECONFIG, where, "study %s: sink kind \"%s\" is unknown: write sqlite", config->id,
                       config->sink_kind ? config->sink_kind : "");
    rc = gw_protocol_load(&s->arena, config->package, &study->protocol, err);
    if (rc == GW_OK && !gw_same(study->protocol.study->id, config->id))
        rc = gw_fail(err, GW_ECONFIG, where, "%s: study %s, but its package is of study %s: correct one of them",
                     s->config->path, config->id, study->protocol.study->id);
    if (rc == GW_OK)
        rc = gw_roster_load(&s->arena, config->enrolment, config->id, NULL, &study->roster, err);
    if (rc == GW_OK)
        rc = steering_study(&s->arena, config->package, study->protocol.rule_set, study->digest, err);
    if (rc == GW_OK && !list_codes(s, study))
        rc = no_memory(err);
    return rc;
}

/* ---- sites ---- */

static struct sync_site *site_of(const struct sync *s, const struct sync_study *study, const char *id)
{
    for (size_t i = 0; i < s->site_count; i++)
        if (s->sites[i].study == study && strcmp(s->sites[i].id, id) == 0)
            return &s->sites[i];
    return NULL;
}

static enum gw_status load_site(struct sync *s, const struct sync_study *study,
                                const struct gw_config_endpoint *endpoint, struct gw_error *err)
{
    struct sync_site *site = &s->sites[s->site_count];
    enum gw_status rc = gw_site_load(&s->arena, endpoint->site_profile, study->protocol.tables, &site->site, err);

    if (rc != GW_OK)
        return rc;
    site->study = study;
    site->id = endpoint->site;
    site->as_of = enrolment_horizon(gw_site_zone(site->site), s->now_seconds, s->options->as_of);
    s->site_count++;
    rc = endpoint_check_site(endpoint, site->site, err);
    return rc == GW_OK ? steering_file(study->digest, endpoint->site_profile, site->digest, err) : rc;
}

static enum gw_status load_sites(struct sync *s, struct gw_error *err)
{
    enum gw_status rc = GW_OK;

    s->sites = gw_arena_alloc(&s->arena, (s->study_count * s->endpoint_count + 1) * sizeof *s->sites);
    if (!s->sites)
        return no_memory(err);
    for (size_t i = 0; i < s->study_count; i++)
        for (size_t e = 0; rc == GW_OK && e < s->endpoint_count; e++)
            if (!site_of(s, &s->studies[i], s->config->endpoints[e].site))
                rc = load_site(s, &s->studies[i], &s->config->endpoints[e], err);
    return rc;
}

/* ---- subjects ---- */

static enum gw_status link_subject(struct sync *s, struct sync_subject *subject, struct gw_error *err)
{
    enum gw_status rc = GW_OK;

    subject->links = gw_arena_alloc(&s->arena, s->endpoint_count * sizeof *subject->links);
    if (!subject->links)
        return no_memory(err);
    for (size_t e = 0; rc == GW_OK && e < s->endpoint_count; e++) {
        const struct gw_config_endpoint *config = &s->config->endpoints[e];

        if (strcmp(config->site, subject->site->id) != 0)
            continue;
        subject->links[subject->link_count++] = (struct sync_link){.endpoint = e, .patient = subject->line->patient};
        rc = gw_ledger_enrol(s->ledger, subject->study->config->id, subject->site->id, subject->line->subject,
                             config->id, subject->line->patient, &subject->number, err);
    }
    return rc;
}

static enum gw_status enrol(struct sync *s, struct gw_error *err)
{
    size_t lines = 0;
    enum gw_status rc = gw_ledger_begin(s->ledger, err);

    for (size_t i = 0; i < s->study_count; i++)
        lines += s->studies[i].roster.count;
    s->subjects = gw_arena_alloc(&s->arena, (lines + 1) * sizeof *s->subjects);
    if (rc == GW_OK && !s->subjects)
        rc = no_memory(err);
    for (size_t i = 0; i < s->study_count; i++) {
        struct sync_study *study = &s->studies[i];

        for (size_t l = 0; rc == GW_OK && l < study->roster.count; l++) {
            const struct gw_roster_line *line = &study->roster.lines[l];
            const struct sync_site *site = site_of(s, study, line->site);

            if (!site)
                continue; /* of a hospital without an endpoint here: `check` says so */
            s->subjects[s->subject_count] = (struct sync_subject){.study = study, .site = site, .line = line};
            rc = link_subject(s, &s->subjects[s->subject_count++], err);
        }
    }
    return rc == GW_OK ? gw_ledger_commit(s->ledger, err) : rc;
}

/* ---- files ---- */

static enum gw_status make_folder(const char *path, struct gw_error *err)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return GW_OK;
    return gw_fail(err, GW_ECREATE, where, "%s: the state folder cannot be made (%s)", path, strerror(errno));
}

/* A key is made for a new ledger only: with another key every id of the study would change. */
static enum gw_status open_keys(struct sync *s, bool new_ledger, struct gw_error *err)
{
    const char *path = s->config->pseudonym_key;
    enum gw_status rc = GW_OK;

    if (access(path, F_OK) != 0 && errno == ENOENT) {
        if (!new_ledger)
            return gw_fail(err, GW_ECONFIG, where,
                           "%s: the pseudonym key is missing, and the ledger was made with it: put it back", path);
        rc = gw_pseudonym_make(path, err);
    }
    for (size_t i = 0; rc == GW_OK && i < s->study_count; i++)
        rc = gw_pseudonym_open(path, s->studies[i].config->id, &s->studies[i].key, err);
    return rc;
}

static enum gw_status open_files(struct sync *s, struct gw_error *err)
{
    const char *ledger = gw_arena_print(&s->arena, "%s/ledger.db", s->config->state);
    bool is_new;
    enum gw_status rc;

    if (!ledger)
        return no_memory(err);
    rc = make_folder(s->config->state, err);
    is_new = rc == GW_OK && access(ledger, F_OK) != 0;
    if (rc == GW_OK)
        rc = open_keys(s, is_new, err);
    if (rc == GW_OK)
        rc = gw_ledger_open(ledger, &s->ledger, err);
    for (size_t i = 0; rc == GW_OK && i < s->study_count; i++)
        rc = gw_sink_sqlite_open(s->studies[i].config->sink_path, s->studies[i].config->id, &s->studies[i].sink, err);
    return rc;
}

/* ---- endpoints ---- */

/* A key that cannot be read or a CA that is not there stops this endpoint alone. */
static enum gw_status open_endpoint(struct sync *s, struct sync_endpoint *endpoint, struct gw_error *failure)
{
    struct gw_endpoint settings;
    const char *folder = endpoint_folder(&s->arena, s->config);
    enum gw_status rc = folder ? GW_OK : no_memory(failure);

    endpoint->seen = gw_id_set_new();
    if (rc == GW_OK && !endpoint->seen)
        rc = no_memory(failure);
    if (rc == GW_OK)
        rc = gw_profile_load(folder, endpoint->config->id, &endpoint->profile, failure);
    if (rc == GW_OK)
        rc = endpoint_settings(endpoint->config, &endpoint->profile, &settings, failure);
    if (rc == GW_OK)
        rc = gw_session_new(&s->loop, &settings, NULL, NULL, &endpoint->session, failure);
    if (rc == GW_OK)
        gw_web_session_init(&endpoint->web, endpoint->session);
    return rc;
}

static enum gw_status open_endpoints(struct sync *s, struct gw_error *err)
{
    for (size_t e = 0; e < s->endpoint_count; e++) {
        struct sync_endpoint *endpoint = &s->endpoints[e];

        if (endpoint->asked && open_endpoint(s, endpoint, &endpoint->result->failure) == GW_ENOMEM) {
            *err = endpoint->result->failure;
            return GW_ENOMEM;
        }
        endpoint->settings = (struct gw_pull_settings){
            .web = &endpoint->web.web,
            .store = &endpoint->store.store,
            .endpoint = endpoint->config->id,
            .site = endpoint->config->site,
            .invalid_blocks = gw_rules_class(&s->studies[0].protocol.rules, "RESOURCE_INVALID")->blocks,
            .key = s->studies[0].key,
            .delivery = s->delivery,
            .seen = endpoint->seen,
        };
    }
    return GW_OK;
}

static enum gw_status name_endpoints(struct sync *s, struct gw_error *err)
{
    size_t only = 0;

    if (s->options->endpoint && endpoint_find(s->config, s->options->endpoint, &only, err) != GW_OK)
        return err->status;
    s->endpoint_count = s->config->endpoint_count;
    s->endpoints = gw_arena_alloc(&s->arena, (s->endpoint_count + 1) * sizeof *s->endpoints);
    s->result->endpoints = gw_arena_alloc(s->results, (s->endpoint_count + 1) * sizeof *s->result->endpoints);
    if (!s->endpoints || !s->result->endpoints)
        return no_memory(err);
    for (size_t e = 0; e < s->endpoint_count; e++) {
        const char *id = s->config->endpoints[e].id;
        struct sync_endpoint *endpoint = &s->endpoints[e];

        endpoint->config = &s->config->endpoints[e];
        endpoint->asked = !s->options->endpoint || e == only;
        if (!endpoint->asked)
            continue;
        endpoint->result = &s->result->endpoints[s->result->endpoint_count++];
        endpoint->result->id = gw_arena_copy(s->results, id, strlen(id));
        if (!endpoint->result->id)
            return no_memory(err);
    }
    return GW_OK;
}
/* ---- all of it ---- */

static enum gw_status deliver(struct sync *s, struct gw_error *err)
{
    char text[11];

    gw_day_print(s->sites[0].as_of, text);
    return gw_ledger_deliver(s->ledger, "sync", text, &s->delivery, err);
}

static void read_clock(struct sync *s)
{
    s->now_seconds = time(NULL);
    gw_instant_print(s->now_seconds, s->now);
}

static enum gw_status open_loop(struct sync *s, struct gw_error *err)
{
    const int failed = uv_loop_init(&s->loop);

    if (failed)
        return gw_fail(err, GW_ENOMEM, where, "the event loop cannot be made (%s)", uv_strerror(failed));
    s->loop_open = true;
    return GW_OK;
}

enum gw_status sync_open(struct sync *s, struct gw_error *err)
{
    enum gw_status rc = endpoint_retention(s->config, err);

    read_clock(s);
    if (rc == GW_OK)
        rc = name_endpoints(s, err);
    if (rc == GW_OK && (s->config->study_count == 0 || s->endpoint_count == 0))
        rc = gw_fail(err, GW_ECONFIG, where, "%s: a study and an endpoint are needed, one of them is missing",
                     s->config->path);
    s->studies = gw_arena_alloc(&s->arena, (s->config->study_count + 1) * sizeof *s->studies);
    if (rc == GW_OK && !s->studies)
        rc = no_memory(err);
    for (size_t i = 0; rc == GW_OK && i < s->config->study_count; i++)
        rc = load_study(s, &s->config->studies[i], &s->studies[s->study_count++], err);
    if (rc == GW_OK)
        rc = load_sites(s, err);
    if (rc == GW_OK)
        rc = open_files(s, err);
    if (rc == GW_OK)
        rc = enrol(s, err);
    if (rc == GW_OK)
        rc = deliver(s, err);
    if (rc == GW_OK)
        rc = open_loop(s, err);
    return rc == GW_OK ? open_endpoints(s, err) : rc;
}

static void close_loop(struct sync *s)
{
    for (size_t e = 0; e < s->endpoint_count; e++) {
        gw_session_free(s->endpoints[e].session);
        gw_id_set_free(s->endpoints[e].seen);
    }
    uv_run(&s->loop, UV_RUN_DEFAULT);
    uv_loop_close(&s->loop);
}

void sync_close(struct sync *s)
{
    if (s->loop_open)
        close_loop(s);
    for (size_t i = 0; i < s->study_count; i++) {
        if (s->studies[i].sink)
            s->studies[i].sink->close(s->studies[i].sink);
        gw_hmac_free(s->studies[i].key);
    }
    for (size_t i = 0; i < s->site_count; i++)
        gw_site_close(s->sites[i].site);
    gw_ledger_close(s->ledger);
    gw_arena_release(&s->requests);
    gw_arena_release(&s->arena);
}
