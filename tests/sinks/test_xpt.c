/*
 * SAS transport files, read back by the library that wrote them, and what does not fit.
 */
#if GATEWAY_XPT

#include <readstat.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "sinks/export_desk.h"

/* One file as it is read: "NAME=value" of every cell that is not missing, a line a row. */
struct back {
    struct gw_text text;
    char table[16], label[64];
    int variables, rows, version;
    time_t created;
};

static int read_about(readstat_metadata_t *about, void *context)
{
    struct back *back = context;

    snprintf(back->table, sizeof back->table, "%s", readstat_get_table_name(about));
    snprintf(back->label, sizeof back->label, "%s", readstat_get_file_label(about));
    back->version = (int)readstat_get_file_format_version(about);
    back->created = readstat_get_creation_time(about);
    return READSTAT_HANDLER_OK;
}

static int read_variable(int index, readstat_variable_t *variable, const char *labels, void *context)
{
    struct back *back = context;

    (void)index, (void)labels;
    cr_expect(strlen(readstat_variable_get_name(variable)) <= 8);
    cr_expect(readstat_variable_get_label(variable) && strlen(readstat_variable_get_label(variable)) <= 40);
    back->variables++;
    return READSTAT_HANDLER_OK;
}

static int read_value(int row, readstat_variable_t *variable, readstat_value_t value, void *context)
{
    struct back *back = context;

    if (row == back->rows) {
        gw_text_add(&back->text, "\n");
        back->rows = row + 1;
    }
    if (readstat_value_is_system_missing(value))
        return READSTAT_HANDLER_OK;
    if (readstat_value_type(value) == READSTAT_TYPE_DOUBLE)
        gw_text_print(&back->text, "%s=%g ", readstat_variable_get_name(variable), readstat_double_value(value));
    else if (*readstat_string_value(value))
        gw_text_print(&back->text, "%s=%s ", readstat_variable_get_name(variable), readstat_string_value(value));
    return READSTAT_HANDLER_OK;
}

static struct back read_back(struct desk *desk, const char *dir, const char *name)
{
    struct back back = {.text = GW_TEXT_INIT(1 << 20)};
    readstat_parser_t *parser = readstat_parser_init();

    readstat_set_metadata_handler(parser, read_about);
    readstat_set_variable_handler(parser, read_variable);
    readstat_set_value_handler(parser, read_value);
    cr_assert(readstat_parse_xport(parser, gw_arena_print(&desk->arena, "%s/%s", dir, name), &back) == READSTAT_OK);
    readstat_parser_free(parser);
    return back;
}

Test(xpt, is_read_back_as_it_was_written)
{
    struct desk desk;

    export_desk_init(&desk);
    struct back back = read_back(&desk, export_to(&desk, "xpt", "out"), "lb.xpt");
    cr_expect(strcmp(back.table, "LB") == 0, "%s", back.table);
    cr_expect(strcmp(back.label, "Laboratory Test Results") == 0, "%s", back.label);
    cr_expect(back.version == 5 && back.rows == 4 && back.variables == 25, "%d %d %d", back.version, back.rows,
              back.variables);
    cr_expect(
        strcmp(back.text.at,
               "\nSTUDYID=lendex DOMAIN=LB USUBJID=ES-017 LBSEQ=1 LBSPID=o3 LBTESTCD=BLOODCLT LBTEST=Blood Culture "
               "LBCAT=MICROBIOLOGY LBORRES=negative LBSTRESC=negative VISIT=T30-01 "
               "LBDTC=2024-02-14T08:00:00+01:00 LBDY=31 "
               "\nSTUDYID=lendex DOMAIN=LB USUBJID=ES-017 LBSEQ=2 LBSPID=o2 LBTESTCD=LDH LBTEST=Lactate "
               "Dehydrogenase LBCAT=CHEMISTRY LBORRES=<10 LBORRESU=U/L LBSTRESC=<10 LBSTRESU=U/L LBLOBXFL=Y "
               "VISIT=BASELINE LBDTC=2024-02-14T08:00:00+01:00 LBDY=31 ROWSTAT=PROVISIONAL "
               "\nSTUDYID=lendex DOMAIN=LB USUBJID=ES-017 LBSEQ=3 LBSPID=o1 LBTESTCD=NEUT LBTEST=Neutrophils "
               "LBCAT=HEMATOLOGY LBORRES=1200 LBORRESU=/uL LBSTRESC=1.200 LBSTRESN=1.2 LBSTRESU=10*9/L LBTOXGR=2 "
               "VISIT=T30-01 LBDTC=2024-02-14T08:00:00+01:00 LBDY=31 "
               "\nSTUDYID=lendex DOMAIN=LB USUBJID=ES-017 LBSEQ=4 LBSPID=o1 LBTESTCD=NEUT LBTEST=Neutrophils "
               "LBCAT=HEMATOLOGY LBORRES=1200 LBORRESU=/uL LBSTRESC=1.200 LBSTRESN=1.2 LBSTRESU=10*9/L LBTOXGR=2 "
               "VISIT=T90-01 LBDTC=2024-02-14T08:00:00+01:00 LBDY=31 ") == 0,
        "%s", back.text.at);
    gw_text_release(&back.text);
    desk_release(&desk);
}

