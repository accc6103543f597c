/*
 * The study database: batches that apply once, on their own revision, whole or not at all.
 */
#include <sys/stat.h>

#include "sinks/desk.h"
#include "support/fake_disk.h"

static const char all[] = "SELECT group_concat(row_id || '=' || ifnull(value_num, '') || ':' || status, ' ') "
                          "FROM (SELECT * FROM observations ORDER BY row_id)";

Test(study_db, adds_changes_and_withdraws)
{
    struct desk desk;
    struct gw_rows none = {0}, first = {0}, second = {0};

    desk_init(&desk);
    desk_observation(&desk, &first, "o1", "1.20");
    desk_observation(&desk, &first, "o2", "7")->anl01 = true;
    desk_observation(&desk, &second, "o1", "1.40");
    struct gw_receipt receipt = desk_apply(&desk, "ES-017", &none, &first, 0);
    cr_expect(receipt.applied && receipt.revision == 1);
    cr_expect(desk_says(&desk, all, "o1=1.20:active o2=7:active"));
    cr_expect(desk_says(&desk, "SELECT anl01 FROM observations WHERE row_id = 'o2'", "1"));
    cr_expect(desk_says(&desk, "SELECT anl01 FROM observations WHERE row_id = 'o1'", ""));
    cr_expect(desk_says(&desk, "SELECT typeof(value_num) FROM observations WHERE row_id = 'o1'", "text"));
    receipt = desk_apply(&desk, "ES-017", &first, &second, 1);
    cr_expect(receipt.applied && receipt.revision == 2);
    cr_expect(desk_says(&desk, all, "o1=1.40:active o2=:withdrawn"));
    cr_expect(desk_says(&desk, "SELECT concept FROM observations WHERE row_id = 'o2'", ""), "a tombstone says nothing");
    cr_expect(desk_says(&desk, "SELECT study || site FROM observations WHERE row_id = 'o2'", "lendexhm"));
    receipt = desk_apply(&desk, "ES-017", &second, &first, 2);
    cr_expect(desk_says(&desk, all, "o1=1.20:active o2=7:active"), "a tombstone may come back to life");
    desk_release(&desk);
}

Test(study_db, keeps_the_stamps_of_a_tombstone)
{
    struct desk desk;
    struct gw_rows none = {0}, first = {0};
    struct gw_difference difference;
    struct gw_receipt receipt;

    desk_init(&desk);
    desk_observation(&desk, &first, "o1", "1.20");
    desk_apply(&desk, "ES-017", &none, &first, 0);
    DESK_OK(&desk, gw_difference(&desk.arena, &first, &none, &difference, &desk.err));
    cr_assert(difference.count == 1);
    ((struct gw_row_observations *)difference.changes[0].row)->row_version = 2;
    ((struct gw_row_observations *)difference.changes[0].row)->mapped_at = "2025-01-01T00:00:00Z";
    const struct gw_batch batch = {"lendex", "ES-017", 1, 2, &difference, "2025-01-01T00:00:00Z"};
    DESK_OK(&desk, desk.sink->apply(desk.sink, &batch, &receipt, &desk.err));
    cr_expect(desk_says(&desk, "SELECT status || row_version || mapped_at FROM observations",
                        "withdrawn22025-01-01T00:00:00Z"));
    desk_release(&desk);
}

Test(study_db, applies_a_batch_once_and_only_on_its_revision)
{
    static const struct {
        const char *name;
        int64_t from;
    } cases[] = {{"sent twice", 0}, {"from the future", 5}, {"from before everything", -1}};
    struct desk desk;
    struct gw_rows none = {0}, first = {0}, other = {0};
    int64_t revision = -1;

    desk_init(&desk);
    desk_observation(&desk, &first, "o1", "1.20");
    desk_observation(&desk, &other, "o1", "9.99");
    desk_apply(&desk, "ES-017", &none, &first, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct gw_receipt receipt = desk_apply(&desk, "ES-017", &none, &other, cases[i].from);
        cr_expect(!receipt.applied && receipt.revision == 1, "%s", cases[i].name);
        cr_expect(desk_says(&desk, all, "o1=1.20:active"), "%s", cases[i].name);
    }
    DESK_OK(&desk, desk.sink->revision_of(desk.sink, "ES-017", &revision, &desk.err));
    cr_expect(revision == 1);
    DESK_OK(&desk, desk.sink->revision_of(desk.sink, "ES-018", &revision, &desk.err));
    cr_expect(revision == 0);
    cr_expect(desk_says(&desk, "SELECT study || subject_key || revision || applied_at FROM receipts",
                        "lendexES-01712024-12-31T10:00:00Z"));
    desk_release(&desk);
}

