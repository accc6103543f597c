/*
 * What leaves the study database as text: CSV files that spreadsheets may open, and a dump that no key changes.
 */
#include "gateway/core/digest.h"
#include "sinks/desk.h"

static struct gw_text read_csv(struct desk *desk, const char *name)
{
    struct gw_text text = GW_TEXT_INIT(1 << 20);

    DESK_OK(desk, gw_text_read_file(&text, scratch_path(&desk->scratch, name), &desk->err));
    return text;
}

Test(csv, leaves_out_stamps_and_withdrawn_rows)
{
    struct desk desk;
    struct gw_rows none = {0}, first = {0}, second = {0};

    desk_init(&desk);
    for (int i = 0; i < 2; i++) {
        struct gw_row_cycles *row =
            (struct gw_row_cycles *)desk_row(&desk, &first, GW_TABLE_cycles, "ES-017", i ? "ES-017@2" : "ES-017@1");
        row->cycle_no = i + 1;
        row->planned_mg = "-5.0";
        row->dex_class = "=cmd()";
        row->row_version = 1;
        if (i)
            row->status = "provisional";
    }
    desk_row(&desk, &first, GW_TABLE_cycles, "ES-017", "ES-017@3");
    second.tables[GW_TABLE_cycles] =
        (struct gw_row_list){first.tables[GW_TABLE_cycles].rows, 2, 2}; /* the third is withdrawn */
    desk_apply(&desk, "ES-017", &none, &first, 0);
    desk_apply(&desk, "ES-017", &first, &second, 1);
    desk_close(&desk);
    DESK_OK(&desk, gw_export_csv(desk.path, desk.scratch.folder, &desk.err));
    struct gw_text text = read_csv(&desk, "cycles.csv");
    const char *wanted = "row_id,subject_key,study,site,status,cycle_no,start,planned_mg,actual_mg,rdi,delay_days,"
                         "dex_total_mg,dex_class\n"
                         "ES-017@1,ES-017,lendex,hm,active,1,,-5.0,,,,,'=cmd()\n"
                         "ES-017@2,ES-017,lendex,hm,provisional,2,,-5.0,,,,,'=cmd()\n";
    cr_expect(strcmp(text.at, wanted) == 0, "%s", text.at);
    gw_text_release(&text);
    cr_expect(scratch_count(&desk.scratch) == GW_TABLE_COUNT + 2,
              "a file for each table, and what they mean, beside the database");
    desk_release(&desk);
}

Test(csv, prints_booleans_as_y_and_orders_by_subject)
{
    struct desk desk;
    struct gw_rows none = {0}, first = {0}, second = {0};
    static const char *const subjects[] = {"ES-018", "ES-017"};
    struct gw_rows *rows[] = {&first, &second};

    desk_init(&desk);
    for (int i = 0; i < 2; i++) {
        struct gw_row_subjects *row =
            (struct gw_row_subjects *)desk_row(&desk, rows[i], GW_TABLE_subjects, subjects[i], subjects[i]);
        row->renal_failure_177 = i == 0;
        desk_apply(&desk, subjects[i], &none, rows[i], 0);
    }
    desk_close(&desk);
    DESK_OK(&desk, gw_export_csv(desk.path, desk.scratch.folder, &desk.err));
    struct gw_text text = read_csv(&desk, "subjects.csv");
    const char *first_line = strchr(text.at, '\n') + 1;
    cr_expect(strncmp(first_line, "ES-017,ES-017,lendex,hm,active,,,", 33) == 0, "%s", text.at);
    cr_expect(strstr(text.at, ",Y,") > strstr(text.at, "ES-018"), "%s", text.at);
    gw_text_release(&text);
    desk_release(&desk);
}

