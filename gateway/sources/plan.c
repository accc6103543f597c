/*
 * From profile, wishes and span to requests. Pure, apart from the one function at the end that asks the ledger.
 */
#include "gateway/sources/plan.h"

#include <stdint.h>
#include <string.h>

#include "gateway/core/digest.h"
#include "sources/instant.h"

enum {
    DEFAULT_PAGE_SIZE = 100,
    HASH_DIGITS = 16,
    SINCE_BYTES = 64, /* "&_lastUpdated=ge2026-11-20T20%3A00%3A00.000Z", which a search may get yet */
};

struct planning {
    struct gw_arena *arena;
    const struct gw_profile *profile;
    const struct gw_wanted *wanted;
    const struct gw_span *span;
    struct gw_requests requests;
    size_t capacity;
    bool failed; /* the arena's limit */
};

static unsigned page_size(const struct planning *p)
{
    const unsigned wanted = p->wanted->page_size ? p->wanted->page_size : DEFAULT_PAGE_SIZE;
    const unsigned known = p->profile->page_size;

    return known && known < wanted ? known : wanted;
}

static const char *print_day(struct planning *p, gw_day day)
{
    char text[11];
    const char *copy = "";

    if (day == GW_NO_DAY)
        return copy;
    gw_day_print(day, text);
    copy = gw_arena_copy(p->arena, text, strlen(text));
    p->failed = p->failed || !copy;
    return copy;
}

/* A request without bounds, its cursor named by `query`; NULL when there is no memory for it. */
static struct gw_request *add(struct planning *p, enum gw_stage stage, enum gw_resource type, const char *query)
{
    struct gw_request *request = GW_ARENA_PUSH(p->arena, p->requests.list, p->requests.count, p->capacity);

    if (!request || !query) {
        p->failed = true;
        return NULL;
    }
    request->stage = stage;
    request->search = (struct gw_search){.type = type,
                                         .patient = p->span->patient,
                                         .low = GW_NO_DAY,
                                         .high = GW_NO_DAY,
                                         .include_medication = p->profile->includes,
                                         .sort = p->profile->sorts && type != GW_PATIENT,
                                         .count = page_size(p),
                                         .fhir_version = gw_profile_release(p->profile)};
    request->identifier = p->span->identifier;
    if (!p->span->patient)
        request->search.identifier = p->span->identifier;
    if (p->span->chart)
        query = gw_arena_print(p->arena, "%s of %s", query, p->span->chart);
    p->failed = p->failed || !query;
    request->cursor = (struct gw_cursor){p->wanted->endpoint, p->span->subject, query, "", ""};
    return request;
}

static void bound_to(struct planning *p, struct gw_request *request, gw_day low, gw_day high)
{
    if (!request || p->profile->undated[request->search.type])
        return;
    request->search.low = low;
    request->search.high = high;
    request->cursor.low = print_day(p, low);
    request->cursor.high = print_day(p, high);
}

static void bound(struct planning *p, struct gw_request *request)
{
    bound_to(p, request, p->span->low, p->span->high);
}

/* ---- stage 1 ---- */

static void plan_patient(struct planning *p)
{
    struct gw_request *request;

    if (p->span->patient) {
        request = add(p, GW_STAGE_ANCHOR, GW_PATIENT, "Patient");
        if (request)
            request->read = true;
    } else if (p->span->identifier.value) {
        add(p, GW_STAGE_ANCHOR, GW_PATIENT, "Patient?identifier");
    }
}

/* Without a lower bound: what shows the first dose may be older than anyone remembers. */
static void plan_drugs(struct planning *p)
{
    static const enum gw_resource types[] = {GW_MEDICATION_ADMINISTRATION, GW_MEDICATION_STATEMENT,
                                             GW_MEDICATION_DISPENSE, GW_MEDICATION_REQUEST};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct gw_request *request =
            p->profile->reads[types[i]] ? add(p, GW_STAGE_ANCHOR, types[i], gw_resource_name(types[i])) : NULL;

        if (request)
            request->resolve = p->profile->reads[GW_MEDICATION];
    }
}

/* ---- stage 2 ---- */

static void plan_categories(struct planning *p, gw_day low)
{
    static const struct {
        const char *category;
        const char *query;
    } asked[] = {
        {"laboratory", "Observation?category=laboratory"},
        {"vital-signs", "Observation?category=vital-signs"},
        {"survey", "Observation?category=survey"},
    };

    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        struct gw_request *request = add(p, GW_STAGE_SPAN, GW_OBSERVATION, asked[i].query);

        if (request)
            request->search.category = asked[i].category;
        bound_to(p, request, low, p->span->high);
    }
}

