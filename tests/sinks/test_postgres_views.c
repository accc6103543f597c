/*
 * The views of a PostgreSQL study database: what a statistician reads first, worked out by hand.
 */
#include "sinks/remote_desk.h"

/* A row of the study in a table: its columns behind the first five, and their values. */
static void put(struct remote_desk *desk, const char *table, const char *subject, const char *row_id,
                const char *status, const char *columns, const char *values)
{
    char sql[1500];

    snprintf(
        sql, sizeof sql,
        "INSERT INTO %s (row_id, subject_key, study, site, status, written, %s) VALUES ('%s', '%s', 'lendex', 'hm',"
        " '%s', '', %s)",
        table, columns, row_id, subject, status, values);
    remote_desk_exec(desk, sql);
}

/* All of a view, in its own order: a line a row, cells as PostgreSQL writes a record; an empty one is null. */
static bool shows(struct remote_desk *desk, const char *view, const char *wanted)
{
    char sql[200];

    snprintf(sql, sizeof sql, "SELECT string_agg(v::text, E'\\n') FROM %s v", view);
    return remote_desk_says(desk, sql, wanted);
}

static const struct {
    const char *subject, *status, *values;
} subjects[] = {
    {"ES-1", "active", "'FRAIL', '2024-01-15'"},    {"ES-2", "active", "'FRAIL', '2024-01-20'"},
    {"ES-3", "active", "'NONFRAIL', '2024-02-01'"}, {"ES-4", "active", "NULL, '2024-02-02'"},
    {"ES-5", "active", "'NONFRAIL', NULL"},         {"ES-6", "withdrawn", "'FRAIL', '2024-03-01'"},
};

/* Four of them had a first dose: two frail, one not, one nobody assessed. */
static void enrol(struct remote_desk *desk, const char *schema)
{
    remote_desk_init(desk, schema);
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++)
        put(desk, "subjects", subjects[i].subject, subjects[i].subject, subjects[i].status, "frailty_group, d1",
            subjects[i].values);
}

Test(postgres_views, count_the_windows_of_a_subject_by_state)
{
    static const struct {
        const char *subject, *window, *group, *state, *status;
    } windows[] = {
        {"ES-1", "T30-01", "G30", "collected", "active"},    {"ES-1", "T30-02", "G30", "missed", "active"},
        {"ES-1", "T30-03", "G30", "collected", "active"},    {"ES-1", "T30-04", "G30", "future", "provisional"},
        {"ES-1", "T30-05", "G30", "collected", "withdrawn"}, {"ES-1", "BASELINE", "both", "collected", "active"},
        {"ES-2", "T30-01", "G30", "open", "active"},         {"ES-2", "T30-02", "G30", "truncated", "active"},
    };
    struct remote_desk desk;

    enrol(&desk, "v_windows");
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++)
        put(&desk, "windows", windows[i].subject, windows[i].window, windows[i].status, "window_id, data_group, state",
            gw_arena_print(&desk.arena, "'%s', '%s', '%s'", windows[i].window, windows[i].group, windows[i].state));
    cr_expect(shows(&desk, "visit_compliance", /* windows, collected, missed, truncated, open, future, % */
                    "(lendex,hm,ES-1,G30,4,2,1,0,0,1,66.7)\n"
                    "(lendex,hm,ES-1,both,1,1,0,0,0,0,100.0)\n"
                    "(lendex,hm,ES-2,G30,2,0,0,1,1,0,)"));
    remote_desk_exec(&desk, "UPDATE windows SET state = 'collected' WHERE row_id = 'T30-02' AND subject_key = 'ES-1'");
    cr_expect(remote_desk_says(&desk,
                               "SELECT compliance_pct FROM visit_compliance WHERE subject_key = 'ES-1' AND"
                               " data_group = 'G30'",
                               "100.0"));
    remote_desk_release(&desk);
}

