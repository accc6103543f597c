/*
 * A login page, a maintenance page, a proxy's notice: none of them is an empty result.
 */
#include "sources/verdict.h"

#include <string.h>

#include "gateway/fhir/bundle.h"

static const char where[] = "sources.pull";

/* An OperationOutcome's own words behind what the status says. */
static enum gw_status refused(struct gw_arena *arena, const struct gw_http_response *response, const char *url,
                              struct gw_error *err)
{
    const struct gw_slice body = {response->body.at, response->body.length};
    struct gw_error verdict = {.status = GW_OK};
    struct gw_entry entry;
    int worst;

    gw_http_verdict(response, url, &verdict);
    if (gw_http_is_json(response) && gw_entry_read(arena, body, &entry, NULL) == GW_OK &&
        entry.mode == GW_ENTRY_OUTCOME)
        return gw_fail(err, verdict.status, where, "%s; OperationOutcome: %s", verdict.text,
                       gw_outcome_print(arena, entry.resource, &worst));
    return gw_fail(err, verdict.status, verdict.where, "%s", verdict.text);
}

bool verdict_is_fhir(const struct gw_http_response *response)
{
    const char *body = response->body.at;

    return gw_http_is_json(response) || body[strspn(body, " \t\r\n")] == '{';
}

enum gw_status verdict_on(struct gw_arena *arena, const struct gw_http_response *response, const char *url,
                          struct gw_error *err)
{
    char place[256];

    if (response->status < 200 || response->status > 299)
        return refused(arena, response, url, err);
    if (verdict_is_fhir(response))
        return GW_OK;
    gw_url_describe(url, place, sizeof(place));
    return gw_fail(err, GW_EPROTO, where,
                   "%s answered with %.60s, not FHIR JSON: something in front of the server answers in its place; open "
                   "the address in a browser and ask who runs it",
                   place, *response->content_type ? response->content_type : "no content type");
}
