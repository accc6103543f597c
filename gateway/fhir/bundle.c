/*
 * Bundles and NDJSON lines as entries, each with the raw bytes of its resource.
 */
#include "gateway/fhir/bundle.h"

#include <string.h>

#include "fhir/datatypes.h"
#include "fhir/slice.h"

#define HEAD_BYTES 4096

struct bundle_link {
    const char *relation;
    const char *url;
};

struct entry_draft {
    const char *full_url;
    const cJSON *resource;
    const char *search_mode;
    const char *method;
    const char *url;
};

struct page_draft {
    const char *type;
    const struct bundle_link *links;
    size_t link_count;
    const struct entry_draft *entries;
    size_t entry_count;
};

static const struct element link_elements[] = {
    ELEMENT("relation", struct bundle_link, relation, as_string),
    ELEMENT("url", struct bundle_link, url, as_string),
};
static const struct shape link_shape = SHAPE(link_elements, struct bundle_link);

static const struct element search_elements[] = {ELEMENT("mode", struct entry_draft, search_mode, as_string)};
static const struct shape search_shape = SHAPE(search_elements, struct entry_draft);

static const struct element request_elements[] = {
    ELEMENT("method", struct entry_draft, method, as_string),
    ELEMENT("url", struct entry_draft, url, as_string),
};
static const struct shape request_shape = SHAPE(request_elements, struct entry_draft);

static const struct element entry_elements[] = {
    ELEMENT("fullUrl", struct entry_draft, full_url, as_string),
    ELEMENT("resource", struct entry_draft, resource, as_item),
    INLINE("search", &search_shape),
    INLINE("request", &request_shape),
};
static const struct shape entry_shape = SHAPE(entry_elements, struct entry_draft);

static const struct element page_elements[] = {
    ELEMENT("type", struct page_draft, type, as_string),
    LIST("link", struct page_draft, links, link_count, &link_shape),
    LIST("entry", struct page_draft, entries, entry_count, &entry_shape),
};
static const struct shape page_shape = SHAPE(page_elements, struct page_draft);

static bool is_of_type(const cJSON *resource, const char *type)
{
    return gw_same(gw_json_string(resource, "resourceType"), type);
}

static enum gw_entry_mode mode_of(const struct entry_draft *draft)
{
    if (gw_same(draft->method, "DELETE"))
        return GW_ENTRY_DELETED;
    if (!draft->resource)
        return GW_ENTRY_EMPTY;
    if (gw_same(draft->search_mode, "outcome") || is_of_type(draft->resource, "OperationOutcome"))
        return GW_ENTRY_OUTCOME;
    return gw_same(draft->search_mode, "include") ? GW_ENTRY_INCLUDE : GW_ENTRY_MATCH;
}

/* What was deleted stands in the request's URL; some histories give only the full one. */
static void name_deleted(struct reader *reader, const struct entry_draft *draft, struct gw_entry *out)
{
    struct gw_reference by_request = {.text = draft->url};
    struct gw_reference by_full_url = {.text = draft->full_url};

    reference_split(reader, &by_request);
    reference_split(reader, &by_full_url);
    out->deleted_type = by_request.id ? by_request.type : by_full_url.type;
    out->deleted_id = by_request.id ? by_request.id : by_full_url.id;
}

static void fill_entry(struct reader *reader, struct gw_slice page, const struct entry_draft *draft,
                       struct gw_entry *out)
{
    out->mode = mode_of(draft);
    out->full_url = draft->full_url;
    if (draft->resource) {
        out->resource = json_is(draft->resource, cJSON_Object) ? draft->resource : NULL;
        out->raw = slice_of(page, draft->resource);
    }
    if (out->mode == GW_ENTRY_DELETED)
        name_deleted(reader, draft, out);
}

static void fill_links(const struct page_draft *draft, struct gw_bundle *out)
{
    for (size_t i = 0; i < draft->link_count; i++) {
        const struct bundle_link *link = &draft->links[i];

        if (gw_same(link->relation, "next"))
            out->next = link->url;
        else if (gw_same(link->relation, "self"))
            out->self = link->url;
    }
}

/* Names of resource types are FHIR's; any other word may be anything and is not repeated. */
static enum gw_status not_a_bundle(struct gw_arena *arena, const cJSON *root, struct gw_error *err)
{
    const char *type = gw_json_string(root, "resourceType");
    int worst;

