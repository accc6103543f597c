/*
 * What changes when sources, first dose or end of treatment do: exactly the rows that must, and what a person is told.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "support/subject.h"

#define WBC "6690-2" /* leukocytes: in both grids, and evidence of no event of the study */
#define LEN "L04AX04"

static struct subject s;
static struct gw_study study;
static struct gw_rows delivered; /* what stands in the study database */
static struct gw_difference difference;

static void start(void)
{
    subject_init(&s);
    study = *s.study;
    s.study = &study;
    delivered = (struct gw_rows){0};
    subject_add_patient(&s, "female", "1950-03-01");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(history, .init = start, .fini = stop);

/* As a pass does it: what is blocked stays as it was. */
static void deliver(void)
{
    struct gw_error err;

    subject_derive(&s);
    cr_assert(gw_identify(&s.arena, &delivered, &s.derived.rows, &err) == GW_OK);
    cr_assert(gw_history(&delivered, &s.derived, &err) == GW_OK);
    cr_assert(gw_difference(&s.arena, &delivered, &s.derived.rows, &difference, &err) == GW_OK);
    if (!s.derived.blocked)
        delivered = s.derived.rows;
}

/* ---- a difference in words: "+5.3@T30-02 ~5.1@T30-01 -5.2@EOT", of one table, by window and value ---- */

static const char *name_of(enum gw_table_id table, const struct gw_row *row)
{
    const struct gw_row_observations *o = (const struct gw_row_observations *)row;

    if (table == GW_TABLE_observations)
        return gw_arena_print(&s.arena, "%s@%s", o->source_value, o->window_id);
    if (table == GW_TABLE_windows)
        return ((const struct gw_row_windows *)row)->window_id;
    if (table == GW_TABLE_exceptions)
        return ((const struct gw_row_exceptions *)row)->code;
    return row->row_id;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *changes(const struct gw_rows *before, enum gw_table_id table)
{
    const char *names[128], *all = "";
    size_t count = 0;

    for (size_t i = 0; i < difference.count; i++) {
        const struct gw_change *change = &difference.changes[i];
        const bool gone = change->kind == GW_CHANGE_WITHDRAW;

        if (change->table != table)
            continue;
        cr_assert(lt(sz, count, 128));
        names[count++] =
            gw_arena_print(&s.arena, "%c%s",
                           gone                            ? '-'
                           : change->kind == GW_CHANGE_ADD ? '+'
                                                           : '~',
                           name_of(table, gone ? gw_rows_find(before, table, change->row->row_id) : change->row));
    }
    qsort(names, count, sizeof names[0], by_text);
    for (size_t i = 0; i < count; i++)
        all = gw_arena_print(&s.arena, "%s%s%s", all, i ? " " : "", names[i]);
    return all;
}

static size_t changed(enum gw_table_id table, enum gw_change_kind kind)
{
    size_t count = 0;

    for (size_t i = 0; i < difference.count; i++)
        count += difference.changes[i].table == table && difference.changes[i].kind == kind;
    return count;
}

static const struct gw_row_exceptions *exception(const char *code)
{
    const struct gw_row_list *list = &s.derived.rows.tables[GW_TABLE_exceptions];

    for (size_t i = 0; i < list->count; i++)
        if (gw_same(((const struct gw_row_exceptions *)list->rows[i])->code, code))
            return (const struct gw_row_exceptions *)list->rows[i];
    return NULL;
}

/* ---- anchors that move ---- */

/* W058: a value moves from the edge to the target; W059: one comes in; W060: one falls out. */
Test(history, moves_adds_and_withdraws_what_a_corrected_first_dose_does)
{
    struct gw_rows before;

    subject_add_visit(&s, "e", "2024-02-19");
    subject_add_lab(&s, "w060", WBC, "2024-02-09", "5.1");
    subject_add_lab(&s, "w058", WBC, "2024-02-19", "5.2");
    subject_add_lab(&s, "w059", WBC, "2024-02-24", "5.3");
    deliver();
    before = delivered;
    cr_expect(eq(int, subject_observation(&s, "w060", "T30-01")->target_diff, -5));
    cr_expect(eq(int, subject_observation(&s, "w058", "T30-01")->target_diff, 5));
    subject_expect(&s, "w059", "outside_window BETWEEN_WINDOWS");
    s.line.first_dose = subject_day("2024-01-20");
    deliver();
    expect_text("values", changes(&before, GW_TABLE_observations), "+5.3@T30-01 -5.1@T30-01 ~5.2@T30-01");
    cr_expect(eq(sz, changed(GW_TABLE_windows, GW_CHANGE_UPDATE), 49), "every target is another day");
    cr_expect(eq(sz, changed(GW_TABLE_windows, GW_CHANGE_ADD), 0));
    cr_expect(eq(sz, changed(GW_TABLE_windows, GW_CHANGE_WITHDRAW), 0));
    expect_text("subject", changes(&before, GW_TABLE_subjects), "~ES-001");
    cr_expect(eq(int, subject_observation(&s, "w058", "T30-01")->target_diff, 0));
    cr_expect(eq(int, subject_observation(&s, "w058", "T30-01")->elapsed, 30));
    cr_expect(eq(int, subject_observation(&s, "w059", "T30-01")->target_diff, 5));
    subject_expect(&s, "w060", "outside_window BETWEEN_WINDOWS");
    expect_text("told", changes(&before, GW_TABLE_exceptions), "");
    s.line.first_dose = subject_day("2024-01-15");
    before = delivered;
    deliver();
    expect_text("and back", changes(&before, GW_TABLE_observations), "+5.1@T30-01 -5.3@T30-01 ~5.2@T30-01");
    deliver();
    cr_expect(eq(sz, difference.count, 0), "nothing more to say");
}

Test(history, moves_what_lies_on_either_side_of_a_corrected_end_of_treatment)
{
    struct gw_rows before;

    s.line.end_of_treatment = subject_day("2024-04-12");
    subject_add_visit(&s, "e1", "2024-04-10");
    subject_add_visit(&s, "e2", "2024-04-15");
    subject_add_visit(&s, "e3", "2024-04-19");
    subject_add_lab(&s, "a", WBC, "2024-04-11", "5.1");
    subject_add_lab(&s, "b", WBC, "2024-04-14", "5.2");
    subject_add_lab(&s, "c", WBC, "2024-04-20", "5.3");
    deliver();
    before = delivered;
    cr_expect(subject_observation(&s, "b", "EOT") != NULL);
    s.line.end_of_treatment = subject_day("2024-04-18");
    deliver();
    expect_text("values", changes(&before, GW_TABLE_observations),
                "+5.2@T30-03 +5.2@T90-01 +5.3@EOT -5.2@EOT ~5.1@T30-03 ~5.1@T90-01");
    expect_text("windows", changes(&before, GW_TABLE_windows), "~EOT ~FU ~T30-03 ~T90-01");
    expect_text("subject", changes(&before, GW_TABLE_subjects), "~ES-001");
}

#define DISPENSE(id, day)                                                                                              \
    "{'resourceType':'MedicationDispense','id':'" id "','status':'completed','subject':{'reference':'Patient/p1'},"    \
    "'whenHandedOver':'" day "','daysSupply':{'value':28},"                                                            \
    "'dosageInstruction':[{'doseAndRate':[{'doseQuantity':{'value':10,'unit':'mg'}}]}],"                               \
    "'medicationCodeableConcept':{'coding':[{'system':'http://www.whocc.no/atc','code':'" LEN "'}]}}"

Test(history, opens_the_windows_again_when_an_inferred_end_is_denied)
{
    struct gw_rows before;

    s.horizon = subject_day("2024-04-20");
    subject_add(&s, DISPENSE("d1", "2024-01-15")); /* covers to 11 February */
    subject_add_visit(&s, "e1", "2024-02-10");
    subject_add_visit(&s, "e2", "2024-02-12");
    subject_add_visit(&s, "e3", "2024-03-15");
    subject_add_lab(&s, "a", WBC, "2024-02-10", "5.1");
    subject_add_lab(&s, "b", WBC, "2024-02-13", "5.2");
    subject_add_lab(&s, "c", WBC, "2024-03-15", "5.3");
    deliver();
    before = delivered;
    expect_text("provisional", subject_window(&s, "EOT")->target_date, "2024-02-11");
    subject_add(&s, DISPENSE("d2", "2024-02-12"));
    subject_add(&s, DISPENSE("d3", "2024-03-11"));
    deliver();
    expect_text("values", changes(&before, GW_TABLE_observations), "+5.2@T30-01 +5.3@T30-02 -5.2@EOT ~5.1@T30-01");
    cr_expect(eq(sz, changed(GW_TABLE_windows, GW_CHANGE_ADD), 35 + 12), "T30-02 to T30-36, all of T90");
    cr_expect(eq(sz, changed(GW_TABLE_windows, GW_CHANGE_WITHDRAW), 2), "EOT, FU");
    cr_expect(eq(sz, changed(GW_TABLE_windows, GW_CHANGE_UPDATE), 1), "T30-01");
    expect_text("items", changes(&before, GW_TABLE_exceptions), "-EOT_UNCONFIRMED");
}

static const struct {
    const char *name, *to;
    int allowed;
    bool asks;
} moves[] = {
    {"14 days later", "2024-01-29", 14, false},
    {"15 days later", "2024-01-30", 14, true},
    {"14 days earlier", "2024-01-01", 14, false},
    {"15 days earlier", "2023-12-31", 14, true},
    {"15 days, where 20 are allowed", "2024-01-30", 20, false},
};

Test(history, asks_before_a_first_dose_moves_by_more_days_than_the_study_allows)
{
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
        stop();
        start();
        study.anchor_move_days = moves[i].allowed;
        subject_add_lab(&s, "v", WBC, "2024-01-15", "5.1");
        deliver();
        s.line.first_dose = subject_day(moves[i].to);
        deliver();
        cr_expect(eq(sz, subject_items(&s, "ANCHOR_MOVED"), moves[i].asks), "%s", moves[i].name);
        cr_expect(eq(int, s.derived.blocked, moves[i].asks), "%s", moves[i].name);
        if (moves[i].asks)
            subject_expect(&s, "v", "held ANCHOR_MOVED");
    }
}

Test(history, asks_again_until_the_move_is_confirmed_or_taken_back)
{
    deliver();
    s.line.first_dose = subject_day("2024-02-15");
    deliver();
    cr_expect(eq(sz, subject_items(&s, "ANCHOR_MOVED"), 1));
    expect_text("blocks", subject_item(&s, "ANCHOR_MOVED")->blocks, "S");
    cr_expect(strstr(subject_item(&s, "ANCHOR_MOVED")->context, "31 days") != NULL);
    deliver();
    cr_expect(eq(int, s.derived.blocked, 1), "nothing was delivered since");
    s.line.first_dose = subject_day("2024-01-16");
    deliver();
    cr_expect(eq(int, s.derived.blocked, 0));
    cr_expect(exception("ANCHOR_MOVED") == NULL);
}

static struct gw_row_subjects *delivered_subject(void)
{
    return (struct gw_row_subjects *)delivered.tables[GW_TABLE_subjects].rows[0];
}

Test(history, lets_a_move_pass_that_a_person_confirmed_since_the_last_delivery)
{
    subject_decide(&s, "anchor", "", "{'anchor':'D1','confirm':true}"); /* at 2024-12-01T10:00:00Z */
    deliver();
    delivered_subject()->mapped_at = "2024-12-01T10:00:01Z";
    s.line.first_dose = subject_day("2024-02-15");
    deliver();
    cr_expect(eq(int, s.derived.blocked, 1), "it was said of something else");
    delivered_subject()->mapped_at = "2024-12-01T09:59:59Z";
    deliver();
    cr_expect(eq(int, s.derived.blocked, 0));
    cr_expect(eq(sz, subject_items(&s, "ANCHOR_MOVED"), 0));
    cr_assert(exception("ANCHOR_MOVED") != NULL);
    expect_text("state", exception("ANCHOR_MOVED")->state, "resolved");
    cr_expect(eq(sz, s.derived.resolution_count, 1));
    deliver();
    cr_expect(eq(sz, difference.count, 0), "what was told stays told");
}

Test(history, lets_a_move_pass_to_the_day_that_a_person_set)
{
    deliver();
    s.line.first_dose = subject_day("2024-02-15");
    subject_decide(&s, "anchor", "", "{'anchor':'D1','date':'2024-02-15'}");
    deliver();
    cr_expect(eq(int, s.derived.blocked, 0));
    expect_text("state", exception("ANCHOR_MOVED") ? exception("ANCHOR_MOVED")->state : "", "resolved");
}

Test(history, counts_the_anchors_a_subject_had)
{
    deliver();
    cr_expect(eq(int, s.derived.anchor_version, 1));
    delivered_subject()->anchor_version = 1;
    deliver();
    cr_expect(eq(int, s.derived.anchor_version, 1));
    delivered_subject()->anchor_version = 1; /* as the ledger stamps it */
    s.line.end_of_treatment = subject_day("2024-04-12");
    deliver();
    cr_expect(eq(int, s.derived.anchor_version, 2));
}

/* ---- sources that change ---- */

static void add_version(const char *status, const char *effective, const char *value)
{
    s.delivery++;
    subject_add(&s,
                "{'resourceType':'Observation','id':'v','status':'%s','subject':{'reference':'Patient/p1'},"
                "'code':{'coding':[{'system':'http://loinc.org','code':'" WBC "'}]},'effectiveDateTime':'%s',"
                "'valueQuantity':{'value':%s,'system':'http://unitsofmeasure.org','code':'10*9/L'},"
                "'referenceRange':[{'low':{'value':4,'system':'http://unitsofmeasure.org','code':'10*9/L'},"
                "'high':{'value':10,'system':'http://unitsofmeasure.org','code':'10*9/L'}}]}",
                status, effective, value);
}

static const struct {
    const char *name;
    const char *status, *day, *value;             /* the version delivered */
    const char *new_status, *new_day, *new_value; /* the next one */
    const char *values, *item;
} versions[] = {
    {"another value", "final", "2024-02-14", "5.1", "corrected", "2024-02-14", "5.2", "~5.2@T30-01",
     "CORRECTION_AFTER_PUSH"},
    {"another day of the window", "final", "2024-02-14", "5.1", "corrected", "2024-02-15", "5.1", "~5.1@T30-01",
     "CORRECTION_AFTER_PUSH"},
    {"a day between windows", "final", "2024-02-14", "5.1", "corrected", "2024-02-25", "5.1", "-5.1@T30-01",
     "CORRECTION_AFTER_PUSH"},
    {"entered in error", "final", "2024-02-14", "5.1", "entered-in-error", "2024-02-14", "5.1", "-5.1@T30-01",
     "WITHDRAWN_AFTER_PUSH"},
    {"cancelled", "final", "2024-02-14", "5.1", "cancelled", "2024-02-14", "5.1", "-5.1@T30-01",
     "WITHDRAWN_AFTER_PUSH"},
    {"a preliminary one withdrawn", "preliminary", "2024-02-14", "5.1", "cancelled", "2024-02-14", "5.1", "-5.1@T30-01",
     "WITHDRAWN_AFTER_PUSH"},
    {"a preliminary one made final", "preliminary", "2024-02-14", "5.1", "final", "2024-02-14", "5.2", "~5.2@T30-01",
     NULL},
    {"a version that says the same", "final", "2024-02-14", "5.10", "final", "2024-02-14", " 5.10", "", NULL},
    {"a version of what lies between windows", "final", "2024-02-25", "5.1", "corrected", "2024-02-25", "5.2", "",
     NULL},
    {"one that comes in by it", "final", "2024-02-25", "5.1", "corrected", "2024-02-14", "5.1", "+5.1@T30-01", NULL},
};

Test(history, tells_what_a_source_changed_after_it_was_delivered)
{
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        struct gw_rows before;

        stop();
        start();
        subject_add_visit(&s, "e", "2024-02-14");
        add_version(versions[i].status, versions[i].day, versions[i].value);
        deliver();
        before = delivered;
        add_version(versions[i].new_status, versions[i].new_day, versions[i].new_value);
        deliver();
        expect_text(versions[i].name, changes(&before, GW_TABLE_observations), versions[i].values);
        expect_text(versions[i].name, changes(&before, GW_TABLE_exceptions),
                    versions[i].item ? gw_arena_print(&s.arena, "+%s", versions[i].item) : "");
        cr_expect(eq(sz, s.derived.item_count, versions[i].item != NULL), "%s", versions[i].name);
        cr_expect(eq(int, s.derived.blocked, 0), "%s: it is delivered at once", versions[i].name);
    }
}

