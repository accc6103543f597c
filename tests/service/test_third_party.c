/*
 * Records we did not make: all third-party FHIR data at hand mapped for a made-up study of all their patients. Nothing is
 * asserted about what they mean; every file is read, every part accounted for, and the same input gives the same rows.
 *
 * Skipped where the data are not there.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/core/json.h"
#include "gateway/service/map.h"
#include "gateway/sinks/export.h"
#include "support/scratch.h"

#define DATA SOURCE_DIR "/../shared/data/"

static struct gw_arena arena = GW_ARENA_INIT(512u << 20);

static const char *const inputs[] = {
    DATA "hl7-examples",
    DATA "uscore-examples",
    DATA "mcode",
    DATA "vendor-quirks",
    DATA "mimic-demo",
    DATA "synthea-Condition.ndjson.gz",
    DATA "synthea-Encounter.ndjson.gz",
    DATA "synthea-MedicationRequest.ndjson.gz",
    DATA "synthea-Observation.ndjson.gz",
    DATA "synthea-Patient.ndjson.gz",
    DATA "synthea-Procedure.ndjson.gz",
};

/* Roster lines for every Patient of a file. */
static void enrol(struct gw_text *roster, const char *file, const char *first_dose, size_t *count)
{
    FILE *lines = popen(gw_arena_print(&arena, "gunzip -c '%s'", file), "r");
    char *line = NULL;
    size_t size = 0;

    cr_assert(lines != NULL);
    for (ssize_t length; (length = getline(&line, &size, lines)) > 0;) {
        const cJSON *patient = NULL;

        if (gw_json_parse(&arena, line, (size_t)length, NULL, &patient, NULL, NULL) != GW_OK)
            continue;
        gw_text_print(roster, "madrid,lendex-rrmm,%s,ES-%04zu,,,%s,,,\n", gw_json_string(patient, "id"), ++*count,
                      first_dose);
        gw_arena_clear(&arena);
    }
    free(line);
    cr_assert(eq(int, pclose(lines), 0));
}

static void write_roster(struct scratch *scratch)
{
    struct gw_text roster = GW_TEXT_INIT(1 << 20);
    size_t count = 0;

    gw_text_add(&roster, "site,study,patient,subject,recruited,end_of_treatment,first_dose,withdrawn,mrn_system,mrn\n");
    enrol(&roster, DATA "synthea-Patient.ndjson.gz", "2010-01-15", &count);
    enrol(&roster, DATA "mimic-demo/MimicPatient.ndjson.gz", "2150-01-15", &count);
    cr_assert(gt(sz, count, 300));
    scratch_write(scratch, "roster.csv", roster.at);
    scratch_write(scratch, "key", "a key of the tests, made up by us, of some length\n");
    cr_assert(eq(int, chmod(scratch_path(scratch, "key"), 0600), 0));
    gw_text_release(&roster);
}

static struct gw_map_result map(struct scratch *scratch, const char *out, const char *const *files, size_t count)
{
    char folder[256], roster[256], key[256];
    const struct gw_map_options options = {
        .study = SOURCE_DIR "/mappings/studies/lendex-rrmm",
        .site = SOURCE_DIR "/mappings/sites/madrid.json",
        .enrolment = strcpy(roster, scratch_path(scratch, "roster.csv")),
        .key = strcpy(key, scratch_path(scratch, "key")),
        .out = strcpy(folder, scratch_path(scratch, out)),
        .now = (int64_t)gw_day_of(2201, 1, 1) * 86400, /* MIMIC's days were shifted to what is still to come */
        .as_of = gw_day_of(2200, 12, 31),
        .inputs = files,
        .input_count = count,
    };
    struct gw_map_result result;
    struct gw_error err = {0};

    cr_assert(gw_map_run(&options, &result, &err) == GW_OK, "%s", err.text);
    return result;
}

static void dump(struct scratch *scratch, const char *out, struct gw_text *text)
{
    const char *path = gw_arena_print(&arena, "%s/study/study.db", scratch_path(scratch, out));
    FILE *file = fopen(scratch_path(scratch, "dump"), "w");
    struct gw_error err;

    cr_assert(file != NULL);
    cr_assert(gw_export_dump(path, file, &err) == GW_OK, "%s", err.text);
    fclose(file);
    cr_assert(gw_text_read_file(text, scratch_path(scratch, "dump"), &err) == GW_OK, "%s", err.text);
}

Test(third_party, data_are_accounted_for_part_by_part)
{
    struct scratch scratch;
    struct gw_map_result result;

    if (access(DATA "INDEX.md", R_OK) != 0)
        cr_skip_test("no third-party data beside the project");
    scratch_init(&scratch);
    write_roster(&scratch);
    result = map(&scratch, "out", inputs, sizeof inputs / sizeof inputs[0]);
    cr_log_info("%zu files, %zu refused, %zu entries, %zu unreadable, %lld parts, %lld delivered, %lld held\n",
                result.files.files, result.files.refused, result.files.entries, result.files.invalid,
                (long long)result.equation.in, (long long)result.equation.states[GW_STATE_DELIVERED],
                (long long)result.equation.states[GW_STATE_HELD]);
    cr_expect(gt(sz, result.files.files, 800));
    cr_expect(gt(sz, result.files.entries, 100000));
    cr_expect(eq(i64, result.equation.in, result.equation.sum));
    cr_expect(eq(i64, result.equation.waiting, 0));
    cr_expect(gt(i64, result.equation.states[GW_STATE_DELIVERED], 0), "real laboratory values reach the study");
    scratch_release(&scratch);
    gw_arena_release(&arena);
}

Test(third_party, data_give_the_same_rows_in_any_order_of_files)
{
    static const char *const forth[] = {DATA "synthea-Encounter.ndjson.gz", DATA "synthea-Patient.ndjson.gz",
                                        DATA "synthea-Observation.ndjson.gz", DATA "synthea-Condition.ndjson.gz"};
    static const char *const back[] = {DATA "synthea-Condition.ndjson.gz", DATA "synthea-Observation.ndjson.gz",
                                       DATA "synthea-Patient.ndjson.gz", DATA "synthea-Encounter.ndjson.gz"};
    struct gw_text one = GW_TEXT_INIT(256 << 20), other = GW_TEXT_INIT(256 << 20);
    struct scratch scratch;

    if (access(DATA "INDEX.md", R_OK) != 0)
        cr_skip_test("no third-party data beside the project");
    scratch_init(&scratch);
    write_roster(&scratch);
    map(&scratch, "forth", forth, 4);
    map(&scratch, "back", back, 4);
    dump(&scratch, "forth", &one);
    dump(&scratch, "back", &other);
    cr_expect(gt(sz, one.length, 100000));
    cr_expect(one.length == other.length && memcmp(one.at, other.at, one.length) == 0);
    gw_text_release(&one);
    gw_text_release(&other);
    scratch_release(&scratch);
    gw_arena_release(&arena);
}
