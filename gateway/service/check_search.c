/*
 * What the server answers about one patient of the roster: each type once. A server that ignores a parameter
 * looks exactly like one that has no data, so every answer is looked at for whose it is.
 */
#include <string.h>

#include "gateway/core/json.h"
#include "gateway/fhir/bundle.h"
#include "gateway/fhir/search.h"
#include "service/check_parts.h"

static const char where[] = "service.check";

enum { PATIENTS_MAX = 3 };

/* ---- what is on a page ---- */

static const char *keep_text(struct check *c, const char *text)
{
    return text ? gw_arena_copy(&c->arena, text, strlen(text)) : NULL;
}

static bool refers(const cJSON *resource)
{
    const char *reference = gw_json_string(gw_json_object(resource, "medicationReference"), "reference");

    return reference && *reference != '#';
}

/* Named by a literal reference to another Patient; by an identifier or a contained resource nobody can tell here. */
static bool is_anothers(const struct check *c, const cJSON *resource)
{
    const char *subject = gw_json_string(gw_json_object(resource, "subject"), "reference");
    const char *patient = subject ? subject : gw_json_string(gw_json_object(resource, "patient"), "reference");
    const char *id = patient ? strstr(patient, "Patient/") : NULL;
    size_t length;

    if (!id || !c->patient)
        return false;
    id += strlen("Patient/");
    length = strcspn(id, "/?");
    return length != strlen(c->patient) || strncmp(id, c->patient, length) != 0;
}

static void see_stamp(struct check *c, const cJSON *resource, struct seen *seen)
{
    const char *stamp = gw_json_string(gw_json_object(resource, "meta"), "lastUpdated");
    int64_t instant;

    if (!stamp || !gw_instant_read(stamp, &instant))
        return;
    seen->rising = seen->rising && (seen->newest == INT64_MIN || instant >= seen->newest);
    if (seen->newest == INT64_MIN || instant < seen->oldest)
        seen->oldest = instant;
    if (instant > seen->newest) {
        seen->newest = instant;
        seen->newest_id = keep_text(c, gw_json_string(resource, "id"));
    }
}

static void see_code(struct check *c, const cJSON *resource, struct seen *seen)
{
    GW_JSON_EACH (coding, gw_json_array(gw_json_object(resource, "code"), "coding")) {
        const char *system = gw_json_string(coding, "system"), *code = gw_json_string(coding, "code");

        if (!seen->code && system && code)
            seen->code = gw_arena_print(&c->arena, "%s|%s", system, code);
    }
}

static void see_entry(struct check *c, const struct gw_entry *entry, struct seen *seen)
{
    const cJSON *resource = entry->resource;

    if (entry->mode == GW_ENTRY_INCLUDE) {
        seen->included += gw_same(gw_json_string(resource, "resourceType"), "Medication");
    } else if (entry->mode == GW_ENTRY_MATCH && resource) {
        seen->matches++;
        seen->references += refers(resource);
        seen->others += is_anothers(c, resource);
        if (seen->id_count < SEEN_MAX)
            seen->ids[seen->id_count++] = keep_text(c, gw_json_string(resource, "id"));
        see_stamp(c, resource, seen);
        see_code(c, resource, seen);
    }
}

bool check_has(const struct seen *seen, const char *id)
{
    for (size_t i = 0; i < seen->id_count; i++)
        if (gw_same(seen->ids[i], id))
            return true;
    return false;
}

static enum gw_status read_page(struct check *c, struct seen *out, struct gw_error *err)
{
    struct gw_bundle bundle;
    enum gw_status rc;

    if (!gw_http_is_json(&c->response))
        return gw_fail(err, GW_EPROTO, where,
                       "the answer came as \"%s\", not as FHIR JSON: is a login page or a proxy in front?",
                       c->response.content_type);
    rc = gw_bundle_read(&c->scratch, (struct gw_slice){c->response.body.at, c->response.body.length}, &bundle, err);
    if (rc == GW_EINPUT)
        return gw_fail(err, GW_EPROTO, where,
                       "the answer is not one whole page of FHIR (%s): ask who runs the server what cuts or damages it",
                       err->text);
    for (size_t i = 0; rc == GW_OK && i < bundle.count; i++)
        see_entry(c, &bundle.entries[i], out);
    out->self = rc == GW_OK ? keep_text(c, bundle.self) : NULL;
    out->next = rc == GW_OK ? keep_text(c, bundle.next) : NULL;
    return rc;
}