/* The header of its file, in the same order, each with its meaning. */
static void expect_defined(struct desk *desk, const char *definition, const struct gw_table *table)
{
    char name[64], line[64];
    struct gw_text file, defined = GW_TEXT_INIT(1 << 16);
    const char *at = definition;

    snprintf(name, sizeof name, "%s.csv", table->name);
    file = read_csv(desk, name);
    for (size_t i = 0; i < table->column_count; i++) {
        if (table->columns[i].stamp)
            continue;
        snprintf(line, sizeof line, "\n%s,%s,", table->name, table->columns[i].name);
        at = strstr(at, line);
        cr_assert(at, "%s", line);
        at += strlen(line);
        cr_expect(*at != ',', "%s means something", line);
        gw_text_print(&defined, "%s%s", defined.length ? "," : "", table->columns[i].name);
    }
    cr_expect(strncmp(file.at, defined.at, defined.length) == 0 && file.at[defined.length] == '\n', "%s", file.at);
    gw_text_release(&file);
    gw_text_release(&defined);
}

Test(csv, says_what_each_column_means)
{
    struct desk desk;
    struct gw_text text;

    desk_init(&desk);
    desk_close(&desk);
    DESK_OK(&desk, gw_export_csv(desk.path, desk.scratch.folder, &desk.err));
    text = read_csv(&desk, "define.csv");
    for (int i = 0; i < GW_TABLE_COUNT; i++)
        expect_defined(&desk, text.at, gw_table_of((enum gw_table_id)i));
    cr_expect(strstr(text.at, "\nobservations,,\"One row a value and window") != NULL, "%s", text.at);
    cr_expect(strstr(text.at, "\nobservations,row_version,") == NULL, "stamps are in no file");
    cr_expect(strstr(text.at, ",one of values,active|provisional|withdrawn,,\n") != NULL, "%s", text.at);
    gw_text_release(&text);
    desk_release(&desk);
}

Test(csv, says_what_it_cannot_read_or_write)
{
    struct desk desk;

    desk_init(&desk);
    desk_close(&desk);
    cr_expect(gw_export_csv(scratch_path(&desk.scratch, "none.db"), desk.scratch.folder, &desk.err) == GW_ENOINPUT);
    cr_expect(gw_export_csv(desk.path, "/nowhere", &desk.err) == GW_ECREATE);
    cr_expect(gw_export_csv(scratch_write(&desk.scratch, "text.db", "a text that is no database at all, no"),
                            desk.scratch.folder, &desk.err) == GW_ECONFIG);
    desk_release(&desk);
}

/* ---- the dump ---- */

/* An id as the study room makes it, under this key. */
static const char *hashed(struct desk *desk, const char *key, char prefix, const char *what)
{
    struct gw_hmac *hmac = gw_hmac_new(key, strlen(key));
    const char *id = gw_hmac_id(hmac, &desk->arena, prefix, &what, 1);

    gw_hmac_free(hmac);
    return id;
}

static void add_value(struct desk *desk, struct gw_rows *rows, const char *key, const char *what, const char *value)
{
    static const char *const windows[] = {"T30-01", "T90-01"};
    const char *obs_id = hashed(desk, key, 'o', what), *source = hashed(desk, key, 'h', what);
    const char *content = hashed(desk, key, 'b', what);

    for (int i = 0; i < 2; i++) {
        const char *row_id = gw_arena_print(&desk->arena, "%s@%s", obs_id, windows[i]);
        struct gw_row_observations *row = desk_observation(desk, rows, row_id, value);
        row->obs_id = obs_id;
        row->window_id = windows[i];
        struct gw_row_provenance *line = (struct gw_row_provenance *)desk_row(
            desk, rows, GW_TABLE_provenance, "ES-017", gw_arena_print(&desk->arena, "%s|value|%s", row_id, source));
        line->table = "observations";
        line->of_row = row_id;
        line->source_hash = source;
        line->resource_type = "Observation";
        line->content_sha256 = content;
    }
    struct gw_row_ae_evidence *evidence = (struct gw_row_ae_evidence *)desk_row(
        desk, rows, GW_TABLE_ae_evidence, "ES-017", gw_arena_print(&desk->arena, "e%s", obs_id));
    evidence->ae_id = hashed(desk, key, 'a', "episode");
    evidence->source_hash = source;
    evidence->concept = "ANC";
}

