/*
 * Which unit a quantity is in.
 *
 *      a spelling that the row accepts ──> that unit
 *      else the site's alias, else the common one ──> the unit it names, if the row accepts it
 *
 * A row's own units come first because some aliases are valid UCUM for something else (G/L is gauss per litre, K/uL is
 * kelvin per microlitre): where a row accepts the code, the code means what UCUM says.
 */
#ifndef STUDY_UNITS_H
#define STUDY_UNITS_H

#include "gateway/study/site.h"
#include "gateway/study/tables.h"

enum unit_verdict { UNIT_OK, UNIT_MISSING, UNIT_UNKNOWN, UNIT_CONFLICT };

/*
 * The factor of the row for a quantity. Text and code that name two units of different conversion are a conflict; a
 * text that names no unit known here is decoration beside a code that does. A code declared as UCUM is never overruled
 * by the text.
 */
enum unit_verdict unit_of(const struct gw_tables *tables, const struct gw_site *site, const struct gw_lab *lab,
                          const struct gw_quantity *quantity, const struct gw_unit_factor **out);

/* A unit code or text that the row, the site or the tables read. */
bool unit_known(const struct gw_tables *tables, const struct gw_site *site, const struct gw_lab *lab, const char *text);

bool unit_written(const struct gw_quantity *quantity); /* has a unit text or code */

/*
 * A number as a laboratory can have written it. GW_EINPUT: it is none, or of more than 1000 digits, or a power of ten
 * beyond 1000 either way: conversions could not hold it. GW_ENOMEM: the arena is exhausted.
 */
enum gw_status unit_number(struct gw_arena *arena, const char *text, struct gw_decimal *out);

/* value * scale + offset; false when the arena is exhausted. */
bool unit_convert(struct gw_arena *arena, const struct gw_unit_factor *factor, const struct gw_ratio *value,
                  struct gw_ratio *out);
/* The inverse: a canonical value in the factor's unit. */
bool unit_revert(struct gw_arena *arena, const struct gw_unit_factor *factor, const struct gw_ratio *canonical,
                 struct gw_ratio *out);
/* The canonical value as it is printed for the study; NULL when the arena is exhausted. */
const char *unit_print(struct gw_arena *arena, const struct gw_unit_factor *factor, const struct gw_decimal *source,
                       const struct gw_ratio *canonical);

#endif