Test(history, tells_it_once_and_keeps_it_told)
{
    struct gw_rows before;

    subject_add_visit(&s, "e", "2024-02-14");
    add_version("final", "2024-02-14", "5.1");
    deliver();
    add_version("corrected", "2024-02-14", "5.2");
    deliver();
    cr_assert(exception("CORRECTION_AFTER_PUSH") != NULL);
    expect_text("blocks", exception("CORRECTION_AFTER_PUSH")->blocks, "-");
    expect_text("rows", exception("CORRECTION_AFTER_PUSH")->of_rows, subject_observation(&s, "v", "T30-01")->row_id);
    expect_text("open", exception("CORRECTION_AFTER_PUSH")->state, "open");
    before = delivered;
    deliver();
    cr_expect(eq(sz, difference.count, 0), "%s", changes(&before, GW_TABLE_exceptions));
    cr_expect(eq(sz, s.derived.item_count, 0));
    cr_assert(eq(sz, s.derived.lasting_count, 1));
    expect_text("stays", s.derived.lasting[0], exception("CORRECTION_AFTER_PUSH")->row_id);
    add_version("corrected", "2024-02-14", "5.3");
    deliver();
    cr_expect(eq(sz, s.derived.item_count, 1));
    cr_expect(eq(sz, s.derived.lasting_count, 0), "raised anew");
    cr_expect(gw_item_is_history("CORRECTION_AFTER_PUSH"));
    cr_expect(not(gw_item_is_history("EOT_UNCONFIRMED")));
}

