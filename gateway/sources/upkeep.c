/*
 * Three things change a subscription: what is heard, what is answered, time. Each gives orders; follow() carries them
 * out: what must last goes to the ledger in one job, what must be asked waits its turn, one request at a time.
 */
#include "gateway/sources/upkeep.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/core/digest.h"
#include "sources/upkeep_requests.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const char where[] = "sources.upkeep";

enum {
    ANSWER_MAX = 4 << 20,
    ANSWER_MS = 60000,
    NOTE_MAX = 4096,
    RESOURCE_MAX = 64 * 1024,
    FORM_BYTES = 8,
    JOB_BYTES = 8 << 20,
    REST_S = 1, /* at least, between two looks at the clock */
    RELOAD_S = 60,
};

/* One subscription at the endpoint. */
struct link {
    struct gw_upkeep *upkeep;
    char *type; /* of a rest-hook; NULL */
    struct gw_subscription state;
    struct gw_text noted;     /* as last given to the ledger */
    unsigned pending;         /* orders to be asked for */
    struct gw_orders events;  /* the range of GW_ORDER_EVENTS */
    struct gw_orders owed;    /* the catch-up that nobody began yet */
    struct gw_orders looking; /* the one that is under way */
    bool is_owed, is_looking;
    enum gw_order asking; /* 0: nothing is under way */
    uint64_t call;
    struct gw_http_response response;
};

struct gw_upkeep {
    struct gw_upkeep_settings settings; /* texts of ours */
    const struct gw_clock *clock;
    struct link *links;
    size_t link_count;
    uv_timer_t timer;
    bool loaded, closing;
    unsigned open; /* the timer, requests, jobs */
    struct gw_upkeep_counts counts;
};

/* What is committed at once. */
struct job {
    struct gw_upkeep *upkeep;
    struct link *link;
    struct gw_arena arena;
    struct gw_hint *hints;
    size_t hint_count, hint_capacity;
    const char *name, *note;
    int64_t utc;
    int status; /* to answer with when it is kept */
    gw_upkeep_heard done;
    void *ctx;
};

static void follow(struct link *link, const struct gw_orders *orders, struct job *job);

static int64_t now_s(const struct gw_upkeep *upkeep)
{
    return (int64_t)(upkeep->clock->monotonic_ms(upkeep->clock->ctx) / 1000);
}

/* ---- memory ----------------------------------------------------------------------------------------------------- */

static void upkeep_release(struct gw_upkeep *upkeep)
{
    for (size_t i = 0; i < upkeep->link_count; i++) {
        free(upkeep->links[i].type);
        gw_text_release(&upkeep->links[i].noted);
        gw_http_response_release(&upkeep->links[i].response);
    }
    free(upkeep->links);
    free((char *)upkeep->settings.endpoint);
    free((char *)upkeep->settings.topic);
    free((char *)upkeep->settings.callback);
    free((char *)upkeep->settings.secret);
    free(upkeep);
}

static void let_go(struct gw_upkeep *upkeep)
{
    if (--upkeep->open == 0)
        upkeep_release(upkeep);
}

static void job_free(struct job *job)
{
    gw_arena_release(&job->arena);
    free(job);
}

static struct job *job_new(struct link *link)
{
    struct job *const job = calloc(1, sizeof *job);

    if (job)
        *job = (struct job){.upkeep = link->upkeep, .link = link, .arena = GW_ARENA_INIT(JOB_BYTES), .status = 200};
    return job;
}

/* ---- what must last --------------------------------------------------------------------------------------------- */

static enum gw_status run_job(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    const struct job *const job = ctx;
    enum gw_status rc = GW_OK;

    for (size_t i = 0; i < job->hint_count && rc == GW_OK; i++)
        rc = gw_hint_put(ledger, job->upkeep->settings.endpoint, &job->hints[i], job->utc, err);
    if (rc == GW_OK)
        rc = gw_ledger_note_put(ledger, GW_SUBSCRIPTION_SPACE, job->name, job->note, err);
    return rc;
}

