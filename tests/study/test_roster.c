/*
 * The enrolment file: what is read of a line, and what is refused with its place.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "gateway/study/roster.h"
#include "support/scratch.h"

#define HEADER "site,study,patient,subject,recruited,end_of_treatment,first_dose,withdrawn,mrn_system,mrn\n"
#define CONSENT_HEADER                                                                                                 \
    "site,study,patient,subject,recruited,end_of_treatment,first_dose,withdrawn,mrn_system,mrn,consented\n"

static struct scratch scratch;
static struct gw_arena arena = GW_ARENA_INIT((size_t)1 << 20);

static void begin(void)
{
    scratch_init(&scratch);
}

static void end(void)
{
    scratch_release(&scratch);
    gw_arena_release(&arena);
}

TestSuite(roster, .init = begin, .fini = end);

static const struct {
    const char *name;
    const char *lines;
    size_t count, ignored;
    const char *refused; /* behind the path; NULL: read */
} cases[] = {
    {"a patient by id and one by record number", "hm,st,p-1,S-1,,,2024-01-15,,,\nhm,st,,S-2,,,,,urn:mrn,7\n", 2, 0,
     NULL},
    {"other sites and studies", "hm,st,p-1,S-1,,,,,,\nho,st,p-1,S-1,,,,,,\nhm,su,p-1,S-1,,,,,,\n", 1, 2, NULL},
    {"blanks inside", "hm,st,p-1,S 1,,,,,,\n", 1, 0, NULL},
    {"an end on the day of the first dose", "hm,st,p-1,S-1,,2024-01-15,2024-01-15,,,\n", 1, 0, NULL},
    {"one record number of two systems", "hm,st,,S-1,,,,,urn:a,7\nhm,st,,S-2,,,,,urn:b,7\n", 2, 0, NULL},
    {"record numbers of no system beside ids", "hm,st,p-1,S-1,,,,,,7\nhm,st,p-2,S-2,,,,,,7\n", 2, 0, NULL},
    {"a blank before the site", " hm,st,p-1,S-1,,,,,,\n", 0, 0,
     ":2: site holds blanks around it, or control characters: remove them"},
    {"a blank behind the patient", "hm,st,p-1 ,S-1,,,,,,\n", 0, 0,
     ":2: patient holds blanks around it, or control characters: remove them"},
    {"a line break in the subject", "hm,st,p-1,\"S\n1\",,,,,,\n", 0, 0,
     ":2: subject holds blanks around it, or control characters: remove them"},
    {"an escape in the subject", "hm,st,p-1,S\033[31m1,,,,,,\n", 0, 0,
     ":2: subject holds blanks around it, or control characters: remove them"},
    {"a deletion mark in the subject", "hm,st,p-1,S\1771,,,,,,\n", 0, 0,
     ":2: subject holds blanks around it, or control characters: remove them"},
    {"an end before the first dose", "hm,st,p-1,S-1,,2024-01-14,2024-01-15,,,\n", 0, 0,
     ":2: end_of_treatment lies before first_dose: correct one"},
    {"an impossible day", "hm,st,p-1,S-1,2024-02-30,,,,,\n", 0, 0, ":2: recruited is no day: write it as YYYY-MM-DD"},
    {"a subject twice", "hm,st,p-1,S-1,,,,,,\nhm,st,p-2,S-1,,,,,,\n", 0, 0,
     ":3: this subject stands on line 2 too: a subject has one line"},
    {"a patient twice", "hm,st,p-1,S-1,,,,,,\nhm,st,p-1,S-2,,,,,,\n", 0, 0,
     ":3: this patient stands on line 2 too: a patient is one subject"},
    {"a record number twice", "hm,st,,S-1,,,,,urn:mrn,7\nhm,st,,S-2,,,,,urn:mrn,7\n", 0, 0,
     ":3: this patient stands on line 2 too: a patient is one subject"},
    {"nobody to find", "hm,st,,S-1,,,,,,7\n", 0, 0,
     ":2: neither patient nor mrn_system and mrn: write one, so that the patient can be found"},
    {"a system of record numbers without one", "hm,st,,S-1,,,,,urn:mrn,\n", 0, 0,
     ":2: neither patient nor mrn_system and mrn: write one, so that the patient can be found"},
};