static struct gw_text dump_under(const char *key, bool backwards, const char *odd)
{
    static const char *const facts[] = {"f1", "f2", "f3", "f4"};
    struct desk desk;
    struct gw_rows none = {0}, rows = {0};
    struct gw_text text = GW_TEXT_INIT(1 << 20);

    desk_init(&desk);
    for (int i = 0; i < 4; i++) /* f2 and f3 say the same */
        add_value(&desk, &rows, key, facts[backwards ? 3 - i : i],
                  (backwards ? 3 - i : i) == 3   ? odd
                  : (backwards ? 3 - i : i) == 0 ? "1.0"
                                                 : "2.0");
    struct gw_row_ae_episodes *parent = (struct gw_row_ae_episodes *)desk_row(
        &desk, &rows, GW_TABLE_ae_episodes, "ES-017", hashed(&desk, key, 'a', "parent"));
    parent->ae_id = parent->row_id;
    parent->category = "NEUTROPENIA";
    struct gw_row_ae_episodes *episode = (struct gw_row_ae_episodes *)desk_row(
        &desk, &rows, GW_TABLE_ae_episodes, "ES-017", hashed(&desk, key, 'a', "episode"));
    episode->ae_id = episode->row_id;
    episode->parent_ae = parent->row_id;
    episode->category = "ANAEMIA";
    struct gw_row_derived *derived =
        (struct gw_row_derived *)desk_row(&desk, &rows, GW_TABLE_derived, "ES-017", "ES-017|CRCLCG");
    const char *one = hashed(&desk, key, 'o', "f1"), *two = hashed(&desk, key, 'o', "f2");
    const bool sorted = strcmp(one, two) < 0; /* as lists are, whatever the key makes of it */
    derived->inputs = gw_arena_print(&desk.arena, "%s@T30-01;%s@T30-01", sorted ? one : two, sorted ? two : one);
    struct gw_row_exceptions *moved = (struct gw_row_exceptions *)desk_row(&desk, &rows, GW_TABLE_exceptions, "ES-017",
                                                                           hashed(&desk, key, 'x', "moved"));
    moved->code = backwards ? "ANCHOR_MOVED" : "TARGET_CHANGED";
    ((struct gw_row_exceptions *)desk_row(&desk, &rows, GW_TABLE_exceptions, "ES-017", hashed(&desk, key, 'x', "unit")))
        ->code = "UNIT_MISSING";
    desk_apply(&desk, "ES-017", &none, &rows, 0);
    desk_close(&desk);
    FILE *file = fopen(scratch_path(&desk.scratch, "dump.csv"), "w");
    DESK_OK(&desk, gw_export_dump(desk.path, file, &desk.err));
    fclose(file);
    DESK_OK(&desk, gw_text_read_file(&text, scratch_path(&desk.scratch, "dump.csv"), &desk.err));
    desk_release(&desk);
    return text;
}

Test(dump, is_the_same_under_any_key_and_order)
{
    struct gw_text first = dump_under("one key", false, "9.0");
    static const char *const keys[] = {"another key", "k3", "k4", "k5", "k6", "k7", "k8", "k9", "k10", "k11"};

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct gw_text other = dump_under(keys[i], i % 2, "9.0");
        cr_expect(strcmp(first.at, other.at) == 0, "under %s:\n%s\n%s", keys[i], first.at, other.at);
        gw_text_release(&other);
    }
    gw_text_release(&first);
}

Test(dump, shows_another_value)
{
    struct gw_text first = dump_under("one key", false, "9.0"), other = dump_under("one key", false, "9.00");

    cr_expect(strcmp(first.at, other.at) != 0);
    gw_text_release(&first);
    gw_text_release(&other);
}

