/*
 * What must not matter to derive(): the order of the facts, how they were delivered, in which offset a time is written,
 * in which year it all happened. And what it promises: nothing changes before the day it names.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support/answer.h"
#include "support/chance.h"

#define ANC "751-8"
#define PLT "777-3"

static struct subject s;

static void start_at(const char *site)
{
    subject_init_at(&s, "lendex-rrmm", site);
    subject_add_patient(&s, "female", "1950-03-01");
}

static void start(void)
{
    start_at("madrid");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(purity, .init = start, .fini = stop, .timeout = 120);

/* ---- a history that touches every rule at hand ---- */

/* A time of day, written in the offset asked for; 14:00 in UTC is the same day in all of them. */
static const char *time_at(gw_day day, const char *offset)
{
    static const struct {
        const char *offset, *clock;
    } clocks[] = {{"Z", "14:00:00"}, {"+01:00", "15:00:00"}, {"-05:00", "09:00:00"}, {"+09:00", "23:00:00"}};

    for (size_t i = 0; i < sizeof clocks / sizeof clocks[0]; i++)
        if (strcmp(clocks[i].offset, offset) == 0)
            return gw_arena_print(&s.arena, "%sT%s%s", subject_day_text(&s, day), clocks[i].clock, offset);
    return NULL;
}

/* What the disease, the kidneys and the body's warmth were measured by. */
static void add_values(gw_day d1, const char *offset)
{
    static const struct {
        const char *id, *loinc, *value, *unit;
        int day;
    } values[] = {
        {"m0", "33358-3", "40", "g/L", -2},   {"m1", "33358-3", "15", "g/L", 91},
        {"m2", "33358-3", "12", "g/L", 182},  {"k0", "2160-0", "1.1", "mg/dL", -2},
        {"k1", "2160-0", "1.6", "mg/dL", 91}, {"w0", "29463-7", "70", "kg", -2},
        {"t1", "8310-5", "38.9", "Cel", 32},  {"wbc", "6690-2", "2.0", "10*9/L", 150},
        {"pct", "770-8", "40", "%", 150},     {"eco", "89247-1", "1", "{score}", 0},
    };

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        subject_add_value(&s, values[i].id, values[i].loinc, time_at(d1 + values[i].day, offset), values[i].value,
                          values[i].unit);
}

static void add_drug(const char *id, const char *type, const char *atc, const char *dates, const char *dosage)
{
    subject_add_drug(&s, type, id, atc, gw_arena_print(&s.arena, "%s,%s", dates, dosage));
}

/* Seven cycles handed out, the fourth a step down; a companion; what was given beside. */
static void add_drugs(gw_day d1)
{
    for (int k = 0; k < 7; k++)
        add_drug(gw_arena_print(&s.arena, "d%d", k), "MedicationDispense", "L04AX04",
                 gw_arena_print(&s.arena, "'whenHandedOver':'%s','daysSupply':{'value':21}",
                                subject_day_text(&s, d1 + 28 * k)),
                 gw_arena_print(&s.arena,
                                "'dosageInstruction':[{'timing':{'repeat':{'frequency':1,'period':1,'periodUnit':'d'}},"
                                "'doseAndRate':[{'doseQuantity':{'value':%d,'system':'http://unitsofmeasure.org',"
                                "'code':'mg'}}]}]",
                                k < 3 ? 25 : 15));
    add_drug("dex", "MedicationStatement", "H02AB02",
             gw_arena_print(&s.arena, "'effectivePeriod':{'start':'%s','end':'%s'}", subject_day_text(&s, d1),
                            subject_day_text(&s, d1 + 190)),
             "'dosage':[{'timing':{'repeat':{'frequency':1,'period':1,'periodUnit':'wk'}},"
             "'doseAndRate':[{'doseQuantity':{'value':40,'system':'http://unitsofmeasure.org','code':'mg'}}]}]");
    add_drug("asa", "MedicationStatement", "B01AC06",
             gw_arena_print(&s.arena, "'effectivePeriod':{'start':'%s','end':'%s'}", subject_day_text(&s, d1 - 100),
                            subject_day_text(&s, d1 + 150)),
             "'dosage':[{'timing':{'repeat':{'frequency':1,'period':1,'periodUnit':'d'}},"
             "'doseAndRate':[{'doseQuantity':{'value':100,'system':'http://unitsofmeasure.org','code':'mg'}}]}]");
    add_drug("gcsf", "MedicationAdministration", "L03AA02",
             gw_arena_print(&s.arena, "'effectiveDateTime':'%s'", subject_day_text(&s, d1 + 33)),
             "'dosage':{'dose':{'value':300,'system':'http://unitsofmeasure.org','code':'ug'}}");
}

