/*
 * Which job is next, and jobs, marks and files as notes.
 */
#include "sources/bulk_job.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/core/json.h"

static const char where[] = "sources.bulk";

enum { DEFAULT_HOURS = 24, HOUR_S = 3600 };

static enum gw_status no_memory(struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, where, "no memory for an export");
}

bool bulk_has_type(const struct bulk_types *types)
{
    for (int i = 0; i < GW_RESOURCE_COUNT; i++)
        if (types->of[i])
            return true;
    return false;
}

/* ---- people ---- */

static int by_number(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

static bool is_in(const struct bulk_numbers *numbers, int64_t number)
{
    return numbers->count && bsearch(&number, numbers->list, numbers->count, sizeof number, by_number);
}

/* Who can be asked about: with by_patient someone without an id cannot be named. */
static bool can_be_asked(const struct gw_bulk_settings *settings, const struct gw_bulk_member *member)
{
    return member->patient || !settings->by_patient;
}

/* Those enrolled, or those of them who are not in `without`. */
static enum gw_status gather(struct gw_arena *arena, const struct gw_bulk_settings *settings,
                             const struct bulk_numbers *without, struct bulk_numbers *out, struct gw_error *err)
{
    *out = (struct bulk_numbers){gw_arena_alloc(arena, (settings->member_count + 1) * sizeof *out->list), 0};
    if (!out->list)
        return no_memory(err);
    for (size_t i = 0; i < settings->member_count; i++) {
        const struct gw_bulk_member *member = &settings->members[i];

        if (can_be_asked(settings, member) && !(without && is_in(without, member->subject)))
            out->list[out->count++] = member->subject;
    }
    if (out->count)
        qsort(out->list, out->count, sizeof *out->list, by_number);
    return GW_OK;
}

bool bulk_covers_all(const struct gw_bulk_settings *settings, const struct bulk_mark *mark)
{
    for (size_t i = 0; i < settings->member_count; i++)
        if (can_be_asked(settings, &settings->members[i]) && !is_in(&mark->members, settings->members[i].subject))
            return false;
    return true;
}

static bool same_numbers(const struct bulk_numbers *a, const struct bulk_numbers *b)
{
    return a->count == b->count && (a->count == 0 || memcmp(a->list, b->list, a->count * sizeof *a->list) == 0);
}

/* ---- what is next ---- */

/* A clock that was set back makes nobody wait. */
static int64_t wait_of(const struct gw_bulk_settings *settings, int64_t tried, int64_t now)
{
    const int64_t every = (int64_t)(settings->every_hours ? settings->every_hours : DEFAULT_HOURS) * HOUR_S;

    return tried == 0 || tried > now || now - tried >= every ? 0 : tried + every - now;
}

/* What this type needs next, and how long it waits for it. */
static enum bulk_scope scope_of(const struct gw_bulk_settings *settings, const struct bulk_mark *mark, int64_t now,
                                int64_t *wait_s)
{
    *wait_s = wait_of(settings, mark->tried, now);
    if (!mark->as_of)
        return BULK_ALL;
    if (bulk_covers_all(settings, mark))
        return BULK_SINCE;
    if (!settings->by_patient)
        return BULK_ALL;
    if (wait_of(settings, mark->tried_new, now) > 0)
        return BULK_SINCE;
    *wait_s = 0;
    return BULK_NEW;
}

/* Types of one job share scope, people, and the instant they were last complete. */
static bool go_together(const struct bulk_mark *a, const struct bulk_mark *b, enum bulk_scope scope)
{
    switch (scope) {
    case BULK_NEW:
        return same_numbers(&a->members, &b->members);
    case BULK_SINCE:
        return gw_same(a->as_of, b->as_of);
    default:
        return true;
    }
}

static enum gw_status fill_job(struct gw_arena *arena, const struct gw_bulk_settings *settings,
                               const struct bulk_mark *marks, size_t first, enum bulk_scope scope, int64_t now,
                               struct bulk_job *out, struct gw_error *err)
{
    *out = (struct bulk_job){.scope = scope, .requires_token = true};
    for (size_t i = first; i < settings->type_count; i++) {
        int64_t wait_s;

        if (scope_of(settings, &marks[i], now, &wait_s) == scope && wait_s == 0 &&
            go_together(&marks[first], &marks[i], scope))
            out->types.of[settings->types[i]] = true;
    }
    if (scope == BULK_SINCE) {
        out->since = gw_arena_copy(arena, marks[first].as_of, strlen(marks[first].as_of));
        if (!out->since)
            return no_memory(err);
    }
    return gather(arena, settings, scope == BULK_NEW ? &marks[first].members : NULL, &out->members, err);
}

enum gw_status bulk_choose(struct gw_arena *arena, const struct gw_bulk_settings *settings,
                           const struct bulk_mark *marks, int64_t now, struct bulk_job *out, bool *due, int64_t *wait_s,
                           struct gw_error *err)
{
    bool anybody = false;

    *due = false;
    *wait_s = wait_of(settings, now, now);
    for (size_t i = 0; i < settings->member_count; i++)
        anybody = anybody || can_be_asked(settings, &settings->members[i]);
    for (int scope = BULK_ALL; anybody && scope <= BULK_SINCE; scope++)
        for (size_t i = 0; i < settings->type_count; i++) {
            int64_t wait;

            if (scope_of(settings, &marks[i], now, &wait) != (enum bulk_scope)scope)
                continue;
            if (wait == 0) {
                *due = true;
                *wait_s = 0;
                return fill_job(arena, settings, marks, i, (enum bulk_scope)scope, now, out, err);
            }
            *wait_s = wait < *wait_s ? wait : *wait_s;
        }
    return GW_OK;
}

static enum gw_status join(struct gw_arena *arena, const struct bulk_numbers *more, struct bulk_numbers *into,
                           struct gw_error *err)
{
    struct bulk_numbers all = {gw_arena_alloc(arena, (into->count + more->count + 1) * sizeof *all.list), 0};

    if (!all.list)
        return no_memory(err);
    for (size_t i = 0; i < into->count; i++)
        all.list[all.count++] = into->list[i];
    for (size_t i = 0; i < more->count; i++)
        if (!is_in(into, more->list[i]))
            all.list[all.count++] = more->list[i];
    if (all.count)
        qsort(all.list, all.count, sizeof *all.list, by_number);
    *into = all;
    return GW_OK;
}

enum gw_status bulk_mark_end(struct gw_arena *arena, const struct bulk_job *job, enum gw_resource type, bool complete,
                             int64_t now, struct bulk_mark *mark, struct gw_error *err)
{
    mark->refused = job->refused.of[type];
    if (job->scope == BULK_NEW)
        mark->tried_new = now;
    else
        mark->tried = now;
    if (!complete || mark->refused)
        return GW_OK;
    if (job->scope != BULK_NEW)
        mark->as_of = job->as_of;
    return job->scope == BULK_SINCE ? GW_OK : join(arena, &job->members, &mark->members, err);
}

/* ---- printing ---- */

static const char *const states[] = {"asking", "waiting", "loading", "ending"};
static const char *const scopes[] = {"all", "new", "since"};
static const char *const kinds[] = {"output", "deleted", "outcome"};
static const char *const progresses[] = {"listed", "spooled", "read", "lost"};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static void print_text(struct gw_text *out, const char *name, const char *text)
{
    gw_text_print(out, ",\"%s\":", name);
    gw_json_quote(out, text);
}

static void print_types(struct gw_text *out, const char *name, const struct bulk_types *types)
{
    const char *comma = "";

    if (!bulk_has_type(types))
        return;
    gw_text_print(out, ",\"%s\":[", name);
    for (int i = 0; i < GW_RESOURCE_COUNT; i++) {
        if (!types->of[i])
            continue;
        gw_text_print(out, "%s\"%s\"", comma, gw_resource_name((enum gw_resource)i));
        comma = ",";
    }
    gw_text_add(out, "]");
}

static void print_numbers(struct gw_text *out, const char *name, const struct bulk_numbers *numbers)
{
    gw_text_print(out, ",\"%s\":[", name);
    for (size_t i = 0; i < numbers->count; i++)
        gw_text_print(out, "%s%lld", i ? "," : "", (long long)numbers->list[i]);
    gw_text_add(out, "]");
}

void bulk_job_print(const struct bulk_job *job, struct gw_text *out)
{
    gw_text_print(out, "{\"state\":\"%s\",\"scope\":\"%s\"", states[job->state], scopes[job->scope]);
    print_types(out, "types", &job->types);
    print_types(out, "refused", &job->refused);
    print_types(out, "ungranted", &job->ungranted);
    if (job->since)
        print_text(out, "since", job->since);
    print_numbers(out, "members", &job->members);
    gw_text_print(out, ",\"asked\":%lld,\"restarts\":%u", (long long)job->asked, job->restarts);
    if (job->status_url)
        print_text(out, "status_url", job->status_url);
    if (job->as_of)
        print_text(out, "as_of", job->as_of);
    gw_text_print(out, ",\"token\":%s,\"ahead\":%s}", job->requires_token ? "true" : "false",
                  job->ahead ? "true" : "false");
}

void bulk_mark_print(const struct bulk_mark *mark, struct gw_text *out)
{
    gw_text_print(out, "{\"tried\":%lld,\"tried_new\":%lld,\"refused\":%s", (long long)mark->tried,
                  (long long)mark->tried_new, mark->refused ? "true" : "false");
    if (mark->as_of)
        print_text(out, "as_of", mark->as_of);
    print_numbers(out, "members", &mark->members);
    gw_text_add(out, "}");
}

void bulk_file_print(const struct bulk_file *file, struct gw_text *out)
{
    gw_text_print(out, "{\"progress\":\"%s\",\"kind\":\"%s\"", progresses[file->progress], kinds[file->kind]);
    if (file->type)
        print_text(out, "type", file->type);
    print_text(out, "url", file->url);
    gw_text_print(out, ",\"count\":%lld,\"lines\":%lld,\"cut\":%s,\"all\":%s", (long long)file->count,
                  (long long)file->lines, file->cut ? "true" : "false", file->all ? "true" : "false");
    print_types(out, "flawed", &file->flawed);
    gw_text_add(out, "}");
}

/* ---- reading ---- */

struct note {
    struct gw_arena *arena;
    const cJSON *root;
    bool fine;
};

static struct note open_note(struct gw_arena *arena, const char *text)
{
    struct note note = {.arena = arena};

    note.fine =
        gw_json_parse(arena, text, strlen(text), NULL, &note.root, NULL, NULL) == GW_OK && cJSON_IsObject(note.root);
    return note;
}

static const char *text_of(struct note *note, const char *name, bool required)
{
    const char *text = gw_json_string(note->root, name);

    note->fine = note->fine && (text || !required);
    return text;
}

static unsigned choice_of(struct note *note, const char *name, const char *const *choices, size_t count)
{
    const int place = gw_place_in(choices, count, gw_json_string(note->root, name));

    note->fine = note->fine && place >= 0;
    return place < 0 ? 0 : (unsigned)place;
}

static int64_t number_of(struct note *note, const char *name)
{
    long number = 0;

    note->fine = gw_json_int(note->root, name, &number) && note->fine;
    return number;
}

static struct bulk_types types_of(struct note *note, const char *name)
{
    struct bulk_types types = {{false}};

    GW_JSON_EACH (item, gw_json_array(note->root, name)) {
        const enum gw_resource type = gw_resource_of(cJSON_IsString(item) ? item->valuestring : "");

        note->fine = note->fine && type != GW_RESOURCE_OTHER;
        types.of[type] = true;
    }
    types.of[GW_RESOURCE_OTHER] = false;
    return types;
}

static struct bulk_numbers numbers_of(struct note *note, const char *name)
{
    const cJSON *list = gw_json_array(note->root, name);
    struct bulk_numbers numbers = {NULL, 0};
    size_t count = 0;

    GW_JSON_EACH (item, list)
        count += item != NULL;
    numbers.list = gw_arena_alloc(note->arena, (count + 1) * sizeof *numbers.list);
    note->fine = note->fine && numbers.list && list;
    GW_JSON_EACH (item, list) {
        note->fine = note->fine && cJSON_IsNumber(item);
        if (note->fine)
            numbers.list[numbers.count++] = strtoll(item->valuestring, NULL, 10);
    }
    return numbers;
}

bool bulk_job_read(struct gw_arena *arena, const char *text, struct bulk_job *out)
{
    struct note note = open_note(arena, text);

    *out = (struct bulk_job){
        .state = (enum bulk_state)choice_of(&note, "state", states, COUNT(states)),
        .scope = (enum bulk_scope)choice_of(&note, "scope", scopes, COUNT(scopes)),
        .types = types_of(&note, "types"),
        .refused = types_of(&note, "refused"),
        .ungranted = types_of(&note, "ungranted"),
        .since = text_of(&note, "since", false),
        .members = numbers_of(&note, "members"),
        .asked = number_of(&note, "asked"),
        .restarts = (unsigned)number_of(&note, "restarts"),
        .requires_token = gw_json_true(note.root, "token"),
        .ahead = gw_json_true(note.root, "ahead"),
    };
    out->status_url = text_of(&note, "status_url", out->state != BULK_ASKING);
    out->as_of = text_of(&note, "as_of", out->state >= BULK_LOADING);
    return note.fine;
}

bool bulk_mark_read(struct gw_arena *arena, const char *text, struct bulk_mark *out)
{
    struct note note = open_note(arena, text);

    *out = (struct bulk_mark){
        .as_of = text_of(&note, "as_of", false),
        .tried = number_of(&note, "tried"),
        .tried_new = number_of(&note, "tried_new"),
        .refused = gw_json_true(note.root, "refused"),
        .members = numbers_of(&note, "members"),
    };
    return note.fine;
}

bool bulk_file_read(struct gw_arena *arena, const char *text, struct bulk_file *out)
{
    struct note note = open_note(arena, text);

    *out = (struct bulk_file){
        .kind = (enum bulk_kind)choice_of(&note, "kind", kinds, COUNT(kinds)),
        .progress = (enum bulk_progress)choice_of(&note, "progress", progresses, COUNT(progresses)),
        .type = text_of(&note, "type", false),
        .url = text_of(&note, "url", true),
        .count = number_of(&note, "count"),
        .lines = number_of(&note, "lines"),
        .cut = gw_json_true(note.root, "cut"),
        .all = gw_json_true(note.root, "all"),
        .flawed = types_of(&note, "flawed"),
    };
    return note.fine;
}
