/*
 * An endpoint that `casement check` never saw is asked what it offers before it is asked anything of a patient: a type
 * that few servers have is then read where it is had, and nobody's answers depend on whether a check was run before.
 * The profile itself stays the work of the check, which tries what a server only claims.
 */
#include "gateway/net/http.h"
#include "service/endpoint.h"
#include "service/sync_parts.h"

static const char where[] = "service.sync";

enum { METADATA_MAX_BYTES = 16 * 1024 * 1024, METADATA_MS = 60000 };

struct learning { /* of one endpoint */
    struct sync *sync;
    struct sync_endpoint *endpoint;
    const char *url;
    struct gw_http_response response;
    size_t *waiting; /* endpoints whose answer is owed */
};

static bool never_checked(const struct sync_endpoint *endpoint)
{
    return endpoint->asked && endpoint->result->failure.status == GW_OK && !*endpoint->profile.checked;
}

/* What every server is asked stays asked: nobody has seen a check say that this one does not offer it. */
static void take_over(struct gw_profile *profile, struct gw_capability *capability)
{
    for (int type = 0; type < GW_RESOURCE_COUNT; type++)
        capability->reads[type] |= profile->reads[type];
    gw_profile_learn(profile, capability);
}

static enum gw_status learn(struct learning *learning, struct gw_error *err)
{
    struct gw_capability capability = {0};
    enum gw_status rc = gw_http_verdict(&learning->response, learning->url, err);

    if (rc == GW_OK)
        rc = endpoint_capability(&learning->sync->requests, &learning->response, &capability, err);
    if (rc == GW_OK)
        take_over(&learning->endpoint->profile, &capability);
    return rc;
}

static void on_answer(void *ctx, const struct gw_error *failure)
{
    struct learning *learning = ctx;
    struct gw_error *result = &learning->endpoint->result->failure;

    if (failure)
        *result = *failure;
    else
        learn(learning, result);
    gw_http_response_release(&learning->response);
    --*learning->waiting;
}

static void ask(struct learning *learning)
{
    struct gw_error *failure = &learning->endpoint->result->failure;
    const struct gw_session_request request = {
        .url = learning->url, .max_bytes = METADATA_MAX_BYTES, .total_ms = METADATA_MS, .without_token = true};

    if (gw_session_start(learning->endpoint->session, &request, &learning->response, on_answer, learning, NULL,
                         failure) == GW_OK)
        ++*learning->waiting;
}

static const char *metadata_url(struct sync *s, const struct sync_endpoint *endpoint)
{
    return gw_arena_print(&s->arena, "%s/metadata", gw_gate_base(gw_session_gate(endpoint->session)));
}

enum gw_status sync_learn(struct sync *s, struct gw_error *err)
{
    struct learning *all = gw_arena_alloc(&s->arena, (s->endpoint_count + 1) * sizeof *all);
    enum gw_status rc = all ? GW_OK : gw_fail(err, GW_ENOMEM, where, "the endpoints need more memory than allowed");
    size_t waiting = 0;

    for (size_t e = 0; rc == GW_OK && e < s->endpoint_count; e++) {
        struct sync_endpoint *endpoint = &s->endpoints[e];

        if (!never_checked(endpoint))
            continue;
        all[e] = (struct learning){s, endpoint, metadata_url(s, endpoint), GW_HTTP_RESPONSE_INIT, &waiting};
        if (all[e].url)
            ask(&all[e]);
        else
            rc = gw_fail(err, GW_ENOMEM, where, "the address of endpoint %s is too long", endpoint->config->id);
    }
    while (waiting > 0)
        uv_run(&s->loop, UV_RUN_ONCE);
    gw_arena_clear(&s->requests);
    return rc;
}