static void add_history(gw_day d1, const char *offset)
{
    static const struct {
        const char *id, *loinc, *value;
        int day;
    } counts[] = {
        {"b1", ANC, "3.1", -10}, {"b2", ANC, "2.8", -1},  {"b3", PLT, "90", -3},   {"a1", ANC, "0.9", 25},
        {"a2", ANC, "1.9", 29},  {"a3", ANC, "0.4", 32},  {"a4", ANC, "1.2", 45},  {"a5", ANC, "2.2", 61},
        {"q1", PLT, "60", 30},   {"q2", PLT, "95", 88},   {"q3", PLT, "20", 100},  {"q4", PLT, "140", 110},
        {"z1", ANC, "0.7", 205}, {"z2", ANC, "0.6", 213}, {"x1", ANC, "1.1", 330},
    };

    s.line.first_dose = d1;
    /* as old whatever the year: far from a birthday on every day of a value */
    s.facts[0].patient.birth_date = subject_day_text(&s, d1 - 26980);
    add_values(d1, offset);
    add_drugs(d1);
    for (int k = 1; k <= 8; k++)
        if (k != 4)
            subject_add_visit(&s, gw_arena_print(&s.arena, "e%d", k), subject_day_text(&s, d1 + 30 * k + k % 3));
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        subject_add_lab(&s, counts[i].id, counts[i].loinc, time_at(d1 + counts[i].day, offset), counts[i].value);
    subject_add_condition(&s, "c1", "I82.40", subject_day_text(&s, d1 + 70), subject_day_text(&s, d1 + 81));
    subject_add_condition(&s, "c2", "D70.1", subject_day_text(&s, d1 + 24), subject_day_text(&s, d1 + 40));
    subject_add_condition(&s, "c3", "J18.9", subject_day_text(&s, d1 + 230), subject_day_text(&s, d1 + 251));
    subject_add(&s,
                "{'resourceType':'Encounter','id':'stay','status':'finished','class':{'code':'IMP'},"
                "'subject':{'reference':'Patient/p1'},'period':{'start':'%s','end':'%s'}}",
                subject_day_text(&s, d1 + 230), subject_day_text(&s, d1 + 236));
}

/* ---- order and delivery ---- */

Test(purity, does_not_depend_on_the_order_of_facts_nor_on_their_deliveries)
{
    struct gw_text first = GW_TEXT_INIT(4 << 20), other = GW_TEXT_INIT(4 << 20);
    uint64_t seed = 7;

    add_history(subject_day("2024-01-15"), "Z");
    subject_add_lab(&s, "twin", ANC, "2024-02-13T10:00:00Z", "1.3");
    subject_add_lab(&s, "brother", ANC, "2024-02-13T10:00:00Z", "1.3");
    subject_derive(&s);
    answer_write(&s, &first);
    cr_assert(gt(sz, first.length, 5000));
    for (int round = 0; round < 50; round++) {
        subject_shuffle(&s, &seed);
        for (size_t i = 0; i < s.count; i++)
            s.facts[i].delivery = chance_next(&seed) % 4;
        subject_derive(&s);
        answer_write(&s, &other);
        cr_assert(eq(str, other.at, first.at), "round %d", round);
    }
    gw_text_release(&first);
    gw_text_release(&other);
}

/* ---- time ---- */

/* What stands in the rows once every date is counted from D1; ids and hashes say nothing of dates and stay. */
static void write_elapsed(struct gw_text *out)
{
    struct gw_text rows = GW_TEXT_INIT(4 << 20);

    gw_text_clear(out);
    s.derived.rows.tables[GW_TABLE_provenance].count = 0; /* its hash is of the text */
    answer_write(&s, &rows);
    for (const char *p = rows.at; *p; p++) {
        char text[11] = "";
        gw_day day;

        snprintf(text, sizeof text, "%s", p);
        if (p[0] == '2' && p[4] == '-' && p[7] == '-' && gw_day_parse(text, &day)) {
            gw_text_print(out, "<%d>", day - s.line.first_dose);
            p += 9;
        } else {
            gw_text_append(out, p, 1);
        }
    }
    gw_text_release(&rows);
}

