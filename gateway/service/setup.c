/*
 * What must stand before anybody is asked anything.
 */
#include "service/setup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/ledger/audit.h"
#include "gateway/ledger/purge.h"
#include "gateway/service/order.h"
#include "gateway/service/pseudonym.h"
#include "service/agenda.h"
#include "service/audited.h"
#include "service/endpoint.h"
#include "service/enrolment.h"
#include "service/remote.h"
#include "service/retention.h"
#include "service/roster_fetch.h"
#include "service/shortfalls.h"
#include "service/steering.h"

enum { CHART_DIGITS = 16 };

static const char where[] = "service.setup";
static const char loinc[] = "http://loinc.org";

static enum gw_status no_memory(struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, where, "the studies and their rosters need more memory than allowed");
}

/* ---- studies ---- */

/* For servers that fill no Observation.category and are asked by code. */
static bool list_codes(struct setup *s, struct setup_study *study)
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

static enum gw_status load_study(struct setup *s, const struct gw_config_study *config, struct setup_study *study,
                                 struct gw_error *err)
{
    enum gw_status rc;

    study->config = config;
    if (!gw_same(config->sink_kind, "sqlite") && !remote_is_kind(config->sink_kind))
        return gw_fail(err, GW_ECONFIG, where,
                       "study %s: sink kind \"%s\" is unknown: write sqlite, postgres or redcap", config->id,
                       config->sink_kind ? config->sink_kind : "");
    rc = gw_protocol_load(&s->arena, config->package, &study->protocol, err);
    if (rc == GW_OK && !gw_same(study->protocol.study->id, config->id))
        rc = gw_fail(err, GW_ECONFIG, where, "%s: study %s, but its package is of study %s: correct one of them",
                     s->config->path, config->id, study->protocol.study->id);
    if (rc == GW_OK)
        rc = roster_ensure(config, s->config->state, err);
    if (rc == GW_OK)
        rc = gw_roster_load(&s->arena, config->enrolment, config->id, NULL, &study->roster, err);
    if (rc == GW_OK)
        rc = steering_study(&s->arena, config->package, study->protocol.rule_set, study->digest, err);
    if (rc == GW_OK && !list_codes(s, study))
        rc = no_memory(err);
    return rc;
}

/* ---- sites ---- */

static struct setup_site *site_of(const struct setup *s, const struct setup_study *study, const char *id)
{
    for (size_t i = 0; i < s->site_count; i++)
        if (s->sites[i].study == study && strcmp(s->sites[i].id, id) == 0)
            return &s->sites[i];
    return NULL;
}

static enum gw_status load_site(struct setup *s, const struct setup_study *study,
                                const struct gw_config_endpoint *endpoint, struct gw_error *err)
{
    struct setup_site *site = &s->sites[s->site_count];
    enum gw_status rc = gw_site_load(&s->arena, endpoint->site_profile, study->protocol.tables, &site->site, err);

    if (rc != GW_OK)
        return rc;
    site->study = study;
    site->id = endpoint->site;
    s->site_count++;
    rc = endpoint_check_site(endpoint, site->site, err);
    return rc == GW_OK ? steering_file(study->digest, endpoint->site_profile, site->digest, err) : rc;
}

static enum gw_status load_sites(struct setup *s, struct gw_error *err)
{
    enum gw_status rc = GW_OK;

    s->sites = gw_arena_alloc(&s->arena, (s->study_count * s->endpoint_count + 1) * sizeof *s->sites);
    if (!s->sites)
        return no_memory(err);
    for (size_t i = 0; i < s->study_count; i++)
        for (size_t e = 0; rc == GW_OK && e < s->endpoint_count; e++)
            if (!site_of(s, &s->studies[i], s->endpoints[e].config->site))
                rc = load_site(s, &s->studies[i], s->endpoints[e].config, err);
    return rc;
}

/* ---- subjects ---- */

/* A patient whom a person said to be the subject's too, at the endpoint that merged them. */
static enum gw_status link_merged(struct setup *s, struct setup_subject *subject, size_t e,
                                  const struct gw_linked *linked, struct gw_error *err)
{
    struct setup_link *link = &subject->links[subject->link_count++];
    char chart[DERIVED_DIGITS + 1];

    steering_text(NULL, linked->patient, chart);
    chart[CHART_DIGITS] = '\0';
    *link = (struct setup_link){.endpoint = e,
                                .patient = linked->patient,
                                .chart = gw_arena_copy(&s->arena, chart, CHART_DIGITS),
                                .key = gw_arena_print(&s->arena, "%s of %s", linked->endpoint, chart)};
    if (!link->chart || !link->key)
        return no_memory(err);
    return gw_ledger_enrol(s->ledger, subject->study->config->id, subject->site->id, subject->line->subject,
                           linked->endpoint, linked->patient, &subject->number, err);
}

