/*
 * One subscription at an endpoint. What must be asked waits its turn, one request at a time.
 */
#include <openssl/crypto.h>

#include "sources/upkeep_parts.h"
#include "sources/upkeep_requests.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

enum {
    ANSWER_MAX = 4 << 20,
    ANSWER_MS = 60000,
    TO_BE_ASKED =
        GW_ORDER_STATUS | GW_ORDER_EVENTS | GW_ORDER_CREATE | GW_ORDER_ACTIVATE | GW_ORDER_DELETE | GW_ORDER_SWITCH_OFF,
};

/* ---- orders ----------------------------------------------------------------------------------------------------- */

static void work(struct link *link);

/* Has the durable part changed? It is written down then. */
static bool note_changes(struct link *link)
{
    struct gw_text now = GW_TEXT_INIT(UPKEEP_NOTE_MAX);

    gw_subscription_print(&link->state, &now);
    const bool changed = !gw_same(now.at, link->noted.at);
    gw_text_release(&link->noted);
    link->noted = now;
    return changed;
}

static void take_orders(struct link *link, const struct gw_orders *orders)
{
    const struct gw_upkeep_settings *const settings = &link->upkeep->settings;

    link->upkeep->counts.gaps += (orders->what & GW_ORDER_GAP) != 0;
    link->pending |= orders->what & TO_BE_ASKED;
    if (orders->what & GW_ORDER_EVENTS)
        link->events = *orders;
    if (orders->what & GW_ORDER_CATCH_UP) {
        link->owed = *orders;
        link->is_owed = true;
    }
    if (orders->what & GW_ORDER_ALERT && settings->alert)
        settings->alert(settings->ctx, settings->endpoint, orders->why);
}

/* Nothing of it is left at the server: its note goes too. */
static void forget(struct link *link)
{
    struct job *const job = job_new(link);

    link->pending = 0;
    if (!job)
        return; /* with the next tick */
    link->forgotten = true;
    job_submit(job);
}

void link_follow(struct link *link, const struct gw_orders *orders, struct job *job)
{
    const bool catch_up = orders->what & GW_ORDER_CATCH_UP;
    const bool changed = !link->state.unwanted && note_changes(link);

    take_orders(link, orders);
    if (orders->what & GW_ORDER_FORGET)
        forget(link);
    if (!job && (catch_up || changed) && !(job = job_new(link)))
        gw_subscription_doubt(&link->state);
    if (job && catch_up && !job_add(job, &(struct gw_hint){.number = GW_NOTIFY_NO_NUMBER, .type = link->type}))
        job_refuse(job);
    else if (job)
        job_submit(job);
    work(link);
    upkeep_arm(link->upkeep);
}

/* ---- asking ----------------------------------------------------------------------------------------------------- */

static bool is_refusal(int status)
{
    static const int refusals[] = {400, 404, 405, 410, 422, 501};

    for (size_t i = 0; i < COUNT(refusals); i++)
        if (status == refusals[i])
            return true;
    return false;
}

static void ask_failed(struct link *link, enum gw_order order, bool refused)
{
    struct gw_orders orders;

    gw_subscription_failed(&link->state, order, refused, upkeep_now_s(link->upkeep), &orders);
    link_follow(link, &orders, NULL);
}

static bool has_number(const struct gw_notification *answer, int64_t number)
{
    for (size_t i = 0; i < answer->hint_count; i++)
        if (answer->hints[i].number == number)
            return true;
    return false;
}

/* All that was asked for, each of them named? */
static bool is_whole(const struct gw_notification *answer, const struct gw_orders *wanted)
{
    if (wanted->to - wanted->from >= (int64_t)GW_NOTIFY_EVENTS_MAX)
        return false;
    for (int64_t number = wanted->from; number <= wanted->to; number++)
        if (!has_number(answer, number))
            return false;
    return true;
}

static void take_events(struct link *link, const struct gw_notification *answer, struct job *job)
{
    const struct gw_orders none = {0};
    bool fine = is_whole(answer, &link->events);

    for (size_t i = 0; i < answer->hint_count && fine; i++)
        fine = job_add(job, &answer->hints[i]);
    if (!fine) {
        job_free(job);
        ask_failed(link, GW_ORDER_EVENTS, false);
        return;
    }
    gw_subscription_caught_up(&link->state, &link->events, upkeep_now_s(link->upkeep));
    link_follow(link, &none, job);
}