Test(purity, moves_with_the_calendar)
{
    /* none of the spans holds a change of the clock or a month's end that the cap would meet otherwise */
    static const int shifts[] = {1, 7, 100, 365, 366, 1461};
    struct gw_text first = GW_TEXT_INIT(4 << 20), other = GW_TEXT_INIT(4 << 20);
    const gw_day d1 = subject_day("2024-01-15");

    add_history(d1, "Z");
    s.horizon = d1 + 360;
    subject_derive(&s);
    s.derived.rows.tables[GW_TABLE_subjects].count = 0; /* the cap goes by months */
    write_elapsed(&first);
    cr_assert(gt(sz, first.length, 5000));
    for (size_t i = 0; i < sizeof shifts / sizeof shifts[0]; i++) {
        stop();
        start();
        add_history(d1 + shifts[i], "Z");
        s.horizon = d1 + shifts[i] + 360;
        subject_derive(&s);
        s.derived.rows.tables[GW_TABLE_subjects].count = 0;
        write_elapsed(&other);
        cr_expect(eq(str, other.at, first.at), "%d days", shifts[i]);
    }
    gw_text_release(&first);
    gw_text_release(&other);
}

/* The offset a time is written in changes the text of effective_start and what is made of the bytes, nothing else. */
Test(purity, reads_an_instant_alike_in_every_offset)
{
    static const char *const offsets[] = {"Z", "+01:00", "-05:00", "+09:00"};
    static const char *const sites[] = {"madrid", "essen", "boston"};
    struct gw_text first = GW_TEXT_INIT(4 << 20), other = GW_TEXT_INIT(4 << 20);

    for (size_t z = 0; z < sizeof sites / sizeof sites[0]; z++) {
        for (size_t o = 0; o < sizeof offsets / sizeof offsets[0]; o++) {
            const struct gw_row_list *rows = &s.derived.rows.tables[GW_TABLE_observations];

            stop();
            start_at(sites[z]);
            add_history(subject_day("2024-01-15"), offsets[o]);
            subject_derive(&s);
            cr_assert(gt(sz, rows->count, 5));
            for (size_t i = 0; i < rows->count; i++)
                ((struct gw_row_observations *)rows->rows[i])->effective_start = NULL;
            s.derived.rows.tables[GW_TABLE_provenance].count = 0;
            answer_write(&s, o == 0 ? &first : &other);
            if (o > 0)
                cr_expect(eq(str, other.at, first.at), "%s %s", sites[z], offsets[o]);
        }
    }
    gw_text_release(&first);
    gw_text_release(&other);
}

/* The zone and the language of the machine that derives are no input. */
Test(purity, is_the_same_on_hosts_of_every_zone_and_language)
{
    static const char *const zones[] = {"UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Madrid"};
    static const char *const languages[] = {"C", "de_DE.UTF-8", "tr_TR.UTF-8", "C.UTF-8"};
    struct gw_text first = GW_TEXT_INIT(4 << 20), other = GW_TEXT_INIT(4 << 20);

    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
        setenv("TZ", zones[i], 1);
        tzset();
        setlocale(LC_ALL, languages[i]); /* where the host has it */
        stop();
        start();
        add_history(subject_day("2024-01-15"), "Z");
        subject_derive(&s);
        answer_write(&s, i == 0 ? &first : &other);
        if (i > 0)
            cr_expect(eq(str, other.at, first.at), "%s %s", zones[i], languages[i]);
    }
    gw_text_release(&first);
    gw_text_release(&other);
}

/* One value over the edge of its window takes its row with it, and no other row of a value. */
Test(purity, moves_one_value_over_an_edge_and_nothing_else)
{
    static const char *const days[] = {"2024-02-09", "2024-02-08"}; /* elapsed 25 and 24 */
    size_t rows[2];

    for (size_t i = 0; i < 2; i++) {
        stop();
        start();
        add_history(subject_day("2024-01-15"), "Z");
        subject_add_lab(&s, "edge", ANC, days[i], "2.0");
        subject_derive(&s);
        rows[i] = s.derived.rows.tables[GW_TABLE_observations].count;
        cr_expect(eq(int, subject_observation(&s, "edge", "T30-01") != NULL, i == 0), "%s", days[i]);
    }
    cr_expect(eq(sz, rows[0], rows[1] + 1));
}

/* ---- the next day ---- */

/* `exactly`: on the day named something changes, too; a value dated ahead of the horizon may turn out to be harmless.
 */
