/*
 * `casement check`: the settings first, then each endpoint from its name to its answers.
 */
#include "gateway/service/check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gateway/service/pseudonym.h"
#include "service/check_parts.h"
#include "service/endpoint.h"

static const char where[] = "service.check";

/* ---- lines ---- */

static void say(struct check *c, const char *what, enum gw_check_verdict verdict, enum gw_status status,
                const char *text)
{
    const struct gw_check_line line = {.endpoint = c->endpoint ? c->endpoint->id : NULL,
                                       .what = what,
                                       .verdict = verdict,
                                       .text = text,
                                       .status = status};

    c->line(c->ctx, &line);
}

void check_say(struct check *c, const char *what, enum gw_check_verdict verdict, const char *format, ...)
{
    char text[1024];
    const char *copy;
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    copy = gw_arena_copy(c->texts, text, strlen(text));
    say(c, what, verdict, GW_OK, copy ? copy : "");
}

void check_fail(struct check *c, const char *what, const struct gw_error *failure)
{
    const char *copy = gw_arena_copy(c->texts, failure->text, strlen(failure->text));

    if (c->first->status == GW_OK)
        *c->first = *failure;
    say(c, what, GW_CHECK_FAIL, failure->status, copy ? copy : "");
}

static void skip(struct check *c, const char *what)
{
    check_say(c, what, GW_CHECK_SKIPPED, "not tried, because of the failure above");
}

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
        check_fail(c, "study", &failure);
    } else if (gw_protocol_load(&c->arena, config->package, &study->protocol, &failure) != GW_OK) {
        check_fail(c, "study", &failure);
    } else if (!gw_same(study->protocol.study->id, config->id)) {
        gw_fail(&failure, GW_ECONFIG, where, "study %s: its package is of study %s: correct one of them", config->id,
                study->protocol.study->id);
        check_fail(c, "study", &failure);
    } else {
        study->loaded = true;
        check_say(c, "study", GW_CHECK_OK, "%s %s, %zu kinds of window", config->id, study->protocol.study->version,
                  study->protocol.study->window_count);
    }
    gw_text_release(&findings);
}

