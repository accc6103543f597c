/*
 * The clinical tables as they are, and what their loader refuses.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>

#include "gateway/core/csv.h"
#include "gateway/core/text.h"
#include "gateway/study/tables.h"
#include "study/tables_parts.h"

static struct gw_arena arena = GW_ARENA_INIT((size_t)64 << 20);
static const struct gw_tables *tables;

static void load(void)
{
    struct gw_error err = {.status = GW_OK};

    cr_assert(eq(int, gw_tables_load(&arena, SOURCE_DIR "/mappings/common", "000", "CTCAE 5.0", &tables, &err), GW_OK),
              "%s", err.text);
}

static void release(void)
{
    gw_arena_release(&arena);
}

TestSuite(tables, .init = load, .fini = release);

Test(tables, keep_every_laboratory_row)
{
    const struct gw_lab *rows;

    cr_expect(eq(sz, gw_tables_labs(tables, &rows), 156));
    cr_expect(gw_same(rows[0].loinc, "751-8"));
    cr_expect(gw_same(rows[0].concept, "ANC"));
}

Test(tables, find_a_laboratory_row_by_its_code_alone)
{
    const struct gw_lab *lab = gw_tables_lab(tables, "718-7");

    cr_assert(lab != NULL);
    cr_expect(gw_same(lab->concept, "HGB"));
    cr_expect(gw_same(lab->unit, "g/L"));
    cr_expect(lab->group == GW_LAB_G30_G90);
    cr_expect(lab->verified);
    cr_expect(gw_tables_lab(tables, "718-8") == NULL);
    cr_expect(gw_tables_lab(tables, "") == NULL);
    cr_expect(gw_tables_lab(tables, NULL) == NULL);
}

Test(tables, find_every_row_of_the_file_again)
{
    const struct gw_lab *rows;
    const size_t count = gw_tables_labs(tables, &rows);

    cr_assert(gt(sz, count, 100));
    for (size_t i = 0; i < count; i++)
        cr_expect(gw_tables_lab(tables, rows[i].loinc) == &rows[i], "%s", rows[i].loinc);
}

Test(tables, leave_a_qualitative_row_without_unit)
{
    cr_expect(gw_tables_lab(tables, "25700-6")->unit == NULL);
    cr_expect(gw_tables_lab(tables, "85354-9")->testcd == NULL);
}

Test(tables, keep_the_grade_rows_a_value_alone_can_use)
{
    const struct gw_grade_row *rows;
    const size_t count = gw_tables_grades(tables, &rows);
    size_t machine = 0;

    for (size_t i = 0; i < count; i++) {
        machine += rows[i].machine;
        cr_expect(rows[i].machine || strcmp(rows[i].concept, "CRCL") == 0, "%s", rows[i].concept);
    }
    /* of 164 rows of CTCAE 5.0: 2 are clinical or composite, 6 need the medication; 4 of the rest are marked N */
    cr_expect(eq(sz, count, 156));
    cr_expect(eq(sz, machine, 152));
}

Test(tables, keep_the_grade_rows_of_a_concept_together)
{
    const struct gw_grade_row *all, *rows;
    const size_t total = gw_tables_grades(tables, &all);
    size_t seen = 0;

    cr_expect(eq(sz, gw_tables_grades_of(tables, "ANC", &rows), 4));
    cr_expect(eq(sz, gw_tables_grades_of(tables, "HGB", &rows), 9));
    cr_expect(eq(sz, gw_tables_grades_of(tables, "MG", &rows), 14));
    cr_expect(eq(sz, gw_tables_grades_of(tables, "NOTHING", &rows), 0));
    for (size_t i = 0; i < total; i += gw_tables_grades_of(tables, all[i].concept, &rows))
        seen += gw_tables_grades_of(tables, all[i].concept, &rows);
    cr_expect(eq(sz, seen, total));
    cr_expect(gw_same(all[0].concept, "ANC"));
    cr_expect(eq(int, all[0].grade, 1)); /* file order */
    cr_expect(gw_same(all[4].concept, "PLT"));
}

Test(tables, read_another_version_of_the_scale_alone)
{
    const struct gw_tables *six;
    const struct gw_grade_row *rows;

    cr_assert(eq(int, gw_tables_load(&arena, SOURCE_DIR "/mappings/common", "000", "CTCAE 6.0", &six, NULL), GW_OK));
    cr_expect(eq(sz, gw_tables_grades(six, &rows), 4));
    cr_expect(gw_same(rows[0].scale, "CTCAE 6.0"));
}

Test(tables, refuse_a_scale_without_rows)
{
    const struct gw_tables *none = NULL;
    struct gw_error err = {.status = GW_OK};

    cr_expect(
        eq(int, gw_tables_load(&arena, SOURCE_DIR "/mappings/common", "000", "CTCAE 4.0", &none, &err), GW_ECONFIG));
    cr_expect(none == NULL);
    cr_expect(strstr(err.text, "CTCAE 4.0") != NULL, "%s", err.text);
}

Test(tables, refuse_a_folder_without_tables)
{
    const struct gw_tables *none = NULL;
    struct gw_error err = {.status = GW_OK};

    cr_expect(
        eq(int, gw_tables_load(&arena, SOURCE_DIR "/mappings/nowhere", "000", "CTCAE 5.0", &none, &err), GW_ECONFIG));
    cr_expect(strstr(err.text, "loinc-labs.csv") != NULL, "%s", err.text);
}

static const struct {
    const char *code;
    bool right;
} digits[] = {
    {"751-8", true},    {"2106-3", true},   {"104544-2", true}, {"3150-0", true}, {"3150-6", false},
    {"48066-9", false}, {"32730-5", false}, {"3149-8", false},  {"751-", false},  {"-8", false},
    {"751", false},     {"751-88", false},  {"75a-8", false},   {"", false},      {"LA6576-8", false},
};