static void follow_the_days(const char *name, const char *from, bool exactly)
{
    struct gw_text answer = GW_TEXT_INIT(4 << 20), next = GW_TEXT_INIT(4 << 20);
    gw_day promised;

    s.horizon = subject_day(from);
    subject_derive(&s);
    answer_write_states(&s, &answer);
    promised = s.derived.next_day;
    for (int i = 0; i < 450; i++) {
        s.horizon++;
        subject_derive(&s);
        answer_write_states(&s, &next);
        cr_expect(promised == GW_NO_DAY || promised >= s.horizon, "%s: %s has passed", name,
                  subject_day_text(&s, promised));
        if (s.horizon == promised)
            cr_expect(strcmp(answer.at, next.at) != 0 || exactly == false, "%s: nothing changed on %s", name,
                      subject_day_text(&s, s.horizon));
        else
            cr_expect(strcmp(answer.at, next.at) == 0, "%s: changed on %s, not told", name,
                      subject_day_text(&s, s.horizon));
        gw_text_clear(&answer);
        gw_text_append(&answer, next.at, next.length);
        promised = s.derived.next_day;
    }
    gw_text_release(&answer);
    gw_text_release(&next);
}

Test(purity, changes_on_the_day_it_names_and_on_no_other)
{
    struct gw_study study;

    add_history(subject_day("2024-01-15"), "Z");
    subject_add_lab(&s, "ahead", ANC, "2024-12-09", "2.0"); /* in a window nobody comes for */
    follow_the_days("a history that lies ahead", "2024-01-10", false);
    follow_the_days("a history", "2024-12-11", true);
    stop();
    start();
    follow_the_days("nothing but a patient", "2024-01-10", true);
    subject_add(&s, "{'resourceType':'MedicationStatement','id':'st','status':'active',"
                    "'subject':{'reference':'Patient/p1'},'effectivePeriod':{'start':'2024-01-15'},"
                    "'medicationCodeableConcept':{'coding':[{'system':'http://www.whocc.no/atc','code':'L04AX04'}]}}");
    follow_the_days("a treatment that goes on", "2024-01-15", true);
    stop();
    start();
    study = *s.study;
    study.require_contact = false;
    s.study = &study;
    add_history(subject_day("2024-01-15"), "Z");
    follow_the_days("no contact required", "2024-12-11", true);
    stop();
    start();
    add_history(subject_day("2024-01-15"), "Z");
    subject_add(&s, "{'resourceType':'Encounter','id':'stay','status':'in-progress','class':{'code':'IMP'},"
                    "'subject':{'reference':'Patient/p1'},'period':{'start':'2024-05-01'}}");
    subject_add(&s, "{'resourceType':'Encounter','id':'planned','status':'in-progress','class':{'code':'IMP'},"
                    "'subject':{'reference':'Patient/p1'},'period':{'start':'2024-02-17','end':'2024-03-12'}}");
    follow_the_days("a stay that goes on", "2024-01-10", false);
    stop();
    subject_init_at(&s, "elranatamab-rrmm", "madrid");
    subject_add_patient(&s, "female", "1950-03-01");
    subject_add_lab(&s, "v", ANC, "2024-01-20", "0.4");
    follow_the_days("52 weeks", "2024-01-10", true);
}

#define PNEUMONIA                                                                                                      \
    "{'resourceType':'Condition','id':'c','subject':{'reference':'Patient/p1'},'onsetDateTime':'2024-02-20',"          \
    "'code':{'coding':[{'system':'http://hl7.org/fhir/sid/icd-10-cm','code':'J18.9'}]}"
#define STAY(first, last)                                                                                              \
    "{'resourceType':'Encounter','id':'stay','status':'finished','class':{'code':'IMP'},"                              \
    "'subject':{'reference':'Patient/p1'},'period':{'start':'" first "','end':'" last "'}}"

/* Visits on 14 February, 15 March and 14 April; the windows after them open on 10 March, 9 April and 9 May. */
Test(purity, names_the_day_on_which_what_is_told_ahead_comes_true)
{
    static const struct {
        const char *name, *resources[2], *horizon, *next;
    } cases[] = {
        {"nothing", {NULL}, "2024-04-29", "2024-05-09"},
        {"over on some day of April", {PNEUMONIA ",'abatementDateTime':'2024-04'}"}, "2024-04-29", "2024-04-30"},
        {"over on some day of March", {PNEUMONIA ",'abatementDateTime':'2024-03'}"}, "2024-04-29", "2024-05-09"},
        {"a stay between the windows", {PNEUMONIA "}", STAY("2024-02-26", "2024-02-28")}, "2024-02-22", "2024-02-26"},
        {"one that has begun", {PNEUMONIA "}", STAY("2024-02-21", "2024-02-21")}, "2024-02-22", "2024-03-10"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        stop();
        start();
        subject_add_visits(&s, 3);
        for (size_t r = 0; r < 2 && cases[i].resources[r]; r++)
            subject_add(&s, "%s", cases[i].resources[r]);
        s.horizon = subject_day(cases[i].horizon);
        subject_derive(&s);
        expect_text(cases[i].name, subject_day_text(&s, s.derived.next_day), cases[i].next);
    }
}
