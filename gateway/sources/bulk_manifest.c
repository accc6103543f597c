/*
 * Reading a manifest.
 */
#include "sources/bulk_manifest.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/core/date.h"
#include "gateway/core/json.h"
#include "gateway/net/url.h"
#include "gateway/sources/pull.h"

static const char where[] = "sources.bulk";

enum { TYPE_NAME_MAX = 64, TREE_MAX_BYTES = 256 << 20 };

struct reading {
    struct gw_arena *arena;
    struct gw_id_set *urls; /* met so far */
    struct bulk_manifest manifest;
    size_t capacity;
    struct gw_error *err;
};

static enum gw_status broken(const struct reading *r, const char *what)
{
    return gw_fail(r->err, GW_EPROTO, where,
                   "the answer to the status request is no manifest of an export: %s; report it to the vendor", what);
}

static enum gw_status no_memory(const struct reading *r)
{
    return gw_fail(r->err, GW_ENOMEM, where, "no memory for the manifest of an export");
}

/* ---- texts ---- */

static bool is_type_name(const char *name)
{
    const size_t length = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    return length > 0 && length <= TYPE_NAME_MAX && name[length] == '\0';
}

static const char *copy(struct reading *r, const char *text)
{
    return gw_arena_copy(r->arena, text, strlen(text));
}

/* A count is worth a comparison when it is one, and nothing when it is not. */
static int64_t count_of(const cJSON *entry)
{
    long count;

    return gw_json_int(entry, "count", &count) && count >= 0 ? count : -1;
}

/* ---- the lists ---- */

static enum gw_status read_type(struct reading *r, const cJSON *entry, enum bulk_kind kind, const char **out)
{
    const char *type = gw_json_string(entry, "type");

    *out = NULL;
    if (kind != BULK_OUTPUT || !type)
        return GW_OK;
    if (!is_type_name(type))
        return broken(r, "the \"type\" of a file is no name of a resource type");
    *out = copy(r, type);
    return *out ? GW_OK : no_memory(r);
}

static enum gw_status add_entry(struct reading *r, const cJSON *item, enum bulk_kind kind)
{
    const char *url = gw_json_string(item, "url"), *type;
    struct bulk_entry *entry;
    enum gw_status rc;

    if (!url || !*url || strlen(url) > GW_URL_MAX)
        return broken(r, "a file has no \"url\" that could be asked");
    rc = read_type(r, item, kind, &type);
    if (rc != GW_OK || gw_id_set_has(r->urls, url))
        return rc;
    if (r->manifest.count == BULK_FILES_MAX)
        return broken(r, "it lists more than 100,000 files");
    entry = GW_ARENA_PUSH(r->arena, r->manifest.entries, r->manifest.count, r->capacity);
    if (!entry || !gw_id_set_add(r->urls, url))
        return no_memory(r);
    *entry = (struct bulk_entry){kind, type, copy(r, url), count_of(item)};
    return entry->url ? GW_OK : no_memory(r);
}

/* A list that is absent, or null as some write it, is empty. */
static enum gw_status read_list(struct reading *r, const cJSON *root, const char *name, enum bulk_kind kind)
{
    const cJSON *list = gw_json_get(root, name);
    enum gw_status rc = GW_OK;

    if (!list || cJSON_IsNull(list))
        return GW_OK;
    if (!cJSON_IsArray(list))
        return broken(r, "a list of files is no array");
    for (const cJSON *item = list->child; rc == GW_OK && item; item = item->next)
        rc = cJSON_IsObject(item) ? add_entry(r, item, kind) : broken(r, "a file is no object");
    return rc;
}

/* ---- the rest ---- */

static enum gw_status read_time(struct reading *r, const cJSON *root)
{
    const char *time = gw_json_string(root, "transactionTime");
    int64_t ignored;

    if (!time || !gw_instant_read(time, &ignored))
        return broken(r, "\"transactionTime\" is no instant");
    r->manifest.transaction_time = copy(r, time);
    return r->manifest.transaction_time ? GW_OK : no_memory(r);
}

static enum gw_status read_next(struct reading *r, const cJSON *root)
{
    GW_JSON_EACH (link, gw_json_array(root, "link")) {
        const char *url = gw_json_string(link, "url");

        if (!gw_same(gw_json_string(link, "relation"), "next"))
            continue;
        if (!url || !*url)
            return broken(r, "its next link has no \"url\"");
        r->manifest.next = copy(r, url);
        return r->manifest.next ? GW_OK : no_memory(r);
    }
    return GW_OK;
}

static enum gw_status read_root(struct reading *r, const cJSON *root)
{
    const cJSON *requires = gw_json_get(root, "requiresAccessToken");
    enum gw_status rc;

    if (!cJSON_IsObject(root) || !gw_json_array(root, "output"))
        return broken(r, "it has no list \"output\"");
    r->manifest.requires_token = !cJSON_IsFalse(requires);
    rc = read_time(r, root);
    if (rc == GW_OK)
        rc = read_list(r, root, "output", BULK_OUTPUT);
    if (rc == GW_OK)
        rc = read_list(r, root, "deleted", BULK_DELETED);
    if (rc == GW_OK)
        rc = read_list(r, root, "error", BULK_OUTCOME);
    if (rc == GW_OK)
        rc = read_list(r, root, "outcome", BULK_OUTCOME);
    return rc == GW_OK ? read_next(r, root) : rc;
}

enum gw_status bulk_manifest_read(struct gw_arena *arena, struct gw_slice text, struct bulk_manifest *out,
                                  struct gw_error *err)
{
    struct reading reading = {.arena = arena, .urls = gw_id_set_new(), .err = err};
    struct gw_arena tree = GW_ARENA_INIT(TREE_MAX_BYTES); /* texts that are kept are copied */
    struct gw_error reason;
    const cJSON *root;
    enum gw_status rc;

    if (!reading.urls)
        return no_memory(&reading);
    rc = gw_json_parse(&tree, text.at, text.length, NULL, &root, NULL, &reason);
    if (rc == GW_OK)
        rc = read_root(&reading, root);
    else
        rc = rc == GW_EINPUT ? broken(&reading, reason.text) : no_memory(&reading);
    gw_arena_release(&tree);
    gw_id_set_free(reading.urls);
    if (rc == GW_OK)
        *out = reading.manifest;
    return rc;
}
