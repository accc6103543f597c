/*
 * `casement check`: the settings first, then each endpoint from its name to its answers.
 */
#include "gateway/service/check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/service/order.h"
#include "gateway/service/pseudonym.h"
#include "gateway/service/retention.h"
#include "gateway/sources/plan.h"
#include "service/check_parts.h"
#include "service/endpoint.h"
#include "service/roster_fetch.h"

static const char where[] = "service.check";

/* ---- the settings ---- */

static void check_study(struct check *c, const struct gw_config_study *config, struct check_study *study)
{
    const char *common = gw_arena_print(&c->arena, "%s/../../common", config->package);
    struct gw_text findings = GW_TEXT_INIT(64 * 1024);
    struct gw_error failure;

    study->config = config;
    if (gw_study_lint(&c->arena, config->package, common, NULL, 0, &findings) > 0) {
        findings.at[strcspn(findings.at, "\n")] = '\0';
        gw_fail(&failure, GW_ECONFIG, where, "%s", findings.at);
        check_fail(c, "study", NULL, &failure);
    } else if (gw_protocol_load(&c->arena, config->package, &study->protocol, &failure) != GW_OK) {
        check_fail(c, "study", NULL, &failure);
    } else if (!gw_same(study->protocol.study->id, config->id)) {
        gw_fail(&failure, GW_ECONFIG, where, "study %s: its package is of study %s: correct one of them", config->id,
                study->protocol.study->id);
        check_fail(c, "study", NULL, &failure);
    } else {
        study->loaded = true;
        check_say(c, "study", GW_CHECK_OK, NULL, "%s %s, %zu kinds of window", config->id,
                  study->protocol.study->version, study->protocol.study->window_count);
    }
    gw_text_release(&findings);
}

static void note_unconfirmed(struct check *c, const struct gw_study *study)
{
    if (study->unconfirmed_count > 0)
        check_say(c, "study", GW_CHECK_NOTE, NULL,
                  "%zu values that the protocol leaves open have a default: casement study show lists them for the "
                  "study team",
                  study->unconfirmed_count);
}

static bool has_endpoint(const struct check *c, const char *site)
{
    for (size_t i = 0; i < c->config->endpoint_count; i++)
        if (gw_same(c->config->endpoints[i].site, site))
            return true;
    return false;
}

static void check_roster(struct check *c, struct check_study *study)
{
    struct gw_error failure;
    size_t reachable = 0;

    if (roster_ensure(study->config, c->config->state, &failure) != GW_OK ||
        gw_roster_load(&c->arena, study->config->enrolment, study->config->id, NULL, &study->roster, &failure) !=
            GW_OK) {
        study->roster.count = 0;
        check_fail(c, "roster", NULL, &failure);
        return;
    }
    for (size_t i = 0; i < study->roster.count; i++)
        reachable += has_endpoint(c, study->roster.lines[i].site);
    if (study->roster.count == 0)
        check_say(c, "roster", GW_CHECK_NOTE, NULL, "%s: no line of study %s: nobody will be asked about",
                  study->config->enrolment, study->config->id);
    else if (reachable < study->roster.count)
        check_say(c, "roster", GW_CHECK_NOTE, NULL,
                  "%zu subjects, %zu of them of a site without an endpoint: those will not be asked about",
                  study->roster.count, study->roster.count - reachable);
    else
        check_say(c, "roster", GW_CHECK_OK, NULL, "%zu subjects", study->roster.count);
}

static void check_key(struct check *c)
{
    const char *ledger = gw_arena_print(&c->arena, "%s/ledger.db", c->config->state);
    struct gw_hmac *key = NULL;
    struct gw_error failure;

    if (ledger && access(c->config->pseudonym_key, F_OK) != 0 && errno == ENOENT && access(ledger, F_OK) != 0) {
        check_say(c, "pseudonym key", GW_CHECK_NOTE, NULL,
                  "not there yet: the first sync makes it; keep a copy in a safe");
    } else if (gw_pseudonym_open(c->config->pseudonym_key, "check", &key, &failure) != GW_OK) {
        check_fail(c, "pseudonym key", NULL, &failure);
    } else {
        check_say(c, "pseudonym key", GW_CHECK_OK, NULL, "readable by us alone");
        gw_hmac_free(key);
    }
}

static void check_state(struct check *c)
{
    struct gw_error failure;

    if ((mkdir(c->config->state, 0700) == 0 || errno == EEXIST) && access(c->config->state, W_OK | X_OK) == 0) {
        check_say(c, "state", GW_CHECK_OK, NULL, "the state folder can be written");
        return;
    }
    gw_fail(&failure, GW_ECREATE, where, "%s: the state folder cannot be written (%s)", c->config->state,
            strerror(errno));
    check_fail(c, "state", NULL, &failure);
}

