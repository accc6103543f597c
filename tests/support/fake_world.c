#include "support/fake_world.h"

#include "gateway/core/date.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake_way {      /* to one place */
    struct gw_web web; /* first */
    struct gw_gate *gate;
    struct fake_place *place;
    struct fake_call *calls;
    uint64_t last_call;
};

struct fake_call {
    uv_timer_t timer;
    struct fake_way *way;
    struct fake_call *next;
    uint64_t number;
    char *path; /* below the base, with the query */
    bool cancelled;
    struct gw_http_response *response;
    gw_http_sink sink;
    void *sink_ctx;
    gw_http_done done;
    void *ctx;
};

/* ---- what a place has ---- */

static const char *text_after(const char *json, const char *key, char *out, size_t size)
{
    const char *at = strstr(json, key);
    size_t length = at ? strcspn(at + strlen(key), "\"") : 0;

    snprintf(out, size, "%.*s", (int)length, at ? at + strlen(key) : "");
    return out;
}

static void add(struct fake_place *place, uint64_t from_ms, const char *format, va_list args)
{
    struct fake_resource *resource;

    if (place->count == place->capacity) {
        place->capacity = place->capacity ? 2 * place->capacity : 8;
        place->resources = realloc(place->resources, place->capacity * sizeof *place->resources);
        cr_assert(place->resources != NULL);
    }
    resource = &place->resources[place->count++];
    *resource = (struct fake_resource){.from_ms = from_ms};
    cr_assert(vasprintf(&resource->json, format, args) > 0);
    text_after(resource->json, "\"resourceType\":\"", resource->type, sizeof resource->type);
    text_after(resource->json, "\"id\":\"", resource->id, sizeof resource->id);
    text_after(resource->json, "\"Patient/", resource->patient, sizeof resource->patient);
    if (strcmp(resource->type, "Patient") == 0)
        snprintf(resource->patient, sizeof resource->patient, "%s", resource->id);
}

void fake_place_add(struct fake_place *place, uint64_t from_ms, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add(place, from_ms, format, args);
    va_end(args);
}

void fake_place_replace(struct fake_place *place, const char *id, uint64_t from_ms, const char *format, ...)
{
    va_list args;

    (void)id; /* the later one of an id is the one that is found */
    va_start(args, format);
    add(place, from_ms, format, args);
    va_end(args);
}

static bool there(const struct fake_place *place, size_t i)
{
    const struct fake_resource *resource = &place->resources[i];
    const uint64_t now = place->world->time.now_ms;

    if (resource->from_ms > now)
        return false;
    for (size_t k = i + 1; k < place->count; k++)
        if (strcmp(place->resources[k].id, resource->id) == 0 &&
            strcmp(place->resources[k].type, resource->type) == 0 && place->resources[k].from_ms <= now)
            return false;
    return true;
}

/* ---- answering ---- */

static bool parameter(const char *path, const char *name, char *out, size_t size)
{
    const size_t length = strlen(name);

    for (const char *at = strchr(path, '?'); at; at = strchr(at + 1, '&')) {
        if (strncmp(at + 1, name, length) != 0 || at[1 + length] != '=')
            continue;
        snprintf(out, size, "%.*s", (int)strcspn(at + 2 + length, "&"), at + 2 + length);
        return true;
    }
    return false;
}

/* A date of the search is a bound of days: "ge2026-11-19". What has no day of its own lies in all of them. */
static bool in_days(const struct fake_resource *resource, const char *path)
{
    char day[11];

    text_after(resource->json, strcmp(resource->type, "Encounter") == 0 ? "\"start\":\"" : "\"effectiveDateTime\":\"",
               day, sizeof day);
    for (const char *at = strstr(path, "date="); *day && at; at = strstr(at + 1, "date=")) {
        const int order = strncmp(day, at + strlen("date=ge"), 10);

        if (strncmp(at + strlen("date="), "ge", 2) == 0 ? order < 0 : order > 0)
            return false;
    }
    return true;
}

static bool shown(const struct fake_place *place, size_t i, const char *type, const char *path)
{
    const struct fake_resource *resource = &place->resources[i];
    char value[256];

    if (strcmp(resource->type, type) != 0 || !there(place, i) || !in_days(resource, path))
        return false;
    if ((parameter(path, "patient", value, sizeof value) || parameter(path, "_id", value, sizeof value) ||
         parameter(path, "subject", value, sizeof value)) &&
        strcmp(resource->patient, strncmp(value, "Patient/", 8) == 0 ? value + 8 : value) != 0)
        return false;
    if (parameter(path, "identifier", value, sizeof value) &&
        !strstr(resource->json, strrchr(value, 'C') ? strrchr(value, 'C') + 1 : value)) /* behind "%7C" */
        return false;
    return !parameter(path, "category", value, sizeof value) || strstr(resource->json, value);
}

static void answer_search(const struct fake_place *place, const char *type, const char *path,
                          struct gw_http_response *response)
{
    const char *comma = "";

