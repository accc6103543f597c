/*
 * Where each row came from: a line for each fact and role, by the rules of one table.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "support/subject.h"

#define ANC              "751-8"
#define MOST_RULES_BYTES ((size_t)256 << 10)

static struct subject s;

static void start(void)
{
    subject_init(&s);
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(lineage, .init = start, .fini = stop);

/* "role rules of Type", the lines of a row in order of role, joined by ", ". */
static const char *lines_of(const char *table, const char *of_row)
{
    const struct gw_row_list *list = &s.derived.rows.tables[GW_TABLE_provenance];
    const char *text = "";

    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_provenance *line = (const struct gw_row_provenance *)list->rows[i];

        if (!gw_same(line->of_row, of_row) || !gw_same(line->table, table))
            continue;
        text = gw_arena_print(&s.arena, "%s%s%s %s of %s", text, *text ? ", " : "", line->role, line->rule_ids,
                              line->resource_type ? line->resource_type : "nothing");
    }
    return text;
}

static const char *row_in(enum gw_table_id table, size_t index)
{
    cr_assert(lt(sz, index, s.derived.rows.tables[table].count));
    return s.derived.rows.tables[table].rows[index]->row_id;
}

static void expect_lines(const char *table, const char *of_row, const char *wanted)
{
    expect_text(of_row, lines_of(table, of_row), wanted);
}

Test(lineage, names_the_anchors_and_the_contact_of_a_window)
{
    subject_add_visit(&s, "e1", "2024-02-14");
    subject_derive(&s);
    expect_lines("subjects", "ES-001", "roster roster of roster");
    expect_lines("windows", "ES-001@T30-01", "contact contacts of Encounter, roster roster;windows of roster");
    expect_lines("windows", "ES-001@T30-02", "roster roster;windows of roster");
}

Test(lineage, names_the_records_that_the_anchors_were_found_from)
{
    s.line.first_dose = GW_NO_DAY;
    subject_add(&s, "{'resourceType':'MedicationStatement','id':'m1','status':'stopped','statusReason':[{'text':'x'}],"
                    "'subject':{'reference':'Patient/p1'},'effectivePeriod':{'start':'2024-01-15','end':'2024-04-30'},"
                    "'medicationCodeableConcept':{'coding':[{'system':'http://www.whocc.no/atc','code':'L04AX04'}]}}");
    subject_derive(&s);
    expect_lines("subjects", "ES-001", "anchor d1;eot of MedicationStatement, roster roster of roster");
    expect_lines("windows", "ES-001@T30-01", "anchor d1;windows of MedicationStatement");
    expect_lines("windows", "ES-001@EOT", "anchor d1;eot;windows of MedicationStatement");
}

Test(lineage, names_what_cut_a_window)
{
    subject_add(&s, "{'resourceType':'Patient','id':'p1','gender':'male','birthDate':'1950-03-01',"
                    "'deceasedDateTime':'2024-02-12'}");
    subject_derive(&s);
    expect_lines("windows", "ES-001@T30-01", "person patient;windows of Patient, roster roster;windows of roster");
    expect_lines("windows", "ES-001@BASELINE", "roster roster;windows of roster");
}

/* On 14 February both an Encounter and a value stand; at this site either is a contact. */
Test(lineage, names_the_encounter_before_a_value_of_the_same_day_whichever_came_first)
{
    for (int first = 0; first < 2; first++) {
        subject_release(&s);
        subject_init_at(&s, "lendex-rrmm", "busan");
        for (int i = 0; i < 2; i++) {
            if (i == first)
                subject_add_visit(&s, "e1", "2024-02-14");
            else
                subject_add_lab(&s, "v1", ANC, "2024-02-14", "3.0");
        }
        subject_derive(&s);
        expect_text("contact", subject_window(&s, "T30-01")->contact_kind, "encounter");
        expect_lines("windows", "ES-001@T30-01", "contact contacts of Encounter, roster roster;windows of roster");
    }
}

/* ---- values ---------------------------------------------------------------------------------------------------- */

Test(lineage, names_code_unit_grade_and_flag_of_a_value)
{
    const struct gw_row_observations *low, *normal;

    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add_lab(&s, "low", ANC, "2024-02-14", "0.4");
    subject_add_lab(&s, "normal", ANC, "2024-02-11", "3.0");
    subject_derive(&s);
    low = subject_observation(&s, "low", "T30-01");
    normal = subject_observation(&s, "normal", "T30-01");
    cr_assert(low && normal);
    expect_lines("observations", low->row_id, "value CTCAE 5.0:ANC:4;flags;loinc;units;windows of Observation");
    expect_lines("observations", normal->row_id, "value loinc;units;windows of Observation");
}

