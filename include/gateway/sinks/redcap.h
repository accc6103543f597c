/*
 * REDCap as a study database.
 *
 *      record        a subject; its name is the subject's key, field subject_key
 *      event         a window ("T30-01"), by its label; SUBJECT for what belongs to no window
 *      instrument    a table of rows.def, repeating in each of its events; casement, in SUBJECT, does not repeat
 *      instance      a row; the row's id stands in it, so REDCap alone says which instance is which row
 *
 * An import with overwriteBehavior=normal keeps what it does not name and cannot blank a field: a value that is no
 * longer there is written as NI (no information), which lists of choices offer; for fields of numbers the project needs
 * it as a missing data code, and none is delivered to before it has. A withdrawn row keeps its instance, its status is
 * withdrawn and all its other values are NI.
 *
 * REDCap has no transactions. The receipt, a field of the subject's own record, is taken back to 0 before the first row
 * of a batch and written behind the last one. After a crash in between the subject stands at 0: the whole of it is sent
 * again, from revision 0; rows that are there as they should be are left alone, rows that belong to no revision are
 * withdrawn. So a reader who finds casement_revision 0 reads a subject that is being written.
 *
 * Each row bears a digest of itself as we wrote it (blanks at its ends and carriage returns apart, which REDCap does
 * not keep). It is read and compared before the row is written: what a person changed is left alone. There is no lock
 * between that look and the import: what a person types in that moment may be lost.
 */
#ifndef GATEWAY_SINKS_REDCAP_H
#define GATEWAY_SINKS_REDCAP_H

#include <stdio.h>

#include "gateway/sinks/remote.h"

struct gw_redcap_target {
    const char *url;        /* https, ends in /api/ */
    const char *token_file; /* of mode 0600; read for each question */
    const char *ca;         /* PEM; NULL: the system's authorities */
    const char *study;
    const char *installation;
    bool production; /* the project must be in that status; otherwise it must be in none but development */
};

/* GW_ECONFIG: no address of an API that a token may go to: https (http to loopback alone), and /api/ at its end. */
enum gw_status gw_redcap_check_url(const char *url, struct gw_error *err);

/* Nothing is asked yet. Texts are copied. GW_ECONFIG: the address, the token's file, the authorities. */
enum gw_status gw_sink_redcap_open(uv_loop_t *loop, const struct gw_redcap_target *target, struct gw_remote **out,
                                   struct gw_error *err);

/*
 * The project's data dictionary, REDCap's 18 columns, made of rows.def: the same bytes each time. Dates are texts,
 * because a date may be a month or a year. GW_EIO: it cannot be written; GW_ENOMEM.
 */
enum gw_status gw_redcap_dictionary(FILE *out, struct gw_error *err);

#endif
