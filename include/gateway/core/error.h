/*
 * How a failure travels: a status for the caller, one line of text for an operator.
 *
 * The deepest function that knows the reason writes the text; those above clean up and pass the status on. The error
 * variable is the caller's. Data that cannot be mapped are not failures: they become exceptions for a data manager.
 */
#ifndef GATEWAY_CORE_ERROR_H
#define GATEWAY_CORE_ERROR_H

enum gw_status {
    GW_OK = 0,
    GW_ERETRY = -1,    /* the far side is busy or away: the same call, later */
    GW_EINPUT = -2,    /* this payload breaks its contract: set it aside */
    GW_ECONFIG = -3,   /* our settings or mappings are wrong: stop and say so */
    GW_EDENIED = -4,   /* credentials or scopes refused */
    GW_ENOMEM = -5,    /* a size limit or the allocator said no */
    GW_ECANCELED = -6, /* we asked for it to stop */
    GW_EPROTO = -7,    /* the far side broke the protocol */
    GW_EIO = -8,       /* our disk or database failed: stop, do not retry in place */
    GW_ENOINPUT = -9,  /* a file we were asked to read is not there */
    GW_ECREATE = -10,  /* an output cannot be created */
    GW_EBUSY = -11,    /* another instance holds the state folder */
    GW_EUSAGE = -12,   /* the command line is wrong */
};

struct gw_error {
    enum gw_status status;
    const char *where; /* static: "fhir.bundle" */
    char text[400];    /* one line for an operator: what, where, what to do; never patient data */
};

/*
 * Record a failure and hand back its status: return gw_fail(err, GW_EINPUT, "fhir.bundle", ...);
 * A text longer than the field is cut at a character boundary; control characters become spaces. err may be NULL.
 */
enum gw_status gw_fail(struct gw_error *err, enum gw_status status, const char *where, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The exit status of a command that ends with this failure (sysexits.h, as README.md lists them). */
int gw_exit_code(enum gw_status status);

#endif