Test(lineage, names_the_map_of_the_site)
{
    const struct gw_row_observations *row;

    subject_release(&s);
    subject_init_at(&s, "lendex-rrmm", "busan");
    subject_add(&s, "{'resourceType':'Observation','id':'v','status':'final','subject':{'reference':'Patient/p1'},"
                    "'code':{'coding':[{'system':'urn:busan:lab','code':'B1010'}]},'effectiveDateTime':'2024-02-14',"
                    "'valueQuantity':{'value':3.0,'unit':'10*9/L'}}");
    subject_derive(&s);
    row = subject_observation(&s, "v", "T30-01");
    cr_assert(row != NULL);
    expect_lines("observations", row->row_id, "value flags;site:busan;units;windows of Observation");
}

Test(lineage, names_the_specimen_that_dates_a_value)
{
    const struct gw_row_observations *row;

    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add(&s, "{'resourceType':'Observation','id':'v','status':'final','subject':{'reference':'Patient/p1'},"
                    "'code':{'coding':[{'system':'http://loinc.org','code':'" ANC "'}]},"
                    "'specimen':{'reference':'Specimen/s1'},'valueQuantity':{'value':3.0,'system':"
                    "'http://unitsofmeasure.org','code':'10*9/L'}}");
    subject_add(&s, "{'resourceType':'Specimen','id':'s1','subject':{'reference':'Patient/p1'},"
                    "'collection':{'collectedDateTime':'2024-02-14T08:00:00+01:00'}}");
    subject_derive(&s);
    row = subject_observation(&s, "v", "T30-01");
    cr_assert(row != NULL);
    expect_lines("observations", row->row_id, "date dates of Specimen, value flags;loinc;units;windows of Observation");
}

/* ALT above ULN at baseline: its rows are multiples of the baseline (grade 2: more than 3 times). */
Test(lineage, names_the_baseline_that_a_grade_compares_with)
{
    static const char alt[] =
        "{'resourceType':'Observation','id':'%s','status':'final','subject':{'reference':'Patient/p1'},"
        "'code':{'coding':[{'system':'http://loinc.org','code':'1742-6'}]},'effectiveDateTime':'%s','valueQuantity':"
        "{'value':%s,'unit':'U/L','system':'http://unitsofmeasure.org','code':'U/L'},"
        "'referenceRange':[{'high':{'value':40,'unit':'U/L'}}]}";
    const struct gw_row_observations *row;

    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add(&s, alt, "base", "2024-01-14", "80");
    subject_add(&s, alt, "v", "2024-02-14", "260");
    subject_derive(&s);
    row = subject_observation(&s, "v", "T30-01");
    cr_assert(row != NULL);
    cr_expect(eq(int, row->grade, 2));
    expect_lines("observations", row->row_id,
                 "baseline baseline of Observation, value CTCAE 5.0:ALT:2;flags;loinc;units;windows of Observation");
}

/* ---- events and items ------------------------------------------------------------------------------------------ */

Test(lineage, names_the_evidence_of_an_event_and_of_each_grade)
{
    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add_lab(&s, "low", ANC, "2024-02-14", "0.4");
    subject_add_lab(&s, "well", ANC, "2024-02-17", "3.0");
    subject_derive(&s);
    expect_lines("ae_episodes", row_in(GW_TABLE_ae_episodes, 0),
                 "onset CTCAE 5.0:ANC:4;episodes;loinc of Observation, recovery episodes;loinc of Observation");
    expect_lines("ae_grades", row_in(GW_TABLE_ae_grades, 0), "grade CTCAE 5.0:ANC:4;episodes;loinc of Observation");
}

/* What no window took is named to nobody outside the hospital. */
Test(lineage, names_no_source_of_what_no_window_took)
{
    struct gw_study quiet = *s.study;

    quiet.evidence_values = GW_VALUES_NONE;
    s.study = &quiet;
    subject_add_visit(&s, "e1", "2024-03-15");
    subject_add_lab(&s, "low", ANC, "2024-02-25", "0.4");
    subject_add_lab(&s, "month", ANC, "2024-03", "0.4");
    subject_derive(&s);
    expect_lines("ae_episodes", row_in(GW_TABLE_ae_episodes, 0), "evidence episodes of nothing");
    expect_lines("ae_grades", row_in(GW_TABLE_ae_grades, 0), "grade episodes of nothing");
    cr_assert(subject_item(&s, "PARTIAL_DATE") != NULL);
    expect_lines("exceptions", subject_item(&s, "PARTIAL_DATE")->id, "about items of nothing");
}

Test(lineage, names_the_source_of_an_item_about_what_was_delivered)
{
    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add(&s, "{'resourceType':'Observation','id':'v','status':'final','subject':{'reference':'Patient/p1'},"
                    "'code':{'coding':[{'system':'http://loinc.org','code':'" ANC "'}]},"
                    "'issued':'2024-02-14T08:00:00+01:00','valueQuantity':{'value':3.0,'system':"
                    "'http://unitsofmeasure.org','code':'10*9/L'}}");
    subject_derive(&s);
    cr_assert(subject_item(&s, "DATE_FROM_ISSUED") != NULL);
    expect_lines("exceptions", subject_item(&s, "DATE_FROM_ISSUED")->id, "about items of Observation");
}

