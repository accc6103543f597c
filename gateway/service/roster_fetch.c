/*
 * From a Group or ResearchSubjects to a roster file.
 */
#include "service/roster_fetch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/core/json.h"
#include "gateway/fhir/bundle.h"
#include "gateway/service/pseudonym.h"
#include "service/enrolment.h"

static const char where[] = "service.roster";
static const char header[] =
    "site,study,patient,subject,recruited,end_of_treatment,first_dose,withdrawn,mrn_system,mrn";

enum {
    FETCH_MEMORY = 256 * 1024 * 1024,
    PAGE_BYTES = 8 * 1024 * 1024,
    PAGES_MAX = 1000,
    FILE_BYTES = 64 * 1024 * 1024
};

struct roster_fetch {
    const struct setup *setup;
    const struct setup_study *study;
    const struct gw_config_endpoint *endpoint;
    struct gw_web *web;
    struct gw_arena arena;
    struct gw_text url;
    struct gw_http_response response;
    const cJSON **resources;
    size_t count, capacity;
    struct gw_id_set *pages; /* asked for */
    roster_fetch_done done;
    void *ctx;
};

bool roster_is_fetched(const struct gw_config_study *study)
{
    return study->enrolment_endpoint != NULL;
}

enum gw_status roster_ensure(const struct gw_config_study *study, const char *state, struct gw_error *err)
{
    struct gw_text folder = GW_TEXT_INIT(4096);
    enum gw_status rc = GW_OK;

    if (!roster_is_fetched(study) || access(study->enrolment, F_OK) == 0)
        return GW_OK;
    gw_text_print(&folder, "%s/rosters", state);
    if ((mkdir(state, 0700) != 0 && errno != EEXIST) || (mkdir(folder.at, 0700) != 0 && errno != EEXIST))
        rc = gw_fail(err, GW_ECREATE, where, "%s: cannot be made: %s; make its parent folder writable", folder.at,
                     strerror(errno));
    else
        rc = gw_text_write_file(study->enrolment, 0600, header, sizeof header - 1, err);
    gw_text_release(&folder);
    return rc;
}

enum gw_status roster_endpoint(const struct setup *setup, const struct gw_config_study *study, size_t *out,
                               struct gw_error *err)
{
    for (size_t e = 0; e < setup->endpoint_count; e++)
        if (!setup->endpoints[e].folder && gw_same(setup->endpoints[e].config->id, study->enrolment_endpoint)) {
            *out = e;
            return GW_OK;
        }
    return gw_fail(err, GW_ECONFIG, where, "%s: the enrolment of study %s is at endpoint %s, which is not there",
                   setup->config->path, study->id, study->enrolment_endpoint);
}

/* ---- the file ---- */

static void put_day(struct gw_text *out, gw_day day)
{
    char text[11] = "";

    if (day != GW_NO_DAY)
        gw_day_print(day, text);
    gw_text_print(out, ",%s", text);
}

static bool tells_of_consent(const struct gw_roster *roster)
{
    for (size_t i = 0; i < roster->count; i++)
        if (roster->lines[i].consent_missing)
            return true;
    return false;
}

/* Ids of FHIR and numbers of subjects hold no comma and no quote; one that does is refused by the reader of the file.
 */
static void print_roster(const struct gw_roster *roster, gw_day today, struct gw_text *out)
{
    const bool consent = tells_of_consent(roster);

    gw_text_print(out, "%s%s\n", header, consent ? ",consented" : "");
    for (size_t i = 0; i < roster->count; i++) {
        const struct gw_roster_line *line = &roster->lines[i];

        gw_text_print(out, "%s,%s,%s,%s", line->site, line->study, line->patient ? line->patient : "", line->subject);
        put_day(out, line->recruited);
        put_day(out, line->end_of_treatment);
        put_day(out, line->first_dose);
        put_day(out, line->withdrawn);
        gw_text_print(out, ",%s,%s", line->mrn_system ? line->mrn_system : "", line->mrn ? line->mrn : "");
        if (consent)
            put_day(out, line->consent_missing ? GW_NO_DAY : line->recruited != GW_NO_DAY ? line->recruited : today);
        gw_text_add(out, "\n");
    }
}