/* Until when what is kept of each study. */
static void say_retention(struct check *c)
{
    for (size_t i = 0; i < c->config->study_count; i++) {
        const struct gw_config_study *study = &c->config->studies[i];
        char due[11];

        if (study->closed) {
            gw_day_print(gw_retention_due(c->config, study), due);
            check_say(c, "retention", GW_CHECK_OK, NULL, "study %s: its last day is %s, its facts go on %s", study->id,
                      study->closed, due);
        } else {
            check_say(c, "retention", GW_CHECK_OK, NULL,
                      "study %s runs: its facts go %d days after the last day that its \"closed\" will say", study->id,
                      c->config->purge_days);
        }
    }
}

/* Whose orders would be carried out. */
static void check_order_key(struct check *c)
{
    char name[GW_KEY_NAME_DIGITS + 1];
    struct gw_error failure;

    if (!c->config->order_key)
        return;
    if (gw_order_key_name(c->config, name, &failure) != GW_OK)
        check_fail(c, "order key", NULL, &failure);
    else
        check_say(c, "order key", GW_CHECK_OK, NULL, "one subject is purged before that by orders signed with key %s",
                  name);
}

static void check_settings(struct check *c)
{
    struct gw_error failure;

    if (endpoint_retention(c->config, &failure) != GW_OK)
        check_fail(c, "configuration", NULL, &failure);
    else
        check_say(c, "configuration", GW_CHECK_OK, NULL, "%zu %s, %zu %s", c->config->study_count,
                  c->config->study_count == 1 ? "study" : "studies", c->config->endpoint_count,
                  c->config->endpoint_count == 1 ? "endpoint" : "endpoints");
    say_retention(c);
    check_order_key(c);
    for (size_t i = 0; i < c->study_count; i++) {
        check_study(c, &c->config->studies[i], &c->studies[i]);
        if (!c->studies[i].loaded)
            continue;
        note_unconfirmed(c, c->studies[i].protocol.study);
        check_roster(c, &c->studies[i]);
        check_delivery(c, &c->studies[i]);
    }
    check_key(c);
    check_state(c);
}

/* ---- an endpoint ---- */

static void check_site(struct check *c)
{
    static const char *const contacts[] = {[GW_CONTACTS_ENCOUNTERS] = "contacts are its Encounters",
                                           [GW_CONTACTS_INFERRED] = "contacts are inferred from results and doses",
                                           [GW_CONTACTS_NONE] = "no contact is asked for"};
    const struct gw_site *site = NULL;
    struct gw_error failure;

    if (c->study_count == 0 || !c->studies[0].loaded) {
        check_skip(c, "site");
    } else if (gw_site_load(&c->arena, c->endpoint->site_profile, c->studies[0].protocol.tables, &site, &failure) !=
                   GW_OK ||
               endpoint_check_site(c->endpoint, site, &failure) != GW_OK) {
        check_fail(c, "site", NULL, &failure);
    } else {
        check_say(c, "site", GW_CHECK_OK, NULL, "%s in %s, %s", gw_site_id(site), gw_zone_name(gw_site_zone(site)),
                  contacts[gw_site_contacts(site)]);
    }
    if (site)
        gw_site_close(site);
}

static bool open_session(struct check *c, struct gw_error *failure)
{
    struct gw_endpoint settings;

    return endpoint_settings(c->endpoint, NULL, &settings, failure) == GW_OK &&
           gw_session_new(c->loop, &settings, NULL, NULL, &c->session, failure) == GW_OK;
}

/* ---- what was learnt ---- */

static const char *folder_of(struct check *c)
{
    return endpoint_folder(&c->arena, c->config);
}

/* What no probe decides stays as the last check of the same software found it. */
static void recall_profile(struct check *c)
{
    const char *folder = folder_of(c);
    struct gw_error failure;

    if (!folder || gw_profile_load(folder, c->endpoint->id, &c->known, &failure) != GW_OK)
        c->known = gw_profile_default;
    c->profile = c->known;
}

static void forget_what_was_another(struct check *c)
{
    struct gw_profile fresh = gw_profile_default;

    if (gw_same(c->known.software, c->profile.software) &&
        gw_same(c->known.software_version, c->profile.software_version) &&
        gw_same(c->known.fhir_version, c->profile.fhir_version))
        return;
    memcpy(fresh.software, c->profile.software, sizeof fresh.software);
    memcpy(fresh.software_version, c->profile.software_version, sizeof fresh.software_version);
    memcpy(fresh.fhir_version, c->profile.fhir_version, sizeof fresh.fhir_version);
    memcpy(fresh.reads, c->profile.reads, sizeof fresh.reads);
    if (*c->known.checked)
        check_say(c, "software", GW_CHECK_NOTE, NULL,
                  "another software or version than at the last check: all is tried anew");
    c->profile = fresh;
}