/* ---- one search ---- */

/* Data of somebody nobody asked about: this server cannot be read at all, and is asked nothing more. */
void check_leak(struct check *c)
{
    const struct advice advice = {.means = "nothing can be read here without reading patients who are in no study",
                                  .ask = "searches by patient that show that patient's data alone"};
    struct gw_error failure;

    if (c->leaks)
        return;
    c->leaks = c->profile.mixes_patients = true;
    gw_fail(&failure, GW_EPROTO, where,
            "it answers a search for one patient with data of another: it ignores the patient parameter. The check "
            "stops here");
    check_fail(c, "patient", &advice, &failure);
}

/* A status on this query, and not on who asks or when. */
static bool is_refusal(int status)
{
    return status >= 400 && status < 500 && status != 401 && status != 403 && status != 407 && status != 408 &&
           status != 425 && status != 429;
}

static enum answer ask_page(struct check *c, const struct check_question *question, struct seen *out,
                            struct gw_error *err)
{
    enum gw_status rc;

    *out = (struct seen){.newest = INT64_MIN, .rising = true};
    rc = check_ask(c, question, err);
    if (rc != GW_OK)
        return is_refusal(c->response.status) ? REFUSED : LOST;
    rc = read_page(c, out, err);
    if (rc != GW_OK)
        return LOST;
    if (out->others > 0) {
        check_leak(c);
        gw_fail(err, GW_EPROTO, where, "the server does not keep patients apart");
        return LOST;
    }
    return out->matches ? SHOWN : EMPTY;
}

enum answer check_search(struct check *c, const struct gw_search *what, const char *more, const char *prefer,
                         struct seen *out, struct gw_error *err)
{
    struct gw_text url = GW_TEXT_INIT(GW_URL_MAX), form = GW_TEXT_INIT(GW_URL_MAX);
    enum answer answer;

    gw_arena_clear(&c->scratch);
    gw_search_url(what, gw_gate_base(gw_session_gate(c->session)), &url);
    if (what->post)
        gw_search_query(what, &form);
    gw_text_add(what->post ? &form : &url, more);
    c->response.status = 0;
    if (url.failed || form.failed) {
        *out = (struct seen){.newest = INT64_MIN};
        gw_fail(err, GW_ENOMEM, where, "a search is too long");
        answer = LOST;
    } else {
        answer =
            ask_page(c, &(struct check_question){.url = url.at, .form = what->post ? form.at : NULL, .prefer = prefer},
                     out, err);
    }
    gw_text_release(&url);
    gw_text_release(&form);
    return answer;
}

enum answer check_page(struct check *c, const char *link, bool post, struct seen *out, struct gw_error *err)
{
    struct gw_text url = GW_TEXT_INIT(GW_URL_MAX);
    enum answer answer = LOST;
    const char *base;

    gw_arena_clear(&c->scratch);
    base = check_url(c, post ? "Observation/_search" : "Observation");
    c->response.status = 0;
    if (base && gw_gate_resolve(gw_session_gate(c->session), base, link, &url, err) == GW_OK)
        answer = ask_page(c, &(struct check_question){.url = url.at}, out, err);
    gw_text_release(&url);
    return answer;
}

struct gw_search check_trial(const struct check *c, enum gw_resource type)
{
    return (struct gw_search){.type = type,
                              .patient = c->patient,
                              .low = GW_NO_DAY,
                              .high = GW_NO_DAY,
                              .category = type == GW_OBSERVATION ? c->category : NULL,
                              .post = c->profile.post == GW_POST_ALWAYS,
                              .count = SOME,
                              .fhir_version = gw_profile_release(&c->profile)};
}

/* ---- the patient ---- */

/* The first lines of the site, of all studies. Returns how many. */
static size_t list_lines(const struct check *c, const struct gw_roster_line *out[PATIENTS_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i < c->study_count; i++)
        for (size_t l = 0; c->studies[i].loaded && l < c->studies[i].roster.count && count < PATIENTS_MAX; l++)
            if (gw_same(c->studies[i].roster.lines[l].site, c->endpoint->site))
                out[count++] = &c->studies[i].roster.lines[l];
    return count;
}

/* By GET, and where the server has no GET for searches by POST. */
static enum answer search_patient(struct check *c, struct gw_search *what, struct seen *seen, struct gw_error *err)
{
    const struct advice advice = {.means = "all searches go by POST, which works as well", .ask = NULL};
    enum answer answer = check_search(c, what, "", NULL, seen, err);

