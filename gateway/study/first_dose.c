/*
 * The first dose (D1) of one subject.
 *
 * Evidence has a rank: roster, administration, statement, dispense, order. The best rank present gives the day; a
 * dispense or an order gives it provisionally. Ranks that contradict each other are a person's to settle, and nothing
 * leaves for the subject until then. Source: mappings/RULES.md 2.
 */
#include <stdlib.h>
#include <string.h>

#include "study/anchors.h"
#include "study/uses.h"

struct dose { /* first dose of one drug by one rank of evidence */
    gw_day day;
    int64_t utc; /* of its time of day, else -1 */
    size_t fact;
};

struct evidence {       /* of one rank */
    struct dose *drugs; /* one for each drug of the study's D1 */
    gw_day day;         /* the earlier of them; GW_NO_DAY: no evidence */
    gw_day latest;      /* the latest first dose among the drugs */
};

static const char *dose_date(const struct gw_fact *fact, enum gw_evidence_rank rank)
{
    switch (rank) {
    case GW_RANK_DISPENSE:
        return fact->use.when_handed_over;
    case GW_RANK_REQUEST:
        return fact->use.authored_on;
    default:
        return fact->use.effective.kind == GW_EFFECTIVE_PERIOD ? fact->use.effective.period.start
                                                               : fact->use.effective.date;
    }
}

static int d1_drug(const struct gw_study *study, const struct gw_drug_row *row)
{
    for (size_t i = 0; row && i < study->d1_drug_count; i++)
        if (strcmp(study->d1_drugs[i], row->substance) == 0)
            return (int)i;
    return -1;
}

static gw_day index_line_start(const struct engine *e)
{
    const struct gw_roster_line *roster = e->in->roster;
    const gw_day known = roster->first_dose != GW_NO_DAY ? roster->first_dose : roster->recruited;

    return known == GW_NO_DAY ? GW_DAY_MIN : known - e->in->study->earlier_line_days;
}

/* A study drug whose date or status cannot be read: an anchor could have used it. */
static void raise_unreadable(struct engine *e, size_t index, const char *code)
{
    const struct gw_fact *fact = &e->in->facts[index];
    const struct gw_concept *medication = use_medication(e, fact);
    const struct item_about about = {.has_fact = true,
                                     .fact = index,
                                     .day = GW_NO_DAY,
                                     .coding = medication->count ? &medication->codings[0] : NULL};

    engine_raise(e, code, &about);
}

/* When the record says the drug was first taken; the days are told for a time without an offset too. */
static enum gw_date_verdict read_dose(const struct engine *e, const struct gw_fact *fact, enum gw_evidence_rank rank,
                                      struct gw_when *when)
{
    const char *text = dose_date(fact, rank);
    const enum gw_date_verdict verdict =
        text ? gw_when_read(text, gw_site_zone(e->in->site), gw_site_assumes_zone(e->in->site), when)
             : GW_DATE_MALFORMED;

    if (verdict != GW_DATE_WITHOUT_OFFSET || gw_when_read(text, gw_site_zone(e->in->site), true, when) == GW_DATE_OK)
        return verdict;
    return GW_DATE_MALFORMED;
}

/* What was ordered ahead of time begins later than it was written: its uses tell when. */
static void begin_order(const struct engine *e, size_t index, struct gw_when *when)
{
    gw_day first = GW_DAY_MAX;

    for (size_t i = 0; i < e->use_count; i++)
        if (e->uses[i].fact == index && e->uses[i].first < first)
            first = e->uses[i].first;
    if (first < GW_DAY_MAX && first > when->first)
        when->first = when->last = first;
}

static void consider_dose(struct engine *e, struct evidence *evidence, size_t index)
{
    const struct gw_fact *fact = &e->in->facts[index];
    const enum gw_evidence_rank rank = use_rank(fact->type);
    const int drug = rank == GW_RANK_COUNT ? -1 : d1_drug(e->in->study, engine_drug(e, fact));
    enum gw_date_verdict verdict = GW_DATE_MALFORMED;
    struct gw_when when;
    struct dose *dose;

    if (rank != GW_RANK_COUNT && (verdict = read_dose(e, fact, rank, &when)) != GW_DATE_MALFORMED &&
        when.last < index_line_start(e))
        return; /* of an earlier line, whatever it is */
    if (rank != GW_RANK_COUNT && use_counts(e, index) && use_unresolved(e, fact))
        raise_unreadable(e, index, "MEDICATION_UNRESOLVED");
    if (drug < 0 || !e->versions[index].current)
        return;
    if (fact->standing == GW_UNDECIDED || (fact->modifier_extension && fact->standing == GW_ACCEPTED)) {
        raise_unreadable(e, index, fact->standing == GW_UNDECIDED ? "STATUS_UNKNOWN" : "MODIFIER_EXTENSION");
        return;
    }
    if (!use_counts(e, index) || !e->in->study->d1_evidence[rank])
        return;
    if (verdict == GW_DATE_WITHOUT_OFFSET)
        raise_unreadable(e, index, "TIME_WITHOUT_OFFSET");
    if (verdict != GW_DATE_OK || when.precision < GW_PRECISION_DAY || when.first < index_line_start(e))
        return;
    if (rank == GW_RANK_REQUEST)
        begin_order(e, index, &when);
    if (when.first > e->in->horizon) { /* planned, or a slip: it says nothing yet */
        engine_next_day(e, when.first);
        return;
    }
    dose = &evidence[rank].drugs[drug];
    if (dose->day == GW_NO_DAY || when.first < dose->day ||
        (when.first == dose->day && strcmp(e->versions[index].key, e->versions[dose->fact].key) < 0))
        *dose = (struct dose){when.first, when.precision == GW_PRECISION_SECOND ? when.utc : -1, index};
}

