/*
 * The JSON door against every file of nst/JSONTestSuite, read in place; each must have been judged.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <dirent.h>
#include <stdio.h>

#include "support/door.h"

#define SUITE SOURCE_DIR "/../shared/data/json-test-suite/test_parsing"

static const char *const policy[] = {
    "y_object_duplicated_key.json",           /* duplicate names */
    "y_object_duplicated_key_and_value.json", /* duplicate names */
    "y_object_escaped_null_in_key.json",      /* U+0000 */
    "y_string_null_escape.json",              /* U+0000 */
};

/* What the RFC leaves open: numbers of any size are text and pass, halves of characters and deep nesting do not. */
static const struct {
    const char *name;
    bool passes;
} open_cases[] = {
    {"i_number_double_huge_neg_exp.json", true},
    {"i_number_huge_exp.json", true},
    {"i_number_neg_int_huge_exp.json", true},
    {"i_number_pos_double_huge_exp.json", true},
    {"i_number_real_neg_overflow.json", true},
    {"i_number_real_pos_overflow.json", true},
    {"i_number_real_underflow.json", true},
    {"i_number_too_big_neg_int.json", true},
    {"i_number_too_big_pos_int.json", true},
    {"i_number_very_big_negative_int.json", true},
    {"i_object_key_lone_2nd_surrogate.json", false},
    {"i_string_1st_surrogate_but_2nd_missing.json", false},
    {"i_string_1st_valid_surrogate_2nd_invalid.json", false},
    {"i_string_UTF-16LE_with_BOM.json", false},
    {"i_string_UTF-8_invalid_sequence.json", false},
    {"i_string_UTF8_surrogate_U+D800.json", false},
    {"i_string_incomplete_surrogate_and_escape_valid.json", false},
    {"i_string_incomplete_surrogate_pair.json", false},
    {"i_string_incomplete_surrogates_escape_valid.json", false},
    {"i_string_invalid_lonely_surrogate.json", false},
    {"i_string_invalid_surrogate.json", false},
    {"i_string_invalid_utf-8.json", false},
    {"i_string_inverted_surrogates_U+1D11E.json", false},
    {"i_string_iso_latin_1.json", false},
    {"i_string_lone_second_surrogate.json", false},
    {"i_string_lone_utf8_continuation_byte.json", false},
    {"i_string_not_in_unicode_range.json", false},
    {"i_string_overlong_sequence_2_bytes.json", false},
    {"i_string_overlong_sequence_6_bytes.json", false},
    {"i_string_overlong_sequence_6_bytes_null.json", false},
    {"i_string_truncated-utf-8.json", false},
    {"i_string_utf16BE_no_BOM.json", false},
    {"i_string_utf16LE_no_BOM.json", false},
    {"i_structure_500_nested_arrays.json", false},
    {"i_structure_UTF-8_BOM_empty_object.json", true},
};

/* 1: must pass, 0: must not, -1: a file nobody judged. */
static int verdict(const char *name)
{
    for (size_t i = 0; i < COUNT(policy); i++)
        if (gw_same(name, policy[i]))
            return 0;
    for (size_t i = 0; i < COUNT(open_cases); i++)
        if (gw_same(name, open_cases[i].name))
            return open_cases[i].passes;
    return name[0] == 'y' ? 1 : name[0] == 'n' ? 0 : -1;
}

static void judge(const char *name)
{
    struct gw_text text = GW_TEXT_INIT(1 << 22);
    struct gw_error err = {0};
    struct door d;
    char path[500];

    snprintf(path, sizeof path, "%s/%s", SUITE, name);
    cr_assert(eq(int, gw_text_read_file(&text, path, &err), GW_OK), "%s", err.text);
    const enum gw_status rc = door_parse(&d, text.at, text.length);
    cr_expect(eq(int, rc == GW_OK, verdict(name)), "%s: %s", name, d.err.text);
    cr_expect(rc == GW_OK || rc == GW_EINPUT, "%s: %s", name, d.err.text);
    gw_arena_release(&d.arena);
    gw_text_release(&text);
}

Test(json_suite, is_judged_as_written_here)
{
    DIR *folder = opendir(SUITE);
    size_t files_of[128] = {0};

    if (!folder)
        cr_skip("the suite is not here");
    for (const struct dirent *entry; (entry = readdir(folder));) {
        if (entry->d_name[0] == '.')
            continue;
        judge(entry->d_name);
        files_of[(unsigned char)entry->d_name[0] & 127]++;
    }
    closedir(folder);
    cr_expect(eq(sz, files_of['y'], 95));
    cr_expect(eq(sz, files_of['n'], 188));
    cr_expect(eq(sz, files_of['i'], COUNT(open_cases)));
}
