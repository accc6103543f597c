/*
 * Why a row of a signed window would be another: amended, re-mapped (by a decision), an anchor that moved, or late.
 */
#include <stdio.h>
#include <string.h>

#include "study/held.h"
#include "study/lineage.h"

static bool is_of(const struct gw_row_provenance *line, const struct withheld *withheld)
{
    return gw_same(line->table, gw_table_of(withheld->table)->name);
}

/* A source of the row that stands has another newest version. */
static bool is_amended(struct holding *h, const struct withheld *withheld)
{
    const struct run lines = former_lines(withheld->of, withheld->row_id);

    for (size_t i = 0; withheld->stands && i < lines.count; i++) {
        const struct gw_row_provenance *line = (const struct gw_row_provenance *)lines.rows[i];
        const struct source *source = line->source_hash && line->content_sha256 && is_of(line, withheld)
                                          ? former_source(h->e, &h->sources, line->source_hash)
                                          : NULL;

        if (source && !lineage_is_of(h->e, source->fact, line->content_sha256))
            return true;
    }
    return false;
}

/* Whether a decision is among the rules of a list: "units;decision:7". */
static bool names_decision(const char *rules, int64_t n)
{
    char wanted[40];
    const size_t length = (size_t)snprintf(wanted, sizeof wanted, "decision:%lld", (long long)n);

    for (const char *at = rules; at && *at; at += strcspn(at, ";"), at += *at == ';')
        if (strcspn(at, ";") == length && strncmp(at, wanted, length) == 0)
            return true;
    return false;
}

static bool decision_changes(const struct gw_rows *rows, const struct withheld *withheld, int64_t n)
{
    const struct run lines = former_lines(rows, withheld->row_id);

    for (size_t i = 0; i < lines.count; i++)
        if (is_of((const struct gw_row_provenance *)lines.rows[i], withheld) &&
            names_decision(((const struct gw_row_provenance *)lines.rows[i])->rule_ids, n))
            return true;
    return false;
}

/* "CTCAE 5.0:ANC" is the beginning of "CTCAE 5.0:ANC:3", which is among the rules of a list. */
static bool names_rule(const char *rules, const char *off)
{
    const size_t length = strlen(off);

    for (const char *at = rules; at && *at; at += strcspn(at, ";"), at += *at == ';')
        if (strncmp(at, off, length) == 0 && strchr(":;", at[length]))
            return true;
    return false;
}

/* "episodes:NEUTROPENIA": no event of the category. */
static bool is_of_category(const struct withheld *withheld, const char *off)
{
    static const char prefix[] = "episodes:";
    const struct gw_row *event = withheld->table == GW_TABLE_ae_episodes ? withheld->stands : NULL;

    if (withheld->table == GW_TABLE_ae_evidence)
        event = gw_rows_find(withheld->of, GW_TABLE_ae_episodes,
                             ((const struct gw_row_ae_evidence *)withheld->stands)->ae_id);
    if (withheld->table == GW_TABLE_ae_grades)
        event = gw_rows_find(withheld->of, GW_TABLE_ae_episodes,
                             ((const struct gw_row_ae_grades *)withheld->stands)->ae_id);
    return event && strncmp(off, prefix, sizeof prefix - 1) == 0 &&
           gw_same(((const struct gw_row_ae_episodes *)event)->category, off + sizeof prefix - 1);
}

static bool names_resource(const struct gw_decision_match *match, const struct gw_fact *fact)
{
    return match->id && gw_same(match->id, fact->id) && gw_same(match->type, fact->type_name) &&
           gw_same(match->endpoint, fact->endpoint);
}

/* It names the record, or answered what would be asked about it. */
static bool is_about_record(const struct engine *e, const struct gw_decision *d, size_t fact)
{
    if (names_resource(&d->match, &e->in->facts[fact]) || names_resource(&d->with, &e->in->facts[fact]))
        return true;
    for (size_t i = 0; i < e->answered_count; i++)
        if (e->answered[i].decision == d->n && e->answered[i].about.has_fact && e->answered[i].about.fact == fact)
            return true;
    return false;
}

/* Of a row that goes: it is about a record that the row was made of, or a rule that made it. */
static bool takes_away(struct holding *h, const struct withheld *withheld, const struct gw_decision *d)
{
    const struct run lines = former_lines(withheld->of, withheld->row_id);
    const char *off = d->set[GW_SET_OFF] ? d->set[GW_SET_RULE] : NULL;

    if (off && is_of_category(withheld, off))
        return true;
    for (size_t i = 0; i < lines.count; i++) {
        const struct gw_row_provenance *line = (const struct gw_row_provenance *)lines.rows[i];
        const struct source *source = line->source_hash ? former_source(h->e, &h->sources, line->source_hash) : NULL;

        if (is_of(line, withheld) &&
            ((off && names_rule(line->rule_ids, off)) || (source && is_about_record(h->e, d, source->fact))))
            return true;
    }
    return false;
}

/* A later decision made the row, took away what it was made by, or took back one that did. */
static bool changes(struct holding *h, const struct withheld *withheld, const struct gw_decision *d)
{
    if (d->undoes)
        return withheld->stands && decision_changes(withheld->of, withheld, d->undoes);
    return withheld->is ? decision_changes(&h->e->rows, withheld, d->n) : takes_away(h, withheld, d);
}

static bool is_decided(struct holding *h, const struct signature *signature, const struct withheld *withheld)
{
    const struct gw_subject_input *in = h->e->in;

    for (size_t i = 0; i < in->decision_count; i++) {
        const struct gw_decision *d = &in->decisions[i];

        if (d->n > signature->decision->n && d->kind != GW_DECIDE_SIGN && d->kind != GW_DECIDE_SIGNED &&
            changes(h, withheld, d))
            return true;
    }
    return false;
}

/* Read after the signature: a matter of words alone, what is held does not depend on it. */
static bool is_late(struct holding *h, const struct signature *signature, const struct withheld *withheld)
{
    const struct run lines = former_lines(&h->e->rows, withheld->row_id);
    int64_t signed_at = 0;

    if (withheld->stands || !gw_instant_read(signature->decision->at, &signed_at))
        return false;
    for (size_t i = 0; i < lines.count; i++) {
        const struct gw_row_provenance *line = (const struct gw_row_provenance *)lines.rows[i];
        const struct source *source =
            line->source_hash && is_of(line, withheld) ? former_source(h->e, &h->sources, line->source_hash) : NULL;

        if (source && h->e->in->facts[source->fact].fetched_at > signed_at / 1000000000)
            return true;
    }
    return false;
}

const char *hold_reason(struct holding *h, const struct signature *signature, const struct withheld *withheld)
{
    if (is_amended(h, withheld))
        return "amended";
    if (is_decided(h, signature, withheld))
        return "re-mapped";
    if (!former_same_anchors(former_subject(signature->rows), former_subject(&h->e->rows)))
        return "anchor moved";
    return is_late(h, signature, withheld) ? "late" : NULL;
}