static enum gw_status write_roster(const struct roster_fetch *f, const struct gw_roster *roster, gw_day today,
                                   bool *changed, struct gw_error *err)
{
    struct gw_text now = GW_TEXT_INIT(FILE_BYTES), before = GW_TEXT_INIT(FILE_BYTES);
    const char *path = f->study->config->enrolment;
    enum gw_status rc = GW_OK;

    print_roster(roster, today, &now);
    if (now.failed)
        rc = gw_fail(err, GW_ENOMEM, where, "no memory for the roster of study %s", f->study->config->id);
    *changed = rc == GW_OK && (gw_text_read_file(&before, path, NULL) != GW_OK || !gw_same(before.at, now.at));
    if (*changed)
        rc = gw_text_write_file(path, 0600, now.at, now.length, err);
    *changed = *changed && rc == GW_OK;
    gw_text_release(&before);
    gw_text_release(&now);
    return rc;
}

static enum gw_status take_over(struct roster_fetch *f, bool *changed, struct gw_error *err)
{
    const struct gw_clock *clock = f->setup->world->clock;
    struct gw_roster_source source = {.site = f->endpoint->site, .study = f->study->config->id};
    struct gw_roster roster;
    enum gw_status rc;

    for (size_t i = 0; i < f->setup->site_count; i++)
        if (f->setup->sites[i].study == f->study && gw_same(f->setup->sites[i].id, f->endpoint->site))
            source.zone = gw_site_zone(f->setup->sites[i].site);
    source.system = f->study->config->enrolment_system;
    source.today = enrolment_horizon(source.zone, clock->utc(clock->ctx), GW_NO_DAY);
    rc = gw_pseudonym_open(f->setup->config->pseudonym_key, source.study, &source.key, err);
    if (rc == GW_OK)
        rc = gw_roster_read(&f->arena, &source, f->resources, f->count, &roster, err);
    if (rc == GW_OK)
        rc = write_roster(f, &roster, source.today, changed, err);
    gw_hmac_free(source.key);
    return rc;
}

/* ---- asking ---- */

static void end(struct roster_fetch *f, bool changed, const struct gw_error *failure)
{
    const roster_fetch_done done = f->done;
    void *const ctx = f->ctx;

    gw_http_response_release(&f->response);
    gw_text_release(&f->url);
    gw_arena_release(&f->arena);
    gw_id_set_free(f->pages);
    free(f);
    done(ctx, changed, failure);
}

static bool add(struct roster_fetch *f, const cJSON *resource)
{
    const cJSON **slot = GW_ARENA_PUSH(&f->arena, f->resources, f->count, f->capacity);

    if (slot)
        *slot = resource;
    return slot != NULL;
}

/* One page of ResearchSubjects; *more: the URL holds the next one. */
static enum gw_status take_page(struct roster_fetch *f, bool *more, struct gw_error *err)
{
    struct gw_text next = GW_TEXT_INIT(GW_URL_MAX);
    struct gw_bundle bundle;
    bool fine = true;
    enum gw_status rc =
        gw_bundle_read(&f->arena, (struct gw_slice){f->response.body.at, f->response.body.length}, &bundle, err);

    for (size_t i = 0; rc == GW_OK && fine && i < bundle.count; i++)
        fine = !bundle.entries[i].resource || add(f, bundle.entries[i].resource);
    *more = rc == GW_OK && bundle.next;
    if (!fine)
        rc = gw_fail(err, GW_ENOMEM, where, "no memory for the roster of study %s", f->study->config->id);
    if (rc == GW_OK && *more)
        rc = gw_gate_resolve(f->web->gate, f->url.at, bundle.next, &next, err);
    if (rc == GW_OK && *more) {
        gw_text_clear(&f->url);
        gw_text_add(&f->url, next.at);
    }
    gw_text_release(&next);
    return rc;
}

static enum gw_status take_group(struct roster_fetch *f, struct gw_error *err)
{
    const cJSON *tree = NULL;
    const enum gw_status rc =
        gw_json_parse(&f->arena, f->response.body.at, f->response.body.length, NULL, &tree, NULL, err);

    if (rc != GW_OK)
        return rc;
    if (!gw_same(gw_json_string(tree, "resourceType"), "Group"))
        return gw_fail(err, GW_EPROTO, where, "the roster of study %s is no Group", f->study->config->id);
    return add(f, tree) ? GW_OK : gw_fail(err, GW_ENOMEM, where, "no memory for the roster");
}