/* A list of codes by what is in it, so that a changed list is a new query and not the old one's continuation. */
static const char *name_of_codes(struct planning *p, const char *const *codes, size_t count)
{
    struct gw_text joined = GW_TEXT_INIT(64 * 1024);
    uint8_t hash[GW_SHA256_BYTES];
    char digits[2 * GW_SHA256_BYTES + 1];
    const char *name = NULL;

    for (size_t i = 0; i < count; i++)
        gw_text_print(&joined, "%s,", codes[i]);
    if (!joined.failed) {
        gw_sha256(joined.at, joined.length, hash);
        gw_hex(hash, sizeof(hash), digits);
        name = gw_arena_print(p->arena, "Observation?code=%.*s", HASH_DIGITS, digits);
    }
    gw_text_release(&joined);
    return name;
}

static size_t query_length(const struct gw_search *search)
{
    struct gw_text query = GW_TEXT_INIT(1 << 20);
    size_t length;

    gw_search_query(search, &query);
    length = query.failed ? SIZE_MAX - SINCE_BYTES : query.length;
    gw_text_release(&query);
    return length + SINCE_BYTES;
}

static bool fits_a_url(const struct planning *p, const struct gw_search *search)
{
    return query_length(search) <= (p->profile->query_max ? p->profile->query_max : GW_PLAN_QUERY_MAX);
}

/* How many of these codes one search takes: without POST, no more than its URL holds. At least one. */
static size_t fitting(const struct planning *p, const char *const *codes, size_t count, gw_day low, gw_day high)
{
    const size_t most = p->profile->codes_max ? p->profile->codes_max : GW_PLAN_CODES_MAX;
    struct gw_search search = {.type = GW_OBSERVATION,
                               .patient = p->span->patient,
                               .low = low,
                               .high = high,
                               .codes = codes,
                               .code_count = count < most ? count : most,
                               .sort = p->profile->sorts,
                               .count = page_size(p)};

    while (p->profile->post == GW_POST_NEVER && search.code_count > 1 && !fits_a_url(p, &search))
        search.code_count--;
    return search.code_count;
}

static void plan_codes(struct planning *p, const char *const *codes, size_t code_count, gw_day low, gw_day high)
{
    for (size_t i = 0, count; i < code_count; i += count) {
        struct gw_request *request;

        count = fitting(p, codes + i, code_count - i, low, high);
        request = add(p, GW_STAGE_SPAN, GW_OBSERVATION, name_of_codes(p, codes + i, count));
        if (request) {
            request->search.codes = codes + i;
            request->search.code_count = count;
        }
        bound_to(p, request, low, high);
    }
}

static void plan_observations(struct planning *p)
{
    const struct gw_wanted *wanted = p->wanted;
    const gw_day span = p->span->low;
    const gw_day low = span == GW_NO_DAY ? span : span - wanted->baseline_days;

    if (p->profile->observations == GW_OBSERVATIONS_CODE)
        plan_codes(p, wanted->codes, wanted->code_count, low, p->span->high);
    else
        plan_categories(p, low);
    if (wanted->before.days > 0 && span != GW_NO_DAY)
        plan_codes(p, wanted->before.codes, wanted->before.count, span - wanted->before.days, span);
}

/* An AdverseEvent need have no date: it is asked for without one. */
static void plan_wanted_types(struct planning *p)
{
    static const struct {
        enum gw_resource type;
        bool bounded;
    } asked[] = {{GW_ADVERSE_EVENT, false}, {GW_QUESTIONNAIRE_RESPONSE, true}, {GW_DIAGNOSTIC_REPORT, true}};

    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        struct gw_request *request;

        if (!p->wanted->types[asked[i].type] || !p->profile->reads[asked[i].type])
            continue;
        request = add(p, GW_STAGE_SPAN, asked[i].type, gw_resource_name(asked[i].type));
        if (asked[i].bounded)
            bound(p, request);
    }
}

static void plan_span(struct planning *p)
{
    const bool *reads = p->profile->reads;

    if (reads[GW_ENCOUNTER])
        bound(p, add(p, GW_STAGE_SPAN, GW_ENCOUNTER, "Encounter"));
    if (reads[GW_OBSERVATION])
        plan_observations(p);
    if (reads[GW_CONDITION])
        add(p, GW_STAGE_SPAN, GW_CONDITION, "Condition");
    if (reads[GW_PROCEDURE])
        add(p, GW_STAGE_SPAN, GW_PROCEDURE, "Procedure");
    plan_wanted_types(p);
}

/* ---- a slice of it ---- */

/* Days that were not to be asked for are not asked for now. */
static void narrow(struct gw_search *search, const struct gw_plan_slice *slice)
{
    if (slice->from > search->low)
        search->low = slice->from;
    search->high = gw_day_earlier(search->high, slice->to);
}

static bool lies_in(const struct planning *p, const struct gw_plan_slice *slice, struct gw_request *request)
{
    struct gw_search *search = &request->search;

    if (!p->span->patient)
        return true;
    if (slice->types && !slice->types[search->type])
        return false;
    if (!p->profile->undated[search->type] && gw_search_date_parameter(search->type, search->fhir_version))
        narrow(search, slice);
    return search->low == GW_NO_DAY || search->high == GW_NO_DAY || search->low <= search->high;
}

