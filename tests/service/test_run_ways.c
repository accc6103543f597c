/*
 * The ways in that are no search by the schedule: exports, folders, rosters that a hospital keeps, hints.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/sources/hints.h"
#include "service/run_bench.h"

#define FOLDER                                                                                                         \
    "{\"id\":\"drop\",\"kind\":\"files\",\"site\":\"h0\",\"folder\":\"drop\","                                         \
    "\"site_profile\":\"h0.json\",\"done_days\":36500}"
#define HOSPITAL(more)                                                                                                 \
    "{\"id\":\"e0\",\"site\":\"h0\",\"base\":\"https://fhir-0.example.org/r4\",\"site_profile\":\"h0.json\","          \
    "\"auth\":{\"kind\":\"none\"}" more "}"

/* ---- exports and folders ---- */

Test(run_ways, takes_what_a_bulk_export_brings_and_asks_for_nothing_that_came_with_it)
{
    struct bench b;
    struct fake_place *place;

    set_up(&b, 1, 2);
    place = &b.world.places[0];
    place->exports = true;
    place->listen = true;
    write_config(&b, 1, 4, ",\"bulk\":{\"level\":\"patient\",\"every_hours\":24}");
    add_visit_with_count(place, "p0", "2026-11-19", "1.20");
    add_visit(place, "stranger", "2026-11-19", 0);
    start(&b);
    pass(&b, 3 * HOUR_MS);
    cr_expect_str_eq(cell(&b, VALUE), "1.20");
    cr_expect(place->exported == 1);
    add_count(place, "p1", "2026-11-20", "1", "final", "0.80", 4 * HOUR_MS);
    add_visit(place, "p1", "2026-11-20", 4 * HOUR_MS);
    gw_text_clear(&place->urls);
    pass(&b, 25 * HOUR_MS);
    cr_expect(place->exported == 2, "once a day, and not %zu times", place->exported - 1);
    cr_expect_str_eq(cell(&b, "SELECT group_concat(value_num) FROM (SELECT value_num FROM observations ORDER BY 1)"),
                     "0.80,1.20");
    tear_down(&b);
}

/* A site that delivers by files alone: nobody is asked, and what it puts into the folder is delivered. */
Test(run_ways, takes_what_a_hospital_puts_into_its_folder)
{
    struct bench b;
    struct gw_text lines = GW_TEXT_INIT(1u << 20);

    set_up(&b, 1, 1);
    configure(&b, FROM_FILE, "", FOLDER);
    add_visit_with_count(&b.world.places[0], "p0", "2026-11-19", "1.20");
    for (size_t i = 0; i < b.world.places[0].count; i++)
        gw_text_print(&lines, "%s\n", b.world.places[0].resources[i].json);
    start(&b);
    pass(&b, 60000);
    cr_expect(strstr(b.lines.at, "folder.ended") != NULL, "it is not there yet, and that is told: %s", b.lines.at);
    cr_assert(mkdir(scratch_path(&b.scratch, "drop"), 0700) == 0);
    pass(&b, HOUR_MS);
    scratch_write(&b.scratch, "drop/incoming/x.ndjson", lines.at);
    pass(&b, HOUR_MS);
    cr_expect_str_eq(cell(&b, VALUE), "1.20");
    cr_expect(access(scratch_path(&b.scratch, "drop/done/x.ndjson"), F_OK) == 0);
    cr_expect(b.world.places[0].requests == 0);
    gw_text_release(&lines);
    tear_down(&b);
}

/* ---- one patient in two studies ---- */

/* The other study knows the patient by record number alone. */
static void write_two_studies(struct bench *b, const char *endpoint)
{
    configure(b, FROM_FILE,
              ",{\"id\":\"elranatamab-rrmm\",\"package\":\"" SOURCE_DIR "/mappings/studies/elranatamab-rrmm\","
              "\"enrolment\":\"other.csv\",\"sink\":{\"kind\":\"sqlite\",\"path\":\"other.db\"}}",
              endpoint);
    scratch_write(&b->scratch, "other.csv", HEADER "h0,elranatamab-rrmm,,T-1," D1 ",," D1 ",,urn:mrn,mrn-p0\n");
}

static const char other_values[] = "SELECT value_num FROM other.observations WHERE value_num IS NOT NULL LIMIT 1";

Test(run_ways, takes_from_a_folder_what_is_of_one_patient_in_two_studies_for_both)
{
    struct bench b;
    struct gw_text lines = GW_TEXT_INIT(1u << 20);

    set_up(&b, 1, 1);
    write_two_studies(&b, FOLDER);
    cr_assert(mkdir(scratch_path(&b.scratch, "drop"), 0700) == 0);
    add_visit_with_count(&b.world.places[0], "p0", "2026-11-19", "1.20");
    for (size_t i = b.world.places[0].count; i-- > 0;) /* the Patient last: it is looked for before anything is read */
        gw_text_print(&lines, "%s\n", b.world.places[0].resources[i].json);
    start(&b);
    pass(&b, 60000);
    scratch_write(&b.scratch, "drop/incoming/x.ndjson", lines.at);
    pass(&b, HOUR_MS);
    cr_expect_str_eq(cell(&b, VALUE), "1.20");
    cr_expect_str_eq(cell(&b, other_values), "1.20");
    gw_text_release(&lines);
    tear_down(&b);
}

