/*
 * The list of metrics.def as a table of offsets, printed family by family.
 */
#include "gateway/service/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

enum kind { COUNTER, GAUGE, HISTOGRAM };
enum unit { ONE, MS, KNOWN };

#define WORD(constant, word) word,
static const char *const OUTCOMES[] = {GW_METRICS_OUTCOMES(WORD)};
static const char *const FACTS[] = {GW_METRICS_FACTS(WORD)};
static const char *const CIRCUITS[] = {GW_METRICS_CIRCUITS(WORD)};
static const char *const NOTIFICATIONS[] = {GW_METRICS_NOTIFICATIONS(WORD)};
static const char *const SUBJECTS[] = {GW_METRICS_SUBJECTS(WORD)};
static const char *const PARTS[] = {GW_METRICS_PARTS(WORD)};
static const char *const DELIVERY_FAILURES[] = {GW_METRICS_DELIVERY_FAILURES(WORD)};
#undef WORD

struct metric {
    enum kind kind;
    enum unit unit;
    bool of_endpoint;
    size_t offset;
    const char *name;
    const char *help;
    const char *label; /* NULL: one value */
    const char *const *words;
    size_t word_count;
};

static const struct metric table[] = {
#define PROCESS(kind, unit, member, name, help)                                                                        \
    {kind, unit, false, offsetof(struct gw_metrics, member), name, help, NULL, NULL, 1},
#define PROCESS_BY(kind, unit, member, list, name, label, help)                                                        \
    {kind, unit, false, offsetof(struct gw_metrics, member), name, help, label, list, COUNT(list)},
#define ENDPOINT(kind, unit, member, name, help)                                                                       \
    {kind, unit, true, offsetof(struct gw_metrics_endpoint, member), name, help, NULL, NULL, 1},
#define ENDPOINT_BY(kind, unit, member, list, name, label, help)                                                       \
    {kind, unit, true, offsetof(struct gw_metrics_endpoint, member), name, help, label, list, COUNT(list)},
#define ENDPOINT_HISTOGRAM(member, name, help)                                                                         \
    {HISTOGRAM, MS, true, offsetof(struct gw_metrics_endpoint, member), name, help, NULL, NULL, 1},
#include "gateway/service/metrics.def"
};

static const unsigned bounds_ms[GW_HISTOGRAM_BUCKETS - 1] = {50,   100,   250,   500,   1000,  2500,
                                                             5000, 10000, 30000, 60000, 300000};

/* ---- counting --------------------------------------------------------------------------------------------------- */

void gw_histogram_note(struct gw_histogram *histogram, uint64_t ms)
{
    size_t bucket = 0;

    while (bucket < COUNT(bounds_ms) && ms > bounds_ms[bucket])
        bucket++;
    histogram->counts[bucket]++;
    histogram->sum_ms += ms;
}

struct gw_metrics_endpoint *gw_metrics_endpoint(const struct gw_metrics *metrics, const char *id)
{
    for (size_t i = 0; i < metrics->endpoint_count; i++)
        if (strcmp(metrics->endpoints[i].id, id) == 0)
            return &metrics->endpoints[i];
    return NULL;
}

static void endpoints_free(struct gw_metrics_endpoint *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(list[i].id);
    free(list);
}

enum gw_status gw_metrics_set_endpoints(struct gw_metrics *metrics, const char *const *ids, size_t count,
                                        struct gw_error *err)
{
    struct gw_metrics_endpoint *const list = calloc(count + 1, sizeof *list);

    for (size_t i = 0; list && i < count; i++) {
        const struct gw_metrics_endpoint *const before = gw_metrics_endpoint(metrics, ids[i]);

        if (before)
            list[i] = *before;
        list[i].id = strdup(ids[i]);
        if (!list[i].id) {
            endpoints_free(list, i);
            return gw_fail(err, GW_ENOMEM, "service.metrics", "no memory for the numbers of %zu endpoints", count);
        }
    }
    if (!list)
        return gw_fail(err, GW_ENOMEM, "service.metrics", "no memory for the numbers of %zu endpoints", count);
    endpoints_free(metrics->endpoints, metrics->endpoint_count);
    metrics->endpoints = list;
    metrics->endpoint_count = count;
    return GW_OK;
}

void gw_metrics_release(struct gw_metrics *metrics)
{
    endpoints_free(metrics->endpoints, metrics->endpoint_count);
    metrics->endpoints = NULL;
    metrics->endpoint_count = 0;
}

void gw_metrics_set_circuit(struct gw_metrics_endpoint *endpoint, enum gw_metrics_circuit state)
{
    for (size_t i = 0; i < COUNT(endpoint->circuit); i++)
        endpoint->circuit[i] = i == state;
}

