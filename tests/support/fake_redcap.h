/*
 * A REDCap project in memory, behind its API: no REDCap, but strict about what is sent to it.
 *
 * An import is taken whole or not at all, with overwriteBehavior=normal: blanks are passed over. Fields and values are
 * held to the data dictionary that was uploaded; its events are those of a study of 36 months.
 */
#ifndef SUPPORT_FAKE_REDCAP_H
#define SUPPORT_FAKE_REDCAP_H

#include <cjson/cJSON.h>
#include <pthread.h>
#include <stdbool.h>

#include "support/fake_server.h"

#define FAKE_REDCAP_TOKEN "0123456789ABCDEF0123456789ABCDEF"

enum fake_cut {
    FAKE_CUT_NONE,
    FAKE_CUT_BEFORE,
    FAKE_CUT_AFTER
}; /* the import: the connection ends, it was not done or it was */

struct fake_redcap {
    struct fake_server *server;
    char url[80];
    pthread_mutex_t lock;
    cJSON *rows;
    cJSON *fields;             /* as the API tells them */
    char wrong[400];           /* the first thing of the wire form that is wrong; "" while all is right */
    const char *locked;        /* a row id: its form is locked; "receipt": the subject's own */
    const char *refused;       /* a value that a rule of the project does not take */
    const char *missing_codes; /* of the project */
    const char *without_event; /* a window that is no event of it */
    bool production;
    bool repeats; /* some instrument does */
    int imports;  /* so far */
    int cut_at;   /* the number of the import, from 0, that is cut; -1: none */
    enum fake_cut cut;
    int miscount; /* added to each count */
    int status;   /* not 0: every answer is this status and a page */
};

void fake_redcap_init(struct fake_redcap *redcap);
void fake_redcap_release(struct fake_redcap *redcap);

/* As a person lays the project out: by a dictionary's file, with a field that is taken out of it again. */
void fake_redcap_upload(struct fake_redcap *redcap, const char *dictionary);
void fake_redcap_drop(struct fake_redcap *redcap, const char *field);

const char *fake_redcap_cell(struct fake_redcap *redcap, const char *row_id,
                             const char *field);                               /* "" where there is none */
const char *fake_redcap_place(struct fake_redcap *redcap, const char *row_id); /* "t3001_arm_1/2" */
const char *fake_redcap_receipt(struct fake_redcap *redcap, const char *subject_key);
int fake_redcap_count(struct fake_redcap *redcap);

/* Rows of an instrument that were not withdrawn and have this value in a field. */
int fake_redcap_count_of(struct fake_redcap *redcap, const char *instrument, const char *field, const char *value);
/* The id of the first of them in an event; "": there is none. */
const char *fake_redcap_row(struct fake_redcap *redcap, const char *instrument, const char *event);
/* All of it as lines, whatever order it came in, but for some fields; the caller's. */
char *fake_redcap_content(struct fake_redcap *redcap, bool (*leave_out)(const char *field));

/* As a person does on a form; no field: deletes the instance. */
void fake_redcap_type(struct fake_redcap *redcap, const char *row_id, const char *field, const char *value);
/* The receipt of another gateway's subject. */
void fake_redcap_receive(struct fake_redcap *redcap, const char *record, const char *study, const char *installation);
/* An instance that a person added in an event. */
void fake_redcap_add(struct fake_redcap *redcap, const char *record, const char *event, const char *instrument,
                     int instance);

#endif
