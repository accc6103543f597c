/*
 * REDCap as a study database: rows are instances that never shift, and a batch has its effect once.
 */
#include <criterion/criterion.h>

#include "sinks/redcap_desk.h"

Test(redcap, adds_changes_and_withdraws_and_blanks_what_is_no_more)
{
    struct redcap_desk desk;
    struct gw_rows none = {0}, first = {0}, second = {0};

    redcap_desk_init(&desk);
    redcap_desk_add(&desk, &first, "o1", "1.20")->unit = "10*9/L";
    redcap_desk_add(&desk, &first, "o2", "7")->anl01 = true;
    redcap_desk_add(&desk, &second, "o1", "1.40");
    redcap_desk_ship_well(&desk, &none, &first, 0, 1);
    cr_expect(redcap_desk_is(&desk, "o1", VALUE, "1.20") && redcap_desk_is(&desk, "o2", "observations_anl01", "Y"));
    cr_expect(redcap_desk_is(&desk, "o1", "observations_anl01", ""),
              "nothing is not said to be nothing where nothing was");
    redcap_desk_ship_well(&desk, &first, &second, 1, 2);
    cr_expect(redcap_desk_is(&desk, "o1", VALUE, "1.40") && redcap_desk_is(&desk, "o1", "observations_unit", "NI"));
    cr_expect(redcap_desk_is(&desk, "o2", "observations_status", "withdrawn"));
    cr_expect(redcap_desk_is(&desk, "o2", VALUE, "NI") && redcap_desk_is(&desk, "o2", "observations_anl01", "NI"));
    cr_expect(redcap_desk_is(&desk, "o2", "observations_concept", "NI"), "a tombstone says nothing");
    redcap_desk_ship_well(&desk, &second, &first, 2, 3);
    cr_expect(redcap_desk_is(&desk, "o2", VALUE, "7") && redcap_desk_is(&desk, "o2", "observations_status", "active"));
    cr_expect_str_eq(fake_redcap_receipt(&desk.redcap, "ES-017"), "3");
    cr_expect(desk.shipment.refusals.count == 0);
    cr_expect(fake_redcap_count(&desk.redcap) == 3, "two rows and the receipt");
    redcap_desk_release(&desk);
}

Test(redcap, carries_every_text_as_it_is)
{
    static const char *const texts[] = {"a&b=c", "+ %41", "\"q\"", "\\", "\xc3\xa9\xe2\x82\xac", "a\nb", "[0]", "=1+1"};
    struct redcap_desk desk;
    struct gw_rows none = {0}, first = {0};
    const size_t count = sizeof texts / sizeof *texts;
    char name[8];

    redcap_desk_init(&desk);
    for (size_t i = 0; i < count; i++)
        redcap_desk_add(&desk, &first, gw_arena_print(&desk.arena, "o%zu", i), NULL)->value_text = texts[i];
    redcap_desk_ship_well(&desk, &none, &first, 0, 1);
    for (size_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "o%zu", i);
        cr_expect(redcap_desk_is(&desk, name, "observations_value_text", texts[i]));
    }
    redcap_desk_release(&desk);
}

