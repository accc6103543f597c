/*
 * `casement check`: what works, what does not, what it means for the study, and what to ask the vendor. The settings
 * first, with study databases that are elsewhere, then each endpoint from its name to what its searches really do; what
 * was learnt is the endpoint's profile, which is all that retrieval reads of it (sources/profile.h).
 *
 * Of one patient of the roster (of the site's first three the first that has results), and of nobody else. At most
 * GW_CHECK_REQUESTS an endpoint, spaced: a check is no load test. What cannot be decided is said to be not tried, and
 * why. No line holds a patient's id, a token or a query.
 */
#ifndef GATEWAY_SERVICE_CHECK_H
#define GATEWAY_SERVICE_CHECK_H

#include "gateway/core/text.h"
#include "gateway/service/config.h"

#define GW_CHECK_REQUESTS     60u
#define GW_CHECK_SPACING_MS   100u
#define GW_CHECK_LINK_WAIT_MS 3000u

enum gw_check_verdict { GW_CHECK_OK, GW_CHECK_NOTE, GW_CHECK_FAIL, GW_CHECK_SKIPPED };

struct gw_check_line {
    const char *endpoint; /* NULL: of the whole configuration */
    const char *what;     /* "TLS", "token", "search" ... */
    enum gw_check_verdict verdict;
    const char *text;      /* one plain sentence: what was found */
    const char *means;     /* for the study; NULL: nothing that the finding does not say */
    const char *ask;       /* of the vendor or the hospital's network; NULL: nothing */
    enum gw_status status; /* of a FAIL */
};

struct gw_check_options {
    const char *endpoint;  /* NULL: all of the configuration */
    unsigned spacing_ms;   /* between two requests to one endpoint */
    unsigned link_wait_ms; /* from a next link's first use to its second, other questions between them */
};

/* Each line as it is found. Goes on after a failure with whatever does not depend on it. Writes the endpoint profile.
 * The lines' texts are arena's. */
enum gw_status gw_check_run(struct gw_arena *arena, const struct gw_config *config,
                            const struct gw_check_options *options,
                            void (*line)(void *ctx, const struct gw_check_line *line), void *ctx,
                            struct gw_error *first_failure);

/*
 * The page for the vendor of one endpoint, as Markdown: its lines, what is asked, what that means. Nothing of the
 * configuration, of the roster or of other endpoints is in it. Failures are out's own.
 */
void gw_check_report(const struct gw_config_endpoint *endpoint, const char *today, const struct gw_check_line *lines,
                     size_t count, struct gw_text *out);

#endif