Test(roster, reads_its_lines_or_says_which_to_mend)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gw_roster roster = {0};
        struct gw_error err = {0};
        char text[512];

        snprintf(text, sizeof text, HEADER "%s", cases[i].lines);
        const char *path = scratch_write(&scratch, "roster.csv", text);
        const enum gw_status rc = gw_roster_load(&arena, path, "st", "hm", &roster, &err);
        cr_expect(eq(int, rc, cases[i].refused ? GW_ECONFIG : GW_OK), "%s: %s", cases[i].name, err.text);
        if (cases[i].refused) {
            cr_expect(eq(str, err.text + strlen(path), (char *)cases[i].refused), "%s", cases[i].name);
            continue;
        }
        cr_expect(eq(sz, roster.count, cases[i].count), "%s", cases[i].name);
        cr_expect(eq(sz, roster.ignored, cases[i].ignored), "%s", cases[i].name);
    }
}

Test(roster, tells_whose_consent_is_missing_where_it_has_the_column)
{
    static const struct {
        const char *header, *line;
        bool missing;
        const char *refused;
    } rosters[] = {
        {HEADER, "hm,st,p-1,S-1,,,,,,\n", false, NULL},
        {CONSENT_HEADER, "hm,st,p-1,S-1,,,,,,,2024-01-02\n", false, NULL},
        {CONSENT_HEADER, "hm,st,p-1,S-1,,,,,,,\n", true, NULL},
        {CONSENT_HEADER, "hm,st,p-1,S-1,,,,,,,yes\n", false, ":2: consented is no day: write it as YYYY-MM-DD"},
    };

    for (size_t i = 0; i < sizeof rosters / sizeof *rosters; i++) {
        struct gw_roster roster = {0};
        struct gw_error err = {0};
        char text[512];

        snprintf(text, sizeof text, "%s%s", rosters[i].header, rosters[i].line);
        const char *path = scratch_write(&scratch, "roster.csv", text);
        const enum gw_status rc = gw_roster_load(&arena, path, "st", "hm", &roster, &err);
        if (rosters[i].refused) {
            cr_expect(eq(str, err.text + strlen(path), (char *)rosters[i].refused));
            continue;
        }
        cr_assert(eq(int, rc, GW_OK), "%s", err.text);
        cr_expect(eq(int, roster.lines[0].consent_missing, rosters[i].missing), "%zu", i);
    }
}

/* ---- one roster against the next ---- */

static struct gw_roster read_lines(const char *lines)
{
    const char *path = scratch_write(&scratch, "roster.csv", gw_arena_print(&arena, CONSENT_HEADER "%s", lines));
    struct gw_roster roster;
    struct gw_error err = {0};

    cr_assert(eq(int, gw_roster_load(&arena, path, "st", NULL, &roster, &err), GW_OK), "%s", err.text);
    return roster;
}

/* "added S-1; withdrawn S-2" */
static const char *differ(const char *before, const char *after)
{
    static const char *const names[] = {"added", "removed", "withdrawn", "moved", "changed"};
    static char text[256];
    const struct gw_roster old = read_lines(before), new = read_lines(after);
    struct gw_roster_difference difference;
    struct gw_error err = {0};
    size_t length = 0;

    text[0] = '\0';
    cr_assert(eq(int, gw_roster_difference(&arena, &old, &new, &difference, &err), GW_OK));
    for (size_t i = 0; i < difference.count; i++) {
        const struct gw_roster_change *change = &difference.list[i];
        const struct gw_roster_line *line = change->after ? change->after : change->before;

        length += (size_t)snprintf(text + length, sizeof text - length, "%s%s %s", i ? "; " : "", names[change->kind],
                                   line->subject);
        cr_expect(eq(int, !change->before, change->kind == GW_ROSTER_ADDED));
        cr_expect(eq(int, !change->after, change->kind == GW_ROSTER_REMOVED));
    }
    return text;
}