static enum gw_status link_all_merged(struct setup *s, struct setup_subject *subject, struct gw_error *err)
{
    struct setup_link *own = subject->links;
    struct gw_linked *linked;
    size_t count;
    enum gw_status rc = agenda_linked(s->ledger, &s->arena, subject->number, &linked, &count, err);

    if (rc != GW_OK || count == 0)
        return rc;
    subject->linked = linked;
    subject->linked_count = count;
    subject->links = gw_arena_alloc(&s->arena, (subject->link_count + count) * sizeof *subject->links);
    if (!subject->links)
        return no_memory(err);
    memcpy(subject->links, own, subject->link_count * sizeof *own);
    for (size_t i = 0; rc == GW_OK && i < count; i++)
        for (size_t e = 0; rc == GW_OK && e < s->endpoint_count; e++)
            if (gw_same(s->endpoints[e].config->id, linked[i].endpoint) &&
                gw_same(s->endpoints[e].config->site, subject->site->id) &&
                !gw_same(linked[i].patient, subject->line->patient))
                rc = link_merged(s, subject, e, &linked[i], err);
    return rc;
}

static enum gw_status link_subject(struct setup *s, struct setup_subject *subject, struct gw_error *err)
{
    enum gw_status rc = GW_OK;

    subject->links = gw_arena_alloc(&s->arena, s->endpoint_count * sizeof *subject->links);
    if (!subject->links)
        return no_memory(err);
    for (size_t e = 0; rc == GW_OK && e < s->endpoint_count; e++) {
        const struct gw_config_endpoint *config = s->endpoints[e].config;

        if (strcmp(config->site, subject->site->id) != 0)
            continue;
        subject->links[subject->link_count++] =
            (struct setup_link){.endpoint = e, .key = config->id, .patient = subject->line->patient};
        rc = gw_ledger_enrol(s->ledger, subject->study->config->id, subject->site->id, subject->line->subject,
                             config->id, subject->line->patient, &subject->number, err);
    }
    return rc == GW_OK && subject->link_count > 0 ? link_all_merged(s, subject, err) : rc;
}

static enum gw_status enrol(struct setup *s, struct gw_error *err)
{
    size_t lines = 0;
    enum gw_status rc = gw_ledger_begin(s->ledger, err);

