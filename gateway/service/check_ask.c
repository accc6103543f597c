/*
 * Questions to an endpoint, one after the other and spaced: the one way to ask, what the server says of itself, and
 * what its clock says.
 */
#include <stdlib.h>
#include <string.h>

#include "gateway/core/json.h"
#include "gateway/fhir/search.h"
#include "service/check_parts.h"
#include "service/endpoint.h"

static const char where[] = "service.check";

enum {
    CLOCK_FAIR_S = 60,
    CLOCK_MOST_S = 300, /* an assertion may not be older than that */
    ANSWER_MAX_BYTES = 16 * 1024 * 1024,
    ANSWER_MS = 60000,
    PAUSE_S = 5, /* after a 429 that names none */
    PAUSE_MOST_S = 30,
};

struct waiting {
    bool done;
    struct gw_error failure;
};

static void on_answer(void *ctx, const struct gw_error *failure)
{
    struct waiting *waiting = ctx;

    waiting->done = true;
    if (failure)
        waiting->failure = *failure;
}

/* ---- one request ---- */

static enum gw_status may_ask(struct check *c, struct gw_error *err)
{
    if (c->throttled)
        return gw_fail(err, GW_ERETRY, where, "the server asked for a pause; check again later");
    if (c->leaks)
        return gw_fail(err, GW_EPROTO, where, "the server does not keep patients apart");
    if (c->requests >= GW_CHECK_REQUESTS)
        return gw_fail(err, GW_ERETRY, where, "%u requests are enough for one check", GW_CHECK_REQUESTS);
    if (c->requests++ > 0)
        uv_sleep(c->options->spacing_ms);
    return GW_OK;
}

static enum gw_status send_once(struct check *c, const struct check_question *question, struct gw_error *err)
{
    struct gw_http_header headers[2];
    struct gw_session_request request = {.url = question->url,
                                         .headers = headers,
                                         .max_bytes = ANSWER_MAX_BYTES,
                                         .total_ms = ANSWER_MS,
                                         .without_token = question->without_token};
    struct waiting waiting = {0};
    enum gw_status rc = may_ask(c, err);

    if (rc != GW_OK)
        return rc;
    if (question->prefer)
        headers[request.header_count++] = (struct gw_http_header){"Prefer", question->prefer};
    if (question->form) {
        headers[request.header_count++] = (struct gw_http_header){"Content-Type", GW_SEARCH_FORM};
        request.method = "POST";
        request.body = (struct gw_slice){question->form, strlen(question->form)};
    }
    rc = gw_session_start(c->session, &request, &c->response, on_answer, &waiting, NULL, err);
    if (rc != GW_OK)
        return rc;
    while (!waiting.done)
        uv_run(c->loop, UV_RUN_ONCE);
    if (waiting.failure.status == GW_OK)
        return GW_OK;
    c->response.status = 0;
    *err = waiting.failure;
    return err->status;
}

/* It was busy: true when the pause it asked for is over. */
static bool wait_as_asked(struct check *c)
{
    const int32_t wait = c->response.retry_after_s ? c->response.retry_after_s : PAUSE_S;
    const struct advice advice = {
        .means = "retrieval slows down when it is told to; a low limit makes the first reading long",
        .ask = "the limit on requests for this client, and a Retry-After with each 429"};

    check_say(c, "429", GW_CHECK_NOTE, &advice, "it answered 429, %s%s",
              *c->response.retry_after ? "Retry-After: " : "without a Retry-After", c->response.retry_after);
    c->throttled = wait > PAUSE_MOST_S;
    if (!c->throttled)
        uv_sleep((unsigned)wait * 1000);
    return !c->throttled;
}

enum gw_status check_ask(struct check *c, const struct check_question *question, struct gw_error *err)
{
    enum gw_status rc;

    if (!question->url)
        return gw_fail(err, GW_ENOMEM, where, "an address is too long");
    rc = send_once(c, question, err);
    if (rc == GW_OK && c->response.status == 429 && wait_as_asked(c))
        rc = send_once(c, question, err);
    c->trouble = gw_http_trouble(&c->response, rc == GW_OK ? NULL : err);
    return rc == GW_OK ? gw_http_verdict(&c->response, question->url, err) : rc;
}

const char *check_url(struct check *c, const char *rest)
{
    return gw_arena_print(&c->scratch, "%s/%s", gw_gate_base(gw_session_gate(c->session)), rest);
}

/* ---- its clock ---- */

