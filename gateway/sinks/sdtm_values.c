/*
 * Values of SDTM variables that a study column does not have as they stand.
 *
 * Source: SDTMIG 3.4 and CDISC's controlled terminology for the words; what it has no word for stays in our own.
 */
#include "sinks/sdtm_values.h"

#include <ctype.h>
#include <string.h>

#include "gateway/core/decimal.h"
#include "gateway/study/windows.h"

static const struct sdtm_test tests[] = {
#define TEST(concept, domain, code, name, category) {concept, domain, code, name, category},
#include "sinks/sdtm_tests.def"
#undef TEST
};

const struct sdtm_test *sdtm_test_of(const char *concept)
{
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        if (gw_same(tests[i].concept, concept))
            return &tests[i];
    return NULL;
}

/* ---- words ---- */

struct word {
    const char *ours, *theirs;
};

static const char *word_of(const struct word *words, size_t count, const char *ours)
{
    for (size_t i = 0; i < count; i++)
        if (gw_same(words[i].ours, ours))
            return words[i].theirs;
    return NULL;
}

#define WORD_OF(words, ours) word_of(words, sizeof(words) / sizeof *(words), ours)

static const char *print_number(struct sdtm_subject *subject, int number)
{
    const char *text = gw_arena_print(&subject->reading->arena, "%d", number);

    subject->failed |= !text;
    return text;
}

const char *value_upper(struct sdtm_subject *subject, const struct sdtm_line *line, const char *cell)
{
    char *upper = cell ? gw_arena_copy(&subject->reading->arena, cell, strlen(cell)) : NULL;

    (void)line;
    subject->failed |= cell && !upper;
    for (char *p = upper; p && *p; p++)
        *p = (char)toupper((unsigned char)*p);
    return upper;
}

const char *value_domain(struct sdtm_subject *subject, const struct sdtm_line *line, const char *cell)
{
    (void)line, (void)cell;
    return subject->domain->code;
}

const char *value_standing(struct sdtm_subject *subject, const struct sdtm_line *line, const char *cell)
{
    (void)subject, (void)line;
    return gw_same(cell, "provisional") ? "PROVISIONAL" : NULL;
}

const char *value_yes(struct sdtm_subject *subject, const struct sdtm_line *line, const char *cell)
{
    (void)subject, (void)line;
    return cell ? "Y" : NULL;
}

const char *value_always(struct sdtm_subject *subject, const struct sdtm_line *line, const char *cell)
{
    (void)subject, (void)line, (void)cell;
    return "Y";
}

const char *value_years(struct sdtm_subject *subject, const struct sdtm_line *line, const char *cell)
{
    (void)subject, (void)line;
    return cell ? "YEARS" : NULL;
}

const char *value_sex(struct sdtm_subject *subject, const struct sdtm_line *line, const char *cell)
{
    static const struct word words[] = {{"male", "M"}, {"female", "F"}, {"other", "U"}, {"unknown", "U"}};

    (void)subject, (void)line;
    return WORD_OF(words, cell);
}

const char *value_occurred(struct sdtm_subject *subject, const struct sdtm_line *line, const char *cell)
{
    (void)subject, (void)line;
    return gw_same(cell, "collected") ? "Y" : "N";
}

const char *value_mood(struct sdtm_subject *subject, const struct sdtm_line *line, const char *cell)
{
    (void)subject, (void)line;
    return gw_same(cell, "intended") ? "SCHEDULED" : "PERFORMED";
}

const char *value_first_dose(struct sdtm_subject *subject, const struct sdtm_line *line, const char *cell)
{
    (void)subject, (void)line;
    return cell ? "FIRST DOSE" : NULL;
}

const char *value_ongoing(struct sdtm_subject *subject, const struct sdtm_line *line, const char *cell)
{
    (void)subject, (void)line;
    return cell ? "ONGOING" : NULL;
}

const char *value_not_done(struct sdtm_subject *subject, const struct sdtm_line *line, const char *cell)
{
    (void)subject, (void)line;
    return gw_same(cell, "not_assessable") ? "NOT DONE" : NULL;
}

const char *value_grade_code(struct sdtm_subject *subject, const struct sdtm_line *line, const char *cell)
{
    (void)subject, (void)line, (void)cell;
    return "GRADE";
}

const char *value_grade_name(struct sdtm_subject *subject, const struct sdtm_line *line, const char *cell)
{
    (void)subject, (void)line, (void)cell;
    return "Toxicity Grade";
}

/* CDISC has no word for a cycle that begins later. */
const char *value_action(struct sdtm_subject *subject, const struct sdtm_line *line, const char *cell)
{
    static const struct word words[] = {{"none", "DOSE NOT CHANGED"},
                                        {"reduced", "DOSE REDUCED"},
                                        {"interrupted", "DRUG INTERRUPTED"},
                                        {"withdrawn", "DRUG WITHDRAWN"}};
    const char *theirs = WORD_OF(words, cell);

    return theirs ? theirs : value_upper(subject, line, cell);
}

const char *value_outcome(struct sdtm_subject *subject, const struct sdtm_line *line, const char *cell)
{
    static const struct word words[] = {{"recovered", "RECOVERED/RESOLVED"},
                                        {"recovering", "RECOVERING/RESOLVING"},
                                        {"not recovered", "NOT RECOVERED/NOT RESOLVED"},
                                        {"sequelae", "RECOVERED/RESOLVED WITH SEQUELAE"}};
    const char *theirs = WORD_OF(words, cell);

    return theirs ? theirs : value_upper(subject, line, cell);
}