static void arm(struct gw_upkeep *upkeep);

/* What was heard and could not be kept is owed: the subscription's count has gone on. */
static void not_kept(struct job *job)
{
    gw_subscription_doubt(&job->link->state);
    gw_text_clear(&job->link->noted);
    if (job->done)
        job->upkeep->counts.not_kept++;
}

static void on_kept(void *ctx, const struct gw_error *failure)
{
    struct job *const job = ctx;
    struct gw_upkeep *const upkeep = job->upkeep;
    const struct gw_upkeep_settings *const settings = &upkeep->settings;

    if (failure)
        not_kept(job);
    else if (job->done && job->status == 200)
        upkeep->counts.kept++;
    if (job->done)
        job->done(job->ctx, failure ? 503 : job->status);
    if (!failure && job->hint_count && !upkeep->closing)
        settings->hinted(settings->ctx, settings->endpoint);
    job_free(job);
    arm(upkeep);
    let_go(upkeep);
}

static void job_refuse(struct job *job)
{
    not_kept(job);
    if (job->done)
        job->done(job->ctx, 503);
    job_free(job);
}

static void job_submit(struct job *job)
{
    struct gw_upkeep *const upkeep = job->upkeep;
    const struct gw_clock *const clock = upkeep->clock;

    job->utc = clock->utc(clock->ctx);
    job->name = job->link->type ? gw_arena_print(&job->arena, "%s|%s", upkeep->settings.endpoint, job->link->type)
                                : gw_arena_print(&job->arena, "%s", upkeep->settings.endpoint);
    job->note = gw_arena_print(&job->arena, "%s", job->link->noted.at);
    if (!job->name || !job->note ||
        gw_writer_submit(upkeep->settings.writer, 1 + job->hint_count, run_job, on_kept, job, NULL) != GW_OK)
        job_refuse(job);
    else
        upkeep->open++;
}

static bool job_add(struct job *job, const struct gw_hint *hint)
{
    struct gw_hint *const place = GW_ARENA_PUSH(&job->arena, job->hints, job->hint_count, job->hint_capacity);

    if (place)
        *place = *hint;
    return place != NULL;
}

/* ---- orders ----------------------------------------------------------------------------------------------------- */

static void work(struct link *link);

/* Has the durable part changed? It is written down then. */
static bool note_changes(struct link *link)
{
    struct gw_text now = GW_TEXT_INIT(NOTE_MAX);

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
    link->pending |= orders->what & (GW_ORDER_STATUS | GW_ORDER_EVENTS | GW_ORDER_CREATE | GW_ORDER_ACTIVATE);
    if (orders->what & GW_ORDER_EVENTS)
        link->events = *orders;
    if (orders->what & GW_ORDER_CATCH_UP) {
        link->owed = *orders;
        link->is_owed = true;
    }
    if (orders->what & GW_ORDER_ALERT && settings->alert)
        settings->alert(settings->ctx, settings->endpoint, orders->why);
}

/* job: with what was heard, or NULL. */
static void follow(struct link *link, const struct gw_orders *orders, struct job *job)
{
    const bool catch_up = orders->what & GW_ORDER_CATCH_UP;
    const bool changed = note_changes(link);

    take_orders(link, orders);
    if (!job && (catch_up || changed) && !(job = job_new(link)))
        gw_subscription_doubt(&link->state);
    if (job && catch_up && !job_add(job, &(struct gw_hint){.number = GW_NOTIFY_NO_NUMBER, .type = link->type}))
        job_refuse(job);
    else if (job)
        job_submit(job);
    work(link);
    arm(link->upkeep);
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

    gw_subscription_failed(&link->state, order, refused, now_s(link->upkeep), &orders);
    follow(link, &orders, NULL);
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
    gw_subscription_caught_up(&link->state, &link->events, now_s(link->upkeep));
    follow(link, &none, job);
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
    gw_subscription_learn(&link->state, &answer, now_s(link->upkeep), &orders);
    job_free(job);
    follow(link, &orders, NULL);
}