    for (size_t i = 0; i < s->study_count; i++)
        lines += s->studies[i].roster.count;
    s->subjects = gw_arena_alloc(&s->arena, (lines + 1) * sizeof *s->subjects);
    if (rc == GW_OK && !s->subjects)
        rc = no_memory(err);
    for (size_t i = 0; i < s->study_count; i++) {
        struct setup_study *study = &s->studies[i];

        for (size_t l = 0; rc == GW_OK && l < study->roster.count; l++) {
            const struct gw_roster_line *line = &study->roster.lines[l];
            const struct setup_site *site = site_of(s, study, line->site);

            bool purged = false;

            if (!site)
                continue; /* of a hospital without an endpoint here: `check` says so */
            rc = gw_ledger_is_purged(s->ledger, study->config->id, line->subject, &purged, err);
            if (rc != GW_OK || purged)
                continue; /* nothing is asked for or derived of it any more */
            s->subjects[s->subject_count] = (struct setup_subject){.study = study, .site = site, .line = line};
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

static bool is_away(const char *path)
{
    return access(path, F_OK) != 0 && errno == ENOENT;
}

/*
 * A key is made for a new ledger only: with another key every id of the study would change. It is there before the
 * ledger is: killed in between, the next start finds a key and makes the ledger, and never a ledger without its key.
 */
enum gw_status setup_ledger(const struct gw_config *config, struct gw_ledger **out, struct gw_error *err)
{
    struct gw_text path = GW_TEXT_INIT(4096);
    enum gw_status rc = make_folder(config->state, err);

    gw_text_print(&path, "%s/ledger.db", config->state);
    if (rc == GW_OK && path.failed)
        rc = no_memory(err);
    if (rc == GW_OK && is_away(path.at) && is_away(config->pseudonym_key))
        rc = gw_pseudonym_make(config->pseudonym_key, err);
    if (rc == GW_OK)
        rc = gw_ledger_open(path.at, out, err);
    if (rc == GW_OK && config->audit_checkpoints)
        rc = gw_audit_ship_to(*out, config->audit_checkpoints, err);
    gw_text_release(&path);
    return rc;
}

enum gw_status setup_keys(struct setup *s, struct gw_error *err)
{
    const char *path = s->config->pseudonym_key;
    enum gw_status rc = GW_OK;

    if (s->key)
        return GW_OK;
    if (is_away(path))
        return gw_fail(err, GW_ECONFIG, where,
                       "%s: the pseudonym key is missing, and the ledger was made with it: put it back", path);
    for (size_t i = 0; rc == GW_OK && i < s->study_count; i++)
        rc = gw_pseudonym_open(path, s->studies[i].config->id, &s->studies[i].key, err);
    return rc == GW_OK ? gw_pseudonym_open(path, s->studies[0].config->id, &s->key, err) : rc;
}

static enum gw_status open_sinks(struct setup *s, struct gw_error *err)
{
    enum gw_status rc = GW_OK;

    for (size_t i = 0; rc == GW_OK && i < s->study_count; i++)
        if (s->studies[i].config->sink_path)
            rc = gw_sink_sqlite_open(s->studies[i].config->sink_path, s->studies[i].config->id, &s->studies[i].sink,
                                     err);
    return rc;
}

/* ---- endpoints ---- */

static enum gw_status reach(const struct setup *s, struct setup_endpoint *endpoint, struct gw_error *failure)
{
    struct gw_endpoint settings;
    struct gw_text folder = GW_TEXT_INIT(4096);
    enum gw_status rc;

    gw_text_print(&folder, "%s/endpoints", s->config->state);
    endpoint->seen = gw_id_set_new();
    rc = endpoint->seen && !folder.failed ? GW_OK : no_memory(failure);
    if (rc == GW_OK)
        rc = gw_profile_load(folder.at, endpoint->config->id, &endpoint->profile, failure);
    if (rc == GW_OK)
        rc = gw_profile_usable(&endpoint->profile, failure);
    if (rc == GW_OK)
        rc = endpoint_settings(endpoint->config, &endpoint->profile, &settings, failure);
    if (rc == GW_OK)
        rc = s->world->open(s->world, &settings, &endpoint->web, failure);
    gw_text_release(&folder);
    return rc;
}

static enum gw_status open_endpoints(struct setup *s, struct gw_error *err)
{
    for (size_t e = 0; e < s->endpoint_count; e++) {
        struct setup_endpoint *endpoint = &s->endpoints[e];

        if (endpoint->asked && reach(s, endpoint, &endpoint->failure) == GW_ENOMEM) {
            *err = endpoint->failure;
            return GW_ENOMEM;
        }
        endpoint->settings = (struct gw_pull_settings){
            .web = endpoint->web,
            .endpoint = endpoint->config->id,
            .site = endpoint->config->site,
            .invalid_blocks = gw_rules_class(&s->studies[0].protocol.rules, "RESOURCE_INVALID")->blocks,
            .incomplete_blocks = gw_rules_class(&s->studies[0].protocol.rules, "SOURCE_INCOMPLETE")->blocks,
            .key = s->key,
            .clock = s->world->clock,
            .seen = endpoint->seen,
        };
    }
    return GW_OK;
}

/* A folder in the words of an endpoint. */
static const struct gw_config_endpoint *folder_endpoint(struct setup *s, const struct gw_config_folder *folder)
{
    struct gw_config_endpoint *endpoint = gw_arena_alloc(&s->arena, sizeof *endpoint);

    if (endpoint)
        *endpoint = (struct gw_config_endpoint){
            .id = folder->id, .site = folder->site, .site_profile = folder->site_profile, .concurrent = 1};
    return endpoint;
}

static enum gw_status name_folders(struct setup *s, struct gw_error *err)
{
    for (size_t i = 0; i < s->config->folder_count; i++) {
        struct setup_endpoint *endpoint = &s->endpoints[s->endpoint_count++];

        endpoint->folder = &s->config->folders[i];
        endpoint->config = folder_endpoint(s, endpoint->folder);
        if (!endpoint->config)
            return no_memory(err);
    }
    return GW_OK;
}

static enum gw_status name_endpoints(struct setup *s, const char *only, bool folders, struct gw_error *err)
{
    size_t selected = 0;

    if (only && endpoint_find(s->config, only, &selected, err) != GW_OK)
        return err->status;
    s->endpoint_count = s->config->endpoint_count;
    s->endpoints = gw_arena_alloc(&s->arena, (s->endpoint_count + s->config->folder_count + 1) * sizeof *s->endpoints);
    if (!s->endpoints)
        return no_memory(err);
    for (size_t e = 0; e < s->endpoint_count; e++) {
        s->endpoints[e].config = &s->config->endpoints[e];
        s->endpoints[e].asked = !only || e == selected;
    }
    return folders ? name_folders(s, err) : GW_OK;
}

struct gw_wanted setup_wanted(const struct setup_study *study, const struct gw_config_endpoint *endpoint)
{
    struct gw_wanted wanted = {
        .endpoint = endpoint->id,
        .page_size = endpoint->page_size,
        .codes = study->codes,
        .code_count = study->code_count,
        .before = {study->before_codes, study->before_count, study->protocol.study->history.weight_days},
        .baseline_days = gw_study_baseline_days(study->protocol.study)};

    for (int type = 0; type < GW_RESOURCE_COUNT; type++)
        wanted.types[type] = gw_study_reads(study->protocol.study, (enum gw_resource)type);
    return wanted;
}

/* ---- all of it ---- */

enum gw_status setup_load(struct setup *s, const struct gw_config *config, const char *only, bool folders,
                          const struct gw_world *world, struct gw_error *err)
{
    enum gw_status rc = endpoint_retention(config, err);

    *s = (struct setup){.config = config, .world = world, .arena = GW_ARENA_INIT(SETUP_MEMORY)};
    if (rc == GW_OK)
        rc = name_endpoints(s, only, folders, err);
    if (rc == GW_OK && (config->study_count == 0 || s->endpoint_count == 0))
        rc = gw_fail(err, GW_ECONFIG, where, "%s: a study and an endpoint are needed, one of them is missing",
                     config->path);
    s->studies = gw_arena_alloc(&s->arena, (config->study_count + 1) * sizeof *s->studies);
    if (rc == GW_OK && !s->studies)
        rc = no_memory(err);
    for (size_t i = 0; rc == GW_OK && i < config->study_count; i++)
        rc = load_study(s, &config->studies[i], &s->studies[s->study_count++], err);
    return rc == GW_OK ? load_sites(s, err) : rc;
}

/* Before anybody is enrolled: whom an order is about is asked for no more. */
static enum gw_status take_up_orders(struct setup *s, struct gw_error *err)
{
    size_t begun;

    return gw_orders_take_up(s->ledger, s->config, s->world->clock->utc(s->world->clock->ctx), &begun, err);
}

enum gw_status setup_open(struct setup *s, struct gw_ledger *ledger, struct gw_error *err)
{
    enum gw_status rc = setup_keys(s, err);

    s->ledger = ledger;
    if (rc == GW_OK)
        rc = gw_pseudonym_bind(s->config->pseudonym_key, ledger, true, err);
    if (rc == GW_OK)
        rc = open_sinks(s, err);
    if (rc == GW_OK)
        rc = audited_setup(s, err);
    if (rc == GW_OK)
        rc = take_up_orders(s, err);
    if (rc == GW_OK)
        rc = enrol(s, err);
    if (rc == GW_OK)
        rc = shortfalls_raise(s, err);
    return rc == GW_OK ? open_endpoints(s, err) : rc;
}

void setup_close(struct setup *s)
{
    for (size_t e = 0; e < s->endpoint_count; e++) {
        if (s->endpoints[e].web)
            s->world->close(s->world, s->endpoints[e].web);
        gw_id_set_free(s->endpoints[e].seen);
    }
    for (size_t i = 0; i < s->study_count; i++) {
        if (s->studies[i].sink)
            s->studies[i].sink->close(s->studies[i].sink);
        gw_hmac_free(s->studies[i].key);
    }
    gw_hmac_free(s->key);
    for (size_t i = 0; i < s->site_count; i++)
        gw_site_close(s->sites[i].site);
    gw_arena_release(&s->arena);
}

void setup_date(struct setup_subject *subject, int64_t now, gw_day as_of)
{
    const gw_day today = enrolment_horizon(gw_site_zone(subject->site->site), now, as_of);
    const gw_day last = retention_closed(subject->study->config);

    subject->closed = last != GW_NO_DAY && today > last;
    subject->as_of = subject->closed ? last : today;
}
