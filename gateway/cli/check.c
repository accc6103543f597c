/*
 * casement check: the lines as they are found, so that a person sees where it hangs.
 */
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "gateway/service/check.h"

#define ARENA_BYTES ((size_t)256 << 20)

static const enum mark marks[] = {[GW_CHECK_OK] = MARK_OK,
                                  [GW_CHECK_NOTE] = MARK_NOTE,
                                  [GW_CHECK_FAIL] = MARK_FAIL,
                                  [GW_CHECK_SKIPPED] = MARK_SKIPPED};

struct listing {
    struct output output;
    int width;   /* of the longest endpoint id */
    cJSON *json; /* NULL: for people */
};

static int width_of(const struct gw_config *config)
{
    size_t width = 0;

    for (size_t i = 0; i < config->endpoint_count; i++)
        if (strlen(config->endpoints[i].id) > width)
            width = strlen(config->endpoints[i].id);
    return (int)width;
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
    fflush(output->out);
}

static void add_line(cJSON *list, const struct gw_check_line *line)
{
    cJSON *object = cJSON_CreateObject();

    if (line->endpoint)
        cJSON_AddStringToObject(object, "endpoint", line->endpoint);
    else
        cJSON_AddNullToObject(object, "endpoint");
    cJSON_AddStringToObject(object, "what", line->what);
    cJSON_AddStringToObject(object, "verdict", output_mark_name(marks[line->verdict]));
    cJSON_AddStringToObject(object, "text", line->text);
    cJSON_AddNumberToObject(object, "exit_status", line->verdict == GW_CHECK_FAIL ? gw_exit_code(line->status) : 0);
    cJSON_AddItemToArray(list, object);
}

static void on_line(void *ctx, const struct gw_check_line *line)
{
    struct listing *listing = ctx;

    if (listing->json)
        add_line(listing->json, line);
    else
        print_line(listing, line);
}

int check_command(const struct arguments *arguments)
{
    struct gw_arena arena = GW_ARENA_INIT(ARENA_BYTES);
    struct listing listing = {.json = arguments_has(arguments, OPTION_JSON) ? cJSON_CreateArray() : NULL};
    struct gw_error failure = {.status = GW_OK};
    struct gw_config config;
    enum gw_status rc = gw_config_load(&arena, arguments->values[OPTION_CONFIG], &config, &failure);

    output_init(&listing.output, stdout);
    if (rc == GW_OK)
        listing.width = width_of(&config);
    if (rc == GW_OK)
        rc = gw_check_run(&arena, &config, arguments->values[OPTION_ENDPOINT], on_line, &listing, &failure);
    if (listing.json)
        output_json(&listing.output, listing.json);
    gw_arena_release(&arena);
    return rc == GW_OK ? 0 : output_failed(&failure);
}
