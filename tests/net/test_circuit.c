/*
 * The states of an endpoint over hours of failing: what is tried when, who is told what, and what a restart remembers.
 */
#include <criterion/criterion.h>

#include "gateway/net/circuit.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define MOST         UINT32_MAX

enum { MINUTE = 60, HOUR = 3600, START_MS = 1000000 };
#define START INT64_C(1795168800) /* 2026-11-20T10:00:00Z */

/* Now, so many seconds after the start. */
static struct gw_instant at(int64_t seconds)
{
    return (struct gw_instant){START + seconds, START_MS + (uint64_t)seconds * 1000};
}

static unsigned fail(struct gw_circuit *circuit, enum gw_trouble trouble, int64_t seconds)
{
    return gw_circuit_fail(circuit, &(struct gw_setback){.trouble = trouble, .epoch = circuit->epoch, .text = "so"},
                           at(seconds), MOST);
}

static uint64_t wait_s(const struct gw_circuit *circuit, int64_t seconds)
{
    const uint64_t wait = gw_circuit_wait_ms(circuit, at(seconds).ms);

    return wait == UINT64_MAX ? UINT64_MAX : wait / 1000;
}

Test(circuit, N1_N2_N3_backs_off_degrades_at_15_minutes_and_alerts_at_an_hour_and_a_day)
{
    struct gw_circuit circuit = {0};
    int64_t now = 0, degraded = -1, hour = -1, day = -1;
    unsigned failures = 0;

    while (now < 25 * HOUR) {
        const unsigned alerts = fail(&circuit, GW_TROUBLE_AWAY, now);

        failures++;
        if (circuit.state == GW_CIRCUIT_DEGRADED && degraded < 0)
            degraded = now;
        if (alerts & GW_ALERT_HOUR)
            hour = hour < 0 ? now : 0;
        if (alerts & GW_ALERT_DAY)
            day = day < 0 ? now : 0;
        cr_assert(alerts == 0 || alerts == GW_ALERT_HOUR || alerts == GW_ALERT_DAY);
        now += (int64_t)wait_s(&circuit, now);
    }
    /* waits 1, 2 .. 256 s: 511 s; then every 300 s: 511, 811, 1111 ... */
    cr_expect(degraded == 1111 && hour == 3811 && day == 86611, "%d %d %d", (int)degraded, (int)hour, (int)day);
    cr_expect(failures == 9 + (25 * HOUR - 511 + 299) / 300, "%u", failures);
    cr_expect(gw_circuit_succeed(&circuit, circuit.epoch));
    cr_expect(circuit.state == GW_CIRCUIT_RUNNING && circuit.attempts == 0 && circuit.told == 0);
    cr_expect(wait_s(&circuit, now) == 0);
}

Test(circuit, degrades_by_time_alone)
{
    struct gw_circuit circuit = {0};

    fail(&circuit, GW_TROUBLE_AWAY, 0);
    cr_expect(gw_circuit_review(&circuit, START + 899) == 0 && circuit.state == GW_CIRCUIT_BACKOFF);
    cr_expect(gw_circuit_review(&circuit, START + 900) == 0 && circuit.state == GW_CIRCUIT_DEGRADED);
    cr_expect(gw_circuit_review(&circuit, START + 3599) == 0);
    cr_expect(gw_circuit_review(&circuit, START + 3600) == GW_ALERT_HOUR);
    cr_expect(gw_circuit_review(&circuit, START + 86399) == 0);
    cr_expect(gw_circuit_review(&circuit, START + 86400) == GW_ALERT_DAY);
}

Test(circuit, B2_throttling_never_degrades)
{
    struct gw_circuit circuit = {0};

    for (int64_t now = 0; now < 30 * HOUR; now += 7200) {
        const struct gw_setback setback = {
            .trouble = GW_TROUBLE_BUSY, .retry_after_s = 7200, .epoch = circuit.epoch, .text = "429"};

        cr_expect(gw_circuit_fail(&circuit, &setback, at(now), 0) == 0);
        cr_expect(circuit.state == GW_CIRCUIT_BACKOFF && wait_s(&circuit, now) == 7200);
        cr_expect(gw_circuit_review(&circuit, START + now + 7199) == 0);
        cr_expect(wait_s(&circuit, now + 7200) == 0);
    }
}