static void on_answer(void *ctx, const struct gw_error *failure)
{
    struct link *const link = ctx;
    struct gw_upkeep *const upkeep = link->upkeep;
    const enum gw_order order = link->asking;
    const int status = failure ? 0 : link->response.status;

    link->asking = 0;
    if (!upkeep->closing) {
        struct job *const job = status >= 200 && status < 300 ? job_new(link) : NULL;

        if (job)
            take_answer(link, order, job);
        else
            ask_failed(link, order, is_refusal(status));
    }
    let_go(upkeep);
}

static enum gw_status ask(struct link *link, enum gw_order order)
{
    static const struct gw_http_header headers[] = {{"Content-Type", "application/fhir+json"},
                                                    {"Prefer", "return=representation"}};
    const struct gw_upkeep_settings *const settings = &link->upkeep->settings;
    const bool writes = order == GW_ORDER_CREATE || order == GW_ORDER_ACTIVATE;
    struct gw_text path = GW_TEXT_INIT(GW_URL_MAX), url = GW_TEXT_INIT(GW_URL_MAX), body = GW_TEXT_INIT(RESOURCE_MAX);
    struct gw_session_request request = {.max_bytes = ANSWER_MAX, .total_ms = ANSWER_MS};
    enum gw_status rc;

    subscription_path(&link->state, order, &link->events, &path);
    if (writes)
        subscription_write(settings, link->type, order == GW_ORDER_ACTIVATE ? link->state.id : NULL, &body);
    rc = path.failed || body.failed ? GW_ENOMEM : gw_gate_join(settings->web->gate, path.at, &url, NULL);
    request.url = url.at;
    if (writes) {
        request.method = order == GW_ORDER_CREATE ? "POST" : "PUT";
        request.headers = headers;
        request.header_count = COUNT(headers);
        request.body = (struct gw_slice){body.at, body.length};
    }
    if (rc == GW_OK)
        rc = settings->web->ask(settings->web, &request, &link->response, on_answer, link, &link->call, NULL);
    OPENSSL_cleanse(body.at, body.length); /* the secret is in it */
    gw_text_release(&path);
    gw_text_release(&url);
    gw_text_release(&body);
    return rc;
}

/* The next of what is to be asked: first how it stands, last what would change it. */
static void work(struct link *link)
{
    static const enum gw_order turns[] = {GW_ORDER_STATUS, GW_ORDER_EVENTS, GW_ORDER_CREATE, GW_ORDER_ACTIVATE};

    for (size_t i = 0; i < COUNT(turns) && !link->asking && !link->upkeep->closing; i++) {
        if (!(link->pending & turns[i]))
            continue;
        link->pending &= ~(unsigned)turns[i];
        link->asking = turns[i];
        if (ask(link, turns[i]) == GW_OK) {
            link->upkeep->open++;
            return;
        }
        link->asking = 0;
        ask_failed(link, turns[i], false);
    }
}

/* ---- time ------------------------------------------------------------------------------------------------------- */

static void tick(struct gw_upkeep *upkeep)
{
    for (size_t i = 0; i < upkeep->link_count; i++) {
        struct gw_orders orders;

        gw_subscription_tick(&upkeep->links[i].state, now_s(upkeep), &orders);
        follow(&upkeep->links[i], &orders, NULL);
    }
}

static enum gw_status load(struct gw_upkeep *upkeep, struct gw_error *err);

static void on_timer(uv_timer_t *timer)
{
    struct gw_upkeep *const upkeep = timer->data;

    if (upkeep->loaded)
        tick(upkeep);
    else if (load(upkeep, NULL) != GW_OK)
        arm(upkeep);
}

