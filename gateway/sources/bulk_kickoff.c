/*
 * An export asked for, and what was answered.
 */
#include <stdio.h>
#include <string.h>

#include "sources/bulk_ask.h"
#include "sources/bulk_parts.h"

static const char where[] = "sources.bulk";

enum { TYPES_BYTES = 4096 };

/* ---- ask ---- */

enum step bulk_ask(struct gw_bulk *b)
{
    static const struct gw_http_header headers[] = {{"Prefer", "respond-async"},
                                                    {"Content-Type", "application/fhir+json"}};
    struct gw_session_request request = {.headers = headers, .header_count = 1};

    struct gw_text types = GW_TEXT_INIT(TYPES_BYTES);
    enum step then;

    if (bulk_request(b->settings, &b->job, &b->url, &b->body, &b->err) != GW_OK)
        return END;
    bulk_print_types(&b->job.types, &types);
    request.types = types.at;
    request.url = b->url.at;
    if (b->body.length) {
        request.method = "POST";
        request.header_count = 2;
        request.body = (struct gw_slice){b->body.at, b->body.length};
    }
    then = types.failed ? bulk_no_memory(b) : bulk_ask_web(b, &request, ANSWER);
    gw_text_release(&types);
    return then;
}

/* ---- answer ---- */

/* A server that lacks a type answers 400 and names it: what it has is wanted all the same. */
static enum step leave_out(struct gw_bulk *b)
{
    const struct gw_slice text = {b->response.body.at, b->response.body.length};
    const enum gw_resource type = bulk_refused_type(&b->job.types, text);
    struct gw_error failure;

    if (type == GW_RESOURCE_OTHER && b->job.since) { /* not offered, or not liked: everything, then */
        b->job.since = NULL;
        b->job.scope = BULK_ALL;
        return bulk_write_notes(b, bulk_change_job(b), ASK);
    }
    if (type != GW_RESOURCE_OTHER) {
        b->job.types.of[type] = false;
        b->job.refused.of[type] = true;
        if (bulk_has_type(&b->job.types))
            return bulk_write_notes(b, bulk_change_job(b), ASK);
    }
    gw_fail(&failure, GW_EPROTO, where,
            "%s: refuses the export (status 400)%s: check \"bulk\" in the configuration, and with the vendor which "
            "level and parameters are offered",
            b->settings->intake->endpoint,
            type == GW_RESOURCE_OTHER ? " and names no type that it lacks"
                                      : ": it lacks every type that was asked for");
    return bulk_give_up(b, &failure);
}

/* A3 of the fault matrix: what the token gives is exported all the same, what it lacks is not complete. */
static enum step leave_ungranted(struct gw_bulk *b)
{
    const struct gw_error failure = b->transfer;
    const enum gw_resource type =
        bulk_refused_type(&b->job.types, (struct gw_slice){failure.text, strlen(failure.text)});

    if (type == GW_RESOURCE_OTHER)
        return bulk_end_with(b, &failure);
    snprintf(b->result.note, sizeof b->result.note, "%.120s", failure.text);
    b->job.types.of[type] = false;
    b->job.ungranted.of[type] = true;
    return bulk_has_type(&b->job.types) ? bulk_write_notes(b, bulk_change_job(b), ASK) : bulk_give_up(b, &failure);
}

static enum step accepted(struct gw_bulk *b)
{
    const char *base = b->url.at;
    struct gw_text status = GW_TEXT_INIT(GW_URL_MAX);
    struct gw_error failure;
    enum gw_status rc;

    if (b->response.content_location.length == 0)
        rc = gw_fail(&failure, GW_EPROTO, where,
                     "%s: took the export and did not say where its status is (no Content-Location); report it to the "
                     "vendor",
                     b->settings->intake->endpoint);
    else
        rc = gw_gate_resolve(b->settings->web->gate, base, b->response.content_location.at, &status, &failure);
    if (rc == GW_OK)
        b->job.status_url = gw_arena_copy(&b->arena, status.at, status.length);
    gw_text_release(&status);
    if (rc != GW_OK)
        return bulk_give_up(b, &failure);
    if (!b->job.status_url)
        return bulk_no_memory(b);
    b->job.state = BULK_WAITING;
    b->tries = 0;
    return bulk_write_notes(b, bulk_change_job(b), POLL);
}

enum step bulk_answer(struct gw_bulk *b)
{
    struct gw_error failure;
    enum gw_status rc;

    if (b->response.trouble == GW_TROUBLE_UNGRANTED)
        return leave_ungranted(b);
    if (b->transfer.status != GW_OK)
        return bulk_may_pass(b) ? bulk_try_again(b, &b->transfer, ASK) : bulk_end_with(b, &b->transfer);
    if (b->response.status == 202)
        return accepted(b);
    if (b->response.status == 400)
        return leave_out(b);
    rc = gw_http_verdict(&b->response, b->url.at, &failure);
    if (rc == GW_ERETRY)
        return bulk_try_again(b, &failure, ASK);
    if (rc == GW_EDENIED)
        return bulk_end_with(b, &failure);
    if (rc == GW_OK)
        gw_fail(&failure, GW_EPROTO, where,
                "%s: answered the request for an export with status %d instead of 202; does it offer $export at this "
                "level?",
                b->settings->intake->endpoint, b->response.status);
    return bulk_give_up(b, &failure);
}
