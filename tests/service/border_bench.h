/*
 * Beside the border between a hospital and a study: the made-up cohort told in other words, mapped under a key of its
 * own, and a look at what came out. Whose words the texts of the study's columns are stands here.
 */
#ifndef SERVICE_BORDER_BENCH_H
#define SERVICE_BORDER_BENCH_H

#include <cjson/cJSON.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gateway/service/map.h"
#include "gateway/sinks/export.h"
#include "support/chance.h"
#include "support/scratch.h"

#define COHORT SOURCE_DIR "/fixtures/cohort-small/"

static struct scratch scratch;
static struct gw_arena arena;
static uint64_t seed;

static inline void start(void)
{
    scratch_init_in_memory(&scratch);
    arena = (struct gw_arena)GW_ARENA_INIT((size_t)256 << 20);
}

static inline void stop(void)
{
    gw_arena_release(&arena);
    scratch_release(&scratch);
}

static inline const char *in_scratch(const char *name)
{
    return gw_arena_print(&arena, "%s/%s", scratch.folder, name);
}

static inline struct gw_text read_file(const char *path)
{
    struct gw_text text = GW_TEXT_INIT((size_t)64 << 20);
    struct gw_error err;

    cr_assert(gw_text_read_file(&text, path, &err) == GW_OK, "%s", err.text);
    return text;
}

/* ---- the columns that hold texts: whose words they are ---- */

enum whose {
    OURS,   /* of the package, the tables, the settings, or of a person who decided */
    KEYED,  /* made under the study's key */
    CODE,   /* the source's: a code, by its form */
    NUMBER, /* the source's: a number or a code */
    UNIT,   /* the source's: a unit that is known here */
};

static const struct {
    const char *column;
    enum whose whose;
} texts[] = {
    {"subjects.sex", OURS},
    {"subjects.eot_reason", OURS},
    {"subjects.frailty_group", OURS},
    {"subjects.frailty_method", OURS},
    {"subjects.renal_group50", OURS},
    {"subjects.renal_group60", OURS},
    {"subjects.expected_start_dose", OURS},
    {"subjects.concordance", OURS},
    {"windows.window_id", OURS},
    {"windows.truncation_reason", OURS},
    {"observations.concept", OURS},
    {"observations.value_text", CODE},
    {"observations.comparator", OURS},
    {"observations.unit", OURS},
    {"observations.source_value", NUMBER},
    {"observations.source_unit", UNIT},
    {"observations.source_code", CODE},
    {"observations.source_system", CODE},
    {"observations.window_id", OURS},
    {"observations.interpretation", CODE},
    {"observations.grade_scale", OURS},
    {"observations.method", OURS}, /* of what we worked out; else a code */
    {"observations.specimen", CODE},
    {"observations.result_status", CODE},
    {"observations.site_of_measure", CODE},
    {"exposures.drug", OURS},
    {"exposures.unit", OURS},
    {"exposures.frequency", OURS},
    {"exposures.route", OURS},
    {"exposures.change_reason", CODE},
    {"exposures.reported_window", OURS},
    {"cycles.dex_class", OURS},
    {"ae_episodes.category", OURS},
    {"ae_episodes.subcategory", OURS},
    {"ae_episodes.term", OURS},
    {"ae_episodes.decoded", OURS},
    {"ae_episodes.assessed_window", OURS},
    {"ae_episodes.scale", OURS},
    {"ae_episodes.relatedness", OURS},
    {"ae_episodes.relatedness_by", OURS},
    {"ae_episodes.action_taken", OURS},
    {"ae_episodes.outcome", OURS},
    {"ae_evidence.concept", OURS}, /* of drugs, values and signs; else a code */
    {"ae_grades.object", OURS},
    {"conmeds.substance", OURS},
    {"conmeds.class", OURS},
    {"conmeds.role", OURS},
    {"conmeds.indication", CODE},
    {"conmeds.unit", OURS},
    {"conmeds.frequency", OURS},
    {"conmeds.route", OURS},
    {"conmeds.reported_window", OURS},
    {"derived.param", OURS},
    {"derived.text", OURS},
    {"derived.window_id", OURS},
    {"derived.rule_id", OURS},
    {"derived.reason", OURS},
    {"provenance.table", OURS},
    {"provenance.role", OURS},
    {"provenance.endpoint", OURS},
    {"provenance.resource_type", OURS},
    {"provenance.version_id", KEYED},
    {"provenance.content_sha256", KEYED},
    {"provenance.transformation", OURS},
    {"exceptions.code", OURS},
    {"exceptions.resolution", OURS},
};

static inline bool is_everywhere(const char *column)
{
    static const char *const all[] = {"study", "site", "rule_set_version"};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i], column) == 0)
            return true;
    return false;
}

