/*
 * Decisions from JSON, one object a line or all in one array, through the strict door. What is wrong is said by the
 * member it stands in.
 */
#include <stdlib.h>
#include <string.h>

#include "gateway/core/date.h"
#include "gateway/core/json.h"
#include "study/decision_parts.h"
#include "study/order.h"

static const char where[] = "study.decision";

#define MAX_FILE_BYTES ((size_t)64 << 20)

struct reader {
    struct gw_arena *arena;
    struct gw_decision *out;
    struct gw_error *err;
    enum gw_status rc; /* of the first thing that is wrong */
};

static enum gw_status no_memory(struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, where, "the decisions need more memory than allowed");
}

static void wrong(struct reader *r, const char *member, const char *what)
{
    if (r->rc == GW_OK)
        r->rc = gw_fail(r->err, GW_EINPUT, where, "%s: %s", member, what);
}

static void check_names(struct reader *r, const cJSON *object, const char *const *names, const char *what)
{
    GW_JSON_EACH (member, object) {
        bool known = false;

        for (size_t i = 0; names[i] && !known; i++)
            known = strcmp(names[i], member->string) == 0;
        if (!known && r->rc == GW_OK)
            r->rc = gw_fail(r->err, GW_EINPUT, where, "%s%.40s: there is no such member; leave it out", what,
                            member->string);
    }
}

/* A text of at least one byte; NULL where it may be null or missing, or is wrong. */
static const char *text_of(struct reader *r, const cJSON *object, const char *name, bool required)
{
    const cJSON *item = gw_json_get(object, name);

    if (item && cJSON_IsString(item) && *item->valuestring)
        return item->valuestring;
    if (required || (item && !cJSON_IsNull(item)))
        wrong(r, name, "write a text");
    return NULL;
}

static int64_t number_of(struct reader *r, const cJSON *object, const char *name, bool required)
{
    const cJSON *item = gw_json_get(object, name);
    long number = 0;

    if (!required && (!item || cJSON_IsNull(item)))
        return 0;
    if (!gw_json_int(object, name, &number) || number < 1)
        wrong(r, name, "write a whole number from 1");
    return number;
}

static void read_match(struct reader *r, const cJSON *match, const char *what, struct gw_decision_match *out)
{
    static const char *const names[] = {"fingerprint", "subject", "endpoint", "type", "id", "part", NULL};
    const cJSON *part = gw_json_get(match, "part");

    if (!match || cJSON_IsNull(match))
        return;
    if (!cJSON_IsObject(match)) {
        wrong(r, what, "write an object");
        return;
    }
    check_names(r, match, names, "match.");
    out->fingerprint = text_of(r, match, "fingerprint", false);
    out->subject = text_of(r, match, "subject", false);
    out->endpoint = text_of(r, match, "endpoint", false);
    out->type = text_of(r, match, "type", false);
    out->id = text_of(r, match, "id", false);
    if (part && !cJSON_IsString(part))
        wrong(r, "match.part", "write component[0], or leave it out");
    else if (part || out->id)
        out->part = part ? part->valuestring : "";
}

/* The text of a member as gw_decision_set takes it; NULL: of the wrong type. */
static const char *plain_text(struct reader *r, const cJSON *item, enum member_form form)
{
    const char *list = NULL;

    switch (form) {
    case FORM_YES:
    case FORM_SWITCH:
        return cJSON_IsTrue(item) ? "true" : cJSON_IsFalse(item) ? "false" : NULL;
    case FORM_GRADE:
    case FORM_COUNT:
        return cJSON_IsNumber(item) ? item->valuestring : NULL;
    case FORM_CHOICES:
        GW_JSON_EACH (word, cJSON_IsArray(item) ? item : NULL) {
            if (!cJSON_IsString(word))
                return NULL;
            list = gw_arena_print(r->arena, "%s%s%s", list ? list : "", list ? ";" : "", word->valuestring);
            if (!list) {
                r->rc = no_memory(r->err);
                return "";
            }
        }
        return list;
    default:
        return cJSON_IsString(item) ? item->valuestring : NULL;
    }
}

static void read_member(struct reader *r, const cJSON *item)
{
    const enum gw_decision_member member = member_of(item->string);
    const char *text;

    if (member < GW_SET_COUNT && member_rules[member].form == FORM_EVIDENCE) {
        read_match(r, item, "set.merge_with", &r->out->with);
        r->out->set[member] = r->out->with.id;
        if (!r->out->with.endpoint || !r->out->with.type || !r->out->with.id)
            wrong(r, "set.merge_with", "write endpoint, type and id");
        return;
    }
    text = member < GW_SET_COUNT ? plain_text(r, item, member_rules[member].form) : "";
    if (!text)
        wrong(r, item->string, "has another type than this member of set");
    if (r->rc == GW_OK)
        r->rc = gw_decision_set(r->arena, r->out, item->string, text, r->err);
}

static void read_members(struct reader *r, const cJSON *root)
{
    const char *kind = text_of(r, root, "kind", true);
    const cJSON *set = gw_json_get(root, "set");
    int64_t ignored;

    r->out->n = number_of(r, root, "n", true);
    r->out->at = text_of(r, root, "at", true);
    r->out->by = text_of(r, root, "by", true);
    r->out->reason = text_of(r, root, "reason", true);
    r->out->scope = text_of(r, root, "scope", true);
    r->out->approved_by = text_of(r, root, "approved_by", false);
    r->out->undoes = number_of(r, root, "undoes", false);
    r->out->kind = gw_decision_kind_of(kind);
    if (r->rc == GW_OK && r->out->kind == GW_DECIDE_COUNT)
        wrong(r, "kind", "is none of the kinds of decisions");
    if (r->rc == GW_OK && !gw_instant_read(r->out->at, &ignored))
        wrong(r, "at", "write an instant, as 2026-11-20T20:00:00Z");
    read_match(r, gw_json_get(root, "match"), "match", &r->out->match);
    if (set && !cJSON_IsObject(set) && !cJSON_IsNull(set))
        wrong(r, "set", "write an object");
    GW_JSON_EACH (item, cJSON_IsObject(set) ? set : NULL)
        read_member(r, item);
}

