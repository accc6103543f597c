/*
 * Which version of a resource counts, and which of two resources that tell the same result.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "support/subject.h"

#define ANC "751-8"

static struct subject s;

static void start(void)
{
    subject_init(&s);
    subject_add_patient(&s, "female", "1950-03-01");
    subject_add_visit(&s, "e1", "2024-02-14");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(versions, .init = start, .fini = stop);

struct told { /* one version */
    const char *updated, *version;
    int64_t delivery;
};

#define MOST 3

/* The value of version i is 1.i; `counts` is the index of the one that stands. */
static const struct {
    const char *name;
    struct told told[MOST];
    int counts;
} orders[] = {
    {"the later update",
     {{"2024-02-15T10:00:00Z", "1", 1}, {"2024-02-15T09:00:00Z", "2", 2}, {"2024-02-15T08:00:00Z", "3", 3}},
     0},
    {"an instant, not its text",
     {{"2024-02-15T10:00:00+02:00", NULL, 1},
      {"2024-02-15T08:30:00Z", NULL, 1},
      {"2024-02-14T23:00:00-09:00", NULL, 1}},
     1},
    {"equal updates: the higher version, as a number",
     {{"2024-02-15T10:00:00Z", "9", 2}, {"2024-02-15T10:00:00Z", "10", 1}, {"2024-02-15T10:00:00Z", "2", 3}},
     1},
    {"versions that are no numbers: the later delivery",
     {{"2024-02-15T10:00:00Z", "b", 2}, {"2024-02-15T10:00:00Z", "c", 1}, {"2024-02-15T10:00:00Z", "a", 3}},
     2},
    {"no marks at all: the later delivery", {{NULL, NULL, 2}, {NULL, NULL, 3}, {NULL, NULL, 1}}, 1},
    {"marks that some lack order none: they could go round in a circle",
     {{"2024-02-15T08:00:00Z", "3", 1}, {NULL, "2", 1}, {"2024-02-15T09:00:00Z", "1", 1}},
     0},
};

static const int permutations[6][MOST] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

static void tell(const struct told *told, int number)
{
    char value[8] = "1.0";

    value[2] = (char)('0' + number);
    s.delivery = told->delivery;
    subject_add_lab(&s, "v", ANC, "2024-02-14", value);
    s.facts[s.count - 1].last_updated = told->updated;
    s.facts[s.count - 1].version_id = told->version;
}

Test(versions, s10_are_ordered_by_their_marks_whatever_came_first)
{
    for (size_t c = 0; c < sizeof orders / sizeof orders[0]; c++) {
        for (size_t p = 0; p < 6; p++) {
            const struct gw_row_list *rows;

            stop();
            start();
            for (size_t i = 0; i < MOST; i++)
                tell(&orders[c].told[permutations[p][i]], permutations[p][i]);
            subject_derive(&s);
            rows = &s.derived.rows.tables[GW_TABLE_observations];
            cr_assert(eq(sz, rows->count, 1), "%s", orders[c].name);
            cr_expect(
                eq(int, ((const struct gw_row_observations *)rows->rows[0])->value_num[2] - '0', orders[c].counts),
                "%s, order %zu", orders[c].name, p);
        }
    }
}

Test(versions, s11_that_are_in_error_take_their_rows_and_episodes_with_them)
{
    struct gw_rows before;
    struct gw_difference difference;
    struct gw_error err;

    subject_ask(&s, "");
    subject_add_lab(&s, "v", ANC, "2024-02-14", "0.4");
    subject_derive(&s);
    cr_assert(subject_episode(&s, 0) != NULL);
    before = s.derived.rows;
    subject_add(&s, "{'resourceType':'Observation','id':'v','status':'entered-in-error',"
                    "'meta':{'versionId':'2'},'subject':{'reference':'Patient/p1'},"
                    "'code':{'coding':[{'system':'http://loinc.org','code':'" ANC "'}]}}");
    s.facts[s.count - 1].delivery = 1;
    subject_derive(&s);
    subject_expect(&s, "v", "retracted");
    cr_expect(subject_episode(&s, 0) == NULL);
    cr_assert(gw_difference(&s.arena, &before, &s.derived.rows, &difference, &err) == GW_OK);
    cr_expect(eq(sz, difference.withdrawn, 8), "row, episode, evidence, grade, a provenance of each: %zu",
              difference.withdrawn);
    cr_expect(eq(sz, difference.added + difference.updated, 0));
}

/* ---- the same result told by two resources ---- */