static void save_profile(struct check *c)
{
    const char *folder = folder_of(c);
    const struct gw_token *token = gw_session_token(c->session);
    const char *token_url = token ? gw_token_url(token) : NULL;
    struct gw_error failure;

    gw_instant_print(gw_system_clock.utc(gw_system_clock.ctx), c->profile.checked);
    snprintf(c->profile.token_url, sizeof c->profile.token_url, "%s", token_url ? token_url : c->known.token_url);
    if (folder && gw_profile_save(&c->profile, folder, c->endpoint->id, &failure) != GW_OK)
        check_fail(c, "profile", NULL, &failure);
}

/* How retrieval will go about it, in one sentence. */
static void say_retrieval(struct check *c)
{
    static const char *const strategies[] = {[GW_STRATEGY_CHANGES] = "what changed since the last sync",
                                             [GW_STRATEGY_DATES] = "the days of the study, whole each time",
                                             [GW_STRATEGY_ALL] = "the whole patient each time"};
    const struct gw_profile *profile = &c->profile;

    check_say(c, "retrieval", GW_CHECK_OK, NULL, "will ask for %s, results by %s%s",
              strategies[gw_plan_strategy(profile, GW_OBSERVATION)],
              profile->observations == GW_OBSERVATIONS_CODE ? "code" : "category",
              profile->post == GW_POST_ALWAYS ? ", by POST" : "");
}

static void ask_endpoint(struct check *c)
{
    if (!check_reach(c, gw_gate_origin(gw_session_gate(c->session))) || !check_metadata(c)) {
        check_skip(c, "token");
        check_skip(c, "searches");
        if (gw_profile_usable(&c->profile, NULL) != GW_OK)
            save_profile(c);
        return;
    }
    forget_what_was_another(c);
    if (!check_smart(c)) {
        check_skip(c, "token");
        check_skip(c, "searches");
        return;
    }
    if (check_token(c))
        check_searches(c);
    else
        check_skip(c, "searches");
    if (!c->leaks)
        say_retrieval(c);
    save_profile(c);
}

static void check_endpoint(struct check *c, const struct gw_config_endpoint *endpoint)
{
    uv_loop_t loop;
    struct gw_error failure;

    c->endpoint = endpoint;
    c->session = NULL;
    c->patient = NULL;
    c->category = NULL;
    c->trouble = GW_TROUBLE_NONE;
    c->authorities = NULL;
    c->requests = 0;
    c->throttled = c->leaks = false;
    recall_profile(c);
    check_site(c);
    if (uv_loop_init(&loop) != 0)
        return;
    c->loop = &loop;
    if (open_session(c, &failure)) {
        if (gw_session_token(c->session))
            check_say(c, "key", GW_CHECK_OK, NULL, "a private key for %s, readable by us alone",
                      endpoint->alg ? endpoint->alg : "signing");
        ask_endpoint(c);
    } else {
        check_fail(c, "settings", NULL, &failure);
        check_skip(c, "token");
        check_skip(c, "searches");
    }
    gw_session_free(c->session);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
}

enum gw_status gw_check_run(struct gw_arena *arena, const struct gw_config *config,
                            const struct gw_check_options *options,
                            void (*line)(void *ctx, const struct gw_check_line *line), void *ctx,
                            struct gw_error *first_failure)
{
    struct check c = {.config = config,
                      .options = options,
                      .line = line,
                      .ctx = ctx,
                      .first = first_failure,
                      .texts = arena,
                      .arena = GW_ARENA_INIT(CHECK_MEMORY),
                      .scratch = GW_ARENA_INIT(CHECK_MEMORY),
                      .study_count = config->study_count,
                      .response = GW_HTTP_RESPONSE_INIT};
    size_t only = 0;

    *first_failure = (struct gw_error){0};
    if (options->endpoint && endpoint_find(config, options->endpoint, &only, first_failure) != GW_OK)
        return first_failure->status;
    c.studies = gw_arena_alloc(&c.arena, (config->study_count + 1) * sizeof *c.studies);
    if (!c.studies)
        return gw_fail(first_failure, GW_ENOMEM, where, "no memory for the studies");
    check_settings(&c);
    for (size_t i = 0; i < config->endpoint_count; i++)
        if (!options->endpoint || i == only)
            check_endpoint(&c, &config->endpoints[i]);
    gw_http_response_release(&c.response);
    gw_arena_release(&c.scratch);
    gw_arena_release(&c.arena);
    return first_failure->status;
}