static const struct {
    const char *subject, *id, *status, *values;
} episodes[] = {
    {"ES-1", "a1", "active", "'NEUTROPENIA', '2024-02-10', 4, true, true, true, true"},
    {"ES-1", "a2", "active", "'NEUTROPENIA', '2024-05-01', 2, true, NULL, NULL, NULL"},
    {"ES-2", "a3", "withdrawn", "'NEUTROPENIA', '2024-02-11', 3, true, NULL, NULL, NULL"},
    {"ES-3", "a4", "active", "'NEUTROPENIA', '2024-03-01', 2, true, NULL, NULL, NULL"},
    {"ES-3", "a5", "active", "'INFECTION', '2024-01-01', 3, NULL, NULL, NULL, NULL"},
    {"ES-4", "a6", "active", "'INFECTION', '2024-04', NULL, true, NULL, NULL, NULL"},
    {"ES-5", "a7", "active", "'INFECTION', '2024-04-02', 5, true, NULL, NULL, NULL"},
};

static void put_episodes(struct remote_desk *desk)
{
    for (size_t i = 0; i < sizeof episodes / sizeof *episodes; i++)
        put(desk, "ae_episodes", episodes[i].subject, episodes[i].id, episodes[i].status,
            "ae_id, category, onset, max_grade, teae, serious, serious_life, serious_hospital",
            gw_arena_print(&desk->arena, "'%s', %s", episodes[i].id, episodes[i].values));
}

Test(postgres_views, list_adverse_events)
{
    struct remote_desk desk;

    enrol(&desk, "v_listing");
    put_episodes(&desk);
    cr_expect(remote_desk_says(&desk,
                               "SELECT string_agg(concat_ws(' ', subject_key, ae_id, frailty_group, category,"
                               " coalesce(max_grade::text, '-'), teae, serious, coalesce(criteria, '-')), E'\\n')"
                               " FROM ae_listing",
                               "ES-1 a1 FRAIL NEUTROPENIA 4 t t life-threatening, hospital\n"
                               "ES-1 a2 FRAIL NEUTROPENIA 2 t f -\n"
                               "ES-3 a5 NONFRAIL INFECTION 3 f f -\n"
                               "ES-3 a4 NONFRAIL NEUTROPENIA 2 t f -\n"
                               "ES-4 a6 NOT ASSESSED INFECTION - t f -\n"
                               "ES-5 a7 NONFRAIL INFECTION 5 t f -"));
    remote_desk_release(&desk);
}

Test(postgres_views, count_subjects_with_an_event_of_each_frailty_group)
{
    struct remote_desk desk;

    enrol(&desk, "v_incidence");
    put_episodes(&desk);
    cr_expect(shows(&desk, "ae_incidence", /* n, N, n/N, %, of grade 3 or worse, episodes, worst */
                    "(lendex,INFECTION,FRAIL,0,2,0/2,0.0,0,0,)\n"
                    "(lendex,INFECTION,NONFRAIL,0,1,0/1,0.0,0,0,)\n"
                    "(lendex,INFECTION,\"NOT ASSESSED\",1,1,1/1,100.0,0,1,)\n"
                    "(lendex,NEUTROPENIA,FRAIL,1,2,1/2,50.0,1,2,4)\n"
                    "(lendex,NEUTROPENIA,NONFRAIL,1,1,1/1,100.0,0,1,2)\n"
                    "(lendex,NEUTROPENIA,\"NOT ASSESSED\",0,1,0/1,0.0,0,0,)"));
    remote_desk_exec(&desk, "UPDATE ae_episodes SET status = 'withdrawn' WHERE row_id = 'a1'");
    cr_expect(remote_desk_says(&desk,
                               "SELECT v::text FROM ae_incidence v WHERE episodes = 1 AND worst_grade = 2 AND"
                               " frailty_group = 'FRAIL'",
                               "(lendex,NEUTROPENIA,FRAIL,1,2,1/2,50.0,0,1,2)"),
              "the milder episode is left, and the subject with it");
    remote_desk_exec(&desk, "UPDATE ae_episodes SET status = 'active' WHERE row_id = 'a3'");
    cr_expect(remote_desk_says(&desk, "SELECT v::text FROM ae_incidence v WHERE subjects_with = 2",
                               "(lendex,NEUTROPENIA,FRAIL,2,2,2/2,100.0,1,2,3)"));
    remote_desk_release(&desk);
}

