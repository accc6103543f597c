/*
 * casement study lint and windows: is a package sound, and which windows does it give a subject.
 */
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "gateway/study/package.h"
#include "gateway/study/windows.h"

static const char where[] = "cli.study";

#define ARENA_BYTES    ((size_t)256 << 20)
#define FINDINGS_BYTES ((size_t)16 << 20)

/* ---- lint ------------------------------------------------------------------------------------------------------ */

/* mappings/common of mappings/studies/<id>, in as few words as the folder's own path allows: it begins each finding. */
static const char *common_of(struct gw_arena *arena, const char *dir)
{
    const char *at = dir + strlen(dir);

    for (int parts = 0; parts < 2; parts++) {
        const char *end = at;

        while (end > dir && end[-1] == '/')
            end--;
        at = end;
        while (at > dir && at[-1] != '/')
            at--;
        if (at == end || *at == '.')
            return gw_arena_print(arena, "%s/../../common", dir);
    }
    return gw_arena_print(arena, "%.*scommon", (int)(at - dir), dir);
}

static void print_findings_json(const char *dir, size_t count, const char *lines)
{
    struct output output;
    cJSON *root = cJSON_CreateObject(), *list;

    cJSON_AddStringToObject(root, "package", dir);
    cJSON_AddNumberToObject(root, "count", (double)count);
    list = cJSON_AddArrayToObject(root, "findings");
    for (const char *at = lines; *at;) {
        char line[1024];
        const size_t length = strcspn(at, "\n");

        snprintf(line, sizeof line, "%.*s", (int)length, at);
        cJSON_AddItemToArray(list, cJSON_CreateString(line));
        at += length + (at[length] == '\n');
    }
    output_init(&output, stdout);
    output_json(&output, root);
}

static bool is_note(const char *line, size_t length)
{
    static const char mark[] = ": note: ";

    return memmem(line, length, mark, sizeof mark - 1) != NULL;
}

/* Findings, and notes if they are asked for; without a finding one line says so, and how many notes there are. */
static void print_findings(const char *lines, bool notes, size_t count)
{
    size_t noted = 0;

    for (const char *at = lines; *at;) {
        const size_t length = strcspn(at, "\n");
        const bool note = is_note(at, length);

        noted += note;
        if (!note || notes)
            printf("%.*s\n", (int)length, at);
        at += length + (at[length] == '\n');
    }
    if (count == 0 && noted > 0 && !notes)
        printf("ok: nothing to correct; --notes tells what is not verified or not graded (%zu)\n", noted);
    else if (count == 0)
        printf("ok: nothing to correct\n");
}

/* "a.json,b.json" in parts. */
static const char **profiles(struct gw_arena *arena, const char *list, size_t *count)
{
    char *rest = gw_arena_copy(arena, list, strlen(list));
    const char **paths = gw_arena_alloc(arena, (strlen(list) + 1) * sizeof *paths);

    *count = 0;
    if (!rest || !paths)
        output_no_memory();
    for (char *path; (path = strsep(&rest, ","));)
        if (*path)
            paths[(*count)++] = path;
    return paths;
}

int study_lint_command(const struct arguments *arguments)
{
    const char *dir = arguments->inputs[0];
    struct gw_arena arena = GW_ARENA_INIT(ARENA_BYTES);
    struct gw_text text = GW_TEXT_INIT(FINDINGS_BYTES);
    struct gw_error failure = {.status = GW_OK};
    const char *given = arguments->values[OPTION_COMMON], *common = given ? given : common_of(&arena, dir);
    const char *list = arguments->values[OPTION_SITE];
    size_t site_count, count;
    const char *const *sites = profiles(&arena, list ? list : "", &site_count);

    count = gw_study_lint(&arena, dir, common, sites, site_count, &text);
    if (text.failed)
        output_no_memory();
    if (arguments_has(arguments, OPTION_JSON))
        print_findings_json(dir, count, text.at);
    else
        print_findings(text.at, arguments_has(arguments, OPTION_NOTES), count);
    if (count > 0)
        gw_fail(&failure, GW_ECONFIG, where, "%s: %zu %s to correct", dir, count,
                plural((int64_t)count, "finding", "findings"));
    gw_text_release(&text);
    gw_arena_release(&arena);
    return count == 0 ? 0 : output_failed(&failure);
}

/* ---- windows --------------------------------------------------------------------------------------------------- */

/* A day as it is, or, with a zone, of any date with a time. False with a line printed. */
static bool read_day(const struct arguments *arguments, const struct gw_zone *zone, enum option_id option, gw_day *out)
{
    const char *text = arguments->values[option];
    struct gw_when when;

    if (!zone || !text)
        return arguments_day(arguments, option, out);
    if (gw_when_read(text, zone, true, &when) == GW_DATE_OK && when.precision >= GW_PRECISION_DAY) {
        *out = when.first;
        return true;
    }
    arguments_wrong(arguments, "\"%.40s\" is no date of a day; write it as 2024-01-31 or 2024-01-31T23:30:00Z", text);
    return false;
}

