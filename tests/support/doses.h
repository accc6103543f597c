/*
 * Histories of a drug in few letters, days counted from the first dose, and rows written back in the same way.
 *
 *      "A 3 25"          25 mg administered on day 3;           "A 3T09 25" at nine; "N 3" not done
 *      "S 0..20 25"      stated to be taken daily;               "S 0.. 25": it goes on; "T 5..7" stated not to be
 * taken "D 0 21x25/21"    21 capsules of 25 mg handed over for 21 days; parts may be left out: "D 0 21/28", "D 0 /21"
 *      "R 0.. 25"        ordered
 *
 * A unit other than mg follows the dose ("0.025g", "2cap*5" are two capsules of 5 mg), then a rhythm: daily if none is
 * written, else qd, bid, qod, weekly, 3/wk, 5/d, 21/28, 1-2 (a choice), prn (daily, as needed), none. A statement or an
 * order ends in "!" when it was stopped.
 */
#ifndef SUPPORT_DOSES_H
#define SUPPORT_DOSES_H

#include "support/subject.h"

/*
 * A subject of lendex-rrmm whose first dose the roster alone tells, who was seen on days 0, 30 and 60; the data reach
 * to day 70.
 */
void doses_init(struct subject *s);

/* Add records, separated by ";", of a drug by its ATC code. Their ids are d0, d1 ... after what is there. */
void doses_add(struct subject *s, const char *atc, const char *records);

/* Rows of a drug by their start: "0..20 25 QD dispensed L1 start; 28.. ..." */
const char *doses_rows(struct subject *s, const char *drug);

/* "1@0 525 100; 2@28 +7 ..": number and start, delay, mg and share where the cycle is over. */
const char *doses_cycles(struct subject *s);

/* "aciclovir 3..10 400 BID stated P": P prevents, < began before day 1, + goes on. */
const char *doses_conmeds(struct subject *s);

#endif
