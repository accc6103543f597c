/*
 * The list of what did not fit.
 */
#include "sinks/unfit.h"

#include <stdio.h>

#include "gateway/core/csv.h"

enum gw_status unfit_add(struct folder_export *x, const struct sdtm_domain *domain, const char *const *record,
                         const struct sdtm_variable *variable, const char *why)
{
    struct gw_text *out = &x->unfit_file.text;
    char sequence[SDTM_NAME_BYTES];
    enum gw_status rc = GW_OK;

    if (x->unfit++ == 0) {
        rc = text_file_open(&x->unfit_file, x->folder.part, "unfit.csv");
        gw_text_add(out, "dataset,USUBJID,sequence,variable,why\n");
    }
    if (rc != GW_OK)
        return rc;
    snprintf(sequence, sizeof sequence, "%.2sSEQ", domain->code);
    gw_csv_field(out, domain->name, true, false);
    gw_csv_field(out, record[sdtm_place(domain, "USUBJID")], false, true);
    gw_csv_field(out, sdtm_has(domain, sequence) ? record[sdtm_place(domain, sequence)] : NULL, false, false);
    gw_csv_field(out, variable->name, false, false);
    gw_csv_field(out, why, false, false);
    gw_csv_end(out);
    return text_file_flush_some(&x->unfit_file);
}