static void arm(struct gw_upkeep *upkeep)
{
    const int64_t now = now_s(upkeep);
    int64_t next = now + RELOAD_S;

    if (upkeep->closing)
        return;
    if (upkeep->loaded && upkeep->link_count)
        next = gw_subscription_next_s(&upkeep->links[0].state);
    for (size_t i = 1; i < upkeep->link_count && upkeep->loaded; i++)
        if (gw_subscription_next_s(&upkeep->links[i].state) < next)
            next = gw_subscription_next_s(&upkeep->links[i].state);
    if (next < now + REST_S)
        next = now + REST_S;
    gw_clock_start(upkeep->clock, &upkeep->timer, on_timer, (uint64_t)(next - now) * 1000);
}

/* ---- the notes -------------------------------------------------------------------------------------------------- */

struct loading {
    struct gw_upkeep *upkeep;
    struct gw_arena arena;
    const char **texts; /* of each link; NULL: none */
};

static enum gw_status run_load(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    struct loading *const loading = ctx;
    const struct gw_upkeep *const upkeep = loading->upkeep;
    enum gw_status rc = GW_OK;

    for (size_t i = 0; i < upkeep->link_count && rc == GW_OK; i++) {
        const char *const type = upkeep->links[i].type;
        const char *const name =
            gw_arena_print(&loading->arena, "%s%s%s", upkeep->settings.endpoint, type ? "|" : "", type ? type : "");

        rc = name ? gw_ledger_note(ledger, &loading->arena, GW_SUBSCRIPTION_SPACE, name, &loading->texts[i], err)
                  : gw_fail(err, GW_ENOMEM, where, "no memory for the notes of %s", upkeep->settings.endpoint);
    }
    return rc;
}

/* What the settings make of the resource, so that a new secret or topic is met after a restart. */
static void learn_form(struct link *link)
{
    struct gw_text resource = GW_TEXT_INIT(RESOURCE_MAX);
    uint8_t digest[GW_SHA256_BYTES];
    char form[2 * FORM_BYTES + 1];

    subscription_write(&link->upkeep->settings, link->type, NULL, &resource);
    gw_sha256(resource.at, resource.length, digest);
    gw_hex(digest, FORM_BYTES, form);
    gw_subscription_form(&link->state, form, now_s(link->upkeep));
    OPENSSL_cleanse(resource.at, resource.length);
    gw_text_release(&resource);
}

static void remember(struct gw_upkeep *upkeep, const char *const *texts)
{
    const struct gw_upkeep_settings *const settings = &upkeep->settings;

    for (size_t i = 0; i < upkeep->link_count; i++)
        if (texts[i] && gw_subscription_read(&upkeep->links[i].state, texts[i], NULL) != GW_OK && settings->alert)
            settings->alert(settings->ctx, settings->endpoint,
                            "the note of a subscription is damaged: it is made anew");
    for (size_t i = 0; i < upkeep->link_count; i++)
        learn_form(&upkeep->links[i]);
    upkeep->loaded = true;
    tick(upkeep);
}

static void on_loaded(void *ctx, const struct gw_error *failure)
{
    struct loading *const loading = ctx;
    struct gw_upkeep *const upkeep = loading->upkeep;

    if (!upkeep->closing && !failure)
        remember(upkeep, loading->texts);
    else
        arm(upkeep);
    gw_arena_release(&loading->arena);
    free(loading);
    let_go(upkeep);
}

static enum gw_status load(struct gw_upkeep *upkeep, struct gw_error *err)
{
    struct loading *const loading = calloc(1, sizeof *loading);
    enum gw_status rc = loading ? GW_OK : gw_fail(err, GW_ENOMEM, where, "no memory to begin with");

    if (rc != GW_OK)
        return rc;
    *loading = (struct loading){.upkeep = upkeep, .arena = GW_ARENA_INIT(JOB_BYTES)};
    loading->texts = gw_arena_alloc(&loading->arena, (upkeep->link_count + 1) * sizeof *loading->texts);
    rc = loading->texts ? gw_writer_submit(upkeep->settings.writer, 1, run_load, on_loaded, loading, err)
                        : gw_fail(err, GW_ENOMEM, where, "no memory to begin with");
    if (rc == GW_OK) {
        upkeep->open++;
        return GW_OK;
    }
    gw_arena_release(&loading->arena);
    free(loading);
    return rc;
}