static enum gw_status read_object(struct gw_arena *arena, const cJSON *root, struct gw_decision *out,
                                  struct gw_error *err)
{
    static const char *const names[] = {"n",     "at",  "by",          "reason", "kind", "scope",
                                        "match", "set", "approved_by", "undoes", NULL};
    struct gw_decision decision = {.kind = GW_DECIDE_COUNT};
    struct reader r = {.arena = arena, .out = &decision, .err = err, .rc = GW_OK};

    if (!cJSON_IsObject(root))
        return gw_fail(err, GW_EINPUT, where,
                       "a decision is an object, with n, at, by, reason, kind, scope, match, set");
    check_names(&r, root, names, "");
    read_members(&r, root);
    if (r.rc == GW_OK)
        r.rc = gw_decision_check(&decision, err);
    if (r.rc == GW_OK)
        *out = decision;
    return r.rc;
}

enum gw_status gw_decision_read(struct gw_arena *arena, struct gw_slice text, struct gw_decision *out,
                                struct gw_error *err)
{
    const cJSON *root = NULL;
    const enum gw_status rc = gw_json_parse(arena, text.at, text.length, NULL, &root, NULL, err);

    return rc == GW_OK ? read_object(arena, root, out, err) : rc;
}

/* ---- files ---- */

static int by_number(const void *a, const void *b)
{
    const struct gw_decision *x = a, *y = b;

    return ORDER(x->n, y->n);
}

static enum gw_status read_line(struct gw_arena *arena, const char *path, unsigned number, struct gw_slice line,
                                struct gw_decision *out, struct gw_error *err)
{
    struct gw_error failure;
    const enum gw_status rc = gw_decision_read(arena, line, out, &failure);

    if (rc == GW_ENOMEM)
        return no_memory(err);
    return rc == GW_OK ? GW_OK : gw_fail(err, rc, where, "%s:%u: %s", path, number, failure.text);
}

struct decision_list {
    struct gw_decision *items;
    size_t count, capacity;
};

static enum gw_status read_lines(struct gw_arena *arena, const char *path, const char *at, struct decision_list *list,
                                 struct gw_error *err)
{
    struct gw_decision *slot;
    enum gw_status rc = GW_OK;

    for (unsigned line = 1; rc == GW_OK && *at; line++) {
        const size_t length = strcspn(at, "\n");

        if (strspn(at, " \t\r") < length) {
            if (!(slot = GW_ARENA_PUSH(arena, list->items, list->count, list->capacity)))
                return no_memory(err);
            rc = read_line(arena, path, line, (struct gw_slice){at, length}, slot, err);
        }
        at += length + (at[length] == '\n');
    }
    return rc;
}

/* As `casement exceptions decisions --json` prints them. */
static enum gw_status read_array(struct gw_arena *arena, const char *path, const char *at, struct decision_list *list,
                                 struct gw_error *err)
{
    const cJSON *root = NULL;
    struct gw_decision *slot;
    struct gw_error failure;
    enum gw_status rc = gw_json_parse(arena, at, strlen(at), NULL, &root, NULL, &failure);

    if (rc != GW_OK)
        return rc == GW_ENOMEM ? no_memory(err) : gw_fail(err, rc, where, "%s: %s", path, failure.text);
    GW_JSON_EACH (item, root) {
        if (!(slot = GW_ARENA_PUSH(arena, list->items, list->count, list->capacity)))
            return no_memory(err);
        rc = read_object(arena, item, slot, &failure);
        if (rc != GW_OK)
            return rc == GW_ENOMEM
                       ? no_memory(err)
                       : gw_fail(err, rc, where, "%s: decision %zu of the list: %s", path, list->count, failure.text);
    }
    return GW_OK;
}

static enum gw_status read_all(struct gw_arena *arena, const char *path, const char *at, struct gw_decisions *out,
                               struct gw_error *err)
{
    struct decision_list list = {.count = 0};
    const bool array = at[strspn(at, " \t\r\n")] == '[';
    const enum gw_status rc = (array ? read_array : read_lines)(arena, path, at, &list, err);

    if (rc != GW_OK)
        return rc;
    if (list.count > 1)
        qsort(list.items, list.count, sizeof *list.items, by_number);
    for (size_t i = 1; i < list.count; i++)
        if (list.items[i].n == list.items[i - 1].n)
            return gw_fail(err, GW_EINPUT, where, "%s: two decisions have the number %lld; give each its own", path,
                           (long long)list.items[i].n);
    *out = (struct gw_decisions){list.items, list.count};
    return GW_OK;
}

enum gw_status gw_decisions_load(struct gw_arena *arena, const char *path, struct gw_decisions *out,
                                 struct gw_error *err)
{
    struct gw_text text = GW_TEXT_INIT(MAX_FILE_BYTES);
    const char *kept = NULL;
    enum gw_status rc = gw_text_read_file(&text, path, err);

    if (rc == GW_OK && !(kept = gw_arena_copy(arena, text.at, text.length)))
        rc = no_memory(err);
    if (rc == GW_OK && strlen(kept) != text.length)
        rc = gw_fail(err, GW_EINPUT, where, "%s: holds a byte 0, which no JSON text has", path);
    gw_text_release(&text);
    return rc == GW_OK ? read_all(arena, path, kept, out, err) : rc;
}
