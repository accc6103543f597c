/*
 * Records of a drug, by its ATC code, as the texts that subject_add takes: 10 mg a day of patient p1.
 */
#ifndef TESTS_STUDY_RECORDS_H
#define TESTS_STUDY_RECORDS_H

#define CODED(drug)    "'medicationCodeableConcept':{'coding':[{'system':'http://www.whocc.no/atc','code':'" drug "'}]}"
#define OF(type, id)   "{'resourceType':'" type "','id':'" id "','subject':{'reference':'Patient/p1'},"
#define SPAN(from, to) "'start':'" from "','end':'" to "'"
#define REASON         ",'statusReason':[{'text':'progression'}]"
#define AMOUNT         "{'value':10,'unit':'mg'}"
#define DAILY                                                                                                          \
    "[{'timing':{'repeat':{'frequency':1,'period':1,'periodUnit':'d'}},'doseAndRate':[{'doseQuantity':" AMOUNT "}]}]"
#define STATED(id, status, drug, period, more)                                                                         \
    OF("MedicationStatement", id)                                                                                      \
    "'status':'" status "','effectivePeriod':{" period "},'dosage':" DAILY "," CODED(drug) more "}"
#define DISPENSE(id, day, drug) /* of 28 days */                                                                       \
    OF("MedicationDispense", id)                                                                                       \
    "'status':'completed','whenHandedOver':'" day "','daysSupply':{'value':28},'dosageInstruction':" DAILY             \
    "," CODED(drug) "}"
#define GIVEN(id, status, day, drug)                                                                                   \
    OF("MedicationAdministration", id)                                                                                 \
    "'status':'" status "','effectiveDateTime':'" day "','dosage':{'dose':" AMOUNT "}," CODED(drug) "}"
#define ORDER(id, status, written, end, drug, more)                                                                    \
    OF("MedicationRequest", id)                                                                                        \
    "'status':'" status "','intent':'order','authoredOn':'" written                                                    \
    "','dispenseRequest':{'validityPeriod':{'end':'" end "'}},'dosageInstruction':" DAILY "," CODED(drug) more "}"

#endif