/* Instances: of each event and table from 1 on, in the order of row ids; one that is given stays. */
Test(redcap, keeps_each_row_in_its_instance)
{
    struct redcap_desk desk;
    struct gw_rows none = {0}, first = {0}, second = {0};

    redcap_desk_init(&desk);
    fake_redcap_add(&desk.redcap, "ES-017", "t3001_arm_1", "observations", 4); /* a person's */
    redcap_desk_add(&desk, &first, "o5", "5");
    redcap_desk_add(&desk, &first, "o7", "7");
    redcap_desk_add_in(&desk, &first, "BASELINE", "o6", "6");
    redcap_desk_add_in(&desk, &first, NULL, "o9", "9");
    redcap_desk_ship_well(&desk, &none, &first, 0, 1);
    cr_expect_str_eq(fake_redcap_place(&desk.redcap, "o5"), "t3001_arm_1/5");
    cr_expect_str_eq(fake_redcap_place(&desk.redcap, "o6"), "baseline_arm_1/1");
    cr_expect_str_eq(fake_redcap_place(&desk.redcap, "o7"), "t3001_arm_1/6");
    cr_expect_str_eq(fake_redcap_place(&desk.redcap, "o9"), "subject_arm_1/1");
    redcap_desk_add(&desk, &second, "o1", "1");
    redcap_desk_add(&desk, &second, "o7", "7.5");
    redcap_desk_ship_well(&desk, &first, &second, 1, 2);
    redcap_desk_close(&desk); /* another run, which remembers nothing */
    redcap_desk_open(&desk);
    redcap_desk_ship_well(&desk, &second, &first, 2, 3);
    cr_expect_str_eq(fake_redcap_place(&desk.redcap, "o1"), "t3001_arm_1/7", "before the others, and after them there");
    cr_expect_str_eq(fake_redcap_place(&desk.redcap, "o5"), "t3001_arm_1/5", "a tombstone keeps its place");
    cr_expect_str_eq(fake_redcap_place(&desk.redcap, "o7"), "t3001_arm_1/6");
    cr_expect(redcap_desk_is(&desk, "o5", VALUE, "5") && redcap_desk_is(&desk, "o7", VALUE, "7") &&
              redcap_desk_is(&desk, "o1", VALUE, "NI"));
    redcap_desk_release(&desk);
}

/* REDCap trims and writes line ends in its own way, and a blank it may show as we said it: no person did that. */
Test(redcap, takes_what_redcap_itself_changes_for_its_own)
{
    struct redcap_desk desk;
    struct gw_rows none = {0}, first = {0}, second = {0};

    redcap_desk_init(&desk);
    redcap_desk_add(&desk, &first, "o1", "1.20")->value_text = " a\nb ";
    redcap_desk_add(&desk, &second, "o1", "1.40")->value_text = "c";
    redcap_desk_ship_well(&desk, &none, &first, 0, 1);
    fake_redcap_type(&desk.redcap, "o1", "observations_value_text", "a\r\nb");
    redcap_desk_ship_well(&desk, &first, &second, 1, 2);
    cr_expect(desk.shipment.refusals.count == 0 && redcap_desk_is(&desk, "o1", VALUE, "1.40"));
    redcap_desk_release(&desk);
}

Test(redcap, applies_a_batch_once_and_only_on_its_revision)
{
    static const struct {
        const char *name;
        int64_t from, to;
        bool there;
    } cases[] = {{"sent twice", 0, 1, true}, {"from the future", 5, 6, false}, {"from before it all", -1, 0, false}};
    struct redcap_desk desk;
    struct gw_rows none = {0}, first = {0}, other = {0};

    redcap_desk_init(&desk);
    redcap_desk_add(&desk, &first, "o1", "1.20");
    redcap_desk_add(&desk, &other, "o1", "9.99");
    cr_expect(redcap_desk_ship(&desk, &none, &other, 3, 4) == GW_OK);
    cr_expect(!desk.receipts[0].applied && desk.receipts[0].revision == 0, "it knows nobody of this name");
    redcap_desk_ship_well(&desk, &none, &first, 0, 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_expect(redcap_desk_ship(&desk, &none, &other, cases[i].from, cases[i].to) == GW_OK, "%s", cases[i].name);
        cr_expect(desk.receipts[0].applied == cases[i].there && desk.receipts[0].revision == 1, "%s", cases[i].name);
        cr_expect(redcap_desk_is(&desk, "o1", VALUE, "1.20"), "%s", cases[i].name);
    }
    redcap_desk_release(&desk);
}