Test(history, shows_no_clinical_text_of_it)
{
    const struct gw_item *item;

    subject_add_visit(&s, "e", "2024-02-14");
    add_version("final", "2024-02-14", "5.17");
    deliver();
    add_version("entered-in-error", "2024-02-14", "5.17");
    deliver();
    item = subject_item(&s, "WITHDRAWN_AFTER_PUSH");
    cr_assert(item != NULL);
    cr_expect(strstr(item->context, "5.17") == NULL, "%s", item->context);
    expect_text("fingerprint", item->fingerprint, "WITHDRAWN_AFTER_PUSH|madrid||||");
    subject_expect(&s, "v", "retracted");
}

Test(history, says_nothing_of_what_goes_on_and_ends)
{
    subject_add(&s, "{'resourceType':'Encounter','id':'e','status':'in-progress','class':{'code':'IMP'},"
                    "'subject':{'reference':'Patient/p1'},'period':{'start':'2024-02-10'}}");
    deliver();
    s.delivery++;
    subject_add(&s, "{'resourceType':'Encounter','id':'e','status':'finished','class':{'code':'IMP'},"
                    "'subject':{'reference':'Patient/p1'},'period':{'start':'2024-02-10','end':'2024-02-12'}}");
    deliver();
    cr_expect(gt(sz, changed(GW_TABLE_windows, GW_CHANGE_UPDATE), 0));
    cr_expect(eq(sz, s.derived.item_count, 0));
    s.delivery++;
    subject_add(&s, "{'resourceType':'Encounter','id':'e','status':'finished','class':{'code':'IMP'},"
                    "'subject':{'reference':'Patient/p1'},'period':{'start':'2024-02-10','end':'2024-02-13'}}");
    deliver();
    cr_expect(eq(sz, subject_items(&s, "CORRECTION_AFTER_PUSH"), 1), "the end was another day");
}

