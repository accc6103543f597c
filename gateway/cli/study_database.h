/*
 * The study database that a command reads: a file, or a copy: of PostgreSQL what it holds at this instant, of REDCap what
 * the ledger holds for it.
 */
#ifndef CLI_STUDY_DATABASE_H
#define CLI_STUDY_DATABASE_H

#include "cli/arguments.h"
#include "gateway/core/arena.h"
#include "gateway/core/error.h"

/* --db, or the configuration's study: the one asked for, or the only one. The path is the arena's. */
enum gw_status study_database_find(const struct arguments *arguments, struct gw_arena *arena, const char **path,
                                   struct gw_error *err);

/* Standard output is about to be written: whoever stops reading it ends us, as any program that prints. */
void study_database_print(void);

/* A copy goes. It goes too when a signal ends the program. */
void study_database_release(void);

#endif