static enum gw_status ask(struct roster_fetch *f, struct gw_error *err);

static enum gw_status take(struct roster_fetch *f, bool *more, struct gw_error *err)
{
    enum gw_status rc = gw_http_verdict(&f->response, f->url.at, err);

    *more = false;
    if (rc == GW_OK && !gw_http_is_json(&f->response))
        rc = gw_fail(err, GW_EPROTO, where, "the roster of study %s came as \"%s\", not as FHIR JSON",
                     f->study->config->id, f->response.content_type);
    if (rc != GW_OK)
        return rc;
    return f->study->config->enrolment_group ? take_group(f, err) : take_page(f, more, err);
}

static void on_answer(void *ctx, const struct gw_error *failure)
{
    struct roster_fetch *f = ctx;
    struct gw_error own = {.status = GW_OK};
    bool more = false, changed = false;
    enum gw_status rc = failure ? failure->status : take(f, &more, &own);

    if (rc == GW_OK && more)
        rc = ask(f, &own);
    else if (rc == GW_OK)
        rc = take_over(f, &changed, &own);
    if (rc != GW_OK || !more)
        end(f, changed, failure ? failure : rc != GW_OK ? &own : NULL);
}

/* S6 of the fault matrix: a next link that leads back never ends. */
static enum gw_status visit(struct roster_fetch *f, struct gw_error *err)
{
    if (gw_id_set_has(f->pages, f->url.at))
        return gw_fail(err, GW_EPROTO, where, "the roster of study %s has a next link that leads back to itself",
                       f->study->config->id);
    if (gw_id_set_count(f->pages) >= PAGES_MAX)
        return gw_fail(err, GW_EPROTO, where, "the roster of study %s has more than %d pages", f->study->config->id,
                       PAGES_MAX);
    return gw_id_set_add(f->pages, f->url.at) ? GW_OK : gw_fail(err, GW_ENOMEM, where, "no memory for the roster");
}

static enum gw_status ask(struct roster_fetch *f, struct gw_error *err)
{
    const struct gw_session_request request = {.url = f->url.at,
                                               .types = f->study->config->enrolment_group ? "Group" : "ResearchSubject",
                                               .max_bytes = PAGE_BYTES};

    if (visit(f, err) != GW_OK)
        return err->status;

    gw_http_response_clear(&f->response);
    return f->web->ask(f->web, &request, &f->response, on_answer, f, NULL, err);
}

enum gw_status roster_fetch_start(const struct setup *setup, size_t study, struct gw_web *web, roster_fetch_done done,
                                  void *ctx, struct gw_error *err)
{
    const struct gw_config_study *config = setup->studies[study].config;
    struct roster_fetch *f = calloc(1, sizeof *f);
    struct gw_text rest = GW_TEXT_INIT(GW_URL_MAX);
    size_t endpoint = 0;
    enum gw_status rc;

    if (!f)
        return gw_fail(err, GW_ENOMEM, where, "no memory for the roster");
    *f = (struct roster_fetch){.setup = setup,
                               .study = &setup->studies[study],
                               .web = web,
                               .arena = GW_ARENA_INIT(FETCH_MEMORY),
                               .url = GW_TEXT_INIT(GW_URL_MAX),
                               .response = GW_HTTP_RESPONSE_INIT,
                               .pages = gw_id_set_new(),
                               .done = done,
                               .ctx = ctx};
    if (config->enrolment_group)
        gw_text_print(&rest, "Group/%s", config->enrolment_group);
    else
        gw_text_print(&rest, "ResearchSubject?study=ResearchStudy/%s&_count=100", config->enrolment_research_study);
    rc = f->pages ? roster_endpoint(setup, config, &endpoint, err)
                  : gw_fail(err, GW_ENOMEM, where, "no memory for the roster");
    f->endpoint = setup->endpoints[endpoint].config;
    if (rc == GW_OK)
        rc = gw_gate_join(web->gate, rest.at, &f->url, err);
    if (rc == GW_OK)
        rc = ask(f, err);
    gw_text_release(&rest);
    if (rc != GW_OK) {
        gw_text_release(&f->url);
        gw_arena_release(&f->arena);
        gw_id_set_free(f->pages);
        free(f);
    }
    return rc;
}