    if (answer != REFUSED || c->response.status != 405)
        return answer;
    what->post = true;
    answer = check_search(c, what, "", NULL, seen, err);
    if (answer == SHOWN || answer == EMPTY) {
        c->profile.post = GW_POST_ALWAYS;
        check_say(c, "POST", GW_CHECK_NOTE, &advice, "it takes no search by GET, but by POST");
    }
    return answer;
}

/* Its id; NULL: not found, or nobody could tell, with *lost. */
static const char *find_patient(struct check *c, const struct gw_roster_line *line, bool *lost)
{
    const struct advice advice = {.means = "the probes need one patient of the study: none was tried",
                                  .ask = "the scope system/Patient.rs, and that Patient can be searched by identifier"};
    struct gw_search what = check_trial(c, GW_PATIENT);
    struct gw_error failure;
    struct seen seen;
    enum answer answer;

    what.patient = line->patient;
    if (!line->patient)
        what.identifier = (struct gw_identifier){line->mrn_system, line->mrn};
    answer = search_patient(c, &what, &seen, &failure);
    *lost = answer == REFUSED || answer == LOST;
    if (*lost)
        check_fail(c, "Patient", &advice, &failure);
    else if (seen.matches != 1 || !seen.ids[0])
        check_say(c, "roster line", GW_CHECK_NOTE, NULL,
                  "line %u of the roster finds %zu patients here: correct patient, or mrn_system and mrn", line->line,
                  seen.matches);
    return !*lost && seen.matches == 1 ? seen.ids[0] : NULL;
}

/* Also where nobody can tell: looking further would not help. */
static bool may_have_results(struct check *c)
{
    struct gw_search what = check_trial(c, GW_OBSERVATION);
    struct gw_error failure;
    struct seen seen;

    what.count = 1;
    return !c->profile.reads[GW_OBSERVATION] || check_search(c, &what, "", NULL, &seen, &failure) != EMPTY;
}