Test(run_ways, takes_from_an_export_what_is_of_one_patient_in_two_studies_for_both)
{
    struct bench b;

    set_up(&b, 1, 1);
    b.world.places[0].exports = true;
    write_two_studies(&b, HOSPITAL(",\"bulk\":{\"level\":\"patient\",\"every_hours\":24}"));
    start(&b);
    pass(&b, 3 * HOUR_MS);
    add_visit(&b.world.places[0], "p0", "2026-11-19", 4 * HOUR_MS);
    add_count(&b.world.places[0], "p0", "2026-11-19", "1", "final", "1.20", 4 * HOUR_MS);
    b.world.places[0].listen = true;
    pass(&b, 23 * HOUR_MS);
    cr_expect(b.world.places[0].exported == 2);
    cr_expect_str_eq(cell(&b, VALUE), "1.20");
    cr_expect_str_eq(cell(&b, other_values), "1.20");
    tear_down(&b);
}

/* ---- rosters ---- */

static void write_kept_roster(struct bench *b)
{
    configure(b, "{\"endpoint\":\"e0\",\"research_study\":\"rs1\"}", "", HOSPITAL(""));
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;

    for (const char *at = text; (at = strstr(at, part)); at++)
        count++;
    return count;
}

/* The hospital keeps the roster as ResearchSubjects: who is enrolled is asked about, who withdraws is not any more. */
Test(run_ways, goes_by_the_research_subjects_of_a_hospital)
{
    struct bench b;
    struct fake_place *place;

    set_up(&b, 1, 1);
    place = &b.world.places[0];
    write_kept_roster(&b);
    for (unsigned k = 0; k < 2; k++)
        fake_place_add(
            place, k * 2 * DAY_MS,
            "{\"resourceType\":\"ResearchSubject\",\"id\":\"r1\",\"status\":\"%s\",\"identifier\":[{\"value\":"
            "\"S-77\"}],\"study\":{\"reference\":\"ResearchStudy/rs1\"},\"individual\":{\"reference\":"
            "\"Patient/p0\"},\"period\":{\"start\":\"2026-10-25\"%s}}",
            k ? "withdrawn" : "on-study", k ? ",\"end\":\"2026-11-22\"" : "");
    fake_place_add(
        place, 0,
        "{\"resourceType\":\"MedicationAdministration\",\"id\":\"m1\",\"status\":\"completed\",\"subject\":"
        "{\"reference\":\"Patient/p0\"},\"effectiveDateTime\":\"2026-10-25T09:00:00+01:00\","
        "\"medicationCodeableConcept\":{\"coding\":[{\"system\":\"http://www.whocc.no/atc\",\"code\":\"L04AX04\"}]}}");
    add_visit_with_count(place, "p0", "2026-11-19", "1.20");
    start(&b);
    pass(&b, DAY_MS);
    cr_expect_str_eq(cell(&b, "SELECT subject_key FROM subjects"), "S-77");
    cr_expect_str_eq(cell(&b, VALUE), "1.20");
    pass(&b, DAY_MS + 10 * 60000);
    cr_expect_str_eq(cell(&b, "SELECT withdrawal_date FROM subjects"), "2026-11-22");
    place->listen = true;
    pass(&b, 20 * DAY_MS);
    cr_expect(strstr(place->urls.at ? place->urls.at : "", "p0") == NULL, "%s", place->urls.at);
    tear_down(&b);
}

static const struct fake_answer *lead_back(struct fake_place *place, const char *url)
{
    static const struct fake_answer circle = {
        .status = 200,
        .body = "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"link\":[{\"relation\":\"next\",\"url\":"
                "\"https://fhir-0.example.org/r4/ResearchSubject?page=2\"}]}"};

    (void)place;
    return strstr(url, "/ResearchSubject?") ? &circle : NULL;
}

/* Two pages a look and no third: the second one leads to itself. */
Test(run_ways, s6_walks_through_no_roster_in_a_circle)
{
    struct bench b;
    struct fake_place *place;

    set_up(&b, 1, 1);
    place = &b.world.places[0];
    place->fault = lead_back;
    place->listen = true;
    write_kept_roster(&b);
    start(&b);
    pass(&b, 60000);
    cr_expect(strstr(b.lines.at, "leads back to itself") != NULL, "%s", b.lines.at);
    cr_expect(count_of(place->urls.at, "/ResearchSubject?study=") == count_of(place->urls.at, "?page=2"), "%s",
              place->urls.at);
    tear_down(&b);
}

/* ---- hints ---- */

/* While it does not run a count comes, and the hint; then it looks again. */
static void expect_looked_again(const struct gw_hint *hint)
{
    struct bench b;
    struct gw_ledger *beside = NULL;
    struct gw_error failure = {0};

    set_up(&b, 1, 1);
    add_visit(&b.world.places[0], "p0", "2026-11-19", 0);
    start(&b);
    pass(&b, 2 * HOUR_MS);
    stop(&b);
    add_count(&b.world.places[0], "p0", "2026-11-19", "1", "final", "1.20", 0);
    cr_assert(gw_ledger_join(scratch_path(&b.scratch, "state/ledger.db"), &beside, &failure) == GW_OK, "%s",
              failure.text);
    cr_assert(gw_hint_put(beside, "e0", hint, 1795168800, &failure) == GW_OK, "%s", failure.text);
    gw_ledger_close(beside);
    start(&b);
    pass(&b, 60000);
    cr_expect_str_eq(cell(&b, VALUE), "1.20");
    tear_down(&b);
}

/* A hint is kept beside what it is about until somebody has looked: also over a restart. */
Test(run_ways, looks_again_where_a_hospital_hinted)
{
    expect_looked_again(
        &(struct gw_hint){.number = GW_NOTIFY_NO_NUMBER, .type = "Observation", .id = "anc-p0", .patient = "p0"});
}

/* A subscription that was to be caught up with, of an endpoint that has none any more. */
Test(run_ways, looks_at_everybody_for_a_hint_of_a_subscription_that_is_gone)
{
    expect_looked_again(&(struct gw_hint){.number = GW_NOTIFY_NO_NUMBER});
}
