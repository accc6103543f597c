#include "support/every_commit.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* What came in; less what stands, by the lines of what was derived and by the count of what was not. */
static const char balance[] =
    "SELECT (SELECT ifnull(sum(parts_in), 0) FROM deliveries)"
    " - (SELECT ifnull(sum(CASE WHEN parts IS NULL THEN part_count"
    " ELSE length(parts) - length(replace(parts, char(10), '')) + 1 END), 0) FROM entries)"
    " - (SELECT ifnull(sum(part_count), 0) FROM arrived) - (SELECT ifnull(sum(part_count), 0) FROM pending)"
    " - (SELECT ifnull(sum(part_count), 0) FROM door) - (SELECT ifnull(sum(parts), 0) FROM purged)";

/* Ledgers commit on threads of their own, where no assertion may be made: what was seen waits here. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static size_t looks, faults;
static char first_fault[400];

static struct { /* the connection beside */
    char path[300];
    sqlite3 *db;
    sqlite3_stmt *balance; /* NULL: there were no tables yet */
} beside;

static void note(const char *what, int64_t difference)
{
    if (faults++ == 0)
        snprintf(first_fault, sizeof first_fault, "%s, commit %zu: %s (%lld)", beside.path, looks, what,
                 (long long)difference);
}

static void close_beside(void)
{
    sqlite3_finalize(beside.balance);
    sqlite3_close(beside.db);
    memset(&beside, 0, sizeof beside);
}

static bool open_beside(const char *path)
{
    if (strcmp(beside.path, path) != 0)
        close_beside();
    snprintf(beside.path, sizeof beside.path, "%s", path);
    if (!beside.db && sqlite3_open_v2(path, &beside.db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
        return false;
    return beside.balance || sqlite3_prepare_v2(beside.db, balance, -1, &beside.balance, NULL) == SQLITE_OK;
}

static void look(const char *path)
{
    pthread_mutex_lock(&lock);
    if (open_beside(path)) { /* else its tables are about to be made */
        looks++;
        if (sqlite3_step(beside.balance) != SQLITE_ROW)
            note(sqlite3_errmsg(beside.db), 0);
        else if (sqlite3_column_int64(beside.balance, 0) != 0)
            note("parts are unaccounted for", sqlite3_column_int64(beside.balance, 0));
        sqlite3_reset(beside.balance);
    }
    pthread_mutex_unlock(&lock);
}

/* The hook may not ask its own connection anything, so that it is the commit before which can be seen. */
static int on_commit(void *db)
{
    look(sqlite3_db_filename(db, "main"));
    return 0; /* let it be made */
}

/* Of each connection of the process: a ledger's is known by its name. */
static int on_opened(sqlite3 *db, const char **message, const struct sqlite3_api_routines *routines)
{
    static const char ledger[] = "/ledger.db";
    const char *path = sqlite3_db_filename(db, "main");
    const size_t length = path ? strlen(path) : 0;

    (void)message;
    (void)routines;
    if (length >= strlen(ledger) && strcmp(path + length - strlen(ledger), ledger) == 0)
        sqlite3_commit_hook(db, on_commit, db);
    return SQLITE_OK;
}

void every_commit_watch(void)
{
    cr_assert(sqlite3_auto_extension((void (*)(void))on_opened) == SQLITE_OK);
}

void every_commit_expect(const char *ledger, size_t least)
{
    look(ledger);
    close_beside();
    cr_expect(faults == 0, "%zu commits of %zu, the first: %s", faults, looks, first_fault);
    cr_expect(looks >= least, "%zu commits", looks);
    looks = faults = 0;
}
