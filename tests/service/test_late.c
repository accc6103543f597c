/*
 * What came late: provenance keeps the day on which a source was read, beside that on which it was collected, and
 * says where its window was known to be over by then. Judged by what was derived before, and never again.
 *
 * Window T30-01 is 2024-02-09 to 2024-02-19; it is over once a derivation knows of 2024-02-20. Worked out by hand.
 */
#include "gateway/service/replay.h"
#include "service/pass_bench.h"

static struct pass_bench b;

static void begin(void)
{
    bench_open(&b, 1);
}

static void end(void)
{
    bench_close(&b);
}

TestSuite(late, .init = begin, .fini = end);

/* What was gathered is read at this moment, and what is known then goes as far as the day (of 2024-02). */
static void read_at(const char *moment, int known)
{
    int64_t nanoseconds;

    cr_assert(gw_instant_read(moment, &nanoseconds));
    b.read_at = nanoseconds / 1000000000;
    b.enrolment.subjects[0].horizon = gw_day_of(2024, 2, known);
    bench_deliver(&b);
    bench_derive(&b);
}

static void add_value(const char *id, const char *day, const char *value)
{
    add_count(&b, 0, &(struct count){id, day, "final", value, 1});
}

/* "1.1 2024-02-16 -", by value: when its source was read, and Y if that was late. */
#define VALUES                                                                                                         \
    "SELECT group_concat(t, '; ') FROM (SELECT o.value_num || ' ' || p.fetched_at || ' ' || CASE p.late_flag WHEN 1 "  \
    "THEN 'Y' ELSE '-' END AS t FROM observations o JOIN provenance p ON p.of_row = o.row_id AND p.role = 'value' "    \
    "WHERE o.status <> 'withdrawn' ORDER BY o.value_num)"
#define CONTACT                                                                                                        \
    "SELECT w.state || ' ' || p.fetched_at || ' ' || CASE p.late_flag WHEN 1 THEN 'Y' ELSE '-' END FROM windows w "    \
    "JOIN provenance p ON p.of_row = w.row_id AND p.role = 'contact' WHERE w.window_id = 'T30-01'"

static void expect(const char *name, const char *query, const char *wanted)
{
    cr_expect(eq(str, (char *)bench_cell(&b, query), (char *)wanted), "%s", name);
}

Test(late, is_what_is_read_once_its_window_was_known_to_be_over)
{
    add_patient(&b, 0);
    add_visit(&b, 0, "2024-02-14");
    add_value("one", "2024-02-14", "1.1");
    read_at("2024-02-16T08:00:00Z", 16);
    expect("the first", VALUES, "1.1 2024-02-16 -");
    add_value("two", "2024-02-13", "1.2");
    read_at("2024-02-18T08:00:00Z", 18);
    expect("collected, and not over", VALUES, "1.1 2024-02-16 -; 1.2 2024-02-18 -");
    add_value("three", "2024-02-16", "1.3");
    read_at("2024-02-20T08:00:00Z", 20);
    expect("read before anybody knew that it is over", VALUES, "1.1 2024-02-16 -; 1.2 2024-02-18 -; 1.3 2024-02-20 -");
    add_value("four", "2024-02-15", "1.4");
    read_at("2024-02-25T23:30:00Z", 25);
    expect("late, on the day that it was in Madrid", VALUES,
           "1.1 2024-02-16 -; 1.2 2024-02-18 -; 1.3 2024-02-20 -; 1.4 2024-02-26 Y");
    add_value("five", "2024-03-15", "1.5");
    add_visit(&b, 0, "2024-03-15");
    b.read_at += 20 * 86400;
    b.enrolment.subjects[0].horizon = gw_day_of(2024, 3, 16);
    bench_deliver(&b);
    bench_derive(&b);
    expect("the next window takes what comes in it", VALUES,
           "1.1 2024-02-16 -; 1.2 2024-02-18 -; 1.3 2024-02-20 -; 1.4 2024-02-26 Y; 1.5 2024-03-17 -");
}

Test(late, is_the_contact_that_opens_a_missed_window_and_not_what_was_read_in_time)
{
    add_patient(&b, 0);
    add_value("one", "2024-02-14", "1.1");
    read_at("2024-02-16T08:00:00Z", 16);
    expect("no contact: nothing is collected", VALUES, "");
    add_value("before", "2024-01-10", "2.0");
    read_at("2024-02-20T08:00:00Z", 20);
    expect("missed", "SELECT state FROM windows WHERE window_id = 'T30-01'", "missed");
    add_visit(&b, 0, "2024-02-14");
    read_at("2024-02-25T08:00:00Z", 25);
    expect("the contact came late", CONTACT, "collected 2024-02-25 Y");
    expect("the value was there",
           "SELECT fetched_at || coalesce(late_flag, '') FROM provenance WHERE role = 'value' "
           "AND of_row LIKE '%@T30-01'",
           "2024-02-16");
}