static inline enum whose whose(const struct gw_table *table, const struct gw_column *column)
{
    const char *name = gw_arena_print(&arena, "%s.%s", table->name, column->name);

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(texts[i].column, name) == 0)
            return texts[i].whose;
    cr_assert(is_everywhere(column->name), "%s holds texts: say in `texts` whose they are", name);
    return OURS;
}

/* ---- the cohort in other words ---- */

typedef void retold(cJSON *resource);

static inline void retell_line(FILE *out, const char *line, retold *change)
{
    cJSON *resource = cJSON_Parse(line);
    char *text;

    if (!resource) { /* one that cannot be read was planted */
        fprintf(out, "%s\n", line);
        return;
    }
    change(resource);
    text = cJSON_PrintUnformatted(resource);
    fprintf(out, "%s\n", text);
    free(text);
    cJSON_Delete(resource);
}

static inline void retell_file(const char *from, const char *to, retold *change)
{
    struct gw_text text = read_file(from);
    FILE *out = fopen(to, "w");
    char *rest = text.at, *line;

    cr_assert(out != NULL);
    while ((line = strsep(&rest, "\n")))
        if (*line)
            retell_line(out, line, change);
    fclose(out);
    gw_text_release(&text);
}

static inline void retell_folder(const char *site, int delivery, retold *change)
{
    const char *from = gw_arena_print(&arena, COHORT "%s/delivery-%d", site, delivery);
    const char *to = in_scratch(gw_arena_print(&arena, "%s-%d", site, delivery));
    struct dirent **names;
    const int count = scandir(from, &names, NULL, alphasort);

    cr_assert(count > 2);
    mkdir(to, 0700);
    for (int i = 0; i < count; i++) {
        if (names[i]->d_name[0] != '.')
            retell_file(gw_arena_print(&arena, "%s/%s", from, names[i]->d_name),
                        gw_arena_print(&arena, "%s/%s", to, names[i]->d_name), change);
        free(names[i]);
    }
    free(names);
}

static inline void retell(const char *site, uint64_t from, retold *change)
{
    seed = from;
    retell_folder(site, 1, change);
    retell_folder(site, 2, change);
}

/* ---- mapped under a key of its own, its subjects under numbers of their own ---- */

static inline const char *roster_of(const char *study, char letter)
{
    struct gw_text text = read_file(COHORT "roster.csv");
    const char *path;

    for (char *at = text.at; (at = strchr(at, ',')); at++)
        if (at[3] == '-' && at[4] == '0')
            at[1] = letter;
    path = gw_arena_copy(&arena, scratch_write(&scratch, gw_arena_print(&arena, "%s.csv", study), text.at), 200);
    gw_text_release(&text);
    return path;
}

static inline const char *key_of(const char *study)
{
    const char *path = scratch_write(&scratch, gw_arena_print(&arena, "%s.key", study),
                                     gw_arena_print(&arena, "%s: a key of thirty-two bytes at least", study));

    cr_assert(chmod(path, 0600) == 0);
    return gw_arena_print(&arena, "%s", path);
}

/* The study folder. */
static inline const char *map(const char *site, const char *study, char letter, FILE *complaints)
{
    const char *const inputs[] = {in_scratch(gw_arena_print(&arena, "%s-1", site)),
                                  in_scratch(gw_arena_print(&arena, "%s-2", site))};
    const char *out = in_scratch(gw_arena_print(&arena, "%s-%s", study, site));
    const struct gw_map_options options = {
        .study = SOURCE_DIR "/mappings/studies/lendex-rrmm",
        .site = gw_arena_print(&arena, SOURCE_DIR "/mappings/sites/%s.json", site),
        .enrolment = roster_of(study, letter),
        .key = key_of(study),
        .out = out,
        .as_of = gw_day_of(2026, 6, 30),
        .now = 1798000000,
        .inputs = inputs,
        .input_count = 2,
        .complaints = complaints,
    };
    struct gw_map_result result;
    struct gw_error err = {0};

    cr_assert(gw_map_run(&options, &result, &err) == GW_OK, "%s", err.text);
    cr_assert(gt(sz, result.pass.added, 100));
    return gw_arena_print(&arena, "%s/study", out);
}

static inline sqlite3 *open_db(const char *folder)
{
    sqlite3 *db = NULL;

    cr_assert(sqlite3_open_v2(gw_arena_print(&arena, "%s/study.db", folder), &db, SQLITE_OPEN_READONLY, NULL) ==
              SQLITE_OK);
    return db;
}

static inline int64_t count(sqlite3 *db, const char *query)
{
    sqlite3_stmt *statement = NULL;
    int64_t number;

    cr_assert(sqlite3_prepare_v2(db, query, -1, &statement, NULL) == SQLITE_OK, "%s: %s", query, sqlite3_errmsg(db));
    cr_assert(sqlite3_step(statement) == SQLITE_ROW);
    number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return number;
}

#endif