static void summarise(struct evidence *evidence, size_t drugs)
{
    evidence->day = evidence->latest = GW_NO_DAY;
    for (size_t i = 0; i < drugs; i++) {
        const gw_day day = evidence->drugs[i].day;

        if (day == GW_NO_DAY)
            continue;
        if (evidence->day == GW_NO_DAY || day < evidence->day)
            evidence->day = day;
        if (evidence->latest == GW_NO_DAY || day > evidence->latest)
            evidence->latest = day;
    }
}

static struct evidence *gather(struct engine *e)
{
    const size_t drugs = e->in->study->d1_drug_count;
    struct evidence *all = gw_arena_alloc(e->arena, GW_RANK_COUNT * sizeof *all);

    for (int r = 0; all && r < GW_RANK_COUNT; r++) {
        all[r].drugs = gw_arena_alloc(e->arena, (drugs + 1) * sizeof *all[r].drugs);
        if (!all[r].drugs) {
            e->failed = true;
            return NULL;
        }
        for (size_t i = 0; i < drugs; i++)
            all[r].drugs[i].day = GW_NO_DAY;
    }
    e->failed |= !all;
    for (size_t i = 0; all && i < e->in->fact_count; i++)
        consider_dose(e, all, i);
    for (int r = 0; all && r < GW_RANK_COUNT; r++)
        summarise(&all[r], drugs);
    if (all && e->in->study->d1_evidence[GW_RANK_ROSTER])
        all[GW_RANK_ROSTER].day = all[GW_RANK_ROSTER].latest = e->in->roster->first_dose;
    return all;
}

/*
 * Ranks contradict the best one when a roster, an administration or a statement names another day, a dispense or an
 * order one more than dispense_spread_days away (a hand-over precedes the first capsule), or when by the best record of
 * doses the drugs began more than first_dose_spread_days apart.
 */
static bool contradicted(const struct engine *e, const struct evidence *all, int best)
{
    const struct gw_study *study = e->in->study;
    int doses = best == GW_RANK_ROSTER ? GW_RANK_ADMINISTRATION : best;

    while (doses < GW_RANK_DISPENSE && all[doses].day == GW_NO_DAY)
        doses++;
    if (all[doses].day != GW_NO_DAY && all[doses].latest - all[doses].day > study->first_dose_spread_days)
        return true;
    for (int r = best + 1; r < GW_RANK_COUNT; r++) {
        const int allowed = r >= GW_RANK_DISPENSE ? study->dispense_spread_days : 0;

        if (all[r].day != GW_NO_DAY && gw_days_apart(all[r].day, all[best].day) > allowed)
            return true;
    }
    return false;
}

static void raise_conflict(struct engine *e, const struct evidence *all)
{
    static const char *const names[] = {"roster", "administration", "statement", "dispense", "order"};
    struct gw_text note = GW_TEXT_INIT(512);
    struct item_about about = {.day = GW_NO_DAY};
    char day[11];

    for (int r = 0; r < GW_RANK_COUNT; r++) {
        if (all[r].day == GW_NO_DAY)
            continue;
        gw_day_print(all[r].day, day);
        gw_text_print(&note, "%s%s %s", note.length ? ", " : "first dose: ", names[r], day);
    }
    about.note = note.failed ? NULL : gw_arena_copy(e->arena, note.at, note.length);
    gw_text_release(&note);
    e->failed |= !about.note;
    engine_raise(e, "ANCHOR_CONFLICT", &about);
}

static void cite_doses(struct engine *e, const struct evidence *rank)
{
    for (size_t i = 0; i < e->in->study->d1_drug_count; i++)
        if (rank->drugs[i].day != GW_NO_DAY && rank->drugs[i].day == rank->day)
            anchor_cite(e, rank->drugs[i].fact, "d1");
}

/* The time of the first dose on day 1, where an administration states one. */
static int64_t first_dose_time(const struct evidence *all, size_t drugs, gw_day d1)
{
    int64_t utc = -1;

    for (size_t i = 0; i < drugs; i++) {
        const struct dose *dose = &all[GW_RANK_ADMINISTRATION].drugs[i];

        if (dose->day == d1 && dose->utc >= 0 && (utc < 0 || dose->utc < utc))
            utc = dose->utc;
    }
    return utc;
}

void find_first_dose(struct engine *e)
{
    const struct item_about nothing = {.day = GW_NO_DAY,
                                       .note = "no first dose: neither roster nor drug records name one"};
    const struct evidence *all = gather(e);
    int best = GW_RANK_ROSTER;

    e->anchors.d1 = GW_NO_DAY;
    e->first_dose_utc = -1;
    while (all && best < GW_RANK_COUNT && all[best].day == GW_NO_DAY)
        best++;
    if (!all || best == GW_RANK_COUNT) {
        engine_raise(e, "ANCHOR_MISSING", &nothing);
        return;
    }
    e->anchors.d1 = all[best].day;
    e->d1_status = best >= GW_RANK_DISPENSE ? "provisional" : "confirmed";
    e->first_dose_utc = first_dose_time(all, e->in->study->d1_drug_count, e->anchors.d1);
    if (best != GW_RANK_ROSTER)
        cite_doses(e, &all[best]);
    else if (e->first_dose_utc >= 0)
        cite_doses(e, &all[GW_RANK_ADMINISTRATION]);
    if (contradicted(e, all, best)) {
        e->d1_status = "conflict";
        raise_conflict(e, all);
    }
}