Test(late, is_a_version_that_came_when_the_window_was_over)
{
    add_patient(&b, 0);
    add_visit(&b, 0, "2024-02-14");
    add_value("one", "2024-02-14", "1.1");
    read_at("2024-02-16T08:00:00Z", 22);
    expect("first", VALUES, "1.1 2024-02-16 -");
    add_count(&b, 0, &(struct count){"one", "2024-02-14", "corrected", "1.7", 2});
    read_at("2024-02-25T08:00:00Z", 25);
    expect("corrected", VALUES, "1.7 2024-02-25 Y");
}

static void add_bare(const char *id, const char *day)
{
    gw_text_print(&b.records,
                  "{\"resourceType\":\"Observation\",\"id\":\"%s\",\"status\":\"final\",\"meta\":{\"versionId\":\"1\","
                  "\"lastUpdated\":\"2024-04-01T08:00:00Z\"},\"category\":[{\"coding\":[{\"code\":\"laboratory\"}]}],"
                  "\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"751-8\"}]},\"subject\":{"
                  "\"reference\":\"Patient/p0\"},\"effectiveDateTime\":\"%s\",\"valueQuantity\":{\"value\":%s}}\n",
                  id, day, id);
}

static void give_a_unit(void)
{
    static const char text[] =
        "{\"n\":1,\"at\":\"2024-06-01T08:00:00Z\",\"by\":\"dm1\",\"approved_by\":\"dm2\",\"scope\":"
        "\"site:madrid\",\"reason\":\"lab manual\",\"kind\":\"unit\",\"match\":{\"fingerprint\":"
        "\"UNIT_MISSING|madrid|http://loinc.org|751-8||\"},\"set\":{\"unit\":\"10*9/L\"},"
        "\"undoes\":null}";
    struct gw_decision decision;

    fine(gw_decision_read(&b.arena, (struct gw_slice){text, strlen(text)}, &decision, &err));
    fine(gw_ledger_decide(b.ledger, &decision, &err));
    bench_derive(&b);
}

/* Both wait for a unit until long after the window; one lay there before it was over. */
Test(late, is_told_of_what_waited_by_when_it_came)
{
    add_patient(&b, 0);
    add_visit(&b, 0, "2024-02-14");
    add_bare("1.1", "2024-02-14");
    read_at("2024-02-16T08:00:00Z", 16);
    add_value("before", "2024-01-10", "2.0");
    read_at("2024-02-20T08:00:00Z", 20);
    add_bare("1.2", "2024-02-15");
    read_at("2024-02-22T08:00:00Z", 22);
    add_value("after", "2024-03-01", "2.0");
    read_at("2024-02-28T08:00:00Z", 28);
    give_a_unit();
    expect("in T30-01",
           "SELECT group_concat(t, '; ') FROM (SELECT o.value_num || ' ' || p.fetched_at || coalesce(p.late_flag, '') "
           "AS t FROM observations o JOIN provenance p ON p.of_row = o.row_id AND p.role = 'value' "
           "WHERE o.window_id = 'T30-01' ORDER BY o.value_num)",
           "1.1 2024-02-16; 1.2 2024-02-221");
}

/* All that was ever known of a subject comes at once: what is read first is not late, however old. */
Test(late, is_nothing_of_the_first_reading)
{
    add_patient(&b, 0);
    add_visit(&b, 0, "2024-02-14");
    add_value("one", "2024-02-14", "1.1");
    b.read_at = 1735689600; /* 2025-01-01 */
    bench_deliver(&b);
    bench_derive(&b);
    expect("a year later", VALUES, "1.1 2025-01-01 -");
}

Test(late, is_the_same_in_a_study_database_that_was_built_anew)
{
    static const char stamps[] = "SELECT group_concat(row_id || fetched_at || coalesce(late_flag, '-')) FROM "
                                 "(SELECT * FROM provenance ORDER BY row_id)";
    struct gw_rebuild_result result;
    const char *before;

    add_patient(&b, 0);
    add_visit(&b, 0, "2024-02-14");
    read_at("2024-02-16T08:00:00Z", 22);
    add_value("one", "2024-02-14", "1.1");
    read_at("2024-02-25T08:00:00Z", 25);
    expect("late", VALUES, "1.1 2024-02-25 Y");
    before = bench_cell(&b, stamps);
    b.sink->close(b.sink);
    cr_assert(rename(bench_path(&b, "study.db"), bench_path(&b, "former.db")) == 0);
    fine(gw_replay_rebuild(b.ledger, "lendex-rrmm", bench_path(&b, "study.db"), &result, &err));
    expect("rebuilt", stamps, before);
    fine(gw_sink_sqlite_open(bench_path(&b, "study.db"), "lendex-rrmm", &b.sink, &err));
}