#define ONE "hm,st,p-1,S-1,2024-01-18,,2024-01-15,,,,2024-01-10\n"
#define TWO "hm,st,p-2,S-2,,,,,urn:mrn,7,2024-01-10\n"

Test(roster, tells_what_a_new_one_changes)
{
    static const struct {
        const char *name, *before, *after, *changes;
    } changes[] = {
        {"nothing", ONE TWO, ONE TWO, ""},
        {"the order of its lines", ONE TWO, TWO ONE, ""},
        {"from none", "", TWO ONE, "added S-1; added S-2"},
        {"to none", ONE TWO, "", "removed S-1; removed S-2"},
        {"one for another", ONE, TWO, "removed S-1; added S-2"},
        {"withdrawn", ONE, "hm,st,p-1,S-1,2024-01-18,,2024-01-15,2024-02-20,,,2024-01-10\n", "withdrawn S-1"},
        {"withdrawn, and the patient's id too", ONE, "hm,st,p-9,S-1,2024-01-18,,2024-01-15,2024-02-20,,,2024-01-10\n",
         "withdrawn S-1"},
        {"withdrawn on another day", "hm,st,p-1,S-1,,,,2024-02-20,,,2024-01-10\n",
         "hm,st,p-1,S-1,,,,2024-02-21,,,2024-01-10\n", "changed S-1"},
        {"withdrawn by mistake", "hm,st,p-1,S-1,,,,2024-02-20,,,2024-01-10\n", "hm,st,p-1,S-1,,,,,,,2024-01-10\n",
         "changed S-1"},
        {"the patient's id", ONE TWO, "hm,st,p-9,S-1,2024-01-18,,2024-01-15,,,,2024-01-10\n" TWO, "moved S-1"},
        {"the record number", TWO, "hm,st,p-2,S-2,,,,,urn:mrn,8,2024-01-10\n", "moved S-2"},
        {"the site", TWO, "ho,st,p-2,S-2,,,,,urn:mrn,7,2024-01-10\n", "moved S-2"},
        {"the first dose", ONE, "hm,st,p-1,S-1,2024-01-18,,2024-01-16,,,,2024-01-10\n", "changed S-1"},
        {"the end of treatment", ONE, "hm,st,p-1,S-1,2024-01-18,2024-09-01,2024-01-15,,,,2024-01-10\n", "changed S-1"},
        {"recruitment", ONE, "hm,st,p-1,S-1,2024-01-19,,2024-01-15,,,,2024-01-10\n", "changed S-1"},
        {"consent is not there any more", ONE, "hm,st,p-1,S-1,2024-01-18,,2024-01-15,,,,\n", "changed S-1"},
    };

    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        cr_expect(eq(str, (char *)differ(changes[i].before, changes[i].after), (char *)changes[i].changes), "%s",
                  changes[i].name);
}

Test(roster, tells_a_log_how_many_changes_there_are_and_of_whom_none)
{
    const struct gw_roster old = read_lines(ONE TWO), same = read_lines(ONE TWO);
    const struct gw_roster new = read_lines("hm,st,p-1,S-1,,,,2024-02-20,,,2024-01-10\n"
                                            "hm,st,p-3,S-3,,,,,,,2024-01-10\nhm,st,p-4,S-4,,,,,,,2024-01-10\n");
    struct gw_roster_difference difference;
    char words[GW_ROSTER_WORDS];
    struct gw_error err;

    cr_assert(eq(int, gw_roster_difference(&arena, &old, &new, &difference, &err), GW_OK));
    gw_roster_words(&difference, words);
    cr_expect(eq(str, words, (char *)"2 added, 1 no longer on it, 1 withdrawn"));
    cr_assert(eq(int, gw_roster_difference(&arena, &old, &same, &difference, &err), GW_OK));
    gw_roster_words(&difference, words);
    cr_expect(eq(str, words, (char *)"unchanged"));
}
