/*
 * Questions to REDCap's API and its answers: a form, sent with POST, answered by JSON.
 *
 *      wire_form(w, "record") ──> wire_add ... ──> wire_send ──> done(answer)
 *
 * The token stands in the form alone: in no address, in no text of a failure. Whether an answer is an error is decided
 * on its body; what it says may be a patient's, so that failures tell no more than which of our fields it names.
 */
#ifndef SINKS_REDCAP_WIRE_H
#define SINKS_REDCAP_WIRE_H

#include <uv.h>

#include "gateway/core/arena.h"
#include "gateway/core/json.h"
#include "gateway/net/http.h"

/* failure: GW_EINPUT: REDCap does not take what was sent, refusal says why; the others as for net/http.h. */
typedef void (*wire_done)(void *ctx, const cJSON *answer, const struct gw_error *failure);

struct wire {
    struct gw_http *http;
    struct gw_http_response response;
    const char *url;
    const char *token_file;
    struct gw_text token;
    struct gw_text form;
    struct gw_arena arena; /* of the last answer */
    char refusal[120];     /* "locked", "not taken: observations_unit" */
    struct gw_error late;  /* of what was refused at the door */
    bool refused;          /* it was: there is no token */
    uv_timer_t later;
    wire_done done; /* NULL: nothing is under way */
    void *ctx;
    uv_close_cb closed; /* once asked to close with something under way */
};

enum gw_status wire_init(struct wire *wire, uv_loop_t *loop, const char *url, const char *token_file, const char *ca,
                         struct gw_error *err);
/* What is under way ends with GW_ECANCELED first. closed is called once, later. */
void wire_close(struct wire *wire, uv_close_cb closed);
void wire_release(struct wire *wire); /* after closed; or when wire_init failed */

/* The token is read anew for each question: one that was changed holds at once. */
void wire_form(struct wire *wire, const char *content);
void wire_add(struct wire *wire, const char *name, const char *value);
void wire_add_item(struct wire *wire, const char *list, size_t index, const char *value); /* fields[0] */
void wire_send(struct wire *wire, wire_done done, void *ctx);

const char *wire_text(const cJSON *row, const char *name); /* a text, or a number as written; "" where there is none */

#endif