Test(postgres_views, add_up_exposure)
{
    static const struct {
        const char *subject, *id, *status, *values;
    } intervals[] = {
        {"ES-1", "e1", "active", "'lenalidomide', 25, 'mg', '2024-01-15', '2024-01-24', 'start'"},      /* 10 days */
        {"ES-1", "e2", "active", "'lenalidomide', 0, 'mg', '2024-01-25', '2024-01-31', 'interrupted'"}, /* none */
        {"ES-1", "e3", "active", "'lenalidomide', 15, 'mg', '2024-02-01', '2024-02-10', 'restart'"},    /* 10 */
        {"ES-1", "e4", "active", "'lenalidomide', 10, 'mg', '2024-02-11', '2024-02-29', 'step_down'"},  /* 19 */
        {"ES-1", "e5", "withdrawn", "'lenalidomide', 5, 'mg', '2024-03-01', '2024-03-31', 'step_down'"},
        {"ES-1", "e6", "active", "'lenalidomide', 0, 'mg', '2024-03-01', NULL, 'end'"},
        {"ES-2", "e7", "active", "'dexamethasone', NULL, NULL, '2024-03', NULL, 'start'"},
    };
    struct remote_desk desk;

    enrol(&desk, "v_exposure");
    for (size_t i = 0; i < sizeof intervals / sizeof *intervals; i++)
        put(&desk, "exposures", intervals[i].subject, intervals[i].id, intervals[i].status,
            "drug, dose, unit, start, \"end\", change_type", intervals[i].values);
    cr_expect(shows(&desk, "exposure_summary", /* ongoing, intervals, days, step_downs, interruptions, restarts */
                    "(lendex,hm,ES-1,lenalidomide,2024-01-15,2024-02-29,f,3,39,1,1,1,10,mg)\n"
                    "(lendex,hm,ES-2,dexamethasone,2024-03,,t,1,,0,0,0,,)"));
    remote_desk_release(&desk);
}

Test(postgres_views, set_dose_intensity_beside_that_of_the_whole_treatment)
{
    struct remote_desk desk;

    enrol(&desk, "v_intensity");
    put(&desk, "cycles", "ES-1", "c1", "active", "cycle_no, start, planned_mg, actual_mg, rdi",
        "1, '2024-01-15', 525, 525, 100.0");
    put(&desk, "cycles", "ES-1", "c2", "active",
        "cycle_no, start, planned_mg, actual_mg, rdi, delay_days, dex_total_mg",
        "2, '2024-02-19', 525, 420, 80.0, 7, 160");
    put(&desk, "cycles", "ES-1", "c3", "withdrawn", "cycle_no, rdi", "3, 10");
    put(&desk, "cycles", "ES-4", "c1", "provisional", "cycle_no, start, planned_mg", "1, '2024-02-02', 525");
    put(&desk, "derived", "ES-1", "d1", "active", "param, value", "'RDISTD', 88.9");
    put(&desk, "derived", "ES-1", "d2", "withdrawn", "param, value", "'RDISTD', 99.9");
    put(&desk, "derived", "ES-1", "d3", "active", "param, value", "'RDIEXP', 91");
    cr_expect(shows(&desk, "dose_intensity",
                    "(lendex,hm,ES-1,FRAIL,1,2024-01-15,525,525,100.0,,,88.9)\n"
                    "(lendex,hm,ES-1,FRAIL,2,2024-02-19,525,420,80.0,7,160,88.9)\n"
                    "(lendex,hm,ES-4,\"NOT ASSESSED\",1,2024-02-02,525,,,,,)"));
    remote_desk_release(&desk);
}

