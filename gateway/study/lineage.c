/*
 * Lineage: which facts, by which rules, every row came from. One line of `provenance` for each row, fact and role; a
 * row that came from the roster or from other rows alone has a line too, so that none is without.
 *
 * The rules named are those of mappings/common/rule-texts.csv, no others. Source: mappings/RULES.md 19.
 */
#include "study/lineage.h"

#include <stdlib.h>
#include <string.h>

#include "study/fact_decisions.h"
#include "study/order.h"

enum { SHA256_DIGITS = 2 * GW_SHA256_BYTES, NANOSECONDS = 1000000000 };

struct version_told {
    const char *content, *version, *updated;
};

/* ---- versions ---- */

static const char *keyed(struct engine *e, char letter, const char *const *parts, size_t count)
{
    const char *id = gw_hmac_id(e->in->key, e->arena, letter, parts, count);

    e->failed |= !id;
    return id;
}

static const char *keyed_content(struct engine *e, const char *sha256)
{
    return keyed(e, 'b', (const char *const[]){"content", sha256}, 2);
}

/* No two studies alike; a versionId may be unique at its server, or any text. */
static const char *keyed_version(struct engine *e, const char *source_hash, const char *version_id)
{
    return source_hash && version_id ? keyed(e, 'v', (const char *const[]){"version", source_hash, version_id}, 3)
                                     : NULL;
}

/* The day it was at the site: the instant is the source's own, and as good as a number of the record. */
static const char *day_of(struct engine *e, const char *instant)
{
    int64_t nanoseconds;

    if (!instant || !gw_instant_read(instant, &nanoseconds))
        return NULL;
    return engine_date(e, gw_zone_day_at(gw_site_zone(e->in->site), nanoseconds / NANOSECONDS));
}

/* As the study may see the version that a fact is; each is told in several lines. */
static const struct version_told *told_of(struct engine *e, size_t fact)
{
    static const struct version_told nothing;
    const struct gw_fact *source = &e->in->facts[fact];
    char sha256[SHA256_DIGITS + 1];
    struct version_told *told;

    if (e->versions[fact].told)
        return e->versions[fact].told;
    told = gw_arena_alloc(e->arena, sizeof *told);
    e->failed |= !told;
    if (!told)
        return &nothing;
    gw_hex(source->sha256, GW_SHA256_BYTES, sha256);
    told->content = keyed_content(e, sha256);
    told->version = keyed_version(e, engine_hash(e, fact), source->version_id);
    told->updated = day_of(e, source->last_updated);
    return e->versions[fact].told = told;
}

const char *lineage_content(struct engine *e, size_t fact)
{
    return told_of(e, fact)->content;
}

const char *gw_derived_content(const struct gw_derived *derived, size_t fact)
{
    const struct version_told *told = derived->engine ? derived->engine->versions[fact].told : NULL;

    return told ? told->content : NULL;
}

bool lineage_is_of(struct engine *e, size_t fact, const char *content)
{
    char sha256[SHA256_DIGITS + 1];

    if (!content || strlen(content) != SHA256_DIGITS)
        return gw_same(lineage_content(e, fact), content);
    gw_hex(e->in->facts[fact].sha256, GW_SHA256_BYTES, sha256);
    return strcmp(sha256, content) == 0;
}

/* ---- of an older release ---- */

bool lineage_is_plain(const struct gw_row_provenance *line)
{
    return line->content_sha256 && strlen(line->content_sha256) == SHA256_DIGITS;
}

void lineage_mend(struct engine *e, struct gw_row_provenance *line)
{
    if (!lineage_is_plain(line))
        return;
    line->content_sha256 = keyed_content(e, line->content_sha256);
    line->version_id = keyed_version(e, line->source_hash, line->version_id);
    line->last_updated = day_of(e, line->last_updated);
}

/* ---- lines ---- */

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
    row->version_id = told_of(e, fact)->version;
    row->last_updated = told_of(e, fact)->updated;
    row->content_sha256 = lineage_content(e, fact);
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
    char sha256[SHA256_DIGITS + 1];

    e->failed |= !text;
    if (!text)
        return NULL;
    gw_sha256(text, strlen(text), digest);
    gw_hex(digest, sizeof digest, sha256);
    return keyed_content(e, sha256);
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
