/*
 * The data dictionary of a REDCap project: 18 columns, a field for each column of each table, names that are unique.
 */
#include <criterion/criterion.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/core/csv.h"
#include "gateway/sinks/redcap.h"
#include "gateway/study/rows.h"
#include "support/scratch.h"

static char *print_dictionary(void)
{
    struct gw_error failure;
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);

    cr_assert(gw_redcap_dictionary(out, &failure) == GW_OK, "%s", failure.text);
    fclose(out);
    return text;
}

static void load_dictionary(struct gw_arena *arena, struct gw_csv *out)
{
    struct scratch scratch;
    struct gw_error failure;
    char *text = print_dictionary();

    scratch_init(&scratch);
    cr_assert(gw_csv_load(arena, scratch_write(&scratch, "d.csv", text), 1 << 20, out, &failure) == GW_OK, "%s",
              failure.text);
    scratch_release(&scratch);
    free(text);
}

Test(redcap_dictionary, says_what_each_kind_of_column_becomes)
{
    static const char *const lines[] = {
        "subject_key,casement,,text,subject,,,,,,,,,,,,,USUBJID\n",
        "casement_revision,casement,,text,revision,,Where the subject stands. Leave it as it is.,integer,,,,,,,,,,\n",
        "observations_value_num,observations,,text,value num,,,number,,,,,,,,,,LBSTRESN\n",
        "observations_grade,observations,,text,grade,,,integer,,,,,,,,,,LBTOXGR\n",
        "observations_effective_start,observations,,text,effective start,,,,,,,,,,,,,LBDTC\n",
        "ae_episodes_serious,ae_episodes,,dropdown,serious,\"Y, Y | NI, no information\",,,,,,,,,,,,AESER\n",
        "windows_contact_kind,windows,,dropdown,contact kind,\"encounter, encounter | inferred, inferred | NI, no "
        "information\",,,,,,,,,,,,\n",
        "derived_inputs,derived,,notes,inputs,,,,,,,,,,,,,\n",
        "exceptions_blocks,exceptions,,text,blocks,,,,,,,,,,,,,\n", /* one of its values is "-", which is no code */
        "derived_written,derived,,text,written,,Digest of the row as the gateway wrote it. Leave it as it "
        "is.,,,,,,,,,,,\n",
    };
    char *text = print_dictionary();

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const char *at = strstr(text, lines[i]);

        cr_expect(at && at[-1] == '\n', "%s", lines[i]);
    }
    free(text);
}

Test(redcap_dictionary, has_eighteen_columns_and_a_field_for_each_column_of_each_table)
{
    struct gw_arena arena = GW_ARENA_INIT(16 << 20);
    struct gw_csv csv;
    size_t wanted = 5;

    for (int t = 0; t < GW_TABLE_COUNT; t++)
        wanted += gw_table_of((enum gw_table_id)t)->column_count; /* subject_key is the record; the digest is more */
    load_dictionary(&arena, &csv);
    cr_expect(csv.columns == 18, "%zu", csv.columns);
    cr_expect(csv.count == wanted, "%zu of %zu", csv.count, wanted);
    cr_expect_str_eq(csv.header[0], "Variable / Field Name");
    cr_expect_str_eq(csv.header[17], "Field Annotation");
    cr_expect_str_eq(csv.records[0].fields[0], "subject_key", "the first field is the record's name");
    gw_arena_release(&arena);
}

/* REDCap: lower case letters, digits and underscores, a letter first, each name once; fields of a form together. */
Test(redcap_dictionary, has_names_that_redcap_takes)
{
    struct gw_arena arena = GW_ARENA_INIT(16 << 20);
    struct gw_csv csv;
    size_t forms = 1;

    load_dictionary(&arena, &csv);
    for (size_t i = 0; i < csv.count; i++) {
        const char *name = csv.records[i].fields[0];

        cr_expect(islower((unsigned char)*name) && strlen(name) <= 100, "%s", name);
        cr_expect(name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0', "%s", name);
        for (size_t k = 0; k < i; k++)
            cr_expect(strcmp(csv.records[k].fields[0], name) != 0, "%s twice", name);
        forms += i > 0 && strcmp(csv.records[i].fields[1], csv.records[i - 1].fields[1]) != 0;
    }
    cr_expect(forms == GW_TABLE_COUNT + 1, "%zu", forms);
    gw_arena_release(&arena);
}

Test(redcap_dictionary, is_the_same_each_time)
{
    char *one = print_dictionary(), *two = print_dictionary();

    cr_expect_str_eq(one, two);
    free(one);
    free(two);
}
