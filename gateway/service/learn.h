/*
 * An endpoint that `casement check` never saw is asked what it offers before it is asked anything of a patient: a type
 * that few servers have is then read where it is had, and nobody's answers depend on whether a check was run before.
 * The profile itself stays the work of the check, which tries what a server only claims. Private to the service room.
 */
#ifndef SERVICE_LEARN_H
#define SERVICE_LEARN_H

#include "service/setup.h"

struct learning { /* of one endpoint; the caller's, until done */
    struct setup_endpoint *endpoint;
    struct gw_text url;
    struct gw_http_response response;
    uint64_t call;
    gw_http_done done; /* once, from the loop; failure NULL: the profile knows what the metadata say */
    void *ctx;
};

bool learn_needed(const struct setup_endpoint *endpoint);

/* Refused with a status and no callback: GW_ENOMEM, or as the web says. */
enum gw_status learn_start(struct learning *learning, struct setup_endpoint *endpoint, struct gw_web *web,
                           gw_http_done done, void *ctx, struct gw_error *err);

#endif