Test(postgres_views, show_what_waits_for_a_person)
{
    static const struct {
        const char *id, *status, *values;
    } items[] = {
        {"x1", "active", "'UNIT_MISSING', 'R', 'open', '2024-12-31T10:00:00Z'"},
        {"x2", "active", "'AE_CANDIDATE', 'A', 'in_review', '2024-12-30T23:59:59Z'"},
        {"x3", "active", "'UNIT_MISSING', 'R', 'resolved', '2024-12-31T10:00:00Z'"},
        {"x4", "withdrawn", "'UNIT_MISSING', 'R', 'open', '2024-12-31T10:00:00Z'"},
        {"x5", "active", "'NO_CONTACT', '-', 'open', '2025-01-02T00:00:00Z'"},
        {"x6", "active", "'NO_CONTACT', '-', 'auto_closed', '2025-01-02T00:00:00Z'"},
    };
    struct remote_desk desk;

    enrol(&desk, "v_exceptions");
    for (size_t i = 0; i < sizeof items / sizeof *items; i++)
        put(&desk, "exceptions", "ES-1", items[i].id, items[i].status, "code, blocks, state, mapped_at",
            items[i].values);
    cr_expect(remote_desk_says(&desk,
                               "SELECT string_agg(concat_ws(' ', exception_id, code, waiting, state), E'\\n')"
                               " FROM open_exceptions",
                               "x2 AE_CANDIDATE the event or derived row in_review\n"
                               "x1 UNIT_MISSING the record open\n"
                               "x5 NO_CONTACT nothing open"));
    cr_expect(
        remote_desk_says(&desk,
                         "SELECT max(age_days) - min(age_days) || ' ' || (min(age_days) = (now() AT TIME ZONE 'UTC')"
                         "::date - date '2025-01-02') FROM open_exceptions",
                         "3 true"));
    remote_desk_release(&desk);
}

/* ---- what a person typed --------------------------------------------------------------------------------------- */

static const char *const hostile[] = {
    "",           " ",          "nonsense!!", "2024-13-45", "2024-02-30",  "2023-02-29",           "0000-01-01",
    "9999-12-31", "infinity  ", "  tomorrow", "24-001-001", "2024-01-0x",  "2024-01-01 25:61:61",  "2024-01-01\\n",
    "-infinity",  "''; --",     "{1,2}",      "\\\\\\\\",   "Ω2024-01-01", "2024-01-01T00:00:00Z",
};

/* A row that every view shows, but for one text (NULL: for all of them) that a person typed. */
static void type_into(struct gw_text *sql, const struct gw_table *table, const char *typed_into, size_t text, size_t n)
{
    static const char *const fine[][2] = {{"status", "active"},  {"state", "open"},    {"start", "2024-01-01"},
                                          {"end", "2024-01-09"}, {"d1", "2024-01-01"}, {"mapped_at", "2024-01-01"},
                                          {"study", "lendex"}};

    gw_text_print(sql, "INSERT INTO \"%s\" (written", table->name);
    for (size_t c = 0; c < table->column_count; c++)
        if (table->columns[c].type != GW_COLUMN_integer && table->columns[c].type != GW_COLUMN_boolean &&
            table->columns[c].type != GW_COLUMN_decimal)
            gw_text_print(sql, ", \"%s\"", table->columns[c].name);
    gw_text_print(sql, ") VALUES (''");
    for (size_t c = 0; c < table->column_count; c++) {
        const struct gw_column *column = &table->columns[c];
        const char *value = "x";

        if (column->type == GW_COLUMN_integer || column->type == GW_COLUMN_boolean || column->type == GW_COLUMN_decimal)
            continue;
        for (size_t f = 0; f < sizeof fine / sizeof *fine; f++)
            value = strcmp(column->name, fine[f][0]) == 0 ? fine[f][1] : value;
        if (strcmp(column->name, "row_id") == 0 || strcmp(column->name, "subject_key") == 0)
            gw_text_print(sql, ", E'%s%zu'", typed_into && strcmp(column->name, typed_into) == 0 ? hostile[text] : "k",
                          n);
        else
            gw_text_print(sql, ", E'%s'", !typed_into || strcmp(column->name, typed_into) == 0 ? hostile[text] : value);
    }
    gw_text_add(sql, ");\n");
}

