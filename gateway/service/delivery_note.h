/*
 * A courier's state in the ledger, for those who ask beside it. Private to the service room.
 */
#ifndef SERVICE_DELIVERY_NOTE_H
#define SERVICE_DELIVERY_NOTE_H

#include "gateway/core/date.h"
#include "service/courier.h"

/* Kept by a job of the writer. What cannot be kept is told anew by the next change. next 0: none. */
void delivery_note_keep(struct gw_writer *writer, const char *study, const struct courier_news *news, int64_t since,
                        int64_t next);

#endif