/* The first that has results, else the first that is found: a subject who was enrolled today has none yet. */
static bool choose_patient(struct check *c, const struct gw_roster_line *const *lines, size_t count)
{
    const char *first = NULL;
    bool lost = false;

    for (size_t i = 0; i < count && !lost; i++) {
        c->patient = NULL; /* a Patient is not looked at for whose it is */
        c->patient = find_patient(c, lines[i], &lost);
        if (c->patient && may_have_results(c))
            break;
        first = first ? first : c->patient;
        c->patient = NULL;
    }
    c->patient = c->patient ? c->patient : first;
    if (c->patient)
        check_say(c, "Patient", GW_CHECK_OK, NULL, "found");
    return c->patient;
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

static struct advice advice_on(struct check *c, enum gw_resource type)
{
    return (struct advice){check_print(c, "the study lacks %s", check_type_means(type)),
                           check_print(c, "searches of %s by patient, and the scope system/%s.rs",
                                       gw_resource_name(type), gw_resource_name(type))};
}

static void say_answered(struct check *c, enum gw_resource type, const struct seen *seen)
{
    check_say(c, gw_resource_name(type), GW_CHECK_OK, NULL, "answered%s",
              seen->matches == 0 ? ", with nothing for this patient"
              : seen->next       ? ", with more than one page"
                                 : "");
}

static void say_not_offered(struct check *c, enum gw_resource type)
{
    const struct advice advice = advice_on(c, type);

    check_say(c, gw_resource_name(type), GW_CHECK_NOTE, &advice,
              "the server does not offer this type: it will not be asked");
}

/* What few servers have, where a study has a use for it: a server that refuses it is not asked, and all else goes on.
 */
static void try_wanted_type(struct check *c, enum gw_resource type)
{
    const struct gw_search what = check_trial(c, type);
    const struct advice advice = advice_on(c, type);
    struct gw_error failure;
    struct seen seen;
    enum answer answer;

    if (!some_study_reads(c, type))
        return;
    if (!c->profile.reads[type]) {
        say_not_offered(c, type);
        return;
    }
    answer = check_search(c, &what, "", NULL, &seen, &failure);
    if (answer == SHOWN || answer == EMPTY) {
        say_answered(c, type, &seen);
        return;
    }
    c->profile.reads[type] = false;
    check_say(c, gw_resource_name(type), GW_CHECK_NOTE, &advice,
              "refused, so it will not be asked (%s); a scope system/%s.rs may be missing", failure.text,
              gw_resource_name(type));
}

/* Some servers refuse Observations that are asked for without a category, or a code. */
static enum answer try_with_category(struct check *c, struct seen *seen, struct gw_error *err)
{
    const struct advice advice = {.means = "results are asked for by category, which is the default", .ask = NULL};
    struct gw_search what;
    enum answer answer;

    c->category = "laboratory";
    what = check_trial(c, GW_OBSERVATION);
    answer = check_search(c, &what, "", NULL, seen, err);
    if (answer == SHOWN || answer == EMPTY)
        check_say(c, "category", GW_CHECK_NOTE, &advice, "demanded: Observations are refused without one");
    else
        c->category = NULL;
    return answer;
}

/* Not asked any more after data of somebody else were shown. */
static void try_type(struct check *c, enum gw_resource type, struct seen *seen)
{
    struct gw_search what = check_trial(c, type);
    const struct advice advice = advice_on(c, type);
    struct gw_error failure;
    enum answer answer;

    *seen = (struct seen){.newest = INT64_MIN};
    if (!c->profile.reads[type]) {
        say_not_offered(c, type);
        return;
    }
    what.include_medication = medication_use(type);
    answer = check_search(c, &what, "", NULL, seen, &failure);
    if (answer == REFUSED && type == GW_OBSERVATION)
        answer = try_with_category(c, seen, &failure);
    if (answer == SHOWN || answer == EMPTY)
        say_answered(c, type, seen);
    else if (!c->leaks)
        check_fail(c, gw_resource_name(type), &advice, &failure);
}

static void judge_includes(struct check *c, size_t references, size_t included)
{
    const struct advice advice = {.means = "each Medication is read by itself, which takes longer",
                                  .ask = "_include of medication in searches of drugs"};

    if (references == 0) {
        check_say(c, "_include", GW_CHECK_SKIPPED, NULL, "not tried, because nothing here refers to a Medication");
        return;
    }
    c->profile.includes = included > 0;
    if (included > 0)
        check_say(c, "_include", GW_CHECK_OK, NULL, "Medications come along with what refers to them");
    else
        check_say(c, "_include", GW_CHECK_NOTE, &advice, "ignored: no Medication comes along");
}

static void try_types(struct check *c, struct seen *observations, struct seen *encounters)
{
    static const enum gw_resource types[] = {
        GW_CONDITION,           GW_PROCEDURE,         GW_MEDICATION_ADMINISTRATION, GW_MEDICATION_STATEMENT,
        GW_MEDICATION_DISPENSE, GW_MEDICATION_REQUEST};
    static const enum gw_resource wanted[] = {GW_ADVERSE_EVENT, GW_QUESTIONNAIRE_RESPONSE, GW_DIAGNOSTIC_REPORT};
    size_t references = 0, included = 0;
    struct seen seen;

    try_type(c, GW_ENCOUNTER, encounters);
    try_type(c, GW_OBSERVATION, observations);
    for (size_t i = 0; !c->leaks && i < sizeof types / sizeof types[0]; i++) {
        try_type(c, types[i], &seen);
        references += seen.references;
        included += seen.included;
    }
    for (size_t i = 0; !c->leaks && i < sizeof wanted / sizeof wanted[0]; i++)
        try_wanted_type(c, wanted[i]);
    if (!c->leaks)
        judge_includes(c, references, included);
}

void check_searches(struct check *c)
{
    const struct gw_roster_line *lines[PATIENTS_MAX];
    const size_t count = list_lines(c, lines);
    struct seen observations, encounters;

    if (count == 0) {
        check_say(c, "searches", GW_CHECK_SKIPPED, NULL, "not tried, because no roster has a patient of site %s",
                  c->endpoint->site);
        return;
    }
    if (!choose_patient(c, lines, count) || c->leaks)
        return;
    try_types(c, &observations, &encounters);
    if (c->leaks)
        return;
    if (observations.matches == 0) {
        check_say(c, "probes", GW_CHECK_SKIPPED, NULL,
                  "not tried, because none of the first %d patients of the roster has an Observation here: nothing is "
                  "taken on trust",
                  PATIENTS_MAX);
        return;
    }
    check_parameters(c, &observations, &encounters);
    if (!c->leaks)
        check_paging(c, &observations);
}