static void type_everywhere(struct remote_desk *desk)
{
    const size_t texts = sizeof hostile / sizeof *hostile;
    struct gw_text sql = GW_TEXT_INIT(64 << 20);
    size_t n = 0;

    gw_text_print(&sql, "SET search_path TO %s;\n", desk->schema);
    for (int t = 0; t < GW_TABLE_COUNT; t++) {
        const struct gw_table *table = gw_table_of((enum gw_table_id)t);

        if (table->id == GW_TABLE_provenance) /* of which no view tells */
            continue;
        for (size_t text = 0; text < texts; text++) {
            type_into(&sql, table, NULL, text, n++);
            for (size_t c = 0; c < table->column_count; c++)
                type_into(&sql, table, table->columns[c].name, text, n++);
        }
    }
    cr_assert(!sql.failed);
    cluster_exec(sql.at);
    gw_text_release(&sql);
}

Test(postgres_views, never_fail_on_what_a_person_typed)
{
    static const char *const views[] = {"visit_compliance", "ae_listing",      "ae_incidence",     "exposure_summary",
                                        "dose_intensity",   "open_exceptions", "changes_since_cut"};
    struct remote_desk desk;

    remote_desk_init(&desk, "v_hostile");
    cr_expect(remote_desk_says(
                  &desk,
                  gw_arena_print(&desk.arena, "SELECT count(*) FROM pg_views WHERE schemaname = '%s'", desk.schema),
                  gw_arena_print(&desk.arena, "%zu", sizeof views / sizeof *views)),
              "all views are looked at");
    type_everywhere(&desk);
    remote_desk_exec(&desk, "UPDATE ae_episodes SET teae = true");
    remote_desk_exec(&desk, "INSERT INTO cuts VALUES ('k', ''); INSERT INTO cut_subjects VALUES ('k', 'k1', 0);"
                            "INSERT INTO changes VALUES ('k1', 1, 'subjects', 'k1', 'withdrawn')");
    for (size_t v = 0; v < sizeof views / sizeof *views; v++)
        cr_expect(remote_desk_says(
                      &desk,
                      gw_arena_print(&desk.arena, "SELECT length(string_agg(v::text, '')) > 0 FROM %s v", views[v]),
                      "t"),
                  "%s", views[v]);
    remote_desk_release(&desk);
}

Test(postgres_views, count_only_days_of_the_calendar)
{
    static const struct {
        const char *end, *days; /* from 2024-02-01 on */
    } cases[] = {
        {"2024-02-29", "29"}, {"2024-02-30", ""}, {"2024-03-31", "60"}, {"2024-04-31", ""}, {"2024-2-9", ""},
        {"2024-02", ""},      {"2024-00-10", ""}, {"2024-02-00", ""},   {"today     ", ""}, {"9999-12-31", "2913143"},
    };
    struct remote_desk desk;

    enrol(&desk, "v_days");
    put(&desk, "exposures", "ES-1", "e1", "active", "drug, dose, start", "'lenalidomide', 25, '2024-02-01'");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        remote_desk_exec(&desk, gw_arena_print(&desk.arena, "UPDATE exposures SET \"end\" = '%s'", cases[i].end));
        cr_expect(remote_desk_says(&desk, "SELECT days FROM exposure_summary", cases[i].days), "%s", cases[i].end);
    }
    remote_desk_release(&desk);
}

/* As casement export --cut would: both subjects of the test where they stand. */
static void take_cut(struct remote_desk *desk, const char *name, const char *at, int64_t first, int64_t second)
{
    struct gw_export_receipt list[] = {{"ES-1", first}, {"ES-2", second}};
    const struct gw_export_receipts receipts = {list, 2};

    cr_assert(gw_sink_postgres_cut(&desk->target, name, at, &receipts, &desk->failure) == GW_OK, "%s",
              desk->failure.text);
}

