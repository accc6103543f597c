/*
 * REDCap as a study database: whether a project is the study's, and laid out to take its rows.
 *
 *      project ──> its events ──> its fields ──> next
 *
 * Asked before the first question of a session, and again after a failure: a person may change a project at any time.
 */
#include <string.h>

#include "sinks/redcap_parts.h"

/* ---- fields ---------------------------------------------------------------------------------------------------- */

struct missing { /* of the dictionary, in the project */
    const cJSON *metadata;
    char first[REDCAP_FIELD_BYTES];
    size_t count;
};

static void check_field(void *ctx, const struct redcap_entry *entry)
{
    struct missing *missing = ctx;

    GW_JSON_EACH (field, missing->metadata)
        if (strcmp(wire_text(field, "field_name"), entry->name) == 0 &&
            strcmp(wire_text(field, "form_name"), entry->form) == 0)
            return;
    if (missing->count++ == 0)
        snprintf(missing->first, sizeof missing->first, "%s", entry->name);
}

static void on_metadata(void *ctx, const cJSON *answer, const struct gw_error *failure)
{
    struct redcap *r = ctx;
    struct missing missing = {.metadata = answer};

    if (failure) {
        redcap_end_asking(r, failure);
    } else if (!redcap_entries(check_field, &missing)) {
        redcap_fail(r, GW_ENOMEM, "no memory for the project's fields");
    } else if (missing.count > 0) {
        redcap_fail(r, GW_ECONFIG,
                    "the project lacks fields in their instruments (%zu, the first is %s); " REDCAP_LAY_OUT,
                    missing.count, missing.first);
    } else {
        r->known = true;
        r->next(r);
    }
}

/* ---- events ---------------------------------------------------------------------------------------------------- */

static void on_events(void *ctx, const cJSON *answer, const struct gw_error *failure)
{
    struct redcap *r = ctx;

    if (failure) {
        redcap_end_asking(r, failure);
        return;
    }
    gw_arena_clear(&r->event_arena);
    r->events = (struct events){0};
    GW_JSON_EACH (item, answer) {
        const char *label = wire_text(item, "event_name"), *name = wire_text(item, "unique_event_name");
        struct event *event = GW_ARENA_PUSH(&r->event_arena, r->events.list, r->events.count, r->events.capacity);

        if (event)
            *event = (struct event){gw_arena_copy(&r->event_arena, label, strlen(label)),
                                    gw_arena_copy(&r->event_arena, name, strlen(name)), 0};
        if (!event || !event->window || !event->name) {
            redcap_fail(r, GW_ENOMEM, "the project has more events than there is memory for");
            return;
        }
    }
    if (!events_find(&r->events, REDCAP_SUBJECT)) {
        redcap_fail(r, GW_ECONFIG, "the project has no event called " REDCAP_SUBJECT);
        return;
    }
    wire_form(&r->wire, "metadata");
    wire_send(&r->wire, on_metadata, r);
}

/* ---- the project ----------------------------------------------------------------------------------------------- */

/* "NI, no information | UNK, unknown" */
static bool has_code(const char *codes, const char *code)
{
    const size_t length = strlen(code);

    while (*codes) {
        codes += strspn(codes, " \t\r\n|");
        if (strncmp(codes, code, length) == 0 && strchr(" ,", codes[length]) && codes[length])
            return true;
        codes += strcspn(codes, "|\n");
    }
    return false;
}

static void on_project(void *ctx, const cJSON *answer, const struct gw_error *failure)
{
    struct redcap *r = ctx;
    const bool production = strcmp(wire_text(answer, "in_production"), "1") == 0;

    if (failure) {
        redcap_end_asking(r, failure);
    } else if (production != r->target.production) {
        redcap_fail(r, GW_ECONFIG,
                    production ? "the project is in production status and this study's data are not for production"
                               : "the project is not in production status: these data are for production");
    } else if (strcmp(wire_text(answer, "is_longitudinal"), "1") != 0) {
        redcap_fail(r, GW_ECONFIG, "the project is not longitudinal; a window is an event");
    } else if (strcmp(wire_text(answer, "has_repeating_instruments_or_events"), "1") != 0) {
        redcap_fail(r, GW_ECONFIG,
                    "nothing repeats in the project; make every instrument but " REDCAP_INSTRUMENT " repeat");
    } else if (!has_code(wire_text(answer, "missing_data_codes"), REDCAP_NOTHING)) {
        redcap_fail(r, GW_ECONFIG,
                    "the project has no missing data code " REDCAP_NOTHING "; add \"" REDCAP_NOTHING
                    ", no information\" to its missing data codes");
    } else {
        wire_form(&r->wire, "event");
        wire_send(&r->wire, on_events, r);
    }
}

void redcap_ask_project(struct redcap *r)
{
    wire_form(&r->wire, "project");
    wire_send(&r->wire, on_project, r);
}

/* ---- a study's windows ----------------------------------------------------------------------------------------- */

static void examine_windows(struct redcap *r)
{
    const char *first = NULL;
    size_t count = 0;

    for (size_t i = 0; i < r->window_count; i++) {
        if (events_find(&r->events, r->windows[i]))
            continue;
        first = count++ ? first : r->windows[i];
    }
    if (count > 0)
        redcap_fail(r, GW_ECONFIG,
                    "the project lacks events that are called like the windows (%zu, the first is %s): their rows "
                    "would be refused; add them",
                    count, first);
    else
        redcap_end(r, NULL);
}

void redcap_examine(struct gw_remote *remote, const char *const *windows, size_t count, gw_remote_done done, void *ctx)
{
    struct redcap *r = (struct redcap *)remote;

    r->windows = windows;
    r->window_count = count;
    redcap_begin(r, &r->work, done, ctx, examine_windows);
}