static bool read_anchors(const struct arguments *arguments, const struct gw_zone *zone, struct gw_anchors *out)
{
    return read_day(arguments, zone, OPTION_D1, &out->d1) && read_day(arguments, zone, OPTION_EOT, &out->eot) &&
           read_day(arguments, zone, OPTION_DEATH, &out->death) &&
           read_day(arguments, zone, OPTION_WITHDRAWN, &out->withdrawn);
}

/* "2024-01-31", or "" for none. */
static const char *day_text(struct gw_arena *arena, gw_day day)
{
    char text[11] = "";

    if (day != GW_NO_DAY)
        gw_day_print(day, text);
    return gw_arena_print(arena, "%s", text);
}

static const char *groups_text(struct gw_arena *arena, const struct gw_study *study, gw_groups groups)
{
    const char *text = "";

    for (size_t i = 0; i < study->group_count; i++)
        if (groups >> i & 1)
            text = gw_arena_print(arena, "%s%s%s", text, *text ? "+" : "", study->groups[i]);
    return text;
}

static void print_windows(struct gw_arena *arena, const struct output *output, const struct gw_windows *windows)
{
    static const struct column columns[] = {{"WINDOW", false}, {"TARGET", false}, {"LOW", false},   {"HIGH", false},
                                            {"DAYS", true},    {"GROUP", false},  {"CUT BY", false}};
    struct table *table = table_new(output, columns, sizeof columns / sizeof columns[0]);

    for (size_t i = 0; i < windows->count; i++) {
        const struct gw_window *window = &windows->list[i];
        const bool left = window->low <= window->high;

        table_text(table, window->id);
        table_text(table, day_text(arena, window->target));
        table_text(table, left ? day_text(arena, window->low) : "nothing");
        table_text(table, left ? day_text(arena, window->high) : "is left");
        table_number(table, left ? window->high - window->low + 1 : 0);
        table_text(table, groups_text(arena, windows->study, window->groups));
        table_text(table, window->truncation);
    }
    table_print(table);
}

static void add_day(cJSON *object, const char *name, gw_day day)
{
    char text[11];

    if (day == GW_NO_DAY) {
        cJSON_AddNullToObject(object, name);
        return;
    }
    gw_day_print(day, text);
    cJSON_AddStringToObject(object, name, text);
}

static cJSON *window_json(const struct gw_study *study, const struct gw_window *window)
{
    const bool left = window->low <= window->high;
    cJSON *object = cJSON_CreateObject(), *groups;

    cJSON_AddStringToObject(object, "id", window->id);
    add_day(object, "target", window->target);
    add_day(object, "low", left ? window->low : GW_NO_DAY);
    add_day(object, "high", left ? window->high : GW_NO_DAY);
    cJSON_AddNumberToObject(object, "days", left ? window->high - window->low + 1 : 0);
    groups = cJSON_AddArrayToObject(object, "groups");
    for (size_t i = 0; i < study->group_count; i++)
        if (window->groups >> i & 1)
            cJSON_AddItemToArray(groups, cJSON_CreateString(study->groups[i]));
    if (window->truncation)
        cJSON_AddStringToObject(object, "truncation", window->truncation);
    else
        cJSON_AddNullToObject(object, "truncation");
    return object;
}

static void print_windows_json(const struct output *output, const struct gw_windows *windows)
{
    cJSON *root = cJSON_CreateObject(), *list;

    cJSON_AddStringToObject(root, "study", windows->study->id);
    add_day(root, "d1", windows->anchors.d1);
    add_day(root, "eot", windows->anchors.eot);
    list = cJSON_AddArrayToObject(root, "windows");
    for (size_t i = 0; i < windows->count; i++)
        cJSON_AddItemToArray(list, window_json(windows->study, &windows->list[i]));
    output_json(output, root);
}

static enum gw_status build_and_print(const struct arguments *arguments, struct gw_arena *arena,
                                      struct gw_anchors *anchors, struct gw_error *err)
{
    const struct gw_study *study;
    struct gw_windows windows;
    struct output output;
    enum gw_status rc = gw_study_load(arena, arguments->inputs[0], &study, err);

    if (rc != GW_OK)
        return rc;
    anchors->cap = gw_anchors_cap(study, anchors->d1);
    rc = gw_windows_build(arena, study, anchors, &windows, err);
    if (rc != GW_OK)
        return rc;
    output_init(&output, stdout);
    if (arguments_has(arguments, OPTION_JSON))
        print_windows_json(&output, &windows);
    else
        print_windows(arena, &output, &windows);
    return GW_OK;
}

int study_windows_command(const struct arguments *arguments)
{
    const char *name = arguments->values[OPTION_ZONE];
    struct gw_arena arena = GW_ARENA_INIT(ARENA_BYTES);
    struct gw_anchors anchors = {GW_NO_DAY, GW_NO_DAY, GW_NO_DAY, GW_NO_DAY, GW_NO_DAY};
    struct gw_zone *zone = NULL;
    struct gw_error failure;
    int code = gw_exit_code(GW_EUSAGE);

    if (name && gw_zone_open(name, &zone, &failure) != GW_OK)
        return output_failed(&failure);
    if (read_anchors(arguments, zone, &anchors))
        code = build_and_print(arguments, &arena, &anchors, &failure) == GW_OK ? 0 : output_failed(&failure);
    gw_zone_close(zone);
    gw_arena_release(&arena);
    return code;
}
