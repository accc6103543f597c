/*
 * The numbers: what is counted is shown, under names that Prometheus' own tool has nothing to say of.
 */
#include <criterion/criterion.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/service/metrics.h"

static struct gw_metrics metrics = GW_METRICS_INIT;
static struct gw_text text = GW_TEXT_INIT(1 << 20);
static const char *const ids[] = {"hm-ehr", "qu\"o\\te"};

static void begin(void)
{
    cr_assert(gw_metrics_set_endpoints(&metrics, ids, 2, NULL) == GW_OK);
}

static void end(void)
{
    gw_metrics_release(&metrics);
    gw_text_release(&text);
}

TestSuite(metrics, .init = begin, .fini = end);

static const char *printed(void)
{
    gw_text_clear(&text);
    gw_metrics_print(&metrics, &text);
    cr_assert(!text.failed);
    return text.at;
}

static void expect_line(const char *line)
{
    char whole[256];

    snprintf(whole, sizeof whole, "\n%s\n", line);
    cr_expect(strstr(printed(), whole) != NULL, "missing: %s", line);
}

Test(metrics, shows_what_was_counted)
{
    static const struct gw_metrics_exceptions exceptions[] = {{"UNIT_MISSING", 214}, {"CODE_UNMAPPED", 3}};
    struct gw_metrics_endpoint *const endpoint = gw_metrics_endpoint(&metrics, "hm-ehr");

    endpoint->requests[GW_OUTCOME_OK] = 7;
    endpoint->requests[GW_OUTCOME_THROTTLED]++;
    endpoint->received_bytes += 5000000000;
    endpoint->facts[GW_FACTS_KNOWN] = 12;
    endpoint->backoff_left_ms = 90250;
    endpoint->notifications[GW_NOTIFIED_DENIED] = 2;
    gw_metrics_set_circuit(endpoint, GW_METRICS_RUNNING);
    gw_metrics_set_circuit(endpoint, GW_METRICS_DEGRADED);
    metrics.parts_read = 5;
    metrics.parts[GW_PARTS_HELD] = 5;
    metrics.loop_delay_ms = 3;
    metrics.exceptions = exceptions;
    metrics.exception_count = 2;
    expect_line("casement_requests_total{endpoint=\"hm-ehr\",class=\"ok\"} 7");
    expect_line("casement_requests_total{endpoint=\"hm-ehr\",class=\"throttled\"} 1");
    expect_line("casement_requests_total{endpoint=\"hm-ehr\",class=\"auth\"} 0");
    expect_line("casement_received_bytes_total{endpoint=\"hm-ehr\"} 5000000000");
    expect_line("casement_facts_total{endpoint=\"hm-ehr\",state=\"known\"} 12");
    expect_line("casement_backoff_remaining_seconds{endpoint=\"hm-ehr\"} 90.250");
    expect_line("casement_circuit{endpoint=\"hm-ehr\",state=\"degraded\"} 1");
    expect_line("casement_circuit{endpoint=\"hm-ehr\",state=\"running\"} 0");
    expect_line("casement_notifications_total{endpoint=\"hm-ehr\",class=\"denied\"} 2");
    expect_line("casement_ledger_parts_read 5");
    expect_line("casement_ledger_parts{state=\"held\"} 5");
    expect_line("casement_loop_delay_seconds 0.003");
    expect_line("casement_open_exceptions{class=\"UNIT_MISSING\"} 214");
    expect_line("casement_build_info{version=\"" GATEWAY_VERSION "\"} 1");
    expect_line("casement_pages_total{endpoint=\"qu\\\"o\\\\te\"} 0");
}

Test(metrics, shows_a_time_only_when_there_was_one)
{
    cr_expect(strstr(printed(), "\ncasement_last_success_timestamp_seconds{") == NULL);
    gw_metrics_endpoint(&metrics, "hm-ehr")->last_success_s = 1795168800;
    expect_line("casement_last_success_timestamp_seconds{endpoint=\"hm-ehr\"} 1795168800");
}

