/*
 * A subject whose windows are delivered, signed and changed, pass by pass, as a ledger would have it.
 *
 * Subject of lendex-rrmm, first dose 2024-01-15: T30-01 takes 9 to 19 February, T30-02 10 to 20 March. WBC 5.1 of 12
 * February is "w", ANC 0.7 of 14 February (grade 3: below 1.0, not below 0.5) is "n", both in T30-01.
 */
#ifndef STUDY_SIGNED_DESK_H
#define STUDY_SIGNED_DESK_H

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/study/seal.h"
#include "support/subject.h"

#define WBC   "6690-2"
#define ANC   "751-8"
#define AFTER 1735000000 /* 2024-12-24: after the signature, which is of 2024-12-01 */

static struct subject s;
static struct gw_study study;
static struct gw_window_rule windows[8];
static struct gw_rows delivered; /* what stands in the study database */
static struct gw_difference difference;
static struct gw_signed_rows signatures[16];

#define AS_SIGNED "ANC 0.7*;WBC 5.1*"
#define ASKS      "SIGNED_CHANGED"

static inline void start(void)
{
    subject_init(&s);
    study = *s.study;
    cr_assert(study.window_count <= 8);
    memcpy(windows, study.windows, study.window_count * sizeof *windows);
    study.windows = windows;
    s.study = &study;
    s.signatures = signatures;
    delivered = (struct gw_rows){0};
    subject_add_monthly_visits(&s, 3);
    subject_add_lab(&s, "w", WBC, "2024-02-12", "5.1");
    subject_add_lab(&s, "n", ANC, "2024-02-14", "0.7");
}

static inline void stop(void)
{
    subject_release(&s);
}

static inline void deliver(void)
{
    struct gw_error err;

    subject_derive(&s);
    cr_assert(gw_identify_derived(&s.arena, &delivered, &s.derived, &err) == GW_OK);
    cr_assert(gw_history(&delivered, &s.derived, &err) == GW_OK);
    cr_assert(gw_difference(&s.arena, &delivered, &s.derived.rows, &difference, &err) == GW_OK);
    cr_assert(not(s.derived.blocked));
    delivered = s.derived.rows;
}

/* Under what is delivered now. */
static inline int64_t sign(const char *window)
{
    char seal[GW_SEAL_BYTES];
    struct gw_error err;
    size_t rows;
    int64_t n;

    cr_assert(gw_window_seal(&delivered, window, seal, &rows, &err) == GW_OK);
    cr_assert(rows > 0);
    n = subject_decide(
        &s, "sign", "",
        gw_arena_print(&s.arena, "{'window':'%s','revision':%zu,'seal':'%s'}", window, s.signature_count + 1, seal));
    signatures[s.signature_count++] = (struct gw_signed_rows){n, delivered};
    return n;
}

/* ---- what changes ---- */

static inline void add_version(const char *id, const char *loinc, const char *status, const char *day,
                               const char *value)
{
    s.delivery++;
    subject_add(&s,
                "{'resourceType':'Observation','id':'%s','status':'%s','subject':{'reference':'Patient/p1'},"
                "'code':{'coding':[{'system':'http://loinc.org','code':'%s'}]},'effectiveDateTime':'%s',"
                "'valueQuantity':{'value':%s,'system':'http://unitsofmeasure.org','code':'10*9/L'},"
                "'referenceRange':[{'low':{'value':1.5,'system':'http://unitsofmeasure.org','code':'10*9/L'},"
                "'high':{'value':7.5,'system':'http://unitsofmeasure.org','code':'10*9/L'}}]}",
                id, status, loinc, day, value);
    s.facts[s.count - 1].delivery = s.delivery;
    s.facts[s.count - 1].fetched_at = AFTER;
}

static inline void late_value(void)
{
    add_version("late", WBC, "final", "2024-02-15", "6.2");
}

static inline void amended_value(void)
{
    add_version("w", WBC, "amended", "2024-02-12", "5.9");
}

