/*
 * Reading metadata where no check did.
 */
#include "service/learn.h"

#include "service/endpoint.h"

enum { METADATA_MAX_BYTES = 16 * 1024 * 1024, METADATA_MS = 60000, TREE_MAX_BYTES = 128 * 1024 * 1024 };

bool learn_needed(const struct setup_endpoint *endpoint)
{
    return endpoint->web && !*endpoint->profile.checked;
}

/* What every server is asked stays asked: nobody has seen a check say that this one does not offer it. */
static void take_over(struct gw_profile *profile, struct gw_capability *capability)
{
    for (int type = 0; type < GW_RESOURCE_COUNT; type++)
        capability->reads[type] |= profile->reads[type];
    gw_profile_learn(profile, capability);
}

static enum gw_status read_answer(struct learning *learning, struct gw_error *err)
{
    struct gw_arena arena = GW_ARENA_INIT(TREE_MAX_BYTES);
    struct gw_capability capability = {0};
    enum gw_status rc = gw_http_verdict(&learning->response, learning->url.at, err);

    if (rc == GW_OK)
        rc = endpoint_capability(&arena, &learning->response, &capability, err);
    if (rc == GW_OK)
        take_over(&learning->endpoint->profile, &capability);
    gw_arena_release(&arena);
    return rc;
}

static void on_answer(void *ctx, const struct gw_error *failure)
{
    struct learning *learning = ctx;
    struct gw_error own;

    if (!failure && read_answer(learning, &own) != GW_OK)
        failure = &own;
    gw_http_response_release(&learning->response);
    gw_text_release(&learning->url);
    learning->done(learning->ctx, failure);
}

enum gw_status learn_start(struct learning *learning, struct setup_endpoint *endpoint, struct gw_web *web,
                           gw_http_done done, void *ctx, struct gw_error *err)
{
    struct gw_session_request request = {
        .max_bytes = METADATA_MAX_BYTES, .total_ms = METADATA_MS, .without_token = true};
    enum gw_status rc;

    *learning = (struct learning){.endpoint = endpoint,
                                  .url = GW_TEXT_INIT(GW_URL_MAX),
                                  .response = GW_HTTP_RESPONSE_INIT,
                                  .done = done,
                                  .ctx = ctx};
    rc = gw_gate_join(web->gate, "metadata", &learning->url, err);
    request.url = learning->url.at;
    if (rc == GW_OK)
        rc = web->ask(web, &request, &learning->response, on_answer, learning, &learning->call, err);
    if (rc != GW_OK)
        gw_text_release(&learning->url);
    return rc;
}