void check_clock(struct check *c, int64_t date, const char *whose)
{
    const long long ahead = date ? (long long)(date - gw_system_clock.utc(gw_system_clock.ctx)) : 0;
    const struct advice note = {.means = "tokens are dated by its clock, and what it changed by its stamps",
                                .ask = "which of the two clocks is set by NTP; set the other"};
    const struct advice far = {.means = "tokens may be refused, and what changed last may be read late",
                               .ask = "the time of the server to be set by NTP, if it is ours that is right"};
    struct gw_error failure;

    if (date == 0)
        check_say(c, "clock", GW_CHECK_NOTE, NULL, "%s sends no Date, so its clock cannot be compared with ours",
                  whose);
    else if (llabs(ahead) <= CLOCK_FAIR_S)
        check_say(c, "clock", GW_CHECK_OK, NULL, "%s is within a minute of ours", whose);
    else if (llabs(ahead) <= CLOCK_MOST_S)
        check_say(c, "clock", GW_CHECK_NOTE, &note, "%s is %llds %s ours", whose, llabs(ahead),
                  ahead > 0 ? "ahead of" : "behind");
    else {
        gw_fail(&failure, GW_ECONFIG, where, "%s is %llds %s ours, more than five minutes: set the time by NTP", whose,
                llabs(ahead), ahead > 0 ? "ahead of" : "behind");
        check_fail(c, "clock", &far, &failure);
    }
}

/* ---- what the server says of itself ---- */

/* What is claimed is tried below, as far as it can be; what cannot be tried is told as claimed. */
static void say_offers(struct check *c)
{
    check_say(c, "bulk export", GW_CHECK_OK, NULL, "%s",
              c->claims.bulk_export ? "offered, says the statement" : "not offered: patients are searched one by one");
    check_say(c, "subscriptions", GW_CHECK_OK, NULL, "%s",
              c->claims.subscriptions ? "offered, says the statement"
                                      : "not offered: changes are looked for by the clock");
}

/* A statement that lists parameters for a type, but not its patient: often an old statement. */
static void say_claims(struct check *c)
{
    struct gw_text missing = GW_TEXT_INIT(512);
    const struct advice advice = {.means =
                                      "what works is tried below; searches of a type without it are not safe to use",
                                  .ask = "whether these types can be searched by patient"};

    for (int type = GW_RESOURCE_OTHER + 1; type < GW_RESOURCE_COUNT; type++)
        if (c->profile.reads[type] && type != GW_PATIENT && type != GW_MEDICATION && type != GW_SPECIMEN &&
            type != GW_OPERATION_OUTCOME && c->claims.claims[type] && !(c->claims.claims[type] & GW_CLAIM_PATIENT))
            gw_text_print(&missing, "%s%s", missing.length ? ", " : "", gw_resource_name((enum gw_resource)type));
    if (missing.length)
        check_say(c, "metadata", GW_CHECK_NOTE, &advice, "it claims no search by patient for %s", missing.at);
    gw_text_release(&missing);
}

static void copy_claims(struct check *c, const struct gw_capability *capability)
{
    c->claims = *capability;
    c->claims.software = c->claims.software_version = c->claims.fhir_version = NULL; /* of the answer, which goes */
}

bool check_metadata(struct check *c)
{
    const struct advice advice = {.means = "nothing is asked of this endpoint: the study gets none of its data",
                                  .ask =
                                      "the base address of the FHIR R4 interface, and that metadata can be read there"};
    struct gw_capability capability = {0};
    struct gw_error failure;

    gw_arena_clear(&c->scratch);
    if (check_ask(c, &(struct check_question){.url = check_url(c, "metadata"), .without_token = true}, &failure) !=
            GW_OK ||
        endpoint_capability(&c->scratch, &c->response, &capability, &failure) != GW_OK) {
        check_fail(c, "metadata", &advice, &failure);
        if (capability.fhir_version) /* of a release that is not read: known from now on, so that nothing is asked */
            gw_profile_learn(&c->profile, &capability);
        return false;
    }
    gw_profile_learn(&c->profile, &capability);
    check_say(c, "metadata", GW_CHECK_OK, NULL, "%s %s, FHIR %s",
              capability.software ? capability.software : "unnamed software",
              capability.software_version ? capability.software_version : "(no version)", capability.fhir_version);
    copy_claims(c, &capability);
    say_claims(c);
    check_clock(c, c->response.date, "the server's clock");
    say_offers(c);
    return true;
}