    gw_text_add(&response->body, "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"entry\":[");
    for (size_t i = 0; i < place->count; i++)
        if (shown(place, i, type, path)) {
            gw_text_print(&response->body, "%s{\"resource\":%s,\"search\":{\"mode\":\"match\"}}", comma,
                          place->resources[i].json);
            comma = ",";
        }
    gw_text_add(&response->body, "]}");
}

static void answer_metadata(struct gw_http_response *response)
{
    static const char *const types[] = {"Patient",   "Encounter", "Observation",
                                        "Condition", "Procedure", "MedicationAdministration"};

    gw_text_add(&response->body, "{\"resourceType\":\"CapabilityStatement\",\"status\":\"active\",\"fhirVersion\":"
                                 "\"4.0.1\",\"rest\":[{\"mode\":\"server\",\"resource\":[");
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        gw_text_print(&response->body, "%s{\"type\":\"%s\",\"interaction\":[{\"code\":\"search-type\"}]}", i ? "," : "",
                      types[i]);
    gw_text_add(&response->body, "]}]}");
}

static void answer_read(const struct fake_place *place, const char *type, const char *id,
                        struct gw_http_response *response)
{
    for (size_t i = 0; i < place->count; i++)
        if (there(place, i) && strcmp(place->resources[i].type, type) == 0 && strcmp(place->resources[i].id, id) == 0) {
            gw_text_add(&response->body, place->resources[i].json);
            return;
        }
    response->status = 404;
    gw_text_add(&response->body, "{\"resourceType\":\"OperationOutcome\",\"issue\":[]}");
}

/* An export of everybody: asked for, done at once, a file for each type that there is. */
static void answer_manifest(const struct fake_place *place, struct gw_http_response *response)
{
    char now[GW_INSTANT_BYTES];
    const char *comma = "";

    gw_instant_print(response->date, now);
    snprintf(response->content_type, sizeof response->content_type, "application/json");
    gw_text_print(&response->body, "{\"transactionTime\":\"%s\",\"requiresAccessToken\":true,\"output\":[", now);
    for (size_t i = 0; i < place->count; i++) {
        bool first = there(place, i);

        for (size_t k = 0; k < i; k++)
            first = first && !(there(place, k) && strcmp(place->resources[k].type, place->resources[i].type) == 0);
        if (!first)
            continue;
        gw_text_print(&response->body, "%s{\"type\":\"%s\",\"url\":\"https://fhir-%u.example.org/r4/$file/%s\"}", comma,
                      place->resources[i].type, place->number, place->resources[i].type);
        comma = ",";
    }
    gw_text_add(&response->body, "],\"error\":[]}");
}

static void answer_file(const struct fake_place *place, const char *type, struct gw_http_response *response)
{
    snprintf(response->content_type, sizeof response->content_type, "application/fhir+ndjson");
    for (size_t i = 0; i < place->count; i++)
        if (there(place, i) && strcmp(place->resources[i].type, type) == 0)
            gw_text_print(&response->body, "%s\n", place->resources[i].json);
}

static void answer_export(struct fake_place *place, const char *path, struct gw_http_response *response)
{
    if (strncmp(path, "/$status", 8) == 0) {
        answer_manifest(place, response);
    } else if (strncmp(path, "/$file/", 7) == 0) {
        answer_file(place, path + 7, response);
    } else {
        place->exported++;
        response->status = 202;
        gw_text_print(&response->content_location, "https://fhir-%u.example.org/r4/$status", place->number);
    }
}

static void answer(struct fake_place *place, const char *path, struct gw_http_response *response)
{
    char type[40] = "";

    sscanf(path, "/%39[A-Za-z]", type);
    response->status = 200;
    response->date = place->world->time.clock.utc(place->world->time.clock.ctx);
    snprintf(response->content_type, sizeof response->content_type, "application/fhir+json");
    if (place->exports && strchr(path, '$'))
        answer_export(place, path, response);
    else if (strcmp(type, "metadata") == 0)
        answer_metadata(response);
    else if (strchr(path, '?'))
        answer_search(place, type, path, response);
    else
        answer_read(place, type, path + strlen(type) + 2, response);
}

static void misbehave(const struct fake_answer *fault, struct gw_http_response *response, struct gw_error *failure)
{
    response->status = fault->status;
    response->incomplete = fault->incomplete;
    response->retry_after_s = fault->retry_after_s;
    snprintf(response->content_type, sizeof response->content_type, "%s",
             fault->type ? fault->type : "application/fhir+json");
    gw_text_add(&response->body, fault->body ? fault->body : "");
    response->trouble = fault->trouble;
    if (fault->status == 0)
        gw_fail(failure, fault->failure, "test", "the hospital fails as the test says");
}

/* ---- calls ---- */

static void on_gone(uv_handle_t *handle)
{
    struct fake_call *call = handle->data;

    free(call->path);
    free(call);
}

static void take_out(struct fake_call *call)
{
    struct fake_call **at = &call->way->calls;

    while (*at != call)
        at = &(*at)->next;
    *at = call->next;
    call->way->place->at_once--;
}

