/*
 * What the server answers about the first patient of the roster: each type once, then the probes that tell which of its
 * promises hold. A server that ignores a parameter looks exactly like one that has no data.
 */
#include <string.h>

#include "gateway/core/json.h"
#include "gateway/fhir/bundle.h"
#include "gateway/fhir/search.h"
#include "service/check_parts.h"

enum { SOME = 5 }; /* entries to a page of a trial search */

static const char far_future[] = "2200-01-01T00:00:00Z";
static const char far_past[] = "1900-01-01T00:00:00Z";

struct seen { /* on one page */
    size_t matches;
    size_t included;   /* Medications that came along */
    size_t references; /* matches that refer to a Medication elsewhere */
    const char *id;    /* of the first match */
    bool next;
};

/* ---- one search ---- */

static bool refers(const cJSON *resource)
{
    const char *reference = gw_json_string(gw_json_object(resource, "medicationReference"), "reference");

    return reference && *reference != '#';
}

static void count_entry(const struct gw_entry *entry, struct seen *seen)
{
    const char *type = gw_json_string(entry->resource, "resourceType");

    if (entry->mode == GW_ENTRY_INCLUDE) {
        seen->included += gw_same(type, "Medication");
    } else if (entry->mode == GW_ENTRY_MATCH && entry->resource) {
        seen->id = seen->matches++ ? seen->id : gw_json_string(entry->resource, "id");
        seen->references += refers(entry->resource);
    }
}

static enum gw_status search(struct check *c, const struct gw_search *what, const char *more, struct seen *out,
                             struct gw_error *err)
{
    struct gw_text url = GW_TEXT_INIT(GW_URL_MAX);
    struct gw_bundle bundle;
    enum gw_status rc;

    *out = (struct seen){0};
    gw_arena_clear(&c->scratch);
    gw_search_url(what, gw_gate_base(gw_session_gate(c->session)), &url);
    gw_text_add(&url, more);
    rc = url.failed ? gw_fail(err, GW_ENOMEM, "service.check", "a search is too long") : GW_OK;
    if (rc == GW_OK)
        rc = check_get(c, url.at, true, err);
    gw_text_release(&url);
    if (rc == GW_OK && !gw_http_is_json(&c->response))
        rc = gw_fail(err, GW_EPROTO, "service.check",
                     "the answer came as \"%s\", not as FHIR JSON: is a login page or a proxy in front?",
                     c->response.content_type);
    if (rc != GW_OK)
        return rc;
    rc = gw_bundle_read(&c->scratch, (struct gw_slice){c->response.body.at, c->response.body.length}, &bundle, err);
    if (rc == GW_EINPUT)
        rc = gw_fail(err, GW_EPROTO, "service.check",
                     "the answer is not one whole page of FHIR (%s): ask who runs the server what cuts or damages it",
                     err->text);
    for (size_t i = 0; rc == GW_OK && i < bundle.count; i++)
        count_entry(&bundle.entries[i], out);
    out->next = rc == GW_OK && bundle.next;
    return rc;
}

static struct gw_search of(const struct check *c, enum gw_resource type)
{
    return (struct gw_search){.type = type,
                              .patient = c->patient,
                              .low = GW_NO_DAY,
                              .high = GW_NO_DAY,
                              .count = SOME,
                              .fhir_version = gw_profile_release(&c->profile)};
}

/* ---- the patient, who is the trial of the token too ---- */

static const struct gw_roster_line *first_line(const struct check *c)
{
    for (size_t i = 0; i < c->study_count; i++)
        for (size_t l = 0; c->studies[i].loaded && l < c->studies[i].roster.count; l++)
            if (gw_same(c->studies[i].roster.lines[l].site, c->endpoint->site))
                return &c->studies[i].roster.lines[l];
    return NULL;
}

static void say_token(struct check *c, const struct gw_token *token)
{
    const long long ahead = gw_token_clock_offset(token);

    check_say(c, "token", GW_CHECK_OK, "granted: %s", gw_token_granted(token));
    if (ahead > 300 || ahead < -300)
        check_say(c, "clock", GW_CHECK_NOTE, "the token server's clock is %llds off ours: set the time here by NTP",
                  ahead);
}

