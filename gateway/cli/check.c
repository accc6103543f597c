/*
 * casement check: the lines as they are found, so that a person sees where it hangs; or the page for a vendor.
 */
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "gateway/core/date.h"
#include "gateway/core/text.h"
#include "gateway/net/clock.h"
#include "gateway/service/check.h"

#define ARENA_BYTES ((size_t)256 << 20)

static const enum mark marks[] = {[GW_CHECK_OK] = MARK_OK,
                                  [GW_CHECK_NOTE] = MARK_NOTE,
                                  [GW_CHECK_FAIL] = MARK_FAIL,
                                  [GW_CHECK_SKIPPED] = MARK_SKIPPED};

enum { REPORT_MAX_BYTES = 4 << 20 };

struct listing {
    struct output output;
    int width;   /* of the longest endpoint id */
    cJSON *json; /* NULL: for people */
    bool silent; /* the page goes where the lines would */
    struct gw_arena *arena;
    struct gw_check_line *lines; /* all of them, for the page */
    size_t count, capacity;
};

static int width_of(const struct gw_config *config)
{
    size_t width = 0;

    for (size_t i = 0; i < config->endpoint_count; i++)
        if (strlen(config->endpoints[i].id) > width)
            width = strlen(config->endpoints[i].id);
    return (int)width;
}

static void print_more(const struct listing *listing, const char *lead, const char *text)
{
    const struct output *output = &listing->output;

    if (!text)
        return;
    fprintf(output->out, "%*s%s", 9 + listing->width + 2 + 13 + 2, "", lead);
    output_text(output, text);
    fputc('\n', output->out);
}

static void add_text(cJSON *object, const char *name, const char *text)
{
    if (text)
        cJSON_AddStringToObject(object, name, text);
    else
        cJSON_AddNullToObject(object, name);
}

/* The mark fills nine columns; its colours take none. */
static void print_line(const struct listing *listing, const struct gw_check_line *line)
{
    const struct output *output = &listing->output;
    const enum mark mark = marks[line->verdict];
    const int rest = 9 - (int)strlen(output_mark_name(mark));

    fprintf(output->out, "%s%*s%-*s  %-13s  ", output_mark(output, mark), rest, "", listing->width,
            line->endpoint ? line->endpoint : "", line->what);
    output_text(output, line->text);
    fputc('\n', output->out);
    if (line->verdict != GW_CHECK_OK) {
        print_more(listing, "it means: ", line->means);
        print_more(listing, "ask for:  ", line->ask);
    }
    fflush(output->out);
}

static void add_line(cJSON *list, const struct gw_check_line *line)
{
    cJSON *object = cJSON_CreateObject();

    add_text(object, "endpoint", line->endpoint);
    cJSON_AddStringToObject(object, "what", line->what);
    cJSON_AddStringToObject(object, "verdict", output_mark_name(marks[line->verdict]));
    cJSON_AddStringToObject(object, "text", line->text);
    add_text(object, "means", line->means);
    add_text(object, "ask", line->ask);
    cJSON_AddNumberToObject(object, "exit_status", line->verdict == GW_CHECK_FAIL ? gw_exit_code(line->status) : 0);
    cJSON_AddItemToArray(list, object);
}

static void on_line(void *ctx, const struct gw_check_line *line)
{
    struct listing *listing = ctx;
    struct gw_check_line *kept = GW_ARENA_PUSH(listing->arena, listing->lines, listing->count, listing->capacity);

    if (!kept)
        output_no_memory();
    *kept = *line;
    if (listing->json)
        add_line(listing->json, line);
    else if (!listing->silent)
        print_line(listing, line);
}

/* ---- the page ---- */

/* A page is for one vendor, who need not hear of the others. */
static enum gw_status choose(const struct arguments *arguments, const struct gw_config *config,
                             const struct gw_config_endpoint **out, struct gw_error *err)
{
    const char *wanted = arguments->values[OPTION_ENDPOINT];

    *out = NULL;
    if (!arguments_has(arguments, OPTION_REPORT))
        return arguments->input_count == 0 ? GW_OK
                                           : gw_fail(err, GW_EUSAGE, "cli", "check: a FILE goes with --report only");
    if (arguments_has(arguments, OPTION_JSON) && arguments->input_count == 0)
        return gw_fail(err, GW_EUSAGE, "cli", "check: --json and a page cannot both be printed here: name a FILE");
    for (size_t i = 0; i < config->endpoint_count; i++)
        if (wanted ? gw_same(config->endpoints[i].id, wanted) : config->endpoint_count == 1)
            *out = &config->endpoints[i];
    if (!*out && !wanted)
        return gw_fail(err, GW_EUSAGE, "cli", "check: a page is for one vendor: name its endpoint by --endpoint");
    return GW_OK; /* an endpoint that is not there is refused by the check */
}

static enum gw_status write_page(const struct arguments *arguments, const struct gw_config_endpoint *endpoint,
                                 const struct listing *listing, struct gw_error *err)
{
    struct gw_text page = GW_TEXT_INIT(REPORT_MAX_BYTES);
    char now[GW_INSTANT_BYTES];
    enum gw_status rc = GW_OK;

    gw_instant_print(gw_system_clock.utc(gw_system_clock.ctx), now);
    now[strlen("2026-11-21")] = '\0';
    gw_check_report(endpoint, now, listing->lines, listing->count, &page);
    if (page.failed)
        output_no_memory();
    if (arguments->input_count > 0)
        rc = gw_text_write_file(arguments->inputs[0], 0644, page.at, page.length, err);
    else
        fputs(page.at, listing->output.out);
    gw_text_release(&page);
    return rc;
}

static enum gw_status check(const struct arguments *arguments, struct listing *listing, struct gw_error *err)
{
    const struct gw_check_options options = {.endpoint = arguments->values[OPTION_ENDPOINT],
                                             .spacing_ms = GW_CHECK_SPACING_MS,
                                             .link_wait_ms = GW_CHECK_LINK_WAIT_MS};
    const struct gw_config_endpoint *endpoint = NULL;
    struct gw_error unwritten = {.status = GW_OK};
    struct gw_config config;
    enum gw_status rc = gw_config_load(listing->arena, arguments->values[OPTION_CONFIG], &config, err);

    if (rc == GW_OK)
        rc = choose(arguments, &config, &endpoint, err);
    if (rc != GW_OK)
        return rc;
    listing->width = width_of(&config);
    listing->silent = endpoint && arguments->input_count == 0;
    rc = gw_check_run(listing->arena, &config, &options, on_line, listing, err);
    if (endpoint && listing->count > 0 && write_page(arguments, endpoint, listing, &unwritten) != GW_OK && rc == GW_OK)
        *err = unwritten;
    return err->status;
}

int check_command(const struct arguments *arguments)
{
    struct gw_arena arena = GW_ARENA_INIT(ARENA_BYTES);
    struct listing listing = {.json = arguments_has(arguments, OPTION_JSON) ? cJSON_CreateArray() : NULL,
                              .arena = &arena};
    struct gw_error failure = {.status = GW_OK};
    enum gw_status rc;

    output_init(&listing.output, stdout);
    rc = check(arguments, &listing, &failure);
    if (listing.json && rc == GW_EUSAGE)
        cJSON_Delete(listing.json);
    else if (listing.json)
        output_json(&listing.output, listing.json);
    gw_arena_release(&arena);
    return rc == GW_OK ? 0 : output_failed(&failure);
}
