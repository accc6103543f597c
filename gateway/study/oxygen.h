/*
 * Oxygen and ventilation that a subject was given. Private to the study room.
 */
#ifndef STUDY_OXYGEN_H
#define STUDY_OXYGEN_H

#include "study/timeline.h"

struct support { /* by a procedure, a device it used, or a measured flow or share of oxygen */
    struct moment span;
    gw_day day;
    size_t fact;
    int part;
    const struct datum *datum; /* NULL: a procedure */
    const char *kind;          /* of evidence: vital, procedure, device */
    const char *concept;
    const struct gw_coding *coding; /* NULL: none */
    enum gw_oxygen_device device;
    bool ventilated; /* positive pressure, by mask or tube */
    bool has_flow;
    struct gw_ratio flow; /* L/min */
};

struct supports {
    struct support *list;
    size_t count, capacity;
};

/* In order of time. Of a flow without a device that of a procedure going on then is taken. */
struct supports supports_read(struct engine *e);

/* How it was given is not told. */
static inline bool support_is_vague(const struct support *support)
{
    return !support->ventilated && support->device == GW_DEVICE_UNKNOWN;
}

/* What a person said it was, by a name of procedures.csv ("MASK", "VENTILATION"); any other says no more. */
void support_tell(struct support *support, const char *device);

#endif
