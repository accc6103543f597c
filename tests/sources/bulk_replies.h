/*
 * What bulk servers send: manifests, files, remarks. Made up.
 */
#ifndef SOURCES_TEST_BULK_REPLIES_H
#define SOURCES_TEST_BULK_REPLIES_H

#include "sources/fake_bulk.h"

#define T1   "2026-11-20T10:00:01+00:00"
#define T3   "2026-11-20T10:00:09+00:00"
#define T2   "2026-11-21T10:00:01+00:00"
#define KICK "GET /Group/g/$export?_type=Patient,Observation"
#define ACCEPTED                                                                                                       \
    {                                                                                                                  \
        KICK, 202, .location = BASE "/job/1"                                                                           \
    }

#define MANIFEST_AS_OF(time, output, more)                                                                             \
    "{\"transactionTime\":\"" time "\",\"request\":\"x\",\"requiresAccessToken\":true,\"output\":[" output "]" more "}"
#define MANIFEST(output, more) MANIFEST_AS_OF(T1, output, more)
#define OF(type, url)          "{\"type\":\"" type "\",\"url\":\"" url "\"}"
#define OF_COUNT(type, url, n) "{\"type\":\"" type "\",\"url\":\"" url "\",\"count\":" n "}"
#define BOTH                   OF("Patient", BASE "/f/p") "," OF("Observation", BASE "/f/o")

#define PATIENT(id) "{\"resourceType\":\"Patient\",\"id\":\"" id "\"}"
#define OBSERVATION(id, who)                                                                                           \
    "{\"resourceType\":\"Observation\",\"id\":\"" id "\",\"status\":\"final\",\"code\":{\"text\":\"x\"},"              \
    "\"subject\":{\"reference\":\"Patient/" who "\"}}"
#define OUTCOME(severity, code, text)                                                                                  \
    "{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":\"" severity "\",\"code\":\"" code                \
    "\",\"diagnostics\":\"" text "\"}]}"
#define DELETION(url)                                                                                                  \
    "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[{\"request\":{\"method\":\"DELETE\",\"url\":"    \
    "\"" url "\"}}]}"

#define P_FILE                                                                                                         \
    {                                                                                                                  \
        "GET /f/p", 200, PATIENT("p1") "\n" PATIENT("p9") "\n"                                                         \
    }
#define O_FILE                                                                                                         \
    {                                                                                                                  \
        "GET /f/o", 200, OBSERVATION("o1", "p1") "\n" OBSERVATION("o2", "p9") "\n" OBSERVATION("o3", "p1") "\n"        \
    }
#define ALL_FACTS "Observation/o1 Observation/o3 Patient/p1"

static inline void fake_bulk_play(struct fake_bulk *fake, const struct bulk_reply *replies)
{
    fake_bulk_init(fake, replies);
    fake_bulk_run(fake);
}

#endif
