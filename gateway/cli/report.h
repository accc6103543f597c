/*
 * What several commands say of a ledger: the equation, and what waits by code.
 */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "cli/tally.h"
#include "gateway/ledger/ledger.h"
#include "gateway/service/config.h"
#include "gateway/service/pass.h"

/* Each state with its parts, what was read, and whether the two agree. */
void report_parts(const struct output *output, const struct gw_equation *equation);
cJSON *report_parts_json(const struct gw_equation *equation);

/* GW_OK, or GW_ENOMEM's exit status (our own fault) with a text that says what is lost. */
enum gw_status report_balance(const struct gw_equation *equation, struct gw_error *err);

/* What a pass did to subjects, rows and exceptions, and how many subjects are left to the next sync. */
void report_pass(const struct output *output, const struct gw_pass_result *pass, size_t held_back);
void report_held_back(const struct output *output, size_t subjects); /* nothing where there are none */

/* Open exceptions by code, the most first. */
enum gw_status report_codes(struct gw_ledger *ledger, struct tally *codes, struct gw_error *err);

/* Open a ledger that is there: a command that only reads makes none. */
enum gw_status report_open(const char *path, struct gw_ledger **out, struct gw_error *err);
/* The same to change it; *beside: a running service holds it, and does what follows from the change. */
enum gw_status report_hold(const char *path, struct gw_ledger **out, bool *beside, struct gw_error *err);

/* The path of --ledger, or that of the configuration of -c, in the arena. *config: what -c says, empty without it. */
struct arguments;
enum gw_status report_ledger_of(const struct arguments *arguments, struct gw_arena *arena, struct gw_config *config,
                                const char **path, struct gw_error *err);

/* The study of a configuration that --study names, or its only one. GW_EUSAGE. */
enum gw_status report_study(const struct gw_config *config, const char *id, const struct gw_config_study **out,
                            struct gw_error *err);

/* What proves that one subject's windows were read: its certificate, as a table or as JSON (certificate.c). */
enum gw_status certificate_print(struct gw_ledger *ledger, struct gw_arena *arena, const struct gw_config *config,
                                 const char *key, bool json, const struct output *output, struct gw_error *err);

#endif