Test(circuit, B2_a_retry_after_of_more_than_a_day_alerts_once_and_waits_a_day)
{
    struct gw_circuit circuit = {0};
    struct gw_setback setback = {.trouble = GW_TROUBLE_BUSY, .retry_after_s = 86400, .retry_longer = true};

    cr_expect(gw_circuit_fail(&circuit, &setback, at(0), 0) == GW_ALERT_RETRY_AFTER);
    cr_expect(wait_s(&circuit, 0) == 86400);
    setback.epoch = circuit.epoch;
    cr_expect(gw_circuit_fail(&circuit, &setback, at(86400), 0) == 0);
    cr_expect(wait_s(&circuit, 86400) == 86400);
}

/* Four requests at once: one failure, not four; but what a later one says about waiting holds. */
Test(circuit, counts_what_was_sent_together_as_one_failure)
{
    struct gw_circuit circuit = {0};
    const uint32_t epoch = circuit.epoch;
    const struct gw_setback busy = {.trouble = GW_TROUBLE_BUSY, .retry_after_s = 90, .epoch = epoch};
    const struct gw_setback busier = {.trouble = GW_TROUBLE_BUSY, .retry_after_s = 600, .epoch = epoch};
    const struct gw_setback away = {.trouble = GW_TROUBLE_AWAY, .epoch = epoch};

    gw_circuit_fail(&circuit, &busy, at(0), 0);
    gw_circuit_fail(&circuit, &away, at(1), 0);
    cr_expect(circuit.attempts == 1 && wait_s(&circuit, 1) == 89);
    gw_circuit_fail(&circuit, &busier, at(2), 0);
    cr_expect(circuit.attempts == 1 && wait_s(&circuit, 2) == 600);
    gw_circuit_fail(&circuit, &busy, at(3), 0);
    cr_expect(wait_s(&circuit, 3) == 599, "a shorter wait does not shorten a longer one");
}

Test(circuit, is_not_closed_by_an_answer_to_what_was_sent_before)
{
    struct gw_circuit circuit = {0};
    const uint32_t before = circuit.epoch;
    const struct gw_setback busy = {.trouble = GW_TROUBLE_BUSY, .retry_after_s = 90, .epoch = before};
    const struct gw_setback away = {.trouble = GW_TROUBLE_AWAY, .epoch = before};

    gw_circuit_fail(&circuit, &busy, at(0), 0);
    cr_expect(!gw_circuit_succeed(&circuit, before) && wait_s(&circuit, 0) == 90);
    cr_expect(gw_circuit_succeed(&circuit, circuit.epoch));
    cr_expect(gw_circuit_fail(&circuit, &away, at(100), 0) == 0 && circuit.state == GW_CIRCUIT_RUNNING,
              "what hung since before the failure says nothing new");
}

Test(circuit, P13_hears_slow_down_from_a_request_that_is_older_than_a_success)
{
    struct gw_circuit circuit = {0};
    const struct gw_setback away = {.trouble = GW_TROUBLE_AWAY, .epoch = circuit.epoch};
    const struct gw_setback busy = {.trouble = GW_TROUBLE_BUSY, .retry_after_s = 90, .epoch = circuit.epoch};

    gw_circuit_fail(&circuit, &away, at(0), 0);
    cr_expect(gw_circuit_succeed(&circuit, circuit.epoch));
    gw_circuit_fail(&circuit, &busy, at(1), 0);
    cr_expect(circuit.state == GW_CIRCUIT_BACKOFF && wait_s(&circuit, 1) == 90);
}

Test(circuit, P13_a_probe_that_was_under_way_does_not_take_back_a_retry_after)
{
    struct gw_circuit circuit = {0};
    const struct gw_setback away = {.trouble = GW_TROUBLE_AWAY, .epoch = circuit.epoch};
    const struct gw_setback busy = {.trouble = GW_TROUBLE_BUSY, .retry_after_s = 90, .epoch = circuit.epoch};
    uint32_t probe;

    gw_circuit_fail(&circuit, &away, at(0), 0);
    probe = circuit.epoch;
    gw_circuit_fail(&circuit, &busy, at(1), 0);
    cr_expect(!gw_circuit_succeed(&circuit, probe) && wait_s(&circuit, 1) == 90 && circuit.attempts == 1);
}

static unsigned cut(struct gw_circuit *circuit, uint64_t bytes, int64_t seconds)
{
    const struct gw_setback setback = {.trouble = GW_TROUBLE_CUT, .cut_at = bytes, .epoch = circuit->epoch};

    return gw_circuit_fail(circuit, &setback, at(seconds), 0);
}