static void note_unconfirmed(struct check *c, const struct gw_study *study)
{
    if (study->unconfirmed_count > 0)
        check_say(c, "study", GW_CHECK_NOTE,
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

    if (gw_roster_load(&c->arena, study->config->enrolment, study->config->id, NULL, &study->roster, &failure) !=
        GW_OK) {
        study->roster.count = 0;
        check_fail(c, "roster", &failure);
        return;
    }
    for (size_t i = 0; i < study->roster.count; i++)
        reachable += has_endpoint(c, study->roster.lines[i].site);
    if (study->roster.count == 0)
        check_say(c, "roster", GW_CHECK_NOTE, "%s: no line of study %s: nobody will be asked about",
                  study->config->enrolment, study->config->id);
    else if (reachable < study->roster.count)
        check_say(c, "roster", GW_CHECK_NOTE,
                  "%zu subjects, %zu of them of a site without an endpoint: those will not be asked about",
                  study->roster.count, study->roster.count - reachable);
    else
        check_say(c, "roster", GW_CHECK_OK, "%zu subjects", study->roster.count);
}

static void check_key(struct check *c)
{
    const char *ledger = gw_arena_print(&c->arena, "%s/ledger.db", c->config->state);
    struct gw_hmac *key = NULL;
    struct gw_error failure;

    if (ledger && access(c->config->pseudonym_key, F_OK) != 0 && errno == ENOENT && access(ledger, F_OK) != 0) {
        check_say(c, "pseudonym key", GW_CHECK_NOTE, "not there yet: the first sync makes it; keep a copy in a safe");
    } else if (gw_pseudonym_open(c->config->pseudonym_key, "check", &key, &failure) != GW_OK) {
        check_fail(c, "pseudonym key", &failure);
    } else {
        check_say(c, "pseudonym key", GW_CHECK_OK, "readable by us alone");
        gw_hmac_free(key);
    }
}

static void check_state(struct check *c)
{
    struct gw_error failure;

    if ((mkdir(c->config->state, 0700) == 0 || errno == EEXIST) && access(c->config->state, W_OK | X_OK) == 0) {
        check_say(c, "state", GW_CHECK_OK, "the state folder can be written");
        return;
    }
    gw_fail(&failure, GW_ECREATE, where, "%s: the state folder cannot be written (%s)", c->config->state,
            strerror(errno));
    check_fail(c, "state", &failure);
}

static void check_settings(struct check *c)
{
    struct gw_error failure;

    if (endpoint_retention(c->config, &failure) != GW_OK)
        check_fail(c, "configuration", &failure);
    else
        check_say(c, "configuration", GW_CHECK_OK, "%zu %s, %zu %s", c->config->study_count,
                  c->config->study_count == 1 ? "study" : "studies", c->config->endpoint_count,
                  c->config->endpoint_count == 1 ? "endpoint" : "endpoints");
    for (size_t i = 0; i < c->study_count; i++) {
        check_study(c, &c->config->studies[i], &c->studies[i]);
        if (!c->studies[i].loaded)
            continue;
        note_unconfirmed(c, c->studies[i].protocol.study);
        check_roster(c, &c->studies[i]);
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
        skip(c, "site");
    } else if (gw_site_load(&c->arena, c->endpoint->site_profile, c->studies[0].protocol.tables, &site, &failure) !=
                   GW_OK ||
               endpoint_check_site(c->endpoint, site, &failure) != GW_OK) {
        check_fail(c, "site", &failure);
    } else {
        check_say(c, "site", GW_CHECK_OK, "%s in %s, %s", gw_site_id(site), gw_zone_name(gw_site_zone(site)),
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

static void save_profile(struct check *c)
{
    const char *folder = endpoint_folder(&c->arena, c->config);
    const struct gw_token *token = gw_session_token(c->session);
    const char *token_url = token ? gw_token_url(token) : NULL;
    struct gw_error failure;

    gw_instant_print(time(NULL), c->profile.checked);
    snprintf(c->profile.token_url, sizeof c->profile.token_url, "%s", token_url ? token_url : "");
    if (folder && gw_profile_save(&c->profile, folder, c->endpoint->id, &failure) != GW_OK)
        check_fail(c, "profile", &failure);
}

static void ask_endpoint(struct check *c)
{
    if (!check_reach(c, gw_gate_origin(gw_session_gate(c->session))) || !check_metadata(c)) {
        skip(c, "token");
        skip(c, "searches");
        return;
    }
    check_smart(c);
    check_searches(c);
    save_profile(c);
}

static void check_endpoint(struct check *c, const struct gw_config_endpoint *endpoint)
{
    uv_loop_t loop;
    struct gw_error failure;

    c->endpoint = endpoint;
    c->profile = gw_profile_default;
    c->session = NULL;
    c->patient = NULL;
    check_site(c);
    if (uv_loop_init(&loop) != 0)
        return;
    c->loop = &loop;
    if (open_session(c, &failure)) {
        if (gw_session_token(c->session))
            check_say(c, "key", GW_CHECK_OK, "a private key for %s, readable by us alone",
                      endpoint->alg ? endpoint->alg : "signing");
        ask_endpoint(c);
    } else {
        check_fail(c, "settings", &failure);
        skip(c, "token");
        skip(c, "searches");
    }
    gw_session_free(c->session);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
}

enum gw_status gw_check_run(struct gw_arena *arena, const struct gw_config *config, const char *endpoint,
                            void (*line)(void *ctx, const struct gw_check_line *line), void *ctx,
                            struct gw_error *first_failure)
{
    struct check c = {.config = config,
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
    if (endpoint && endpoint_find(config, endpoint, &only, first_failure) != GW_OK)
        return first_failure->status;
    c.studies = gw_arena_alloc(&c.arena, (config->study_count + 1) * sizeof *c.studies);
    if (!c.studies)
        return gw_fail(first_failure, GW_ENOMEM, where, "no memory for the studies");
    check_settings(&c);
    for (size_t i = 0; i < config->endpoint_count; i++)
        if (!endpoint || i == only)
            check_endpoint(&c, &config->endpoints[i]);
    gw_http_response_release(&c.response);
    gw_arena_release(&c.scratch);
    gw_arena_release(&c.arena);
    return first_failure->status;
}
