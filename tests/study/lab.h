/*
 * Values as a laboratory writes them, for the tests of measures, limits and grades.
 */
#ifndef TESTS_STUDY_LAB_H
#define TESTS_STUDY_LAB_H

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>

#include "gateway/core/text.h"
#include "gateway/study/measure.h"
#include "support/scratch.h"

struct bench { /* tables, and a site that knows little */
    struct gw_arena arena;
    const struct gw_tables *tables;
    const struct gw_site *site;
    struct scratch scratch;
};

static inline void bench_init(struct bench *b, const char *profile)
{
    struct gw_error err = {.status = GW_OK};

    *b = (struct bench){.arena = GW_ARENA_INIT((size_t)256 << 20)};
    scratch_init(&b->scratch);
    cr_assert(
        eq(int, gw_tables_load(&b->arena, SOURCE_DIR "/mappings/common", "000", "CTCAE 5.0", &b->tables, &err), GW_OK),
        "%s", err.text);
    cr_assert(eq(int,
                 gw_site_load(&b->arena, scratch_write(&b->scratch, "site.json", profile), b->tables, &b->site, &err),
                 GW_OK),
              "%s", err.text);
}

static inline void bench_release(struct bench *b)
{
    gw_site_close(b->site);
    scratch_release(&b->scratch);
    gw_arena_release(&b->arena);
}

/* A quantity: NULL for what is not written. */
static inline struct gw_observed quantity(const char *value, const char *unit, const char *system, const char *code)
{
    return (struct gw_observed){.component = -1,
                                .kind = GW_VALUE_QUANTITY,
                                .value_name = "valueQuantity",
                                .quantity = {value, NULL, unit, system, code}};
}

static inline struct gw_observed in_ucum(const char *value, const char *code)
{
    return quantity(value, NULL, GW_SYSTEM_UCUM, code);
}

static inline struct gw_measure measured(struct bench *b, const struct gw_lab *lab, const struct gw_observed *observed)
{
    const struct gw_coding code = {GW_SYSTEM_LOINC, lab->loinc, NULL};
    struct gw_measure measure;

    cr_assert(eq(int, gw_measure_read(&b->arena, b->tables, b->site, lab, &code, observed, &measure, NULL), GW_OK));
    return measure;
}

static inline struct gw_ratio ratio(struct bench *b, const char *text)
{
    struct gw_ratio out;

    cr_assert(eq(int, gw_ratio_parse(&b->arena, text, &out, NULL), GW_OK), "%s", text);
    return out;
}

/* Limits in the canonical unit of the row, as a laboratory would print them beside the value. */
static inline struct gw_limits limits_of(struct bench *b, const struct gw_lab *lab, struct gw_observed *observed,
                                         const struct gw_measure *measure, const char *low, const char *high)
{
    const struct gw_reference_range range = {.low = {.value = low, .system = GW_SYSTEM_UCUM, .code = lab->unit},
                                             .high = {.value = high, .system = GW_SYSTEM_UCUM, .code = lab->unit}};
    struct gw_limits limits;

    observed->ranges = &range;
    observed->range_count = 1;
    cr_assert(
        eq(int, gw_limits_read(&b->arena, b->tables, b->site, lab, observed, measure, NULL, -1, &limits, NULL), GW_OK));
    return limits;
}

/* "10/5..40": a value of 10 with limits 5 and 40. */
static inline struct gw_baseline baseline_of(struct bench *b, const char *value, const char *low, const char *high)
{
    struct gw_baseline baseline = {.known = value != NULL};

    if (!value)
        return baseline;
    baseline.value = ratio(b, value);
    baseline.limits.verdict = low || high ? GW_RANGE_FOUND : GW_RANGE_MISSING;
    baseline.limits.has_low = low != NULL;
    baseline.limits.has_high = high != NULL;
    if (low)
        baseline.limits.low = ratio(b, low);
    if (high)
        baseline.limits.high = ratio(b, high);
    return baseline;
}

#endif