/* A failure before any token was granted is the token's. */
static bool find_patient(struct check *c, const struct gw_roster_line *line, struct seen *seen)
{
    const struct gw_token *token = gw_session_token(c->session);
    struct gw_search what = of(c, GW_PATIENT);
    struct gw_error failure;
    enum gw_status rc;

    what.patient = line->patient;
    if (!line->patient)
        what.identifier = (struct gw_identifier){line->mrn_system, line->mrn};
    rc = search(c, &what, "", seen, &failure);
    if (token && *gw_token_granted(token))
        say_token(c, token);
    if (rc == GW_OK)
        return true;
    check_fail(c, token && !*gw_token_granted(token) ? "token" : "Patient", &failure);
    return false;
}

/* ---- each type ---- */

static bool medication_use(enum gw_resource type)
{
    return type == GW_MEDICATION_ADMINISTRATION || type == GW_MEDICATION_STATEMENT || type == GW_MEDICATION_DISPENSE ||
           type == GW_MEDICATION_REQUEST;
}

static bool some_study_reads(const struct check *c, enum gw_resource type)
{
    for (size_t i = 0; i < c->study_count; i++)
        if (c->studies[i].loaded && gw_study_reads(c->studies[i].protocol.study, type))
            return true;
    return false;
}

/* What few servers have, where a study has a use for it: a server that refuses it is not asked, and all else goes on.
 */
static void try_wanted_type(struct check *c, enum gw_resource type)
{
    const char *const name = gw_resource_name(type);
    const struct gw_search what = of(c, type);
    struct gw_error failure;
    struct seen seen;

    if (!some_study_reads(c, type))
        return;
    if (!c->profile.reads[type]) {
        check_say(c, name, GW_CHECK_NOTE, "the server does not offer this type: it will not be asked");
    } else if (search(c, &what, "", &seen, &failure) == GW_OK) {
        check_say(c, name, GW_CHECK_OK, "answered%s",
                  seen.matches ? "" : ", with nothing for the first patient of the roster");
    } else {
        c->profile.reads[type] = false;
        check_say(c, name, GW_CHECK_NOTE, "refused, so it will not be asked (%s); a scope system/%s.rs may be missing",
                  failure.text, name);
    }
}

/* True: asked and answered. */
static bool try_type(struct check *c, enum gw_resource type, struct seen *seen)
{
    struct gw_search what = of(c, type);
    struct gw_error failure;

    what.include_medication = medication_use(type);
    if (!c->profile.reads[type]) {
        check_say(c, gw_resource_name(type), GW_CHECK_NOTE,
                  "the server does not offer this type: it will not be asked");
        return false;
    }
    if (search(c, &what, "", seen, &failure) != GW_OK) {
        check_fail(c, gw_resource_name(type), &failure);
        return false;
    }
    check_say(c, gw_resource_name(type), GW_CHECK_OK, "answered%s",
              seen->matches == 0 ? ", with nothing for the first patient of the roster"
              : seen->next       ? ", with more than one page"
                                 : "");
    return true;
}

static void judge_includes(struct check *c, size_t references, size_t included)
{
    c->profile.includes = references > 0 && included > 0;
    if (c->profile.includes)
        check_say(c, "_include", GW_CHECK_OK, "Medications come along with what refers to them");
    else if (references > 0)
        check_say(c, "_include", GW_CHECK_NOTE, "ignored: each Medication will be read by itself, which takes longer");
    else
        check_say(c, "_include", GW_CHECK_SKIPPED, "no trial: nothing here refers to a Medication");
}