Test(redcap, says_where_every_subject_stands_and_which_rows_were_changed)
{
    struct redcap_desk desk;
    struct gw_rows none = {0}, first = {0};
    struct gw_stands stands;
    struct gw_refusals found;

    redcap_desk_init(&desk);
    redcap_desk_add(&desk, &first, "o1", "1.20");
    redcap_desk_add(&desk, &first, "o2", "7");
    redcap_desk_ship_well(&desk, &none, &first, 0, 4);
    fake_redcap_add(&desk.redcap, "A person's", "subject_arm_1", "", 0);
    desk.calls = 0;
    desk.remote->stand(desk.remote, &desk.arena, &stands, redcap_desk_on_done, &desk);
    cr_expect(redcap_desk_wait(&desk) == GW_OK, "%s", desk.failure.text);
    cr_assert(stands.count == 1, "a record without a receipt is none of ours");
    cr_expect(strcmp(stands.list[0].subject_key, "ES-017") == 0 && stands.list[0].revision == 4);
    for (int i = 0; i < 2; i++) {
        desk.calls = 0;
        desk.remote->inspect(desk.remote, &desk.arena, &found, redcap_desk_on_done, &desk);
        cr_expect(redcap_desk_wait(&desk) == GW_OK, "%s", desk.failure.text);
        cr_assert(found.count == (size_t)i, "%zu", found.count);
        fake_redcap_type(&desk.redcap, "o2", VALUE, "7.1");
    }
    cr_expect(strcmp(found.list[0].row_id, "o2") == 0 && strcmp(found.list[0].subject_key, "ES-017") == 0);
    cr_expect(found.list[0].kind == GW_REFUSAL_TOUCHED && found.list[0].table == GW_TABLE_observations);
    redcap_desk_release(&desk);
}

/* ---- the dictionary -------------------------------------------------------------------------------------------- */

/* Any value that the column can have. */
static const char *some_value(struct redcap_desk *desk, const struct gw_column *column)
{
    if (strcmp(column->name, "window_id") == 0)
        return "T30-01";
    if (*column->values)
        return gw_arena_copy(&desk->arena, column->values, strcspn(column->values, "|"));
    return column->type == GW_COLUMN_decimal                                      ? "1.50"
           : column->type == GW_COLUMN_date || column->type == GW_COLUMN_datetime ? "2024-02"
                                                                                  : "x";
}

static void add_full_row(struct redcap_desk *desk, struct gw_rows *rows, enum gw_table_id id)
{
    const struct gw_table *table = gw_table_of(id);
    struct gw_row *row = gw_rows_add(rows, &desk->arena, id);

    for (size_t i = 0; i < table->column_count; i++) {
        void *cell = (char *)row + table->columns[i].offset;

        if (table->columns[i].type == GW_COLUMN_integer)
            *(gw_cell_integer *)cell = 7;
        else if (table->columns[i].type == GW_COLUMN_boolean)
            *(gw_cell_boolean *)cell = true;
        else
            *(gw_cell_text *)cell = some_value(desk, &table->columns[i]);
    }
    row->row_id = table->name;
    row->subject_key = "ES-017";
    row->study = "lendex";
    row->site = "hm";
}

static bool is_filled(struct redcap_desk *desk, const char *field)
{
    const cJSON *place;

    cJSON_ArrayForEach(place, desk->redcap.rows)
    {
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(place, field);

        if (cJSON_IsString(value) && *value->valuestring)
            return true;
    }
    return false;
}

/* What is sent and the dictionary has not is refused by the project; what it has and is never sent is found here. */
Test(redcap, fills_every_field_of_the_dictionary_and_no_other)
{
    struct redcap_desk desk;
    struct gw_rows none = {0}, full = {0};
    const cJSON *field;
    int count = 0;

    redcap_desk_init(&desk);
    for (int t = 0; t < GW_TABLE_COUNT; t++)
        add_full_row(&desk, &full, (enum gw_table_id)t);
    redcap_desk_ship_well(&desk, &none, &full, 0, 1);
    cr_expect(desk.shipment.refusals.count == 0, "%s",
              desk.shipment.refusals.count ? desk.shipment.refusals.list[0].reason : "");
    cJSON_ArrayForEach(field, desk.redcap.fields)
    {
        const char *name = cJSON_GetObjectItemCaseSensitive(field, "field_name")->valuestring;

        cr_expect(is_filled(&desk, name), "%s", name);
        count++;
    }
    cr_expect(count > GW_TABLE_COUNT);
    redcap_desk_release(&desk);
}
