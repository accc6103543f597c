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