/* ---- days ---- */

const char *value_day_of_elapsed(struct sdtm_subject *subject, const struct sdtm_line *line, const char *cell)
{
    const struct gw_row_windows *window = (const struct gw_row_windows *)line->row;

    return cell ? print_number(subject, window->target_elapsed + (window->target_elapsed >= 0)) : NULL;
}

/* The day a date names, as the source wrote it; GW_NO_DAY when it is a month or a year. */
static gw_day day_of(const char *date)
{
    char day_text[sizeof "2024-12-31"];
    gw_day day;

    if (!date || strlen(date) < sizeof day_text - 1)
        return GW_NO_DAY;
    memcpy(day_text, date, sizeof day_text - 1);
    day_text[sizeof day_text - 1] = '\0';
    return gw_day_parse(day_text, &day) ? day : GW_NO_DAY;
}

const char *value_study_day(struct sdtm_subject *subject, const struct sdtm_line *line, const char *cell)
{
    const gw_day day = day_of(cell);

    (void)line;
    return day == GW_NO_DAY || subject->d1 == GW_NO_DAY ? NULL : print_number(subject, gw_study_day(subject->d1, day));
}

/* ---- findings ---- */

static const struct gw_row_observations *observation_of(const struct sdtm_line *line)
{
    return line->table == GW_TABLE_observations ? (const struct gw_row_observations *)line->row : NULL;
}

static const struct gw_row_derived *derived_of(const struct sdtm_line *line)
{
    return line->table == GW_TABLE_derived ? (const struct gw_row_derived *)line->row : NULL;
}

static const char *concept_of(const struct sdtm_line *line)
{
    const struct gw_row_derived *derived = derived_of(line);

    return derived ? derived->param : observation_of(line)->concept;
}

/* A concept that the list does not have keeps its own name. */
const char *value_test_code(struct sdtm_subject *subject, const struct sdtm_line *line, const char *cell)
{
    const struct sdtm_test *test = sdtm_test_of(concept_of(line));

    (void)subject, (void)cell;
    return test ? test->code : concept_of(line);
}

const char *value_test_name(struct sdtm_subject *subject, const struct sdtm_line *line, const char *cell)
{
    const struct sdtm_test *test = sdtm_test_of(concept_of(line));

    (void)subject, (void)cell;
    return test ? test->name : concept_of(line);
}

const char *value_test_category(struct sdtm_subject *subject, const struct sdtm_line *line, const char *cell)
{
    const struct sdtm_test *test = sdtm_test_of(concept_of(line));

    (void)subject, (void)cell;
    return test ? test->category : NULL;
}

/* "<0.1", "1.2" */
static const char *compared(struct sdtm_subject *subject, const char *comparator, const char *number)
{
    const char *text = comparator ? gw_arena_print(&subject->reading->arena, "%s%s", comparator, number) : number;

    subject->failed |= !text;
    return text;
}

/* What a laboratory typed instead of a number may hold anything: only numbers are passed on. */
static bool is_number(struct sdtm_subject *subject, const char *text)
{
    struct gw_decimal decimal;

    return text && gw_decimal_parse(&subject->reading->arena, text, strlen(text), &decimal, NULL) == GW_OK;
}

const char *value_original(struct sdtm_subject *subject, const struct sdtm_line *line, const char *cell)
{
    const struct gw_row_observations *row = observation_of(line);

    if (!row)
        return NULL;
    return is_number(subject, cell) ? compared(subject, row->comparator, cell) : row->value_text;
}

const char *value_standard(struct sdtm_subject *subject, const struct sdtm_line *line, const char *cell)
{
    const struct gw_row_observations *row = observation_of(line);

    if (!row)
        return derived_of(line)->text;
    return cell ? compared(subject, row->comparator, cell) : row->value_text;
}

const char *value_number(struct sdtm_subject *subject, const struct sdtm_line *line, const char *cell)
{
    const struct gw_row_observations *row = observation_of(line);

    (void)subject;
    return row && !row->comparator ? cell : NULL;
}

const char *value_baseline(struct sdtm_subject *subject, const struct sdtm_line *line, const char *cell)
{
    const struct gw_row_observations *row = observation_of(line);

    (void)subject, (void)cell;
    return row && row->anl01 && gw_same(row->window_id, "BASELINE") ? "Y" : NULL;
}

const char *value_derived(struct sdtm_subject *subject, const struct sdtm_line *line, const char *cell)
{
    const struct gw_row_observations *row = observation_of(line);

    (void)subject, (void)cell;
    return !row || row->derived_flag ? "Y" : NULL;
}

const char *value_assessment_day(struct sdtm_subject *subject, const struct sdtm_line *line, const char *cell)
{
    const struct gw_row_derived *derived = derived_of(line);

    return derived ? value_study_day(subject, line, derived->date) : cell;
}

/* ---- relations ---- */

const char *value_related_domain(struct sdtm_subject *subject, const struct sdtm_line *line, const char *cell)
{
    (void)subject, (void)cell;
    return line->relation.domain;
}

const char *value_related_variable(struct sdtm_subject *subject, const struct sdtm_line *line, const char *cell)
{
    (void)subject, (void)cell;
    return line->relation.variable;
}

const char *value_related_value(struct sdtm_subject *subject, const struct sdtm_line *line, const char *cell)
{
    (void)subject, (void)cell;
    return line->relation.value;
}

const char *value_relation(struct sdtm_subject *subject, const struct sdtm_line *line, const char *cell)
{
    (void)subject, (void)cell;
    return line->relation.id;
}