static const struct {
    const char *name;
    const char *one, *other; /* members beside code and date */
    const char *state_of_one, *state_of_other;
    size_t items;
} pairs[] = {
    {"one business identifier, the later update stands",
     "'status':'final','identifier':[{'system':'urn:lab','value':'7'}],'valueQuantity':{'value':1.2,%s},"
     "'meta':{'lastUpdated':'2024-02-15T10:00:00Z'}",
     "'status':'final','identifier':[{'system':'urn:x','value':'1'},{'system':'urn:lab','value':'7'}],"
     "'valueQuantity':{'value':1.4,%s},'meta':{'lastUpdated':'2024-02-16T10:00:00Z'}",
     "unchanged DUPLICATE", "delivered", 0},
    {"the same number of another system",
     "'status':'final','identifier':[{'system':'urn:lab','value':'7'}],'valueQuantity':{'value':1.2,%s}",
     "'status':'final','identifier':[{'system':'urn:x','value':'7'}],'valueQuantity':{'value':1.4,%s}", "delivered",
     "delivered", 0},
    {"one specimen and value",
     "'status':'final','specimen':{'reference':'Specimen/s'},'valueQuantity':{'value':1.2,%s}",
     "'status':'final','specimen':{'reference':'Specimen/s'},'valueQuantity':{'value':1.2,%s}", "delivered",
     "unchanged DUPLICATE", 0},
    {"one specimen, two values",
     "'status':'final','specimen':{'reference':'Specimen/s'},'valueQuantity':{'value':1.2,%s}",
     "'status':'final','specimen':{'reference':'Specimen/s'},'valueQuantity':{'value':1.3,%s}", "delivered",
     "delivered", 0},
    {"the same value is a suspicion", "'status':'final','valueQuantity':{'value':1.2,%s}",
     "'status':'final','valueQuantity':{'value':1.2,%s}", "delivered", "held DUPLICATE_SUSPECT", 1},
    {"another value is not", "'status':'final','valueQuantity':{'value':1.2,%s}",
     "'status':'final','valueQuantity':{'value':1.20,%s}", "delivered", "delivered", 0},
    {"a final result stands for its preliminary one",
     "'status':'preliminary','identifier':[{'value':'7'}],'valueQuantity':{'value':1.2,%s},"
     "'meta':{'lastUpdated':'2024-02-17T10:00:00Z'}",
     "'status':'final','identifier':[{'value':'7'}],'valueQuantity':{'value':1.4,%s},"
     "'meta':{'lastUpdated':'2024-02-16T10:00:00Z'}",
     "unchanged DUPLICATE", "delivered", 0},
    {"without an identifier a preliminary one stands beside it",
     "'status':'preliminary','valueQuantity':{'value':1.2,%s}", "'status':'final','valueQuantity':{'value':1.2,%s}",
     "delivered", "delivered", 0},
};

static void add_result(const char *id, const char *members)
{
    static const char unit[] = "'system':'http://unitsofmeasure.org','code':'10*9/L'";
    const char *hole = strstr(members, "%s");

    subject_add(&s,
                "{'resourceType':'Observation','id':'%s','subject':{'reference':'Patient/p1'},"
                "'code':{'coding':[{'system':'http://loinc.org','code':'" ANC "'}]},"
                "'effectiveDateTime':'2024-02-14T08:00:00+01:00',%.*s%s%s}",
                id, (int)(hole - members), members, unit, hole + 2);
}

Test(versions, collapse_where_two_resources_tell_one_result)
{
    for (size_t c = 0; c < sizeof pairs / sizeof pairs[0]; c++) {
        for (int turned = 0; turned < 2; turned++) {
            stop();
            start();
            add_result(turned ? "v2" : "v1", turned ? pairs[c].other : pairs[c].one);
            add_result(turned ? "v1" : "v2", turned ? pairs[c].one : pairs[c].other);
            subject_derive(&s);
            cr_expect(strcmp(subject_state(&s, "v1"), pairs[c].state_of_one) == 0, "%s: v1 %s", pairs[c].name,
                      subject_state(&s, "v1"));
            cr_expect(strcmp(subject_state(&s, "v2"), pairs[c].state_of_other) == 0, "%s: v2 %s", pairs[c].name,
                      subject_state(&s, "v2"));
            cr_expect(eq(sz, subject_items(&s, "DUPLICATE_SUSPECT"), pairs[c].items), "%s", pairs[c].name);
        }
    }
}

Test(versions, ask_about_all_but_the_first_of_many_like_results)
{
    char id[8] = "v0";

    for (int i = 0; i < 5; i++) {
        id[1] = (char)('0' + i);
        subject_add_lab(&s, id, ANC, "2024-02-14", "1.4");
    }
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "DUPLICATE_SUSPECT"), 4));
    subject_expect(&s, "v0", "delivered");
}

