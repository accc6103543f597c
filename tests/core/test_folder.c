/*
 * An output folder that appears by one rename: whole, or not at all, and never in place of what is somebody else's.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/core/folder.h"
#include "support/scratch.h"

static const char *const holds[] = {"*.csv", "inner", NULL}, *const inner[] = {"inner", NULL};
static const struct gw_folder_kind kind = {
    .maker = "casement test", .mark = "done.csv", .holds = holds, .inner = inner};

static struct scratch scratch;
static struct gw_arena arena = GW_ARENA_INIT(1 << 20);
static struct gw_folder folder;
static struct gw_error err;

static void open_all(void)
{
    scratch_init(&scratch);
}

static void close_all(void)
{
    gw_folder_discard(&folder);
    gw_arena_release(&arena);
    scratch_release(&scratch);
}

TestSuite(folder, .init = open_all, .fini = close_all);

static bool is_there(const char *name)
{
    return access(scratch_path(&scratch, name), F_OK) == 0;
}

static const char *out(void)
{
    return gw_arena_print(&arena, "%s/out", scratch.folder);
}

static enum gw_status begin(void)
{
    return gw_folder_begin(&folder, &kind, &arena, out(), &err);
}

static void make_whole(void)
{
    cr_assert(begin() == GW_OK, "%s", err.text);
    scratch_write(&scratch, "out.part/done.csv", "a\n");
    cr_assert(gw_folder_publish(&folder, &err) == GW_OK, "%s", err.text);
}

Test(folder, appears_by_one_rename_and_replaces_its_former_self)
{
    cr_assert(begin() == GW_OK, "%s", err.text);
    scratch_write(&scratch, "out.part/done.csv", "a\n");
    scratch_write(&scratch, "out.part/first.csv", "a\n");
    cr_expect(!is_there("out") && is_there("out.part/inner"));
    cr_assert(gw_folder_publish(&folder, &err) == GW_OK, "%s", err.text);
    cr_expect(is_there("out/first.csv") && !is_there("out.part"));
    make_whole();
    cr_expect(is_there("out/done.csv") && !is_there("out/first.csv") && !is_there("out.part"));
}

Test(folder, leaves_nothing_when_it_is_given_up)
{
    make_whole();
    cr_assert(begin() == GW_OK, "%s", err.text);
    scratch_write(&scratch, "out.part/half.csv", "a\n");
    gw_folder_discard(&folder);
    cr_expect(!is_there("out.part") && is_there("out/done.csv"), "the former one stays");
}

/* A link to nowhere cannot be brought to the disk, as no file can on a disk that fails. */
Test(folder, leaves_nothing_when_the_disk_fails_at_the_end)
{
    cr_assert(begin() == GW_OK, "%s", err.text);
    cr_assert(symlink("nowhere", scratch_path(&scratch, "out.part/done.csv")) == 0);
    cr_expect(gw_folder_publish(&folder, &err) == GW_EIO, "%s", err.text);
    gw_folder_discard(&folder);
    cr_expect(!is_there("out.part") && !is_there("out"));
}

static const struct {
    const char *name, *file; /* beside done.csv, or alone */
    bool whole;
    enum gw_status status;
} others[] = {
    {"a former one", NULL, true, GW_OK},
    {"a former one to which somebody added a file", "out/thesis.txt", true, GW_ECREATE},
    {"a former one with a hidden file", "out/.mine", true, GW_ECREATE},
    {"a folder of somebody's own", "out/thesis.txt", false, GW_ECREATE},
    {"a folder of files like ours", "out/mine.csv", false, GW_ECREATE},
};

Test(folder, replaces_nothing_that_somebody_else_made)
{
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (others[i].whole)
            make_whole();
        else
            cr_assert(mkdir(out(), 0700) == 0);
        if (others[i].file)
            scratch_write(&scratch, others[i].file, "mine");
        cr_expect(begin() == others[i].status, "%s: %s", others[i].name, err.text);
        cr_expect(!others[i].file || is_there(others[i].file), "%s", others[i].name);
        gw_folder_discard(&folder);
        cr_expect(!is_there("out.part"), "%s", others[i].name);
        if (others[i].file)
            cr_assert(unlink(scratch_path(&scratch, others[i].file)) == 0);
        if (others[i].whole)
            make_whole(); /* ours again, and now removed */
        unlink(scratch_path(&scratch, "out/done.csv"));
        rmdir(scratch_path(&scratch, "out/inner"));
        cr_assert(rmdir(out()) == 0, "%s", others[i].name);
    }
}