Test(study_db, groups_batches_and_takes_back_what_is_not_committed)
{
    struct desk desk;
    struct gw_rows none = {0}, first = {0}, second = {0};

    desk_init(&desk);
    desk_observation(&desk, &first, "o1", "1");
    desk_row(&desk, &second, GW_TABLE_subjects, "ES-018", "ES-018");
    DESK_OK(&desk, desk.sink->begin(desk.sink, &desk.err));
    desk_apply(&desk, "ES-017", &none, &first, 0);
    desk_apply(&desk, "ES-018", &none, &second, 0);
    desk_close(&desk);
    desk_open(&desk);
    cr_expect(desk_says(&desk, "SELECT count(*) FROM receipts", "0"));
    DESK_OK(&desk, desk.sink->begin(desk.sink, &desk.err));
    desk_apply(&desk, "ES-017", &none, &first, 0);
    desk_apply(&desk, "ES-018", &none, &second, 0);
    DESK_OK(&desk, desk.sink->commit(desk.sink, &desk.err));
    desk_close(&desk);
    desk_open(&desk);
    cr_expect(desk_says(&desk, "SELECT count(*) FROM receipts", "2"));
    cr_expect(desk_says(&desk, "SELECT subject_key FROM subjects", "ES-018"));
    desk_release(&desk);
}

Test(study_db, belongs_to_one_study)
{
    struct desk desk;
    struct gw_sink *other = NULL;
    struct gw_difference empty = {0};
    struct gw_receipt receipt;
    const struct gw_batch stray = {"other", "ES-017", 0, 1, &empty, NULL};
    struct stat status;

    desk_init(&desk);
    cr_assert(stat(desk.path, &status) == 0);
    cr_expect((status.st_mode & 0777) == 0600);
    cr_expect(desk.sink->apply(desk.sink, &stray, &receipt, &desk.err) == GW_ECONFIG);
    cr_expect(gw_sink_sqlite_open(desk.path, "other", &other, &desk.err) == GW_ECONFIG);
    cr_expect(strstr(desk.err.text, "another study") != NULL, "%s", desk.err.text);
    cr_expect(gw_sink_sqlite_open("/nowhere/study.db", "lendex", &other, &desk.err) == GW_ECREATE);
    cr_expect(gw_sink_sqlite_open(scratch_write(&desk.scratch, "text.db", "a text that is no database at all, no"),
                                  "lendex", &other, &desk.err) == GW_ECONFIG);
    cr_expect(other == NULL);
    desk_release(&desk);
}

Test(study_db, refuses_the_tables_of_another_release)
{
    struct desk desk;

    desk_init(&desk);
    desk_close(&desk);
    desk_ask(&desk, "ALTER TABLE observations DROP COLUMN comparator");
    cr_expect(gw_sink_sqlite_open(desk.path, "lendex", &desk.sink, &desk.err) == GW_ECONFIG);
    cr_expect(strstr(desk.err.text, "another release") != NULL, "%s", desk.err.text);
    desk_release(&desk);
}

Test(study_db, has_a_table_for_each_of_the_list_with_all_its_columns)
{
    struct desk desk;

    desk_init(&desk);
    for (int t = 0; t < GW_TABLE_COUNT; t++) {
        const struct gw_table *table = gw_table_of((enum gw_table_id)t);
        for (size_t i = 0; i < table->column_count; i++)
            cr_expect(desk_says(
                &desk,
                gw_arena_print(&desk.arena, "SELECT type FROM pragma_table_info('%s') WHERE cid = %zu AND name = '%s'",
                               table->name, i, table->columns[i].name),
                table->columns[i].type == GW_COLUMN_integer || table->columns[i].type == GW_COLUMN_boolean ? "INTEGER"
                                                                                                           : "TEXT"));
    }
    desk_release(&desk);
}