Test(dump, names_rows_by_rank_and_hides_stamps_and_history)
{
    struct gw_text text = dump_under("one key", false, "9.0");

    cr_expect(strstr(text.at, "\nobservations,1,ES-017,lendex,hm,active,obs_id#1,ANC,1.0,") != NULL, "%s", text.at);
    cr_expect(strstr(text.at, "\nderived,1,ES-017,lendex,hm,active,,,,,,observations#1;observations#") != NULL, "%s",
              text.at);
    cr_expect(strstr(text.at, "UNIT_MISSING") != NULL);
    cr_expect(strstr(text.at, "TARGET_CHANGED") == NULL);
    cr_expect(strstr(text.at, "row_version") == NULL && strstr(text.at, "provenance") == NULL);
    cr_expect(strstr(text.at, "ae_episodes#2") != NULL, "a reference to another row follows its rank: %s", text.at);
    for (const char *p = text.at; *p; p++) /* no hashed id is left */
        cr_assert(strspn(p, "0123456789abcdef") < 20, "%.40s", p);
    gw_text_release(&text);
}

/* ---- what was delivered of versions ---- */

static void add_line(struct desk *desk, struct gw_rows *rows, const char *of_row, const char *source, const char *hash)
{
    struct gw_row_provenance *line = (struct gw_row_provenance *)desk_row(
        desk, rows, GW_TABLE_provenance, "ES-017", gw_arena_print(&desk->arena, "%s|%s", of_row, source));

    line->table = "exposures";
    line->of_row = of_row;
    line->source_hash = source;
    line->resource_type = "MedicationStatement";
    line->content_sha256 = hash;
}

/* Two doses of two records; `former`: the line of the first is of a version that another one, which says the same,
 * followed. */
static struct gw_text dump_of_doses(bool former, bool history)
{
    static const char *const starts[] = {"2024-01-15", "2024-02-12"};
    struct desk desk;
    struct gw_rows none = {0}, rows = {0};
    struct gw_text text = GW_TEXT_INIT(1 << 20);
    FILE *file;

    desk_init(&desk);
    for (int i = 0; i < 2; i++) {
        const char *id = hashed(&desk, "a key", 'e', starts[i]), *source = hashed(&desk, "a key", 'h', starts[i]);
        struct gw_row_exposures *row =
            (struct gw_row_exposures *)desk_row(&desk, &rows, GW_TABLE_exposures, "ES-017", id);

        row->start = starts[i];
        row->source_hashes = source;
        add_line(&desk, &rows, id, source, i == 1 ? "5555" : former ? "9999" : "1111");
    }
    if (history) {
        const char *id = hashed(&desk, "a key", 'x', "corrected");

        ((struct gw_row_exceptions *)desk_row(&desk, &rows, GW_TABLE_exceptions, "ES-017", id))->code =
            "CORRECTION_AFTER_PUSH";
        add_line(&desk, &rows, id, hashed(&desk, "a key", 'h', "of no row"), "0000");
    }
    desk_apply(&desk, "ES-017", &none, &rows, 0);
    desk_close(&desk);
    file = fopen(scratch_path(&desk.scratch, "dump.csv"), "w");
    DESK_OK(&desk, gw_export_dump(desk.path, file, &desk.err));
    fclose(file);
    DESK_OK(&desk, gw_text_read_file(&text, scratch_path(&desk.scratch, "dump.csv"), &desk.err));
    desk_release(&desk);
    return text;
}

Test(dump, does_not_tell_which_version_was_delivered_nor_what_came_of_the_way)
{
    struct gw_text first = dump_of_doses(false, false), former = dump_of_doses(true, false),
                   history = dump_of_doses(false, true);

    cr_expect(strstr(first.at, "2024-01-15,,,source#1,") != NULL, "%s", first.at);
    cr_expect(strstr(first.at, "2024-02-12,,,source#2,") != NULL, "%s", first.at);
    cr_expect(strcmp(first.at, former.at) == 0, "%s", former.at);
    cr_expect(strcmp(first.at, history.at) == 0, "%s", history.at);
    gw_text_release(&first);
    gw_text_release(&former);
    gw_text_release(&history);
}
