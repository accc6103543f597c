/*
 * Lineage: which facts, by which rules, every row came from. One line of `provenance` for each row, fact and role; a
 * row that came from the roster or from other rows alone has a line too, so that none is without.
 *
 * The rules named are those of mappings/common/rule-texts.csv, no others. Source: mappings/RULES.md 19.
 */
#include <stdlib.h>
#include <string.h>

#include "study/fact_decisions.h"
#include "study/order.h"

/* What stands in their place may be any text, and provenance crosses the border: only what has their form does. */
static const char *version_or_null(const char *version)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.";
    const size_t length = version ? strspn(version, allowed) : 0;

    return length > 0 && length <= 64 && version[length] == '\0' ? version : NULL;
}

static const char *instant_or_null(const char *instant)
{
    int64_t ignored;

    return instant && gw_instant_read(instant, &ignored) ? instant : NULL;
}

static const char *digest_text(struct engine *e, const uint8_t digest[GW_SHA256_BYTES])
{
    char *text = gw_arena_raw(e->arena, 2 * GW_SHA256_BYTES + 1);

    e->failed |= !text;
    if (text)
        gw_hex(digest, GW_SHA256_BYTES, text);
    return text;
}

/* A line without its source; hash may be NULL. NULL: out of memory, noted. */
static struct gw_row_provenance *add_line(struct engine *e, const char *table, const char *of_row, const char *hash,
                                          const char *role, const char *rule_ids)
{
    const char *const parts[] = {of_row, role, hash};
    const char *id = gw_arena_join(e->arena, '|', parts, 3);
    struct gw_row_provenance *row = (struct gw_row_provenance *)engine_row(e, GW_TABLE_provenance, id, "active");

    if (!row)
        return NULL;
    row->table = table;
    row->of_row = of_row;
    row->role = role;
    row->source_hash = hash;
    row->rule_ids = rule_ids;
    return row;
}

void engine_provenance(struct engine *e, const char *table, const char *of_row, size_t fact, const char *role,
                       const char *rule_ids, const char *transformation)
{
    const struct gw_fact *source = &e->in->facts[fact];
    struct gw_row_provenance *row =
        add_line(e, table, of_row, engine_hash(e, fact), role, fact_rules(e, fact, rule_ids));

    if (!row)
        return;
    row->endpoint = source->endpoint;
    row->resource_type = source->type_name;
    row->version_id = version_or_null(source->version_id);
    row->last_updated = instant_or_null(source->last_updated);
    row->content_sha256 = digest_text(e, source->sha256);
    row->transformation = transformation && *transformation ? transformation : NULL;
}

void engine_provenance_of_rules(struct engine *e, const char *table, const char *of_row, const char *role,
                                const char *rule_ids)
{
    add_line(e, table, of_row, NULL, role, rule_ids);
}

/* Of a roster line the dates that steer the derivation, which all cross as columns: never whose they are. */
static const char *roster_digest(struct engine *e)
{
    const struct gw_roster_line *line = e->in->roster;
    const char *const dates[] = {engine_date(e, line->recruited), engine_date(e, line->first_dose),
                                 engine_date(e, line->end_of_treatment), engine_date(e, line->withdrawn)};
    const char *text = gw_arena_join(e->arena, '|', dates, sizeof dates / sizeof *dates);
    uint8_t digest[GW_SHA256_BYTES];

    e->failed |= !text;
    if (!text)
        return NULL;
    gw_sha256(text, strlen(text), digest);
    return digest_text(e, digest);
}

void engine_provenance_of_roster(struct engine *e, const char *table, const char *of_row, const char *rule_ids)
{
    const char *const parts[] = {"roster", e->in->study->id, e->in->roster->subject};
    struct gw_row_provenance *row;

    if (!e->roster_hash) {
        e->roster_hash = gw_hmac_id(e->in->key, e->arena, 'h', parts, 3);
        e->roster_digest = roster_digest(e);
    }
    e->failed |= !e->roster_hash;
    if (e->failed || !(row = add_line(e, table, of_row, e->roster_hash, "roster", rule_ids)))
        return;
    row->resource_type = "roster";
    row->content_sha256 = e->roster_digest;
}

/* The ids of a text that may be a list of some already. */
static size_t split_rules(struct engine *e, const char *ids, const char **list, size_t count)
{
    if (!strchr(ids, ';')) {
        list[count] = ids;
        return count + 1;
    }
    for (size_t length; *ids && count < ENGINE_MOST_RULES; ids += length + (ids[length] == ';')) {
        length = strcspn(ids, ";");
        if (!(list[count++] = gw_arena_copy(e->arena, ids, length))) {
            e->failed = true;
            return count - 1;
        }
    }
    return count;
}

const char *engine_rules(struct engine *e, const char *const *ids, size_t count)
{
    const char *list[ENGINE_MOST_RULES];
    size_t kept = 0, left = 0;
    const char *joined;

    for (size_t i = 0; i < count && left < ENGINE_MOST_RULES; i++)
        if (ids[i] && *ids[i])
            left = split_rules(e, ids[i], list, left);
    if (left == 0)
        return NULL;
    qsort(list, left, sizeof *list, order_text_items);
    for (size_t i = 0; i < left; i++)
        if (kept == 0 || strcmp(list[kept - 1], list[i]) != 0)
            list[kept++] = list[i];
    joined = kept == 1 ? list[0] : gw_arena_join(e->arena, ';', list, kept);
    e->failed |= !joined;
    return joined;
}

const char *engine_grade_rule(struct engine *e, const struct gw_grade *grade)
{
    const struct gw_grade_row *row = grade->row;
    const char *rule = row ? gw_arena_print(e->arena, "%s:%s:%d", row->scale, row->concept, row->grade) : NULL;

    e->failed |= row && !rule;
    return rule;
}