Test(xpt, tells_what_does_not_fit_and_cuts_nothing)
{
    static const struct {
        const char *name, *value, *why;
    } cases[] = {
        {"200 characters fit", "x", NULL},
        {"201 do not", "xy", "longer than 200 characters"},
        {"letters beyond ASCII do not",
         "Neumon\xc3\xad"
         "a",
         "not printable ASCII"},
        {"a line break does not", "one\ntwo", "not printable ASCII"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct desk desk;
        struct gw_rows none = {0}, rows = {0};
        char text[256] = "";
        size_t unfit = 0;

        desk_init(&desk);
        struct gw_row_ae_episodes *row = export_row(&desk, &rows, GW_TABLE_ae_episodes, "a1");
        row->ae_id = "a1";
        for (int c = 0; i < 2 && c < 199; c++)
            text[c] = 'x';
        strcat(text, cases[i].value);
        row->term = text;
        desk_apply(&desk, "ES-017", &none, &rows, 0);
        desk_close(&desk);
        const char *dir = export_dir(&desk, "out");
        DESK_OK(&desk, gw_export_folder(desk.path, "xpt", dir, &unfit, &desk.err));
        struct back back = read_back(&desk, dir, "ae.xpt");
        cr_expect(unfit == (cases[i].why != NULL), "%s: %zu", cases[i].name, unfit);
        cr_expect((strstr(back.text.at, "AETERM=") != NULL) == !cases[i].why, "%s: %s", cases[i].name, back.text.at);
        if (cases[i].why) {
            const char *wanted = gw_arena_print(
                &desk.arena, "dataset,USUBJID,sequence,variable,why\nAE,ES-017,1,AETERM,%s\n", cases[i].why);
            const struct gw_slice list = export_read(&desk, dir, "unfit.csv");
            cr_expect(strcmp(list.at, wanted) == 0, "%s: %s", cases[i].name, list.at);
        } else {
            cr_expect(strstr(back.text.at, text) != NULL, "%s: %s", cases[i].name, back.text.at);
            cr_expect(access(gw_arena_print(&desk.arena, "%s/unfit.csv", dir), F_OK) != 0, "%s", cases[i].name);
        }
        gw_text_release(&back.text);
        desk_release(&desk);
    }
}

/* A number beyond an IBM double is no infinity, and one at its end is there. */
Test(xpt, holds_numbers_to_their_ends)
{
    static const struct {
        const char *value;
        size_t unfit;
    } cases[] = {{"0", 0}, {"-0.000001", 0}, {"7.1E75", 0}, {"1E80", 1}, {"-1E80", 1}, {"1E-80", 1}, {"1E400", 1}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct desk desk;
        struct gw_rows none = {0}, rows = {0};
        size_t unfit = 0;

        desk_init(&desk);
        export_value(&desk, &rows, "o1", "T30-01", "ANC")->value_num = cases[i].value;
        desk_apply(&desk, "ES-017", &none, &rows, 0);
        desk_close(&desk);
        const char *dir = export_dir(&desk, "out");
        DESK_OK(&desk, gw_export_folder(desk.path, "xpt", dir, &unfit, &desk.err));
        struct back back = read_back(&desk, dir, "lb.xpt");
        cr_expect(unfit == cases[i].unfit, "%s: %zu", cases[i].value, unfit);
        cr_expect((strstr(back.text.at, "LBSTRESN=") != NULL) == !cases[i].unfit, "%s: %s", cases[i].value,
                  back.text.at);
        gw_text_release(&back.text);
        desk_release(&desk);
    }
}

Test(xpt, has_the_moment_of_the_data_whatever_the_zone)
{
    static const char *const zones[] = {"UTC", "Asia/Seoul", "America/New_York"};
    struct desk desk;

    export_desk_init(&desk);
    setenv("TZ", zones[0], 1);
    tzset();
    const char *dir = export_to(&desk, "xpt", "utc");
    for (size_t i = 1; i < sizeof zones / sizeof *zones; i++) {
        setenv("TZ", zones[i], 1);
        tzset();
        export_each_file(&desk, dir, export_expect_same,
                         (void *)export_to(&desk, "xpt", gw_arena_print(&desk.arena, "zone%zu", i)));
    }
    const struct gw_slice bytes = export_read(&desk, dir, "dm.xpt");
    cr_expect(memmem(bytes.at, bytes.length, "31DEC24:10:00:00", 16) != NULL);
    desk_release(&desk);
}

Test(xpt, keeps_its_promises)
{
    struct desk desk;

    export_desk_init(&desk);
    export_expect_promises(&desk, "xpt");
    desk_release(&desk);
}

#else

#include <criterion/criterion.h>

Test(xpt, is_not_in_this_build)
{
    cr_skip_test("built with GATEWAY_XPT=OFF");
}

#endif
