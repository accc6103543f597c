/*
 * casement status --subject: what was read of one subject, and what proves it.
 */
#include <inttypes.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/report.h"
#include "gateway/service/certificate.h"
#include "gateway/service/protocol.h"
#include "gateway/study/site.h"

static const char where[] = "cli.status";

static enum gw_status find_subject(struct gw_ledger *ledger, struct gw_arena *arena, const char *key,
                                   struct gw_ledger_subject *out, struct gw_error *err)
{
    struct gw_ledger_subjects subjects;
    const enum gw_status rc = gw_ledger_subjects(ledger, arena, &subjects, err);

    for (size_t i = 0; rc == GW_OK && i < subjects.count; i++)
        if (strcmp(subjects.list[i].subject_key, key) == 0) {
            *out = subjects.list[i];
            return GW_OK;
        }
    return rc == GW_OK ? gw_fail(err, GW_EUSAGE, where, "the ledger knows no subject of this number") : rc;
}

/* A subject's days are its site's, whose profile stands with the endpoint. */
static enum gw_status open_site(struct gw_arena *arena, const struct gw_config *config,
                                const struct gw_ledger_subject *subject, const struct gw_site **out,
                                struct gw_error *err)
{
    struct gw_protocol protocol;
    const char *package = NULL, *profile = NULL;
    enum gw_status rc;

    for (size_t i = 0; i < config->study_count; i++)
        if (strcmp(config->studies[i].id, subject->study) == 0)
            package = config->studies[i].package;
    for (size_t i = 0; i < config->endpoint_count; i++)
        if (strcmp(config->endpoints[i].site, subject->site) == 0)
            profile = config->endpoints[i].site_profile;
    if (!package || !profile)
        return gw_fail(err, GW_ECONFIG, where, "%s: no study or no endpoint of this subject's site stands there",
                       config->path ? config->path : "status --subject needs --config FILE");
    rc = gw_protocol_load(arena, package, &protocol, err);
    return rc == GW_OK ? gw_site_load(arena, profile, protocol.tables, out, err) : rc;
}

/* ---- printing ---- */

static const char *as_of(const struct gw_certificate_line *line, char out[GW_INSTANT_BYTES])
{
    strcpy(out, "never");
    if (line->as_of != GW_NEVER)
        gw_instant_print(line->as_of, out);
    return out;
}

static void print_table(const struct gw_certificate *certificate, const struct output *output)
{
    static const struct column columns[] = {{"WINDOW", false}, {"FROM", false},  {"TO", false},
                                            {"TYPE", false},   {"AS OF", false}, {"PAGES", true},
                                            {"ENTRIES", true}, {"STATE", false}, {"MISSING", false}};
    struct table *table = table_new(output, columns, sizeof columns / sizeof columns[0]);
    char low[11], high[11], instant[GW_INSTANT_BYTES];

    for (size_t i = 0; i < certificate->count; i++) {
        const struct gw_certificate_line *line = &certificate->list[i];

        gw_day_print(line->window->low, low);
        gw_day_print(line->window->high, high);
        table_text(table, line->window->id);
        table_text(table, low);
        table_text(table, high);
        table_text(table, line->type);
        table_text(table, as_of(line, instant));
        table_number(table, line->pages);
        table_number(table, line->entries);
        table_text(table, gw_certified_name(line->certified));
        table_text(table, line->gap);
    }
    table_print(table);
    if (certificate->count == 0)
        fprintf(output->out, "No window was read yet\n");
}

static cJSON *line_json(const struct gw_certificate_line *line)
{
    cJSON *object = cJSON_CreateObject();
    char text[GW_INSTANT_BYTES];

    cJSON_AddStringToObject(object, "window", line->window->id);
    gw_day_print(line->window->low, text);
    cJSON_AddStringToObject(object, "low", text);
    gw_day_print(line->window->high, text);
    cJSON_AddStringToObject(object, "high", text);
    cJSON_AddStringToObject(object, "type", line->type);
    if (line->as_of == GW_NEVER)
        cJSON_AddNullToObject(object, "as_of");
    else
        cJSON_AddStringToObject(object, "as_of", as_of(line, text));
    cJSON_AddNumberToObject(object, "pages", (double)line->pages);
    cJSON_AddNumberToObject(object, "entries", (double)line->entries);
    if (line->total < 0)
        cJSON_AddNullToObject(object, "server_total");
    else
        cJSON_AddNumberToObject(object, "server_total", (double)line->total);
    cJSON_AddStringToObject(object, "state", gw_certified_name(line->certified));
    if (line->gap)
        cJSON_AddStringToObject(object, "missing", line->gap);
    else
        cJSON_AddNullToObject(object, "missing");
    return object;
}

static void print_json(const char *key, const struct gw_certificate *certificate, const struct output *output)
{
    cJSON *root = cJSON_CreateObject(), *lines;

    cJSON_AddStringToObject(root, "subject", key);
    lines = cJSON_AddArrayToObject(root, "certificate");
    for (size_t i = 0; i < certificate->count; i++)
        cJSON_AddItemToArray(lines, line_json(&certificate->list[i]));
    output_json(output, root);
}

enum gw_status certificate_print(struct gw_ledger *ledger, struct gw_arena *arena, const struct gw_config *config,
                                 const char *key, bool json, const struct output *output, struct gw_error *err)
{
    struct gw_ledger_subject subject;
    struct gw_certificate certificate;
    const struct gw_site *site = NULL;
    enum gw_status rc = find_subject(ledger, arena, key, &subject, err);

    if (rc == GW_OK)
        rc = open_site(arena, config, &subject, &site, err);
    if (rc == GW_OK)
        rc = gw_certificate_of(ledger, arena, &config->schedule, gw_site_zone(site), subject.number, &certificate, err);
    if (rc == GW_OK && json)
        print_json(key, &certificate, output);
    else if (rc == GW_OK)
        print_table(&certificate, output);
    if (site)
        gw_site_close(site);
    return rc;
}