static void cut(struct planning *p, const struct gw_plan_slice *slice)
{
    size_t kept = 0;

    for (size_t i = 0; i < p->requests.count; i++) {
        struct gw_request *request = &p->requests.list[i];

        request->again = true;
        if (lies_in(p, slice, request))
            p->requests.list[kept++] = *request;
    }
    p->requests.count = kept;
}

bool gw_plan_asks(enum gw_resource type)
{
    switch (type) {
    case GW_PATIENT:
    case GW_ENCOUNTER:
    case GW_OBSERVATION:
    case GW_MEDICATION_ADMINISTRATION:
    case GW_MEDICATION_REQUEST:
    case GW_MEDICATION_DISPENSE:
    case GW_MEDICATION_STATEMENT:
    case GW_CONDITION:
    case GW_PROCEDURE:
    case GW_ADVERSE_EVENT:
    case GW_QUESTIONNAIRE_RESPONSE:
    case GW_DIAGNOSTIC_REPORT:
        return true;
    default:
        return false;
    }
}

/* ---- how ---- */

static bool goes_by_post(const struct planning *p, const struct gw_request *request)
{
    if (request->read || p->profile->post == GW_POST_NEVER)
        return false;
    return p->profile->post == GW_POST_ALWAYS || request->search.identifier.value || !fits_a_url(p, &request->search);
}

static void choose_methods(struct planning *p)
{
    for (size_t i = 0; i < p->requests.count; i++)
        p->requests.list[i].search.post = goes_by_post(p, &p->requests.list[i]);
}

enum gw_strategy gw_plan_strategy(const struct gw_profile *profile, enum gw_resource type)
{
    if (profile->last_updated)
        return GW_STRATEGY_CHANGES;
    return profile->undated[type] || !gw_search_date_parameter(type, gw_profile_release(profile)) ? GW_STRATEGY_ALL
                                                                                                  : GW_STRATEGY_DATES;
}

enum gw_status gw_plan_requests(struct gw_arena *arena, const struct gw_profile *profile,
                                const struct gw_wanted *wanted, const struct gw_span *span, unsigned stages,
                                struct gw_requests *out, struct gw_error *err)
{
    struct planning p = {.arena = arena, .profile = profile, .wanted = wanted, .span = span};

    if (stages & GW_STAGE_ANCHOR) {
        plan_patient(&p);
        if (span->patient)
            plan_drugs(&p);
    }
    if ((stages & GW_STAGE_SPAN) && span->patient && span->anchored)
        plan_span(&p);
    if (p.failed)
        return gw_fail(err, GW_ENOMEM, "sources.plan", "no memory for the requests of one subject");
    if (span->slice)
        cut(&p, span->slice);
    choose_methods(&p);
    *out = p.requests;
    return GW_OK;
}

/* A day is one of the server's zone, which is a day before ours at most. */
static void print_since(const struct gw_profile *profile, int64_t instant, char out[INSTANT_BYTES])
{
    instant -= GW_PLAN_OVERLAP_S * NANOSECONDS;
    if (profile->last_updated_by_day)
        instant -= 86400 * NANOSECONDS;
    instant_print(instant, out);
    if (profile->last_updated_by_day)
        out[strlen("2026-11-20")] = '\0';
}

enum gw_status gw_request_since(struct gw_arena *arena, const struct gw_profile *profile, const char *watermark,
                                struct gw_request *request, struct gw_error *err)
{
    char text[INSTANT_BYTES];
    int64_t instant;

    request->watermark = watermark;
    request->search.last_updated = NULL;
    if (request->read || !watermark || !profile->last_updated || !gw_instant_read(watermark, &instant))
        return GW_OK;
    print_since(profile, instant, text);
    request->search.last_updated = gw_arena_copy(arena, text, strlen(text));
    if (!request->search.last_updated)
        return gw_fail(err, GW_ENOMEM, "sources.plan", "no memory for the requests of one subject");
    if (profile->one_range)
        request->search.low = request->search.high = GW_NO_DAY;
    return GW_OK;
}

enum gw_status gw_requests_resume(struct gw_ledger *ledger, struct gw_arena *arena, const struct gw_profile *profile,
                                  struct gw_requests *requests, struct gw_error *err)
{
    enum gw_status rc = GW_OK;

    for (size_t i = 0; rc == GW_OK && i < requests->count; i++) {
        struct gw_request *request = &requests->list[i];
        const char *watermark = NULL;

        rc = gw_ledger_cursor(ledger, arena, &request->cursor, &watermark, err);
        if (rc == GW_OK)
            rc = gw_request_since(arena, profile, watermark, request, err);
    }
    return rc;
}

const char *gw_request_name(const struct gw_request *request)
{
    return request->cursor.query;
}