static bool try_types(struct check *c, size_t *observations)
{
    static const enum gw_resource types[] = {GW_ENCOUNTER,
                                             GW_OBSERVATION,
                                             GW_CONDITION,
                                             GW_PROCEDURE,
                                             GW_MEDICATION_ADMINISTRATION,
                                             GW_MEDICATION_STATEMENT,
                                             GW_MEDICATION_DISPENSE,
                                             GW_MEDICATION_REQUEST};
    static const enum gw_resource wanted[] = {GW_ADVERSE_EVENT, GW_QUESTIONNAIRE_RESPONSE, GW_DIAGNOSTIC_REPORT};
    size_t references = 0, included = 0;
    bool fine = true;

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct seen seen = {0};

        if (!try_type(c, types[i], &seen))
            fine = fine && !c->profile.reads[types[i]];
        references += seen.references;
        included += seen.included;
        if (types[i] == GW_OBSERVATION)
            *observations = seen.matches;
    }
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        try_wanted_type(c, wanted[i]);
    judge_includes(c, references, included);
    return fine;
}

/* ---- probes ---- */

static void probe_last_updated(struct check *c)
{
    struct gw_search what = of(c, GW_OBSERVATION);
    struct seen future, past;
    struct gw_error failure;

    what.last_updated = far_future;
    if (search(c, &what, "", &future, &failure) == GW_OK) {
        what.last_updated = far_past;
        c->profile.last_updated =
            search(c, &what, "", &past, &failure) == GW_OK && future.matches == 0 && past.matches > 0;
    }
    if (c->profile.last_updated)
        check_say(c, "_lastUpdated", GW_CHECK_OK, "honoured: later syncs ask for what is new only");
    else
        check_say(c, "_lastUpdated", GW_CHECK_NOTE,
                  "not honoured: each sync asks for everything again and keeps what is new, which takes longer");
}

static void probe_unknown(struct check *c)
{
    const struct gw_search what = of(c, GW_OBSERVATION);
    struct seen seen;
    struct gw_error failure;

    if (search(c, &what, "&casement-probe=1", &seen, &failure) != GW_OK)
        check_say(c, "parameters", GW_CHECK_OK, "an unknown one is refused: a mistyped search cannot look like data");
    else if (seen.matches > 0)
        check_say(c, "parameters", GW_CHECK_NOTE,
                  "an unknown one is ignored silently: dates and patients of every answer are checked again here");
    else
        check_say(c, "parameters", GW_CHECK_NOTE,
                  "an unknown one is answered with nothing: an empty answer of this server need not mean no data");
}

static void probe_category(struct check *c)
{
    struct gw_search what = of(c, GW_OBSERVATION);
    struct seen seen;
    struct gw_error failure;
    enum gw_status rc;

    what.category = "laboratory";
    rc = search(c, &what, "", &seen, &failure);
    if (rc == GW_OK && seen.matches > 0) {
        c->profile.observations = GW_OBSERVATIONS_CATEGORY;
        check_say(c, "category", GW_CHECK_OK, "laboratory results are found by category");
    } else {
        c->profile.observations = GW_OBSERVATIONS_CODE;
        check_say(
            c, "category", GW_CHECK_NOTE,
            "no laboratory result has its category: results will be asked for by code, local codes are not found");
    }
}

static void probe(struct check *c, size_t observations)
{
    if (observations == 0) {
        check_say(c, "probes", GW_CHECK_SKIPPED,
                  "the first patient of the roster has no Observation here to try with: nothing is taken on trust");
        return;
    }
    probe_last_updated(c);
    probe_unknown(c);
    probe_category(c);
}

void check_searches(struct check *c)
{
    const struct gw_roster_line *line = first_line(c);
    struct seen seen;
    size_t observations = 0;

    if (!line) {
        check_say(c, "searches", GW_CHECK_SKIPPED, "no roster has a patient of site %s to ask about",
                  c->endpoint->site);
        return;
    }
    if (!find_patient(c, line, &seen))
        return;
    if (seen.matches != 1 || !seen.id) {
        check_say(c, "Patient", GW_CHECK_NOTE,
                  "line %u of the roster finds %zu patients here: correct patient, or mrn_system and mrn", line->line,
                  seen.matches);
        return;
    }
    c->patient = gw_arena_copy(&c->arena, seen.id, strlen(seen.id));
    check_say(c, "Patient", GW_CHECK_OK, "found");
    if (try_types(c, &observations))
        probe(c, observations);
}
