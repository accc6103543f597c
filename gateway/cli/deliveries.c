/*
 * How the deliveries to study databases stand: since when, what waits, what was refused, when it is tried again.
 */
#include "cli/deliveries.h"

#include <stdio.h>
#include <string.h>

enum gw_status deliveries_read(struct gw_ledger *ledger, struct gw_arena *arena, const struct gw_config *config,
                               struct gw_delivery_state **out, struct gw_error *err)
{
    enum gw_status rc = GW_OK;

    *out = gw_arena_alloc(arena, (config->study_count + 1) * sizeof **out);
    if (!*out)
        output_no_memory();
    for (size_t i = 0; rc == GW_OK && i < config->study_count; i++)
        rc = gw_delivery_state(ledger, arena, config->studies[i].id, &(*out)[i], err);
    return rc;
}

/* A file of the hospital's own is written by the pass itself. */
static const char *words_of(const struct gw_config_study *study, const struct gw_delivery_state *state)
{
    if (study->sink_path)
        return "a file";
    if (!state->state)
        return "not tried yet";
    return strcmp(state->state, "away") == 0      ? "away, tried again"
           : strcmp(state->state, "stopped") == 0 ? "stopped, wants a person"
                                                  : "running";
}

void deliveries_print(const struct gw_config *config, const struct gw_delivery_state *states,
                      const struct output *output)
{
    static const struct column columns[] = {{"STUDY", false},    {"DELIVERY", false},   {"SINCE", false},
                                            {"WAITING", true},   {"BYTES", true},       {"OLDEST", false},
                                            {"DELIVERED", true}, {"REFUSED ROWS", true}};
    struct table *table = table_new(output, columns, sizeof columns / sizeof columns[0]);

    for (size_t i = 0; i < config->study_count; i++) {
        table_text(table, config->studies[i].id);
        table_text(table, words_of(&config->studies[i], &states[i]));
        table_text(table, states[i].since ? states[i].since : "");
        table_number(table, states[i].counts.waiting);
        table_number(table, states[i].counts.bytes);
        table_text(table, states[i].counts.oldest);
        table_number(table, states[i].counts.delivered);
        table_number(table, states[i].counts.refused);
    }
    table_print(table);
    for (size_t i = 0; i < config->study_count; i++) {
        if (states[i].reason && *states[i].reason)
            fprintf(output->out, "%s: %s\n", config->studies[i].id, states[i].reason);
        if (states[i].next && *states[i].next)
            fprintf(output->out, "  a running service tries again at %s\n", states[i].next);
    }
}

cJSON *deliveries_json(const struct gw_config *config, const struct gw_delivery_state *states)
{
    cJSON *list = cJSON_CreateArray();

    for (size_t i = 0; i < config->study_count; i++) {
        cJSON *object = cJSON_CreateObject();

        cJSON_AddStringToObject(object, "study", config->studies[i].id);
        if (states[i].state) {
            cJSON_AddStringToObject(object, "state", states[i].state);
            cJSON_AddStringToObject(object, "since", states[i].since);
            cJSON_AddStringToObject(object, "reason", states[i].reason);
            cJSON_AddStringToObject(object, "next", states[i].next);
        }
        cJSON_AddNumberToObject(object, "waiting", (double)states[i].counts.waiting);
        cJSON_AddNumberToObject(object, "bytes", (double)states[i].counts.bytes);
        cJSON_AddStringToObject(object, "oldest", states[i].counts.oldest);
        cJSON_AddNumberToObject(object, "delivered", (double)states[i].counts.delivered);
        cJSON_AddNumberToObject(object, "refused_rows", (double)states[i].counts.refused);
        cJSON_AddItemToArray(list, object);
    }
    return list;
}
