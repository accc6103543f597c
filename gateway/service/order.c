/*
 * The line of an order. Pure.
 */
#include "gateway/service/order.h"

#include <string.h>

#include "gateway/core/json.h"

static const char where[] = "service.order";

static void print_text(struct gw_text *out, const char *name, const char *text)
{
    gw_text_print(out, ",\"%s\":", name);
    gw_json_quote(out, text);
}

static void print_number(struct gw_text *out, const char *name, int64_t number)
{
    gw_text_print(out, ",\"%s\":%lld", name, (long long)number);
}

static bool is_fine(const char *text)
{
    return *text && strlen(text) <= GW_ORDER_TEXT_MAX;
}

enum gw_status gw_order_print(struct gw_text *out, const struct gw_purge_order *order,
                              const struct gw_signature_key *key, struct gw_error *err)
{
    const size_t start = out->length;

    if (!is_fine(order->reason) || !is_fine(order->by))
        return gw_fail(err, GW_EUSAGE, where, "who orders it and why are needed, each in at most %d bytes",
                       GW_ORDER_TEXT_MAX);
    gw_text_add(out, "{\"order\":\"purge\"");
    print_text(out, "installation", order->installation);
    print_text(out, "study", order->study);
    print_text(out, "subject", order->subject);
    print_text(out, "rows", order->withdraw ? "withdraw" : "keep");
    print_text(out, "reason", order->reason);
    print_text(out, "by", order->by);
    print_text(out, "at", order->at);
    print_text(out, "until", order->until);
    print_number(out, "trail", order->trail);
    print_text(out, "head", order->head);
    print_number(out, "revision", order->revision);
    print_number(out, "versions", order->versions);
    print_number(out, "parts", order->parts);
    print_number(out, "door_parts", order->door_parts);
    print_number(out, "exceptions", order->items);
    print_text(out, "facts", order->facts);
    print_text(out, "key", gw_signature_key_name(key));
    return gw_signature_end_line(key, out, start, err);
}

static bool read_number(const cJSON *root, const char *name, int64_t *out)
{
    long number;
    const bool fine = gw_json_int(root, name, &number) && number >= 0;

    *out = fine ? number : 0;
    return fine;
}

static bool read_texts(const cJSON *root, struct gw_purge_order *out)
{
    const struct {
        const char *name, **into;
    } texts[] = {{"installation", &out->installation},
                 {"study", &out->study},
                 {"subject", &out->subject},
                 {"reason", &out->reason},
                 {"by", &out->by},
                 {"at", &out->at},
                 {"until", &out->until},
                 {"head", &out->head},
                 {"facts", &out->facts}};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (!(*texts[i].into = gw_json_string(root, texts[i].name)))
            return false;
    return strlen(out->until) == GW_INSTANT_BYTES - 1;
}

static bool read_members(const cJSON *root, struct gw_purge_order *out)
{
    const char *rows = gw_json_string(root, "rows");

    out->withdraw = gw_same(rows, "withdraw");
    return gw_same(gw_json_string(root, "order"), "purge") && (out->withdraw || gw_same(rows, "keep")) &&
           read_texts(root, out) && read_number(root, "trail", &out->trail) &&
           read_number(root, "revision", &out->revision) && read_number(root, "versions", &out->versions) &&
           read_number(root, "parts", &out->parts) && read_number(root, "door_parts", &out->door_parts) &&
           read_number(root, "exceptions", &out->items);
}

enum gw_status gw_order_read(struct gw_arena *arena, const char *line, size_t length,
                             const struct gw_signature_key *key, struct gw_purge_order *out,
                             char hash[GW_ORDER_HASH_BYTES], struct gw_error *err)
{
    const size_t covered = gw_signature_of_line(key, line, length);
    uint8_t digest[GW_SHA256_BYTES];
    const cJSON *root = NULL;
    enum gw_status rc;

    if (covered == 0)
        return gw_fail(err, GW_EDENIED, where,
                       "this order is not signed with the key of the settings (%s), or was altered since: have it made "
                       "anew",
                       gw_signature_key_name(key));
    rc = gw_json_parse(arena, line, length, NULL, &root, NULL, err);
    *out = (struct gw_purge_order){.withdraw = false};
    if (rc == GW_OK && !read_members(root, out))
        rc = gw_fail(err, GW_EINPUT, where, "this is signed, but no order to purge a subject");
    gw_sha256(line, covered, digest);
    gw_hex(digest, sizeof digest, hash);
    return rc;
}

enum gw_status gw_order_load(const char *path, struct gw_text *out, struct gw_error *err)
{
    const enum gw_status rc = gw_text_read_file(out, path, err);

    if (rc != GW_OK)
        return rc;
    if (out->length > 0 && out->at[out->length - 1] == '\n')
        out->at[--out->length] = '\0';
    return memchr(out->at, '\n', out->length) ? gw_fail(err, GW_EINPUT, where, "%s: more than a line: no order", path)
                                              : GW_OK;
}
