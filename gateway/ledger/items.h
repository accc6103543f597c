/*
 * Items as rows of STATEMENT_ITEMS.
 */
#ifndef LEDGER_ITEMS_H
#define LEDGER_ITEMS_H

#include "gateway/ledger/report.h"
#include "ledger/store.h"

/* One row, copied into the arena; false at its limit. */
bool item_read(struct gw_arena *arena, sqlite3_stmt *row, struct gw_ledger_item *out);

#endif