Test(metrics, sums_up_a_histogram_at_its_bounds)
{
    static const unsigned times_ms[] = {0, 50, 51, 100, 1000, 1001, 299999, 300000, 300001};
    struct gw_histogram *const histogram = &gw_metrics_endpoint(&metrics, "hm-ehr")->request_time;

    for (size_t i = 0; i < sizeof times_ms / sizeof times_ms[0]; i++)
        gw_histogram_note(histogram, times_ms[i]);
    expect_line("casement_request_duration_seconds_bucket{endpoint=\"hm-ehr\",le=\"0.05\"} 2");
    expect_line("casement_request_duration_seconds_bucket{endpoint=\"hm-ehr\",le=\"0.1\"} 4");
    expect_line("casement_request_duration_seconds_bucket{endpoint=\"hm-ehr\",le=\"0.5\"} 4");
    expect_line("casement_request_duration_seconds_bucket{endpoint=\"hm-ehr\",le=\"1\"} 5");
    expect_line("casement_request_duration_seconds_bucket{endpoint=\"hm-ehr\",le=\"2.5\"} 6");
    expect_line("casement_request_duration_seconds_bucket{endpoint=\"hm-ehr\",le=\"300\"} 8");
    expect_line("casement_request_duration_seconds_bucket{endpoint=\"hm-ehr\",le=\"+Inf\"} 9");
    expect_line("casement_request_duration_seconds_count{endpoint=\"hm-ehr\"} 9");
    expect_line("casement_request_duration_seconds_sum{endpoint=\"hm-ehr\"} 902.202");
}

Test(metrics, keeps_the_numbers_of_an_endpoint_that_stays)
{
    static const char *const others[] = {"new", "hm-ehr"};

    gw_metrics_endpoint(&metrics, "hm-ehr")->pages = 41;
    cr_assert(gw_metrics_set_endpoints(&metrics, others, 2, NULL) == GW_OK);
    cr_expect(gw_metrics_endpoint(&metrics, "hm-ehr")->pages == 41);
    cr_expect(gw_metrics_endpoint(&metrics, "new")->pages == 0);
    cr_expect(gw_metrics_endpoint(&metrics, ids[1]) == NULL);
}

Test(metrics, knows_how_large_it_is)
{
    gw_metrics_look_at_process(&metrics);
    cr_expect(metrics.resident_bytes > 1 << 20 && metrics.resident_bytes % 4096 == 0);
}

/* The labels are a closed set: a new one is a decision about privacy and about cost. */
Test(metrics, has_no_label_but_those_agreed)
{
    static const char *const agreed[] = {"endpoint", "state", "class", "type", "le", "version"};
    const char *at = printed();
    size_t found = 0;

    for (; (at = strstr(at, "=\"")); at += 2) {
        const char *name = at;
        bool known = false;

        while (isalpha((unsigned char)name[-1]))
            name--;
        for (size_t i = 0; i < sizeof agreed / sizeof agreed[0]; i++)
            known |= strlen(agreed[i]) == (size_t)(at - name) && strncmp(agreed[i], name, strlen(agreed[i])) == 0;
        cr_expect(known, "%.20s", name);
        found++;
    }
    cr_expect(found > 50);
}

/* Each family once, its HELP and TYPE before its lines, a counter's name ends with _total and no other's does. */
Test(metrics, keeps_the_conventions)
{
    char name[128], type[16], help[160], *rest = strdup(printed()), *line;
    size_t families = 0;

    for (char *lines = rest; (line = strsep(&lines, "\n"));) {
        if (sscanf(line, "# TYPE %127s %15s", name, type) != 2)
            continue;
        families++;
        const size_t length = strlen(name);
        const bool total = length > 6 && strcmp(name + length - 6, "_total") == 0;

        cr_expect(total == (strcmp(type, "counter") == 0), "%s", name);
        cr_expect(strstr(name, "_ms") == NULL && strstr(name, "milli") == NULL, "%s", name);
        snprintf(help, sizeof help, "# HELP %s ", name);
        const char *const first = strstr(text.at, help);
        cr_expect(first && !strstr(first + 1, help), "%s", name);
    }
    cr_expect(families > 25);
    free(rest);
}

Test(metrics, pleases_promtool)
{
    char path[] = "/tmp/casement-metrics-XXXXXX", command[128], said[4096] = "";
    FILE *pipe;
    int fd;

    if (system("command -v promtool >/dev/null") != 0)
        cr_skip("promtool is not here: scripts/install --peers");
    gw_metrics_set_circuit(gw_metrics_endpoint(&metrics, "hm-ehr"), GW_METRICS_RUNNING);
    gw_metrics_endpoint(&metrics, "hm-ehr")->last_success_s = metrics.started_s = 1795168800;
    gw_histogram_note(&gw_metrics_endpoint(&metrics, "hm-ehr")->request_time, 120);
    printed();
    fd = mkstemp(path);
    cr_assert(fd >= 0 && write(fd, text.at, text.length) == (ssize_t)text.length);
    snprintf(command, sizeof command, "promtool check metrics <%s 2>&1", path);
    pipe = popen(command, "r");
    cr_assert(pipe != NULL);
    said[fread(said, 1, sizeof said - 1, pipe)] = '\0';
    cr_expect(pclose(pipe) == 0, "%s", said);
    cr_expect_str_eq(said, "");
    close(fd);
    unlink(path);
}