Test(circuit, N5_degrades_at_the_fifth_equal_truncation)
{
    struct gw_circuit circuit = {0};

    for (int i = 0; i < 4; i++)
        cr_expect(cut(&circuit, 3000, i) == 0 && circuit.state == GW_CIRCUIT_BACKOFF);
    cr_expect(cut(&circuit, 3000, 4) == GW_ALERT_TRUNCATED && circuit.state == GW_CIRCUIT_DEGRADED);
    cr_expect(cut(&circuit, 3000, 5) == 0, "told once");
}

Test(circuit, N5_truncations_at_different_places_are_no_box_in_between)
{
    struct gw_circuit circuit = {0};

    for (unsigned i = 0; i < 12; i++)
        cr_expect(cut(&circuit, 3000 + i / 4, i) == 0 && circuit.state == GW_CIRCUIT_BACKOFF, "%u", i);
}

Test(circuit, N5_counts_one_requests_truncations_while_others_succeed)
{
    struct gw_circuit circuit = {0};
    const struct gw_setback fifth = {.trouble = GW_TROUBLE_CUT, .cut_at = 3000, .equal = GW_EQUAL_CUTS};

    cr_expect(gw_circuit_fail(&circuit, &fifth, at(0), 0) == GW_ALERT_TRUNCATED);
    cr_expect(circuit.state == GW_CIRCUIT_DEGRADED);
}

Test(circuit, N8_degrades_at_the_third_answer_that_is_no_FHIR)
{
    struct gw_circuit circuit = {0};

    cr_expect(fail(&circuit, GW_TROUBLE_NOT_FHIR, 0) == 0 && circuit.state == GW_CIRCUIT_BACKOFF);
    cr_expect(fail(&circuit, GW_TROUBLE_NOT_FHIR, 1) == 0 && circuit.state == GW_CIRCUIT_BACKOFF);
    cr_expect(fail(&circuit, GW_TROUBLE_NOT_FHIR, 2) == GW_ALERT_NOT_FHIR && circuit.state == GW_CIRCUIT_DEGRADED);
}

Test(circuit, B3_alerts_at_the_third_refused_token)
{
    struct gw_circuit circuit = {0};

    cr_expect(fail(&circuit, GW_TROUBLE_UNAUTHORIZED, 0) == 0 && wait_s(&circuit, 0) == 66);
    cr_expect(fail(&circuit, GW_TROUBLE_UNAUTHORIZED, 66) == 0 && wait_s(&circuit, 66) == 120);
    cr_expect(fail(&circuit, GW_TROUBLE_UNAUTHORIZED, 186) == GW_ALERT_AUTH && wait_s(&circuit, 186) == 240);
}

Test(circuit, N10_B4_a_certificate_stops_it_but_for_one_probe_in_15_minutes)
{
    struct gw_circuit circuit = {0};

    cr_expect(fail(&circuit, GW_TROUBLE_TLS, 0) == GW_ALERT_CERTIFICATE);
    cr_expect(circuit.state == GW_CIRCUIT_STOPPED && wait_s(&circuit, 0) == 990 && circuit.when == START);
    cr_expect(fail(&circuit, GW_TROUBLE_TLS, 990) == 0 && wait_s(&circuit, 990) == 990 && circuit.when == START);
    cr_expect(gw_circuit_succeed(&circuit, circuit.epoch) && circuit.state == GW_CIRCUIT_RUNNING);
}

static const enum gw_trouble final[] = {GW_TROUBLE_DENIED, GW_TROUBLE_LEAK};

Test(circuit, A_S8_B4_stops_until_it_is_resumed)
{
    for (size_t i = 0; i < COUNT(final); i++) {
        struct gw_circuit circuit = {0};

        cr_expect(fail(&circuit, final[i], 5) == GW_ALERT_STOPPED);
        cr_expect(circuit.state == GW_CIRCUIT_STOPPED && wait_s(&circuit, 99 * HOUR) == UINT64_MAX);
        cr_expect(strcmp(circuit.who, "casement") == 0 && strcmp(circuit.reason, "so") == 0 &&
                  circuit.when == START + 5);
        cr_expect(fail(&circuit, GW_TROUBLE_AWAY, 6) == 0 && circuit.state == GW_CIRCUIT_STOPPED);
        cr_expect(!gw_circuit_succeed(&circuit, circuit.epoch), "only an operator resumes it");
        gw_circuit_resume(&circuit);
        cr_expect(circuit.state == GW_CIRCUIT_RUNNING && wait_s(&circuit, 6) == 0 && !*circuit.reason);
    }
}