/* What a server need not say in a body is in the status line and the Location. */
static void complete(struct link *link, enum gw_order order, struct gw_notification *answer, char id[65])
{
    if (answer->status == GW_SUBSCRIPTION_UNSAID && (order == GW_ORDER_CREATE || order == GW_ORDER_ACTIVATE))
        answer->status = GW_SUBSCRIPTION_REQUESTED;
    subscription_id_of(link->response.location.at, id);
    if (order == GW_ORDER_CREATE && !answer->subscription && id[0])
        answer->subscription = id;
}

static void take_answer(struct link *link, enum gw_order order, struct job *job)
{
    const struct gw_slice body = {link->response.body.at, link->response.body.length};
    const char *const id = link->state.id[0] && order != GW_ORDER_CREATE ? link->state.id : NULL;
    struct gw_notification answer;
    struct gw_orders orders;
    char made[65];
    const bool read = gw_notification_read_answer(&job->arena, id, body, &answer, NULL) == GW_OK;

    if (order == GW_ORDER_EVENTS) {
        take_events(link, &answer, job);
        return;
    }
    complete(link, order, &answer, made);
    if ((order == GW_ORDER_STATUS && !read) || (order == GW_ORDER_CREATE && !answer.subscription)) {
        job_free(job);
        ask_failed(link, order, order == GW_ORDER_STATUS && link->state.topic && !link->state.no_status);
        return;
    }
    gw_subscription_learn(&link->state, &answer, upkeep_now_s(link->upkeep), &orders);
    job_free(job);
    link_follow(link, &orders, NULL);
}

static void on_wanted(struct link *link, enum gw_order order, int status)
{
    struct job *const job = status >= 200 && status < 300 ? job_new(link) : NULL;

    if (job)
        take_answer(link, order, job);
    else
        ask_failed(link, order, is_refusal(status));
}

/* One that was made before, and of which no note was left: a kill between the two. It is written anew, as ours. */
static bool adopt(struct link *link)
{
    struct gw_upkeep *const upkeep = link->upkeep;
    struct job *const job = job_new(link);
    struct gw_notification found = {.status = GW_SUBSCRIPTION_OFF, .events_since_start = GW_NOTIFY_NO_NUMBER};
    struct gw_orders orders;

    if (!job)
        return false;
    found.subscription = subscription_find(&job->arena, &upkeep->settings, link->type,
                                           (struct gw_slice){link->response.body.at, link->response.body.length});
    if (found.subscription) {
        gw_subscription_learn(&link->state, &found, upkeep_now_s(upkeep), &orders);
        link->pending &= ~(unsigned)GW_ORDER_CREATE;
        link->pending |= GW_ORDER_ACTIVATE;
    }
    job_free(job);
    if (found.subscription)
        link_follow(link, &orders, NULL);
    return found.subscription != NULL;
}

/* Where it cannot be searched for, If-None-Exist is all there is. */
static void on_searched(struct link *link, int status)
{
    const bool answered = status == 200 || (status && !gw_trouble_passes(gw_trouble_of_status(status)));

    if (!answered) {
        ask_failed(link, GW_ORDER_CREATE, false);
        return;
    }
    if (status == 200 && adopt(link))
        return;
    link->absent = true;
    link->pending |= GW_ORDER_CREATE;
    work(link);
}

/* Deleted or switched off, or it was not there any more. A refusal is whatever would be answered again. */
static void on_leaving(struct link *link, enum gw_order order, int status)
{
    struct gw_orders orders;

    link->pending = 0; /* ordered again while this was on its way */
    if ((status < 200 || status >= 300) && status != 404 && status != 410) {
        ask_failed(link, order, status && !gw_trouble_passes(gw_trouble_of_status(status)));
        return;
    }
    link->gone = true;
    gw_subscription_gone(&link->state, upkeep_now_s(link->upkeep), &orders);
    link_follow(link, &orders, NULL);
}

static void on_answer(void *ctx, const struct gw_error *failure)
{
    struct link *const link = ctx;
    struct gw_upkeep *const upkeep = link->upkeep;
    const enum gw_order order = link->asking;
    const int status = failure ? 0 : link->response.status;
    const bool searched = link->searching;

    link->asking = 0;
    link->searching = false;
    if (!upkeep->closing && searched)
        on_searched(link, status);
    else if (!upkeep->closing && link->state.unwanted)
        on_leaving(link, order, status);
    else if (!upkeep->closing)
        on_wanted(link, order, status);
    upkeep_let_go(upkeep);
}