/* ---- disks ---- */

/* Two revisions of two subjects in groups, until the disk fails; gives how many commits were acknowledged. */
static int deliver_until_failure(struct desk *desk, struct gw_rows rows[3])
{
    static const char *const subjects[] = {"ES-017", "ES-018"};
    struct gw_receipt receipt;
    int64_t from;

    for (int step = 0; step < 2; step++) {
        if (desk->sink->begin(desk->sink, &desk->err) != GW_OK)
            return step;
        for (int s = 0; s < 2; s++) {
            struct gw_difference difference;
            if (desk->sink->revision_of(desk->sink, subjects[s], &from, &desk->err) != GW_OK)
                return step;
            DESK_OK(desk, gw_difference(&desk->arena, &rows[step], &rows[step + 1], &difference, &desk->err));
            const struct gw_batch batch = {"lendex", subjects[s], from, from + 1, &difference, NULL};
            if (desk->sink->apply(desk->sink, &batch, &receipt, &desk->err) != GW_OK)
                return step;
        }
        if (desk->sink->commit(desk->sink, &desk->err) != GW_OK)
            return step;
    }
    return 2;
}

Test(study_db, stops_at_a_failing_disk_and_keeps_whole_groups)
{
    static const int codes[] = {SQLITE_FULL, SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC};
    struct desk desk;
    struct gw_rows rows[3] = {0};
    int failures = 0, delivered = 0;
    int64_t revision;

    fake_disk_install();
    desk_init(&desk);
    desk_observation(&desk, &rows[1], "o1", "1");
    desk_observation(&desk, &rows[2], "o1", "2");
    for (int operation = 1; operation < 24; operation++) {
        fake_disk_fail(operation, codes[operation % 3]);
        delivered += deliver_until_failure(&desk, rows);
        failures += fake_disk.failed;
        if (fake_disk.failed) {
            cr_expect(desk.err.status == GW_EIO, "%s", desk.err.text);
            cr_expect(desk.sink->revision_of(desk.sink, "ES-017", &revision, &desk.err) == GW_EIO);
        }
        fake_disk_heal();
        desk_close(&desk);
        desk_open(&desk);
        DESK_OK(&desk, desk.sink->revision_of(desk.sink, "ES-017", &revision, &desk.err));
        cr_expect(revision >= delivered, "%lld of %d", (long long)revision, delivered);
        cr_expect(desk_says(&desk, "SELECT count(DISTINCT revision) <= 1 FROM receipts", "1"), "a group is whole");
        delivered = (int)revision;
    }
    cr_expect(failures > 5, "%d", failures);
    desk_release(&desk);
}

Test(study_db, stops_when_the_log_cannot_be_copied_back)
{
    struct desk desk;
    struct gw_rows previous = {0};
    struct gw_difference difference;
    struct gw_receipt receipt;
    int64_t from = 0, revision = -1;
    enum gw_status rc = GW_OK;

    fake_disk_install();
    desk_init(&desk);
    char *noise = gw_arena_alloc(&desk.arena, 1 << 20);
    memset(noise, 'n', (1 << 20) - 1);
    fake_disk.main_syncs_fail = true;
    for (; from < 64 && rc == GW_OK; from += rc == GW_OK) {
        struct gw_rows next = {0};
        desk_observation(&desk, &next, "o1", gw_arena_print(&desk.arena, "%d", (int)from))->value_text = noise;
        DESK_OK(&desk, gw_difference(&desk.arena, &previous, &next, &difference, &desk.err));
        const struct gw_batch batch = {"lendex", "ES-017", from, from + 1, &difference, NULL};
        rc = desk.sink->apply(desk.sink, &batch, &receipt, &desk.err);
        previous = next;
    }
    cr_expect(rc == GW_EIO && from > 4, "%d after %d", rc, (int)from);
    fake_disk.main_syncs_fail = false;
    desk_close(&desk);
    desk_open(&desk);
    DESK_OK(&desk, desk.sink->revision_of(desk.sink, "ES-017", &revision, &desk.err));
    cr_expect(revision == from, "what was acknowledged is in the log");
    desk_release(&desk);
}