static inline void value_of_the_next_window(void)
{
    add_version("w", WBC, "corrected", "2024-03-14", "5.1");
}

static inline void event_that_worsens_later(void)
{
    add_version("worse", ANC, "final", "2024-03-15", "0.4");
}

static inline void worse_event(void)
{
    add_version("n", ANC, "amended", "2024-02-14", "0.4");
}

static inline void rejected_value(void)
{
    subject_decide(&s, "value", "Observation/w", "{'reject':true}");
}

static inline void longer_windows(void)
{
    for (size_t i = 0; i < study.window_count; i++)
        windows[i].high += windows[i].every == 30;
}

/* ---- what stands ---- */

static inline const char *value_text(const struct gw_row_observations *row)
{
    return gw_arena_print(&s.arena, "%s %s%s", row->concept, row->value_num, row->anl01 ? "*" : "");
}

static inline int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static inline const char *values(const char *window)
{
    const struct gw_row_list *list = &delivered.tables[GW_TABLE_observations];
    const char *texts[16];
    size_t count = 0;

    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_observations *row = (const struct gw_row_observations *)list->rows[i];

        if (!gw_same(row->window_id, window))
            continue;
        cr_assert(lt(sz, count, 16));
        texts[count++] = value_text(row);
    }
    qsort(texts, count, sizeof *texts, by_text);
    return count ? gw_arena_join(&s.arena, ';', texts, count) : "";
}

static inline const char *event(void)
{
    const struct gw_row_list *list = &delivered.tables[GW_TABLE_ae_episodes];
    const struct gw_row_ae_episodes *row;

    if (list->count == 0)
        return "none";
    cr_assert(eq(sz, list->count, 1));
    row = (const struct gw_row_ae_episodes *)list->rows[0];
    return gw_arena_print(&s.arena, "%d from %s%s%s", row->max_grade, row->onset, row->end ? " to " : "",
                          row->end ? row->end : "");
}

static inline const char *window_text(void)
{
    const struct gw_row_list *list = &delivered.tables[GW_TABLE_windows];

    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_windows *row = (const struct gw_row_windows *)list->rows[i];

        if (gw_same(row->window_id, "T30-01"))
            return gw_arena_print(&s.arena, "%s %d..%d %s", row->target_date, row->low, row->high, row->state);
    }
    return "none";
}

/* What a person is told of it, beside whatever else is open. */
static inline const char *told(void)
{
    const struct gw_row_list *list = &delivered.tables[GW_TABLE_exceptions];
    const char *texts[16];
    size_t count = 0;

    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_exceptions *row = (const struct gw_row_exceptions *)list->rows[i];

        if (!gw_item_is_history(row->code))
            continue;
        cr_assert(lt(sz, count, 16));
        texts[count++] =
            gw_same(row->state, "open") ? row->code : gw_arena_print(&s.arena, "%s %s", row->code, row->state);
    }
    qsort(texts, count, sizeof *texts, by_text);
    return count ? gw_arena_join(&s.arena, ';', texts, count) : "";
}

/* ---- answers ---- */

static inline const char *change_asked(void)
{
    const struct gw_item *item = subject_item(&s, ASKS);

    cr_assert(item != NULL);
    return strrchr(item->fingerprint, '|') + 1;
}

static inline int64_t answer(const char *which, const char *change)
{
    return subject_decide(&s, "signed", "",
                          gw_arena_print(&s.arena, "{'%s':true,'window':'T30-01','of':'%s'}", which, change));
}

static inline void undo(int64_t n)
{
    subject_decide_json(&s, gw_arena_print(&s.arena,
                                           "{'n':%zu,'at':'2024-12-20T10:00:00Z','by':'dm1','reason':'as told','kind':"
                                           "'undo','scope':'study:lendex-rrmm','match':null,'set':{},'undoes':%lld}",
                                           s.decision_count + 1, (long long)n));
}

static inline void sign_and_amend(void)
{
    deliver();
    sign("T30-01");
    amended_value();
    deliver();
    expect_text("held", values("T30-01"), AS_SIGNED);
}

#endif