static void add_diagnosis(const char *code, const char *onset, const char *verification, const char *end)
{
    s.delivery++;
    subject_add(&s,
                "{'resourceType':'Condition','id':'c','subject':{'reference':'Patient/p1'},'verificationStatus':{"
                "'coding':[{'code':'%s'}]},'onsetDateTime':'%s'%s%s%s,'code':{'coding':[{'system':"
                "'http://hl7.org/fhir/sid/icd-10-cm','code':'%s'}]}}",
                verification, onset, end ? ",'abatementDateTime':'" : "", end ? end : "", end ? "'" : "", code);
}

Test(history, tells_a_diagnosis_that_became_another_from_one_that_ended)
{
    static const struct {
        const char *name, *code, *onset, *verification, *end;
        bool corrected;
    } later[] = {
        {"it ended", "J18.9", "2024-02-10", "confirmed", "2024-02-13", false},
        {"another diagnosis", "N39.0", "2024-02-10", "confirmed", NULL, true},
        {"another onset", "J18.9", "2024-02-11", "confirmed", NULL, true},
        {"it was none", "J18.9", "2024-02-10", "refuted", NULL, true},
    };

    for (size_t i = 0; i < sizeof later / sizeof *later; i++) {
        stop();
        start();
        subject_add_visit(&s, "e", "2024-02-14");
        add_diagnosis("J18.9", "2024-02-10", "confirmed", NULL);
        deliver();
        add_diagnosis(later[i].code, later[i].onset, later[i].verification, later[i].end);
        deliver();
        cr_expect(eq(sz, subject_items(&s, "CORRECTION_AFTER_PUSH"), later[i].corrected), "%s", later[i].name);
    }
}

Test(history, ends_wherever_memory_ends)
{
    struct gw_error err;
    size_t refused = 0;
    enum gw_status rc = GW_ENOMEM;

    subject_add_visit(&s, "e", "2024-02-14");
    add_version("final", "2024-02-14", "5.1");
    deliver();
    add_version("corrected", "2024-02-14", "5.2");
    s.line.first_dose += 20;
    for (size_t room = 0; rc == GW_ENOMEM; room += 64) {
        subject_derive(&s);
        s.arena.limit = s.arena.used + room;
        rc = gw_history(&delivered, &s.derived, &err);
        s.arena.limit = (size_t)1 << 30;
        refused += rc == GW_ENOMEM;
        cr_assert(rc == GW_OK || rc == GW_ENOMEM);
    }
    cr_expect(gt(sz, refused, 3), "%zu", refused);
    cr_expect(eq(sz, subject_items(&s, "ANCHOR_MOVED"), 1));
}