static void deliver(struct remote_desk *desk, const char *subject, struct gw_rows *before, struct gw_rows *after,
                    int64_t from)
{
    cr_assert(remote_desk_send_one(desk, remote_desk_batch(desk, subject, before, after, from)) == GW_OK, "%s",
              desk->failure.text);
}

/* Rows of ES-1 by revision; "" is none. What a person typed into o5 stands against its correction. */
static const char *const history[][5] = {{"1.20", "2", "3", "", "5"},
                                         {"1.40", "", "3", "4", "5"},
                                         {"1.40", "8", "", "4.1", "5"},
                                         {"1.40", "8", "", "", "6"}};

static void add_history(struct remote_desk *desk, struct gw_rows *rows, size_t revision)
{
    for (size_t i = 0; i < 5; i++)
        if (*history[revision][i])
            remote_desk_observation(desk, rows, "ES-1", gw_arena_print(&desk->arena, "o%zu", i + 1),
                                    history[revision][i]);
}

Test(postgres_views, tell_what_was_corrected_or_withdrawn_since_the_last_cut)
{
    static const char since[] = "SELECT coalesce(string_agg(concat_ws(' ', cut, subject_key, table_name, row_id, kind,"
                                " times, revision), '; '), 'none') FROM changes_since_cut";
    struct gw_rows rows[4] = {0}, other[2] = {0}, none = {0};
    struct remote_desk desk;

    remote_desk_init(&desk, "v_cut");
    for (size_t i = 0; i < 4; i++)
        add_history(&desk, &rows[i], i);
    remote_desk_observation(&desk, &other[0], "ES-2", "o1", "7");
    deliver(&desk, "ES-1", &none, &rows[0], 0);
    deliver(&desk, "ES-2", &none, &other[0], 0);
    cr_expect(remote_desk_says(&desk, since, "none"), "no cut was taken");
    take_cut(&desk, "first", "2024-03-31T10:00:00Z", 1, 1);
    cr_expect(remote_desk_says(&desk, since, "none"));
    deliver(&desk, "ES-1", &rows[0], &rows[1], 1);
    cr_expect(remote_desk_says(&desk, since,
                               "first ES-1 observations o1 corrected 1 2; first ES-1 observations o2 withdrawn 1 2"),
              "o4 only came");
    deliver(&desk, "ES-1", &rows[1], &rows[2], 2);
    remote_desk_exec(&desk, "UPDATE observations SET value_num = 5.5 WHERE row_id = 'o5'");
    deliver(&desk, "ES-1", &rows[2], &rows[3], 3);
    cr_expect(desk.shipment.refusals.count == 1);
    cr_expect(remote_desk_says(&desk, since,
                               "first ES-1 observations o1 corrected 1 2; first ES-1 observations o2 corrected 2 3; "
                               "first ES-1 observations o3 withdrawn 1 3"),
              "o2 is back with another value, o4 came and went, o5 was left alone");
    cr_expect(remote_desk_says(&desk,
                               "SELECT count(*) FROM changes_since_cut WHERE study = 'lendex' AND cut_at ="
                               " '2024-03-31T10:00:00Z' AND delivered_at > now() - interval '1 hour'",
                               "3"));
    take_cut(&desk, "again", "2024-06-30T10:00:00Z", 4, 1);
    cr_expect(remote_desk_says(&desk, since, "none"));
    deliver(&desk, "ES-2", &other[0], &other[1], 1);
    cr_expect(remote_desk_says(&desk, since, "again ES-2 observations o1 withdrawn 1 2"));
    take_cut(&desk, "again", "2024-06-30T10:00:00Z", 4, 2);
    cr_expect(remote_desk_says(&desk, since, "none"), "one that the ledger never knew is taken once more");
    remote_desk_release(&desk);
}