enum gw_status gw_upkeep_start(struct gw_upkeep *upkeep, struct gw_error *err)
{
    return load(upkeep, err);
}

/* ---- what is heard ---------------------------------------------------------------------------------------------- */

/* The rest-hook of the type that the path names, else the first. */
static struct link *link_of(struct gw_upkeep *upkeep, const char *rest)
{
    const size_t length = strcspn(rest, "/");

    for (size_t i = 0; i < upkeep->link_count; i++) {
        const char *const type = upkeep->links[i].type;

        if (type && strlen(type) == length && strncmp(type, rest, length) == 0)
            return &upkeep->links[i];
    }
    return &upkeep->links[0];
}

static void hear(struct link *link, struct gw_notification *heard, struct job *job)
{
    struct gw_orders orders;
    bool fine = true;

    gw_subscription_hear(&link->state, heard, now_s(link->upkeep), &orders);
    for (size_t i = 0; i < heard->hint_count && fine; i++)
        fine = !heard->hints[i].fresh || job_add(job, &heard->hints[i]);
    if (!fine)
        gw_subscription_doubt(&link->state);
    follow(link, &orders, job);
}

void gw_upkeep_hear(struct gw_upkeep *upkeep, const char *rest, struct gw_slice body, gw_upkeep_heard done, void *ctx)
{
    struct link *const link = link_of(upkeep, rest);
    struct job *const job = upkeep->loaded && !upkeep->closing ? job_new(link) : NULL;
    struct gw_notification heard;
    enum gw_status rc;

    if (!job) {
        upkeep->counts.not_kept++;
        done(ctx, 503);
        return;
    }
    job->done = done;
    job->ctx = ctx;
    rc = gw_notification_read(&job->arena, rest, body, &heard, NULL);
    if (rc == GW_EINPUT) {
        upkeep->counts.malformed++;
        job->status = 400;
    }
    if (rc == GW_ENOMEM)
        job_refuse(job);
    else
        hear(link, &heard, job);
}

void gw_upkeep_turned_away(struct gw_upkeep *upkeep)
{
    upkeep->counts.flooded++;
    for (size_t i = 0; i < upkeep->link_count; i++)
        gw_subscription_doubt(&upkeep->links[i].state);
    arm(upkeep);
}

/* ---- the catch-up ----------------------------------------------------------------------------------------------- */

static bool is_meant(const struct link *link, const char *type)
{
    return !type || !link->type || gw_same(link->type, type);
}

void gw_upkeep_looking(struct gw_upkeep *upkeep, const char *type)
{
    for (size_t i = 0; i < upkeep->link_count; i++) {
        struct link *const link = &upkeep->links[i];

        if (!is_meant(link, type) || !link->is_owed)
            continue;
        link->looking = link->owed;
        link->is_looking = true;
        link->is_owed = false;
    }
}

void gw_upkeep_looked(struct gw_upkeep *upkeep, const char *type, bool complete)
{
    for (size_t i = 0; i < upkeep->link_count; i++) {
        struct link *const link = &upkeep->links[i];
        struct gw_orders orders = {0};

        if (!is_meant(link, type) || !link->is_looking)
            continue;
        link->is_looking = false;
        if (complete)
            gw_subscription_caught_up(&link->state, &link->looking, now_s(upkeep));
        else
            gw_subscription_failed(&link->state, GW_ORDER_CATCH_UP, false, now_s(upkeep), &orders);
        follow(link, &orders, NULL);
    }
}

/* ---- lifetime --------------------------------------------------------------------------------------------------- */

const char *gw_upkeep_endpoint(const struct gw_upkeep *upkeep)
{
    return upkeep->settings.endpoint;
}

const char *gw_upkeep_secret(const struct gw_upkeep *upkeep)
{
    return upkeep->settings.secret;
}