/* ---- the table of rules ---------------------------------------------------------------------------------------- */

Test(lineage, finds_the_text_of_an_id_by_its_beginning)
{
    cr_assert(gw_rules_text(&s.rules, "loinc") != NULL);
    expect_text("site", gw_rules_text(&s.rules, "site:madrid")->id, "site:*");
    expect_text("grade", gw_rules_text(&s.rules, "CTCAE 5.0:ANC:4")->section, "8 Limits and grades");
    cr_expect(gw_rules_text(&s.rules, "loin") == NULL);
    cr_expect(gw_rules_text(&s.rules, "loincs") == NULL);
    cr_expect(gw_rules_text(&s.rules, "site") == NULL);
    cr_expect(gw_rules_text(&s.rules, "") == NULL);
}

/* The section of RULES.md that a heading begins, to the next heading; "" where there is none. */
static const char *section(struct gw_text *rules, const char *heading)
{
    const char *mark = gw_arena_print(&s.arena, "\n## %s\n", heading);
    const char *at = strstr(rules->at, mark), *end;

    if (!at)
        return "";
    end = strstr(at + strlen(mark), "\n## ");
    return gw_arena_copy(&s.arena, at, end ? (size_t)(end - at) : strlen(at));
}

Test(lineage, states_every_rule_of_the_table_in_the_section_it_names)
{
    struct gw_text rules = GW_TEXT_INIT(MOST_RULES_BYTES);
    struct gw_error err;

    cr_assert(gw_text_read_file(&rules, SOURCE_DIR "/mappings/RULES.md", &err) == GW_OK, "%s", err.text);
    cr_assert(gt(sz, s.rules.text_count, 10));
    for (size_t i = 0; i < s.rules.text_count; i++) {
        const struct gw_rule_text *text = &s.rules.texts[i];
        const char *in = section(&rules, text->section);
        const char *ids = strstr(in, "\nRule id");

        cr_expect(gt(sz, strlen(in), 0),
                  "mappings/common/rule-texts.csv: %s is of section \"%s\", which mappings/RULES.md lacks", text->id,
                  text->section);
        cr_expect(ids && strstr(ids, gw_arena_print(&s.arena, "`%s`", text->id)),
                  "mappings/RULES.md %s: name `%s` in the line \"Rule ids:\" at the section's end", text->section,
                  text->id);
        for (size_t other = 0; other < i; other++)
            cr_expect(strcmp(s.rules.texts[other].id, text->id) != 0, "%s stands there twice", text->id);
    }
    gw_text_release(&rules);
}

/* What derivations give stands in the table (lineage_check); what stands in the table is a reason that RULES.md gives.
 */
Test(lineage, has_a_sentence_for_no_reason_that_the_rules_do_not_name)
{
    struct gw_text rules = GW_TEXT_INIT(MOST_RULES_BYTES);
    struct gw_error err;

    cr_assert(gw_text_read_file(&rules, SOURCE_DIR "/mappings/RULES.md", &err) == GW_OK, "%s", err.text);
    cr_assert(gt(sz, s.rules.reason_count, 30));
    for (size_t i = 0; i < s.rules.reason_count; i++) {
        const char *reason = s.rules.reasons[i].reason;

        cr_expect(strstr(section(&rules, "13 Derived parameters"), reason) ||
                      strstr(section(&rules, "14 Exposure and cycles"), reason),
                  "mappings/RULES.md 13 and 14 do not name the reason %s", reason);
        expect_text(reason, gw_rules_reason(&s.rules, reason), s.rules.reasons[i].sentence);
    }
    cr_expect(eq(ptr, (void *)gw_rules_reason(&s.rules, "NO_SUCH"), NULL));
    gw_text_release(&rules);
}

/* And the reverse: what RULES.md calls a rule id is in the table. */
Test(lineage, has_in_the_table_every_rule_id_that_the_rules_name)
{
    struct gw_text rules = GW_TEXT_INIT(MOST_RULES_BYTES);
    struct gw_error err;
    size_t seen = 0;

    cr_assert(gw_text_read_file(&rules, SOURCE_DIR "/mappings/RULES.md", &err) == GW_OK, "%s", err.text);
    for (char *at = strstr(rules.at, "\nRule id"); at; at = strstr(at + 1, "\nRule id")) {
        char *end = strchrnul(at + 1, '\n');

        for (char *id = strchr(at, '`'); id && id < end; id = strchr(id + 1, '`')) {
            char *close = strchr(id + 1, '`');
            const char *name = gw_arena_copy(&s.arena, id + 1, (size_t)(close - id - 1));
            size_t i = 0;

            while (i < s.rules.text_count && !gw_same(s.rules.texts[i].id, name))
                i++;
            cr_expect(i < s.rules.text_count, "`%s` is not in mappings/common/rule-texts.csv", name);
            seen++;
            id = close;
        }
    }
    cr_expect(eq(sz, seen, s.rules.text_count));
    gw_text_release(&rules);
}