static void write_body(const struct link *link, enum gw_order order, struct gw_text *out)
{
    const struct gw_upkeep_settings *const settings = &link->upkeep->settings;

    if (order == GW_ORDER_CREATE)
        subscription_write(settings, link->type, NULL, out);
    else if (order == GW_ORDER_ACTIVATE)
        subscription_write(settings, link->type, link->state.id, out);
    else if (order == GW_ORDER_SWITCH_OFF)
        subscription_write_off(&link->state, out);
}

static const char *method_of(enum gw_order order)
{
    switch (order) {
    case GW_ORDER_CREATE:
        return "POST";
    case GW_ORDER_ACTIVATE:
    case GW_ORDER_SWITCH_OFF:
        return "PUT";
    case GW_ORDER_DELETE:
        return "DELETE";
    default:
        return NULL;
    }
}

static enum gw_status send_request(struct link *link, struct gw_session_request *request, const char *path)
{
    struct gw_web *const web = link->upkeep->settings.web;
    struct gw_text url = GW_TEXT_INIT(GW_URL_MAX);
    enum gw_status rc = gw_gate_join(web->gate, path, &url, NULL);

    request->url = url.at;
    request->max_bytes = ANSWER_MAX;
    request->total_ms = ANSWER_MS;
    if (rc == GW_OK)
        rc = web->ask(web, request, &link->response, on_answer, link, &link->call, NULL);
    gw_text_release(&url);
    return rc;
}

static enum gw_status search(struct link *link)
{
    struct gw_text path = GW_TEXT_INIT(GW_URL_MAX);
    struct gw_session_request request = {.method = NULL};
    enum gw_status rc;

    gw_text_add(&path, "Subscription?");
    subscription_query(&link->upkeep->settings, link->type, &path);
    rc = path.failed ? GW_ENOMEM : send_request(link, &request, path.at);
    gw_text_release(&path);
    link->searching = rc == GW_OK;
    return rc;
}

static enum gw_status ask(struct link *link, enum gw_order order)
{
    struct gw_text path = GW_TEXT_INIT(GW_URL_MAX), query = GW_TEXT_INIT(GW_URL_MAX);
    struct gw_text body = GW_TEXT_INIT(UPKEEP_RESOURCE_MAX);
    struct gw_http_header headers[] = {
        {"Content-Type", "application/fhir+json"}, {"Prefer", "return=representation"}, {"If-None-Exist", NULL}};
    struct gw_session_request request = {.method = method_of(order)};
    enum gw_status rc;

    subscription_path(&link->state, order, &link->events, &path);
    subscription_query(&link->upkeep->settings, link->type, &query);
    write_body(link, order, &body);
    headers[2].value = query.at;
    if (body.length) {
        request.headers = headers;
        request.header_count = order == GW_ORDER_CREATE ? 3 : 2;
        request.body = (struct gw_slice){body.at, body.length};
    }
    rc = path.failed || query.failed || body.failed ? GW_ENOMEM : send_request(link, &request, path.at);
    OPENSSL_cleanse(body.at, body.length); /* the secret is in it */
    gw_text_release(&path);
    gw_text_release(&query);
    gw_text_release(&body);
    return rc;
}

/* Whether one is there already is asked before each making: how an earlier one ended may not be known. */
static enum gw_status begin(struct link *link, enum gw_order order)
{
    const bool search_first = order == GW_ORDER_CREATE && !link->absent;

    link->absent = false;
    return search_first ? search(link) : ask(link, order);
}

/* The next of what is to be asked: first how it stands, last what would change it. */
static void work(struct link *link)
{
    static const enum gw_order turns[] = {GW_ORDER_STATUS,   GW_ORDER_EVENTS, GW_ORDER_CREATE,
                                          GW_ORDER_ACTIVATE, GW_ORDER_DELETE, GW_ORDER_SWITCH_OFF};

    for (size_t i = 0; i < COUNT(turns) && !link->asking && !link->upkeep->closing; i++) {
        if (!(link->pending & turns[i]))
            continue;
        link->pending &= ~(unsigned)turns[i];
        if (turns[i] != GW_ORDER_CREATE && !link->state.id[0])
            continue; /* it is gone since that was ordered */
        link->asking = turns[i];
        if (begin(link, turns[i]) == GW_OK) {
            link->upkeep->open++;
            return;
        }
        link->asking = 0;
        ask_failed(link, turns[i], false);
    }
}
