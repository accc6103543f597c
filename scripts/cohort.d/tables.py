"""The truth by the product's own tables: expected-<table>-N.csv holds a row for each row that a table shall have, under the
table's own column names; N = 1 is after the first delivery, 2 after both and with what people decided."""
import csv
import os

COLUMNS = {
    "subjects": "subject_key,sex,age_at_d1,d1,d1_status,eot,eot_status,recruitment_date,recruitment_day,death_date,"
                "withdrawal_date",
    "windows": "subject_key,window_id,data_group,target_date,state,contact_date",
    "exposures": "subject_key,drug,start,end,dose,unit,frequency,route,evidence_rank,change_type,reported_window",
    "conmeds": "subject_key,substance,start,start_rel,dose,unit,frequency,route,end,ongoing,role,evidence_rank,"
               "reported_window,prophylaxis_flag",
    "ae_episodes": "subject_key,category,subcategory,onset,end,ongoing,onset_study_day,teae,assessed_window,max_grade,"
                   "scale,max_grade_date,baseline_grade,serious,serious_death,serious_hospital,seriousness_origin,relatedness,"
                   "relatedness_by,"
                   "action_taken,outcome,treatment_given,days_since_first_dose,days_since_last_dose,dose_number,"
                   "certainty,parent",
    "ae_grades": "subject_key,category,onset,date,grade",
    "ae_evidence": "subject_key,category,subcategory,onset,source,role,kind,concept,date,grade_at",
    "derived": "subject_key,row_id,param,value,text,date,window_id,rule_id,state,reason",
    "items": "subject_key,code,resource_type,resource_id,part,context",
}


class Tables:
    def __init__(self, out, number):
        self.number, self.files, self.writers = number, [], {}
        for name, columns in COLUMNS.items():
            handle = open(os.path.join(out, "expected-%s-%d.csv" % (name, number)), "w", encoding="utf-8", newline="")
            self.files.append(handle)
            self.writers[name] = csv.DictWriter(handle, columns.split(","), restval="", lineterminator="\n")
            self.writers[name].writeheader()

    def put(self, table, row):
        self.writers[table].writerow(row)

    def close(self):
        for handle in self.files:
            handle.close()