static const enum gw_trouble of_the_query[] = {GW_TROUBLE_NONE, GW_TROUBLE_REFUSED, GW_TROUBLE_TOO_LARGE,
                                               GW_TROUBLE_OURS};

Test(circuit, learns_nothing_of_the_endpoint_from_what_is_one_querys)
{
    for (size_t i = 0; i < COUNT(of_the_query); i++) {
        struct gw_circuit circuit = {0};

        cr_expect(fail(&circuit, of_the_query[i], 0) == 0 && circuit.state == GW_CIRCUIT_RUNNING);
        fail(&circuit, GW_TROUBLE_AWAY, 0);
        cr_expect(fail(&circuit, of_the_query[i], 0) == 0 && circuit.attempts == 1);
    }
}

/* ---- over a restart ---- */

static void restart(struct gw_circuit *circuit, int64_t seconds, uint64_t new_ms)
{
    struct gw_text note = GW_TEXT_INIT(4096);
    struct gw_error err = {0};
    const struct gw_instant now = {START + seconds, new_ms};

    gw_circuit_print(circuit, &note);
    cr_expect(!strchr(note.at, '\n'));
    *circuit = (struct gw_circuit){0};
    cr_assert(gw_circuit_read(circuit, note.at, now, &err) == GW_OK, "%s: %s", err.text, note.at);
    gw_text_release(&note);
}

Test(circuit, P1_a_restart_does_not_reset_it)
{
    struct gw_circuit circuit = {0};
    const struct gw_setback busy = {
        .trouble = GW_TROUBLE_BUSY, .retry_after_s = 7200, .text = "said \"later\"\nand more"};

    gw_circuit_fail(&circuit, &busy, at(0), 0);
    restart(&circuit, 3600, 77);
    cr_expect(circuit.state == GW_CIRCUIT_BACKOFF && circuit.attempts == 1 && circuit.since == START);
    cr_expect(gw_circuit_wait_ms(&circuit, 77) == 3600000);
    cr_expect(strcmp(circuit.reason, "said \"later\"\nand more") == 0);
    restart(&circuit, 7200, 5);
    cr_expect(gw_circuit_wait_ms(&circuit, 5) == 0);
    gw_circuit_stop(&circuit, "maintenance", "j.perez", START + 9000);
    restart(&circuit, 99 * HOUR, 0);
    cr_expect(circuit.state == GW_CIRCUIT_STOPPED && gw_circuit_wait_ms(&circuit, 0) == UINT64_MAX);
    cr_expect(strcmp(circuit.who, "j.perez") == 0 && circuit.when == START + 9000);
}

Test(circuit, N5_goes_on_counting_after_a_restart)
{
    struct gw_circuit circuit = {0};

    for (int i = 0; i < 4; i++)
        cut(&circuit, 3000, i);
    restart(&circuit, 10, START_MS + 10000);
    cr_expect(cut(&circuit, 3000, 11) == GW_ALERT_TRUNCATED);
    restart(&circuit, 20, START_MS + 20000);
    cr_expect(circuit.state == GW_CIRCUIT_DEGRADED && cut(&circuit, 3000, 21) == 0, "told before");
}

Test(circuit, waits_a_day_and_a_tenth_at_most_after_a_clock_was_set_back)
{
    struct gw_circuit circuit = {0};

    fail(&circuit, GW_TROUBLE_AWAY, 0);
    restart(&circuit, -400 * 24 * HOUR, 0);
    cr_expect(gw_circuit_wait_ms(&circuit, 0) == 95040000);
}

static const char *const no_notes[] = {"", "{", "[]", "{}", "{\"state\":\"ASLEEP\"}", "{\"state\":3}"};

Test(circuit, refuses_a_note_that_is_none)
{
    for (size_t i = 0; i < COUNT(no_notes); i++) {
        struct gw_circuit circuit = {.attempts = 7};
        struct gw_error err = {0};

        cr_expect(gw_circuit_read(&circuit, no_notes[i], at(0), &err) == GW_EINPUT, "%s", no_notes[i]);
        cr_expect(circuit.attempts == 7, "unchanged");
    }
}