void gw_metrics_look_at_process(struct gw_metrics *metrics)
{
    FILE *const file = fopen("/proc/self/statm", "re");
    unsigned long long pages;

    if (file && fscanf(file, "%*u %llu", &pages) == 1)
        metrics->resident_bytes = pages * (uint64_t)sysconf(_SC_PAGESIZE);
    if (file)
        fclose(file);
}

/* ---- printing --------------------------------------------------------------------------------------------------- */

/* The value of a label: a backslash, a quote and a line feed are escaped. */
static void print_label(struct gw_text *out, const char *name, const char *value)
{
    gw_text_print(out, "%s=\"", name);
    for (; *value; value++) {
        if (*value == '\n')
            gw_text_add(out, "\\n");
        else
            gw_text_print(out, "%s%c", *value == '\\' || *value == '"' ? "\\" : "", *value);
    }
    gw_text_add(out, "\"");
}

static void print_labels(struct gw_text *out, const struct metric *metric, const char *endpoint, const char *word)
{
    if (!endpoint && !word)
        return;
    gw_text_add(out, "{");
    if (endpoint)
        print_label(out, "endpoint", endpoint);
    if (word) {
        gw_text_add(out, endpoint ? "," : "");
        print_label(out, metric->label, word);
    }
    gw_text_add(out, "}");
}

static void print_number(struct gw_text *out, enum unit unit, uint64_t value)
{
    if (unit == MS)
        gw_text_print(out, " %" PRIu64 ".%03u\n", value / 1000, (unsigned)(value % 1000));
    else
        gw_text_print(out, " %" PRIu64 "\n", value);
}

static void print_values(struct gw_text *out, const struct metric *metric, const uint64_t *values, const char *endpoint)
{
    for (size_t i = 0; i < metric->word_count; i++) {
        if (metric->unit == KNOWN && values[i] == 0)
            continue;
        gw_text_add(out, metric->name);
        print_labels(out, metric, endpoint, metric->words ? metric->words[i] : NULL);
        print_number(out, metric->unit, values[i]);
    }
}

static void print_line(struct gw_text *out, const struct metric *metric, const char *suffix, const char *endpoint)
{
    gw_text_print(out, "%s%s", metric->name, suffix);
    print_labels(out, metric, endpoint, NULL);
}

static void print_histogram(struct gw_text *out, const struct metric *metric, const struct gw_histogram *histogram,
                            const char *endpoint)
{
    uint64_t so_far = 0;

    for (size_t i = 0; i < GW_HISTOGRAM_BUCKETS; i++) {
        so_far += histogram->counts[i];
        gw_text_print(out, "%s_bucket{", metric->name);
        print_label(out, "endpoint", endpoint);
        if (i < COUNT(bounds_ms))
            gw_text_print(out, ",le=\"%g\"} %" PRIu64 "\n", bounds_ms[i] / 1000.0, so_far);
        else
            gw_text_print(out, ",le=\"+Inf\"} %" PRIu64 "\n", so_far);
    }
    print_line(out, metric, "_sum", endpoint);
    print_number(out, MS, histogram->sum_ms);
    print_line(out, metric, "_count", endpoint);
    print_number(out, ONE, so_far);
}

static void print_head(struct gw_text *out, const char *name, const char *help, enum kind kind)
{
    static const char *const kinds[] = {[COUNTER] = "counter", [GAUGE] = "gauge", [HISTOGRAM] = "histogram"};

    gw_text_print(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kinds[kind]);
}

static void print_metric(struct gw_text *out, const struct metric *metric, const struct gw_metrics *metrics)
{
    const char *base;

    print_head(out, metric->name, metric->help, metric->kind);
    if (!metric->of_endpoint)
        print_values(out, metric, (const uint64_t *)((const char *)metrics + metric->offset), NULL);
    for (size_t i = 0; metric->of_endpoint && i < metrics->endpoint_count; i++) {
        base = (const char *)&metrics->endpoints[i] + metric->offset;
        if (metric->kind == HISTOGRAM)
            print_histogram(out, metric, (const struct gw_histogram *)base, metrics->endpoints[i].id);
        else
            print_values(out, metric, (const uint64_t *)base, metrics->endpoints[i].id);
    }
}

void gw_metrics_print(const struct gw_metrics *metrics, struct gw_text *out)
{
    for (size_t i = 0; i < COUNT(table); i++)
        print_metric(out, &table[i], metrics);
    print_head(out, "casement_open_exceptions", "Open exceptions by code.", GAUGE);
    for (size_t i = 0; i < metrics->exception_count; i++) {
        gw_text_add(out, "casement_open_exceptions{");
        print_label(out, "class", metrics->exceptions[i].code);
        gw_text_print(out, "} %" PRIu64 "\n", metrics->exceptions[i].count);
    }
    print_head(out, "casement_build_info", "1, with the version of the program.", GAUGE);
    gw_text_add(out, "casement_build_info{version=\"" GATEWAY_VERSION "\"} 1\n");
}