static void on_answer(uv_timer_t *timer)
{
    struct fake_call *call = timer->data;
    struct fake_place *place = call->way->place;
    const struct fake_answer *fault = !call->cancelled && place->fault ? place->fault(place, call->path) : NULL;
    struct gw_error failure = {.status = GW_OK};

    take_out(call);
    if (call->cancelled)
        gw_fail(&failure, GW_ECANCELED, "test", "cancelled");
    else if (fault)
        misbehave(fault, call->response, &failure);
    else
        answer(place, call->path, call->response);
    if (call->sink && failure.status == GW_OK && call->response->status / 100 == 2) {
        call->sink(call->sink_ctx, call->response->body.at, call->response->body.length, &failure);
        gw_text_clear(&call->response->body);
    }
    uv_close((uv_handle_t *)timer, on_gone);
    call->done(call->ctx, failure.status == GW_OK ? NULL : &failure);
}

static enum gw_status ask(struct gw_web *web, const struct gw_session_request *request,
                          struct gw_http_response *response, gw_http_done done, void *ctx, uint64_t *number,
                          struct gw_error *err)
{
    struct fake_way *way = (struct fake_way *)web;
    struct fake_place *place = way->place;
    struct fake_call *call;

    if (gw_gate_check(web->gate, request->url, NULL, err) != GW_OK)
        return err->status;
    call = calloc(1, sizeof *call);
    cr_assert(call != NULL);
    *call = (struct fake_call){.way = way, .next = way->calls, .response = response, .done = done, .ctx = ctx};
    call->sink = request->sink;
    call->sink_ctx = request->sink_ctx;
    call->path = strdup(request->url + strlen(gw_gate_base(web->gate)));
    call->number = ++way->last_call;
    if (number)
        *number = call->number;
    way->calls = call;
    place->requests++;
    place->searches += strchr(call->path, '?') != NULL;
    place->last_ms = place->world->time.now_ms;
    if (++place->at_once > place->most_at_once)
        place->most_at_once = place->at_once;
    if (place->listen)
        gw_text_print(&place->urls, "%s%s%s\n", request->method ? request->method : "", request->method ? " " : "",
                      call->path);
    gw_http_response_clear(response);
    uv_timer_init(&place->world->loop, &call->timer);
    call->timer.data = call;
    gw_clock_start(&place->world->time.clock, &call->timer, on_answer, place->latency_ms);
    return GW_OK;
}

static void cancel(struct gw_web *web, uint64_t number)
{
    struct fake_way *way = (struct fake_way *)web;

    for (struct fake_call *call = way->calls; call; call = call->next)
        if (call->number == number && !call->cancelled) {
            call->cancelled = true;
            gw_clock_stop(&way->place->world->time.clock, &call->timer);
            uv_timer_start(&call->timer, on_answer, 0, 0);
        }
}

/* ---- ways ---- */

static enum gw_status open_way(const struct gw_world *world, const struct gw_endpoint *endpoint, struct gw_web **out,
                               struct gw_error *err)
{
    struct fake_world *fake = world->ctx;
    struct fake_way *way = calloc(1, sizeof *way);
    unsigned number = 0;

    cr_assert(way != NULL);
    cr_assert(sscanf(endpoint->base, "https://fhir-%u.", &number) == 1 && number < fake->place_count);
    way->place = &fake->places[number];
    if (gw_gate_new(endpoint->base, NULL, 0, &way->gate, err) != GW_OK) {
        free(way);
        return err->status;
    }
    way->web = (struct gw_web){.ask = ask, .cancel = cancel, .gate = way->gate};
    fake->open++;
    *out = &way->web;
    return GW_OK;
}

static void close_way(const struct gw_world *world, struct gw_web *web)
{
    struct fake_way *way = (struct fake_way *)web;

    cr_assert(way->calls == NULL, "a way was closed with a request under way");
    ((struct fake_world *)world->ctx)->open--;
    gw_gate_free(way->gate);
    free(way);
}

void fake_world_open(struct fake_world *world, size_t places)
{
    *world = (struct fake_world){.place_count = places};
    cr_assert(uv_loop_init(&world->loop) == 0);
    fake_time_init(&world->time, &world->loop);
    world->world = (struct gw_world){
        .loop = &world->loop, .clock = &world->time.clock, .open = open_way, .close = close_way, .ctx = world};
    world->places = calloc(places, sizeof *world->places);
    cr_assert(world->places != NULL);
    for (size_t i = 0; i < places; i++)
        world->places[i] = (struct fake_place){
            .world = world, .number = (unsigned)i, .latency_ms = 50, .urls = GW_TEXT_INIT(16u << 20)};
}

void fake_world_close(struct fake_world *world)
{
    cr_expect(world->open == 0, "a way to an endpoint was not closed");
    uv_run(&world->loop, UV_RUN_DEFAULT);
    cr_expect(uv_loop_close(&world->loop) == 0, "a handle is left");
    for (size_t i = 0; i < world->place_count; i++) {
        for (size_t k = 0; k < world->places[i].count; k++)
            free(world->places[i].resources[k].json);
        free(world->places[i].resources);
        gw_text_release(&world->places[i].urls);
    }
    free(world->places);
    fake_time_release(&world->time);
}
