/*
 * Dataset-JSON 1.1: each file read back, against the standard's own schema where it is at hand.
 */
#include <unistd.h>

#include "gateway/core/json.h"
#include "sinks/export_desk.h"
#include "support/program.h"

#define SCHEMA SOURCE_DIR "/../shared/schemas/dataset-json-1.1/dataset.schema.json"

static const cJSON *parse(struct desk *desk, const char *dir, const char *name)
{
    const struct gw_slice text = export_read(desk, dir, name);
    const cJSON *tree = NULL;

    DESK_OK(desk, gw_json_parse(&desk->arena, text.at, text.length, NULL, &tree, NULL, &desk->err));
    return tree;
}

static int count_of(const cJSON *array)
{
    int count = 0;

    GW_JSON_EACH (item, array)
        count++;
    return count;
}

/* Names, order and types of the columns are those of the domain's variables that are there. */
static int expect_columns(const struct sdtm_domain *domain, const cJSON *columns)
{
    static const char *const types[] = {"string", "integer", "decimal"};
    const cJSON *column = gw_json_first(columns);
    int count = 0;

    for (size_t i = 0; i < domain->count; i++) {
        if (domain->variables[i].absent)
            continue;
        cr_assert(column != NULL, "%s: too few columns", domain->name);
        cr_expect(gw_same(gw_json_string(column, "name"), domain->variables[i].name), "%s", domain->name);
        cr_expect(gw_same(gw_json_string(column, "dataType"), types[domain->variables[i].type]), "%s", domain->name);
        column = column->next;
        count++;
    }
    cr_expect(column == NULL, "%s: too many columns", domain->name);
    return count;
}

Test(dataset_json, has_what_the_standard_asks_of_every_data_set)
{
    static const char *const wanted[] = {"datasetJSONCreationDateTime", "itemGroupOID", "name", "label"};
    struct desk desk;
    char name[32];

    export_desk_init(&desk);
    const char *dir = export_to(&desk, "dataset-json", "out");
    for (int d = 0; d < SDTM_DOMAINS; d++) {
        const struct sdtm_domain *domain = &sdtm_domains()[d];
        long records = -1;

        snprintf(name, sizeof name, "%s.json", domain->name);
        const cJSON *set = parse(&desk, dir, name);
        for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
            cr_expect(gw_json_string(set, wanted[i]) != NULL, "%s: %s", name, wanted[i]);
        cr_expect(gw_same(gw_json_string(set, "datasetJSONVersion"), "1.1.0"));
        cr_expect(gw_same(gw_json_string(set, "datasetJSONCreationDateTime"), "2024-12-31T10:00:00Z"));
        const int columns = expect_columns(domain, gw_json_array(set, "columns"));
        const cJSON *rows = gw_json_array(set, "rows");
        cr_expect(gw_json_int(set, "records", &records) && records == count_of(rows), "%s: %ld", name, records);
        GW_JSON_EACH (row, rows)
            cr_expect(count_of(row) == columns, "%s", name);
    }
    desk_release(&desk);
}

Test(dataset_json, keeps_decimals_as_texts_and_leaves_nothing_as_null)
{
    struct desk desk;

    export_desk_init(&desk);
    const struct gw_slice text = export_read(&desk, export_to(&desk, "dataset-json", "out"), "LB.json");
    cr_expect(strstr(text.at,
                     "\n[\"lendex\", \"LB\", \"ES-017\", 3, \"o1\", \"NEUT\", \"Neutrophils\", \"HEMATOLOGY\", "
                     "\"1200\", \"/uL\", \"1.200\", \"1.200\", \"10*9/L\", null, null, null, null, null, null, 2, "
                     "\"T30-01\", \"2024-02-14T08:00:00+01:00\", null, 31, null]") != NULL,
              "%s", text.at);
    cr_expect(strstr(text.at, "\"records\":            4,") != NULL, "%s", text.at);
    desk_release(&desk);
}

static void expect_valid(struct desk *desk, const char *dir, const char *name, void *context)
{
    struct program run;

    (void)context;
    if (strcmp(name, "define.json") == 0)
        return;
    program_run(&run, dir, (const char *[]){"/usr/bin/python3", "-m", "jsonschema", "-i", name, SCHEMA, NULL});
    cr_expect(run.code == 0, "%s: %s%s", name, run.out, run.err);
    program_release(&run);
    (void)desk;
}

/* What the schema must refuse, or it was not asked. */
static const char *const spoils[] = {
    "s/\"itemGroupOID\"/\"itemGroup\"/",
    "s/\"datasetJSONVersion\": \"1.1.0\"/\"datasetJSONVersion\": 1.1/",
    "s/\"dataType\": \"decimal\"/\"dataType\": \"number\"/",
    "s/\"records\": *[0-9]*/\"records\": \"4\"/",
};

static void expect_refused(const char *dir, const char *script)
{
    static const char command[] =
        "sed \"$0\" LB.json >spoilt; ! cmp -s LB.json spoilt || exit 99\n"
        "python3 -m jsonschema -i spoilt \"$1\" >said 2>&1; code=$?; rm spoilt said; exit $code";
    struct program run;

    program_run(&run, dir, (const char *[]){"/bin/sh", "-c", command, script, SCHEMA, NULL});
    cr_expect(run.code == 1, "%s: %d", script, run.code);
    program_release(&run);
}

Test(dataset_json, is_valid_by_the_schema_of_the_standard)
{
    struct desk desk;

    if (access(SCHEMA, R_OK) != 0)
        cr_skip_test("the schema is not at hand (" SCHEMA "): only our own checks are made");
    export_desk_init(&desk);
    const char *dir = export_to(&desk, "dataset-json", "out");
    cr_expect(export_each_file(&desk, dir, expect_valid, NULL) == SDTM_DOMAINS + 1);
    for (size_t i = 0; i < sizeof spoils / sizeof *spoils; i++)
        expect_refused(dir, spoils[i]);
    desk_release(&desk);
}

Test(dataset_json, keeps_its_promises)
{
    struct desk desk;

    export_desk_init(&desk);
    export_expect_promises(&desk, "dataset-json");
    desk_release(&desk);
}