struct gw_upkeep_counts *gw_upkeep_counts(struct gw_upkeep *upkeep)
{
    upkeep->counts.off = 0;
    for (size_t i = 0; i < upkeep->link_count; i++)
        upkeep->counts.off += upkeep->links[i].state.phase != GW_SUBSCRIPTION_ACTIVE;
    return &upkeep->counts;
}

static void on_timer_closed(uv_handle_t *handle)
{
    let_go(handle->data);
}

void gw_upkeep_free(struct gw_upkeep *upkeep)
{
    if (!upkeep)
        return;
    upkeep->closing = true;
    for (size_t i = 0; i < upkeep->link_count; i++)
        if (upkeep->links[i].asking)
            upkeep->settings.web->cancel(upkeep->settings.web, upkeep->links[i].call);
    gw_clock_stop(upkeep->clock, &upkeep->timer);
    uv_close((uv_handle_t *)&upkeep->timer, on_timer_closed);
}

static enum gw_status check_secret(const char *secret, struct gw_error *err)
{
    const size_t length = strlen(secret);

    for (size_t i = 0; i < length; i++)
        if (secret[i] <= ' ' || secret[i] > '~')
            return gw_fail(err, GW_ECONFIG, where,
                           "the secret of notifications holds what no header can: make it anew");
    if (length < GW_SECRET_LEAST)
        return gw_fail(err, GW_ECONFIG, where, "the secret of notifications has %zu characters; write at least %d",
                       length, GW_SECRET_LEAST);
    return GW_OK;
}

static bool copy_settings(struct gw_upkeep *upkeep, const struct gw_upkeep_settings *settings)
{
    struct gw_upkeep_settings *const own = &upkeep->settings;

    *own = *settings;
    own->endpoint = strdup(settings->endpoint);
    own->topic = settings->topic ? strdup(settings->topic) : NULL;
    own->callback = strdup(settings->callback);
    own->secret = strdup(settings->secret);
    own->types = NULL;
    own->type_count = 0;
    return own->endpoint && own->callback && own->secret && (own->topic || !settings->topic);
}

static bool make_links(struct gw_upkeep *upkeep, const struct gw_upkeep_settings *settings)
{
    const bool topic = settings->topic != NULL;
    const size_t count = topic ? 1 : settings->type_count;

    upkeep->links = calloc(count, sizeof *upkeep->links);
    for (size_t i = 0; upkeep->links && i < count; i++) {
        struct link *const link = &upkeep->links[upkeep->link_count++];

        link->upkeep = upkeep;
        link->noted = (struct gw_text)GW_TEXT_INIT(NOTE_MAX);
        link->response = (struct gw_http_response)GW_HTTP_RESPONSE_INIT;
        link->type = topic ? NULL : strdup(settings->types[i]);
        if (!topic && !link->type)
            return false;
        gw_subscription_init(&link->state, topic, settings->heartbeat_s, now_s(upkeep));
    }
    return upkeep->links != NULL;
}

enum gw_status gw_upkeep_new(uv_loop_t *loop, const struct gw_upkeep_settings *settings, struct gw_upkeep **out,
                             struct gw_error *err)
{
    enum gw_status rc = check_secret(settings->secret, err);
    struct gw_upkeep *upkeep;

    assert(settings->topic || settings->type_count);
    if (rc != GW_OK)
        return rc;
    upkeep = calloc(1, sizeof *upkeep);
    if (!upkeep)
        return gw_fail(err, GW_ENOMEM, where, "no memory for the subscriptions of %s", settings->endpoint);
    upkeep->clock = settings->clock ? settings->clock : &gw_system_clock;
    if (!copy_settings(upkeep, settings) || !make_links(upkeep, settings)) {
        upkeep_release(upkeep);
        return gw_fail(err, GW_ENOMEM, where, "no memory for the subscriptions of %s", settings->endpoint);
    }
    uv_timer_init(loop, &upkeep->timer);
    upkeep->timer.data = upkeep;
    upkeep->open = 1;
    *out = upkeep;
    return GW_OK;
}