Test(tables, check_the_digit_of_a_loinc_code)
{
    for (size_t i = 0; i < sizeof digits / sizeof digits[0]; i++)
        cr_expect(eq(int, loinc_check_digit(digits[i].code), digits[i].right), "%s", digits[i].code);
}

static const struct {
    const char *text;
    const char *code; /* NULL: no alias */
} spellings[] = {
    {"K/uL", "10*3/uL"},
    {"  K/uL\t", "10*3/uL"},
    {"G/L", "10*9/L"},
    {"x10E9/L", "10*9/L"},
    {"mL/min/1.73m2", "mL/min/{1.73_m2}"},
    {"°F", "[degF]"},
    {"UI/L", "[IU]/L"},
    {"k/ul", NULL}, /* exact text: case counts */
    {"x10E3", NULL},
    {"", NULL},
};

Test(tables, know_the_spellings_of_units)
{
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
        const char *got = gw_tables_unit_alias(tables, spellings[i].text);

        cr_expect(gw_same(got, spellings[i].code), "\"%s\" gives %s", spellings[i].text, got ? got : "none");
    }
    cr_expect(gw_tables_unit_alias(tables, NULL) == NULL);
}

static const struct {
    const char *text;
    const char *value; /* in the unit */
    const char *canonical;
    const char *shown;
} factors[] = {
    {"a=1", "1200", "1200", ""},
    {"a=1/1000", "1200", "1.2", "x 1/1000"},
    {"a=25/36", "36", "25", "x 25/36"},
    {"a=88.4", "2", "176.8", "x 88.4"},
    {"a=affine:x-273.15", "310.15", "37", "x - 273.15"},
    {"a=affine:(x-32)*5/9", "212", "100", "(x - 32) * 5/9"},
    {"a=affine:(x+1)*2", "4", "10", "(x + 1) * 2"},
    {"a=affine:x+2.5", "4", "6.5", "x + 2.5"},
    {"a", NULL, NULL, NULL},
    {"=1", NULL, NULL, NULL},
    {"a=", NULL, NULL, NULL},
    {"a=0", NULL, NULL, NULL},
    {"a=-1", NULL, NULL, NULL},
    {"a=1/0", NULL, NULL, NULL},
    {"a=1|a=2", NULL, NULL, NULL},
    {"a=affine:32", NULL, NULL, NULL},
    {"a=affine:(x-32", NULL, NULL, NULL},
    {"a=affine:(x*32)*5", NULL, NULL, NULL},
    {"a=affine:x", NULL, NULL, NULL},
    {"a=affine:(y-32)*5", NULL, NULL, NULL},
    {"a=affine:(x-32)/5", NULL, NULL, NULL},
    {"a=affine:(x-32)*five", NULL, NULL, NULL},
    {"a=1||b=1", NULL, NULL, NULL},
};

Test(tables, read_unit_factors_exactly)
{
    for (size_t i = 0; i < sizeof factors / sizeof factors[0]; i++) {
        struct gw_unit_factor *list = NULL;
        const char *reason = NULL;
        size_t count = 0;
        const bool read = factors_read(&arena, factors[i].text, &list, &count, &reason);
        struct gw_ratio value, wanted;

        cr_expect(eq(int, read, factors[i].value != NULL), "%s", factors[i].text);
        if (!read) {
            cr_expect(reason && *reason, "%s", factors[i].text);
            continue;
        }
        cr_assert(eq(int, gw_ratio_parse(&arena, factors[i].value, &value, NULL), GW_OK));
        cr_assert(eq(int, gw_ratio_parse(&arena, factors[i].canonical, &wanted, NULL), GW_OK));
        cr_assert(gw_ratio_multiply(&arena, &value, &list[0].scale, &value));
        cr_assert(gw_ratio_add(&arena, &value, &list[0].offset, &value));
        cr_expect(eq(int, gw_ratio_compare(&arena, &value, &wanted), 0), "%s", factors[i].text);
        cr_expect(gw_same(list[0].shown, factors[i].shown), "%s", factors[i].text);
    }
}

/* Numbers of many digits ask for memory of their own: the limit rises until there is enough. */
Test(tables, read_unit_factors_wholly_or_not_at_all)
{
    static const char text[] = "a=affine:(x-12345678901234567890.5)*12345678901234567891/7|b=2";
    struct gw_unit_factor *list = NULL;
    size_t count = 0, limit = 0;
    bool read = false;

    for (; !read && limit < 8192; limit += 4) {
        struct gw_arena small = GW_ARENA_INIT(limit);
        const char *reason = NULL;

        read = factors_read(&small, text, &list, &count, &reason);
        cr_expect(eq(sz, count, read ? 2 : 0), "with %zu bytes", limit);
        cr_expect(read || strlen(reason) > 0, "with %zu bytes", limit);
        gw_arena_release(&small);
    }
    cr_expect(read);
    cr_expect(gt(sz, limit, 100));
}

Test(tables, give_back_the_arena_they_could_not_fill)
{
    for (size_t limit = 0; limit < 400000; limit = limit * 2 + 1000) {
        struct gw_arena small = GW_ARENA_INIT(limit);
        const struct gw_tables *none = NULL;
        struct gw_error err = {.status = GW_OK};

        cr_expect(
            eq(int, gw_tables_load(&small, SOURCE_DIR "/mappings/common", "000", "CTCAE 5.0", &none, &err), GW_ENOMEM),
            "with %zu bytes: %s", limit, err.text);
        cr_expect(none == NULL);
        gw_arena_release(&small);
    }
}
