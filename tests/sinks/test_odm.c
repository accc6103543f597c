/*
 * ODM-XML 1.3.2: what the file says, by the standard's own schema where it is at hand.
 */
#if GATEWAY_ODM

#include <unistd.h>

#include "sinks/export_desk.h"
#include "support/program.h"

#define SCHEMA SOURCE_DIR "/../shared/schemas/odm-1.3.2/ODM1-3-2.xsd"

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;

    for (const char *p = text; (p = strstr(p, part)); p += strlen(part))
        count++;
    return count;
}

Test(odm, defines_each_item_it_has_data_of)
{
    struct desk desk;
    size_t variables = 0;

    export_desk_init(&desk);
    const struct gw_slice text = export_read(&desk, export_to(&desk, "odm", "out"), "odm.xml");
    for (int d = 0; d < SDTM_DOMAINS; d++)
        for (size_t i = 0; i < sdtm_domains()[d].count; i++) {
            const struct sdtm_variable *variable = &sdtm_domains()[d].variables[i];
            const char *oid = gw_arena_print(&desk.arena, "OID=\"IT.%s.%s\"", sdtm_domains()[d].name, variable->name);
            const char *definition = gw_arena_print(&desk.arena, "<ItemDef %s ", oid);

            cr_expect(count_of(text.at, definition) == !variable->absent, "%s", oid);
            cr_expect(!variable->absent || !strstr(text.at, oid), "%s", oid);
            variables += !variable->absent;
        }
    cr_expect(count_of(text.at, "<ItemDef ") == variables && count_of(text.at, "<ItemRef ") == variables);
    cr_expect(count_of(text.at, "<SubjectData ") == 1);
    cr_expect(count_of(text.at, "ItemGroupOID=\"IG.LB\" ItemGroupRepeatKey") == 4);
    cr_expect(strstr(text.at, "<ItemData ItemOID=\"IT.LB.LBSTRESC\" Value=\"&lt;10\"/>") != NULL, "%s", text.at);
    cr_expect(strstr(text.at, "<ItemData ItemOID=\"IT.LB.LBSTRESN\" Value=\"1.200\"/>") != NULL);
    cr_expect(strstr(text.at, "CreationDateTime=\"2024-12-31T10:00:00Z\"") != NULL);
    desk_release(&desk);
}

static int validate(const char *dir, const char *file, char said[400])
{
    struct program run;

    program_run(&run, dir, (const char *[]){"/usr/bin/xmllint", "--nonet", "--noout", "--schema", SCHEMA, file, NULL});
    snprintf(said, 400, "%s", run.err);
    const int code = run.code;
    program_release(&run);
    return code;
}

/* What the schema must refuse, or it was not asked: what is taken out, and in place of what. */
static const char *const spoils[] = {
    "s/ FileOID=\"[^\"]*\"//",
    "s/<SubjectData SubjectKey=\"[^\"]*\"/<SubjectData/",
    "s/DataType=\"text\"/DataType=\"words\"/",
    "s/CreationDateTime=\"2024-12-31/CreationDateTime=\"2024-13-31/",
    "s/<ItemData /<Datum /; s/<\\/ItemData>/<\\/Datum>/",
};

static void spoil(const char *dir, const char *script)
{
    struct program run;
    char said[400];

    program_run(
        &run, dir,
        (const char *[]){"/bin/sh", "-c", "sed \"$0\" odm.xml >spoilt.xml; ! cmp -s odm.xml spoilt.xml", script, NULL});
    cr_expect(run.code == 0, "%s spoils nothing", script);
    program_release(&run);
    cr_expect(validate(dir, "spoilt.xml", said) != 0, "%s is not seen", script);
}

Test(odm, is_valid_by_the_schema_of_the_standard)
{
    struct desk desk;
    char said[400];

    if (access(SCHEMA, R_OK) != 0 || access("/usr/bin/xmllint", X_OK) != 0)
        cr_skip_test("the schema or xmllint is not at hand (" SCHEMA "): only our own checks are made");
    export_desk_init(&desk);
    const char *dir = export_to(&desk, "odm", "out");
    cr_expect(validate(dir, "odm.xml", said) == 0, "%s", said);
    for (size_t i = 0; i < sizeof spoils / sizeof *spoils; i++)
        spoil(dir, spoils[i]);
    desk_release(&desk);
}

Test(odm, escapes_what_a_text_may_hold_and_tells_what_xml_cannot)
{
    static const struct {
        const char *value, *written;
    } cases[] = {
        {"a<b>&\"c'", "Value=\"a&lt;b&gt;&amp;&quot;c'\""},
        {"Neumon\xc3\xad"
         "a",
         "Value=\"Neumon\xc3\xad"
         "a\""},
        {"]]><!ENTITY x SYSTEM \"file:///etc/passwd\">",
         "Value=\"]]&gt;&lt;!ENTITY x SYSTEM &quot;file:///etc/passwd&quot;&gt;\""},
        {"bell \a", NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct desk desk;
        struct gw_rows none = {0}, rows = {0};
        size_t unfit = 0;

        desk_init(&desk);
        struct gw_row_ae_episodes *row = export_row(&desk, &rows, GW_TABLE_ae_episodes, "a1");
        row->ae_id = "a1";
        row->term = cases[i].value;
        desk_apply(&desk, "ES-017", &none, &rows, 0);
        desk_close(&desk);
        const char *dir = export_dir(&desk, "out");
        DESK_OK(&desk, gw_export_folder(desk.path, "odm", dir, &unfit, &desk.err));
        const struct gw_slice text = export_read(&desk, dir, "odm.xml");
        cr_expect(unfit == !cases[i].written, "%s", cases[i].value);
        cr_expect(!cases[i].written || strstr(text.at, cases[i].written), "%s: %s", cases[i].value, text.at);
        cr_expect(cases[i].written || !strchr(text.at, '\a'));
        desk_release(&desk);
    }
}

Test(odm, keeps_its_promises)
{
    struct desk desk;

    export_desk_init(&desk);
    export_expect_promises(&desk, "odm");
    desk_release(&desk);
}

#else

#include <criterion/criterion.h>

Test(odm, is_not_in_this_build)
{
    cr_skip_test("built with GATEWAY_ODM=OFF");
}

#endif
