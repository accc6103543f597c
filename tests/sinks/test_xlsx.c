/*
 * The workbook of listings, unpacked.
 */
#if GATEWAY_XLSX

#include "sinks/export_desk.h"
#include "support/program.h"

/* Every part of the workbook, one behind the other. In the desk's arena. */
static const char *unpack(struct desk *desk, const char *dir)
{
    static const char script[] = "import sys, zipfile\n"
                                 "book = zipfile.ZipFile('listings.xlsx')\n"
                                 "for name in book.namelist():\n"
                                 "    sys.stdout.write('\\n== ' + name + '\\n' + book.read(name).decode())\n";
    struct program run;

    program_run(&run, dir, (const char *[]){"/usr/bin/python3", "-c", script, NULL});
    cr_assert(run.code == 0, "%s", run.err);
    const char *text = gw_arena_copy(&desk->arena, run.out, strlen(run.out));
    program_release(&run);
    return text;
}

Test(xlsx, has_a_sheet_for_each_domain)
{
    struct desk desk;

    export_desk_init(&desk);
    const char *text = unpack(&desk, export_to(&desk, "xlsx", "out"));
    for (int d = 0; d < SDTM_DOMAINS; d++) {
        const char *sheet =
            gw_arena_print(&desk.arena, "<sheet name=\"%s\" sheetId=\"%d\"", sdtm_domains()[d].name, d + 1);
        cr_expect(strstr(text, sheet) != NULL, "%s", sheet);
    }
    cr_expect(strstr(text, "2024-12-31T10:00:00Z</dcterms:created>") != NULL);
    desk_release(&desk);
}

Test(xlsx, writes_texts_as_texts_and_numbers_as_numbers)
{
    struct desk desk;

    export_desk_init(&desk);
    const char *text = unpack(&desk, export_to(&desk, "xlsx", "out"));
    cr_expect(strstr(text, "t=\"inlineStr\"><is><t>=axilla()</t>") != NULL, "no text that begins with =");
    cr_expect(strstr(text, "<f>") == NULL, "a formula");
    cr_expect(strstr(text, "<v>1.2</v>") != NULL, "no number");
    cr_expect(strstr(text, "<is><t>1.200</t></is>") != NULL, "the exact digits stand beside it");
    cr_expect(strstr(text, CANARY) == NULL);
    desk_release(&desk);
}

/* ---- more rows than a sheet holds ---- */

enum { A_SHEET = 1048576, A_SUBJECT = 1000, BEYOND = 2, VALUES = A_SHEET - 1 + BEYOND }; /* a row of names each */

/* Subjects are delivered one after the other: each in memory of its own. */
static void deliver_values(struct desk *desk)
{
    struct gw_arena kept = desk->arena;

    DESK_OK(desk, desk->sink->begin(desk->sink, &desk->err));
    for (int made = 0; made < VALUES; made += A_SUBJECT) {
        struct gw_rows none = {0}, rows = {0};

        desk->arena = (struct gw_arena)GW_ARENA_INIT((size_t)1 << 28);
        const char *key = gw_arena_print(&desk->arena, "ES-%07d", made);
        for (int n = 0; n < A_SUBJECT && made + n < VALUES; n++) {
            struct gw_row_observations *row =
                export_value(desk, &rows, gw_arena_print(&desk->arena, "o%d", n), "T30-01", "ANC");
            row->subject_key = key;
            row->value_num = "1.2";
        }
        desk_apply(desk, key, &none, &rows, 0);
        gw_arena_release(&desk->arena);
    }
    desk->arena = kept;
    DESK_OK(desk, desk->sink->commit(desk->sink, &desk->err));
}

Test(xlsx, goes_on_on_a_further_sheet_behind_the_last_row)
{
    static const char count[] =
        "import re, zipfile\n"
        "book = zipfile.ZipFile('listings.xlsx')\n"
        "names = re.findall('<sheet name=\"([^\"]*)\"', book.read('xl/workbook.xml').decode())\n"
        "for i, name in enumerate(names):\n"
        "    if name[:2] == 'LB':\n"
        "        sheet = book.open('xl/worksheets/sheet%d.xml' % (i + 1))\n"
        "        rows, end = 0, b''\n"
        "        while part := sheet.read(1 << 20):\n"
        "            part = end + part\n"
        "            rows += part.count(b'<row ')\n"
        "            end = part[-4:]\n"
        "        print(name, rows)\n";
    struct desk desk;
    struct program run;

    if (!getenv("GATEWAY_TEST_LONG"))
        cr_skip_test("a million rows: scripts/test --long");
    desk_init(&desk);
    deliver_values(&desk);
    desk_close(&desk);
    program_run(&run, export_to(&desk, "xlsx", "out"), (const char *[]){"/usr/bin/python3", "-c", count, NULL});
    cr_expect(strcmp(run.out, "LB 1048576\nLB (2) 3\n") == 0, "%s%s", run.out, run.err);
    program_release(&run);
    desk_release(&desk);
}

Test(xlsx, keeps_its_promises)
{
    struct desk desk;

    export_desk_init(&desk);
    export_expect_promises(&desk, "xlsx");
    desk_release(&desk);
}

#else

#include <criterion/criterion.h>

Test(xlsx, is_not_in_this_build)
{
    cr_skip_test("built with GATEWAY_XLSX=OFF");
}

#endif