    if (gw_resource_of(type) == GW_OPERATION_OUTCOME)
        return gw_fail(err, GW_EINPUT, "fhir.bundle", "a Bundle is wanted, got OperationOutcome: %s",
                       gw_outcome_print(arena, root, &worst));
    if (gw_resource_of(type) != GW_RESOURCE_OTHER)
        return gw_fail(err, GW_EINPUT, "fhir.bundle", "a Bundle is wanted, got a resource of type %s", type);
    return gw_fail(err, GW_EINPUT, "fhir.bundle", "a Bundle is wanted, got %s",
                   type ? "a resource of another type" : "JSON without a resourceType");
}

static enum gw_status fill_page(struct reader *reader, struct gw_slice page, const struct page_draft *draft,
                                struct gw_bundle *out)
{
    struct gw_bundle bundle = {.type = draft->type, .count = draft->entry_count};

    fill_links(draft, &bundle);
    bundle.entries = bundle.count ? reader_alloc(reader, bundle.count * sizeof(*bundle.entries)) : NULL;
    for (size_t i = 0; i < bundle.count && reader->status == GW_OK; i++) {
        bundle.entries[i].index = (unsigned)i;
        fill_entry(reader, page, &draft->entries[i], &bundle.entries[i]);
    }
    if (reader->status == GW_OK)
        *out = bundle;
    return reader->status;
}

enum gw_status gw_bundle_read(struct gw_arena *arena, struct gw_slice page, struct gw_bundle *out, struct gw_error *err)
{
    struct reader reader = {arena, NULL, "Bundle", "fhir.bundle", GW_OK, false, err};
    struct page_draft draft = {0};
    enum gw_status rc = gw_json_parse(arena, page.at, page.length, NULL, &reader.root, NULL, err);

    if (rc != GW_OK)
        return rc;
    if (!is_of_type(reader.root, "Bundle"))
        return not_a_bundle(arena, reader.root, err);
    shape_read(&reader, &page_shape, reader.root, &draft);
    return reader.status == GW_OK ? fill_page(&reader, page, &draft, out) : reader.status;
}

enum gw_status gw_entry_read(struct gw_arena *arena, struct gw_slice line, struct gw_entry *out, struct gw_error *err)
{
    struct entry_draft draft = {0};
    enum gw_status rc = gw_json_parse(arena, line.at, line.length, NULL, &draft.resource, NULL, err);

    if (rc != GW_OK)
        return rc;
    if (!json_is(draft.resource, cJSON_Object))
        return gw_fail(err, GW_EINPUT, "fhir.bundle", "a resource is wanted: a JSON object");
    if (is_of_type(draft.resource, "Bundle"))
        return gw_fail(err, GW_EINPUT, "fhir.bundle",
                       "a resource is wanted, got a Bundle; give each Bundle as a file of its own");
    *out =
        (struct gw_entry){.mode = mode_of(&draft), .resource = draft.resource, .raw = slice_of(line, draft.resource)};
    return GW_OK;
}

/* name: with its quotes; at: behind it. */
static bool is_member(struct gw_slice name, const char *wanted, const char *at, const char *end)
{
    at = slice_skip_blanks(at, end);
    return name.length == strlen(wanted) && memcmp(name.at, wanted, name.length) == 0 && at < end && *at == ':';
}

static bool value_is_bundle(const char *at, const char *end)
{
    static const char wanted[] = "\"Bundle\"";

    at = slice_skip_blanks(slice_skip_blanks(at, end) + 1, end); /* the colon */
    return (size_t)(end - at) >= strlen(wanted) && memcmp(at, wanted, strlen(wanted)) == 0;
}

/* The first object's own members, up to its resourceType. at: at its opening bracket. */
static bool names_bundle(const char *at, const char *end)
{
    int depth = 0;

    while (at < end) {
        const char *start = at++;

        if (*start == '"') {
            at = slice_skip_string(at, end);
            if (depth == 1 && is_member((struct gw_slice){start, (size_t)(at - start)}, "\"resourceType\"", at, end))
                return value_is_bundle(at, end);
        } else if (*start == '{' || *start == '[') {
            depth++;
        } else if ((*start == '}' || *start == ']') && --depth == 0) {
            return false;
        }
    }
    return false;
}

bool gw_looks_like_bundle(struct gw_slice head)
{
    const char *at = head.at;
    const char *end = at + (head.length < HEAD_BYTES ? head.length : HEAD_BYTES);

    if (end - at >= 3 && memcmp(at, "\xEF\xBB\xBF", 3) == 0)
        at += 3;
    at = slice_skip_blanks(at, end);
    return at < end && *at == '{' && names_bundle(at, end);
}