/* Three values of one day, marked so that comparing them two by two goes round in a circle. */
Test(versions, leave_the_flags_to_the_same_value_whatever_came_first)
{
    static const char *const ids[] = {"morning", "some-time", "evening"};
    static const char *const times[] = {"2024-02-14T08:00:00+01:00", "2024-02-14", "2024-02-14T17:00:00+01:00"};
    static const char *const updates[] = {"2024-02-17T10:00:00Z", "2024-02-16T10:00:00Z", "2024-02-15T10:00:00Z"};
    static const char *const values[] = {"2.1", "2.2", "2.3"};

    for (size_t p = 0; p < 6; p++) {
        stop();
        start();
        for (size_t i = 0; i < MOST; i++) {
            const int which = permutations[p][i];

            subject_add_lab(&s, ids[which], ANC, times[which], values[which]);
            s.facts[s.count - 1].last_updated = updates[which];
        }
        subject_derive(&s);
        cr_expect(subject_observation(&s, "evening", "T30-01")->anl01, "order %zu", p);
        cr_expect(subject_observation(&s, "evening", "T30-01")->anl03, "order %zu", p);
    }
}

Test(versions, count_by_the_newest_whatever_came_first)
{
    subject_add_lab(&s, "v", ANC, "2024-02-14", "1.4");
    subject_add_lab(&s, "v", ANC, "2024-02-14", "0.4");
    s.facts[2].last_updated = "2024-02-15T10:00:00Z"; /* the correction arrived first */
    s.facts[3].last_updated = "2024-02-14T10:00:00Z";
    subject_derive(&s);
    subject_expect(&s, "v", "superseded");
    cr_expect(eq(sz, s.derived.rows.tables[GW_TABLE_observations].count, 1));
    expect_text("value",
                ((const struct gw_row_observations *)s.derived.rows.tables[GW_TABLE_observations].rows[0])->value_num,
                "1.4");
}

Test(versions, of_one_result_told_by_two_resources_count_once)
{
    subject_add_lab(&s, "v1", ANC, "2024-02-14T08:00:00+01:00", "1.4");
    subject_add_lab(&s, "v2", ANC, "2024-02-14T08:00:00+01:00", "1.4");
    subject_derive(&s);
    subject_expect(&s, "v1", "delivered");
    subject_expect(&s, "v2", "held DUPLICATE_SUSPECT");
}

/* ---- a result that was moved to another patient ---- */

static void derive_with(const struct gw_move *moves, size_t count)
{
    struct gw_subject_input input = subject_input(&s);
    struct gw_error err;

    input.moves = moves;
    input.move_count = count;
    cr_assert(eq(int, gw_derive(&s.arena, &input, &s.derived, &err), GW_OK));
}

static struct gw_move move_of(const char *id, const char *version, const char *updated, int64_t delivery)
{
    return (struct gw_move){GW_OBSERVATION, s.facts[0].endpoint, id, version, updated, delivery, {0}};
}

/* Own versions of "v" are 1 and 3, of 10:00 and 12:00 on 15 February. */
static const struct {
    const char *name;
    const char *id, *version, *updated;
    int64_t delivery;
    bool moved;
} moves[] = {
    {"a later version names another patient", "v", "4", "2024-02-15T13:00:00Z", 1, true},
    {"an earlier one did: it came back", "v", "2", "2024-02-15T11:00:00Z", 9, false},
    {"the update decides before the version", "v", "2", "2024-02-15T13:00:00Z", 1, true},
    {"without a time the version decides", "v", "4", NULL, 1, true},
    {"without a time an earlier version does not", "v", "2", NULL, 9, false},
    {"without either the delivery decides", "v", NULL, NULL, 9, true},
    {"and an earlier delivery does not", "v", NULL, NULL, 1, false},
    {"another result", "w", "4", "2024-02-15T13:00:00Z", 9, false},
};

Test(versions, s16_count_no_more_when_a_later_one_names_another_patient)
{
    for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
        struct gw_move move;
        size_t rows;

        stop();
        start();
        tell(&(struct told){"2024-02-15T10:00:00Z", "1", 2}, 1);
        tell(&(struct told){"2024-02-15T12:00:00Z", "3", 3}, 3);
        move = move_of(moves[i].id, moves[i].version, moves[i].updated, moves[i].delivery);
        derive_with(&move, 1);
        rows = s.derived.rows.tables[GW_TABLE_observations].count;
        cr_expect(eq(sz, rows, moves[i].moved ? 0 : 1), "%s", moves[i].name);
        for (size_t p = 0; moves[i].moved && p < s.derived.part_count; p++) {
            const struct gw_part_state *part = &s.derived.parts[p];

            if (gw_same(s.facts[part->fact].id, "v"))
                cr_expect(part->state == GW_STATE_SUPERSEDED && strcmp(part->reason, "OTHER_PATIENT") == 0, "%s: %s",
                          moves[i].name, part->reason);
        }
    }
}

Test(versions, s16_of_another_endpoint_or_type_move_nothing)
{
    struct gw_move strangers[2];

    tell(&(struct told){"2024-02-15T10:00:00Z", "1", 2}, 1);
    strangers[0] = strangers[1] = move_of("v", "4", "2024-02-15T13:00:00Z", 9);
    strangers[0].endpoint = "elsewhere";
    strangers[1].type = GW_CONDITION;
    derive_with(strangers, 2);
    cr_expect(eq(sz, s.derived.rows.tables[GW_TABLE_observations].count, 1));
}
