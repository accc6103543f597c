"""The four made-up hospitals: how each writes codes, units, conditions, medication, ids and versions.

A dialect is a table. `profile()` turns one into the site profile (mappings/sites/<site>.json) that the product needs to
read it: aliases for every unit text that is no code, the map of local codes, ranges that results do not carry.
"""
import questionnaires
from days import Zone
from values import RANGES

LOINC = "http://loinc.org"
LOINC_OID = "urn:oid:2.16.840.1.113883.6.1"
UCUM = "http://unitsofmeasure.org"
ATC = "http://www.whocc.no/atc"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SNOMED = "http://snomed.info/sct"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
ICD10_CM = "http://hl7.org/fhir/sid/icd-10-cm"
ICD10_GM = "http://fhir.de/CodeSystem/bfarm/icd-10-gm"

# concept -> (LOINC code, name)
MASS = {
    "ANC": ("751-8", "Neutrophils [#/volume] in Blood by Automated count"),
    "PLT": ("777-3", "Platelets [#/volume] in Blood by Automated count"),
    "WBC": ("6690-2", "Leukocytes [#/volume] in Blood by Automated count"),
    "LYMPH": ("731-0", "Lymphocytes [#/volume] in Blood by Automated count"),
    "HGB": ("718-7", "Hemoglobin [Mass/volume] in Blood"),
    "CREAT": ("2160-0", "Creatinine [Mass/volume] in Serum or Plasma"),
    "BILI": ("1975-2", "Bilirubin.total [Mass/volume] in Serum or Plasma"),
    "ALT": ("1742-6", "Alanine aminotransferase [Enzymatic activity/volume] in Serum or Plasma"),
    "AST": ("1920-8", "Aspartate aminotransferase [Enzymatic activity/volume] in Serum or Plasma"),
    "ALP": ("6768-6", "Alkaline phosphatase [Enzymatic activity/volume] in Serum or Plasma"),
    "GGT": ("2324-2", "Gamma glutamyl transferase [Enzymatic activity/volume] in Serum or Plasma"),
    "LDH": ("2532-0", "Lactate dehydrogenase [Enzymatic activity/volume] in Serum or Plasma"),
    "K": ("2823-3", "Potassium [Moles/volume] in Serum or Plasma"),
    "NA": ("2951-2", "Sodium [Moles/volume] in Serum or Plasma"),
    "ALB": ("1751-7", "Albumin [Mass/volume] in Serum or Plasma"),
    "URATE": ("3084-1", "Urate [Mass/volume] in Serum or Plasma"),
    "TPROT": ("2885-2", "Protein [Mass/volume] in Serum or Plasma"),
    "B2M": ("1952-1", "Beta-2-Microglobulin [Mass/volume] in Serum or Plasma"),
    "IGG": ("2465-3", "IgG [Mass/volume] in Serum or Plasma"),
    "FLC_K": ("36916-5", "Kappa light chains.free [Mass/volume] in Serum"),
    "FLC_L": ("33944-0", "Lambda light chains.free [Mass/volume] in Serum or Plasma"),
    "MPROT_S": ("33358-3", "Protein.monoclonal [Mass/volume] in Serum or Plasma by Electrophoresis"),
    "WEIGHT": ("29463-7", "Body weight"), "HEIGHT": ("8302-2", "Body height"),
    "ECOG": ("89247-1", "ECOG Performance Status score"),
    "TEMP": ("8310-5", "Body temperature"), "HR": ("8867-4", "Heart rate"),
    "CRP": ("1988-5", "C reactive protein [Mass/volume] in Serum or Plasma"),
    "BP": ("85354-9", "Blood pressure panel with all children optional"),
    "SBP": ("8480-6", "Systolic blood pressure"), "DBP": ("8462-4", "Diastolic blood pressure"),
}
# what is read at the bedside: LOINC everywhere, never a local code
BEDSIDE = {"SPO2": ("59408-5", "Oxygen saturation in Arterial blood by Pulse oximetry"),
           "O2FLOW": ("3151-8", "Inhaled oxygen flow rate"), "GCS": ("9269-2", "Glasgow coma score total")}
MASS.update(BEDSIDE)
MOLES = dict(MASS, **{
    "HGB": ("59260-0", "Hemoglobin [Moles/volume] in Blood"),
    "CREAT": ("14682-9", "Creatinine [Moles/volume] in Serum or Plasma"),
    "BILI": ("14631-6", "Bilirubin.total [Moles/volume] in Serum or Plasma"),
    "URATE": ("14933-6", "Urate [Moles/volume] in Serum or Plasma"),
})

# LOINC codes found in no row of the tables: a laboratory has hundreds.
NOT_LISTED = [("5804-0", "Protein [Mass/volume] in Urine by Test strip", "mg/dL"),
              ("787-2", "MCV [Entitic volume] by Automated count", "fL"),
              ("785-6", "MCH [Entitic mass] by Automated count", "pg"),
              ("788-0", "Erythrocyte distribution width [Ratio] by Automated count", "%"),
              ("2075-0", "Chloride [Moles/volume] in Serum or Plasma", "mmol/L"),
              ("2093-3", "Cholesterol [Mass/volume] in Serum or Plasma", "mg/dL"),
              ("2571-8", "Triglyceride [Mass/volume] in Serum or Plasma", "mg/dL")]

ENZYMES = {c: ("U/L", "U/L", True) for c in ("ALT", "AST", "ALP", "GGT", "LDH")}
COMMON = dict(ENZYMES, **{
    "HEIGHT": ("cm", "cm", True), "ECOG": ("{score}", "", False), "HR": ("/min", "/min", True),
    "CRP": ("mg/L", "mg/L", True), "SBP": ("mm[Hg]", "mm[Hg]", True), "DBP": ("mm[Hg]", "mm[Hg]", True),
    "B2M": ("mg/L", "mg/L", True), "WEIGHT": ("kg", "kg", True), "TEMP": ("Cel", "Cel", True),
    "FLC_K": ("mg/L", "mg/L", True), "FLC_L": ("mg/L", "mg/L", True), "SPO2": ("%", "%", True),
    "O2FLOW": ("L/min", "L/min", True), "GCS": ("{score}", "", True)})
CONVENTIONAL = {"HGB": "g/dL", "CREAT": "mg/dL", "BILI": "mg/dL", "ALB": "g/dL", "TPROT": "g/dL", "MPROT_S": "g/dL",
                "IGG": "mg/dL", "URATE": "mg/dL", "K": "mmol/L", "NA": "mmol/L"}
SI = {"HGB": "mmol/L", "CREAT": "umol/L", "BILI": "umol/L", "ALB": "g/L", "TPROT": "g/L", "MPROT_S": "g/L",
      "IGG": "g/L", "URATE": "umol/L", "K": "mmol/L", "NA": "mmol/L"}
COUNTS = ("ANC", "PLT", "WBC", "LYMPH")


def _units(plain, **own):
    """concept -> (unit code, unit text, is the code sent): plain ones write the code as the text."""
    return dict(COMMON, **{c: (u, u, True) for c, u in plain.items()}, **own)


UNITS = {
    "madrid": _units(CONVENTIONAL, **{c: ("10*3/uL", "10*3/uL", True) for c in COUNTS}),
    "busan": dict(_units(CONVENTIONAL), ANC=("10*3/uL", "K/uL", False), LYMPH=("10*3/uL", "K/uL", False),
                  WBC=("10*9/L", "", False), PLT=("10*9/L", "x10E9/L", False), HGB=("g/dL", "g/dL", False)),
    "essen": _units(SI, **{c: ("10*9/L", "G/L", True) for c in COUNTS}),
    "boston": dict(_units(CONVENTIONAL, **{c: ("10*3/uL", "10*3/uL", True) for c in COUNTS}),
                   ANC=("/mm3", "cells/mm3", True), K=("meq/L", "meq/L", True), NA=("meq/L", "meq/L", True),
                   WEIGHT=("[lb_av]", "[lb_av]", True), TEMP=("[degF]", "[degF]", True),
                   FLC_K=("mg/dL", "mg/dL", True), FLC_L=("mg/dL", "mg/dL", True)),
}

# Busan's own laboratory codes; WBC results never carry a unit there, WBC and LYMPH results no range.
LOCAL_SYSTEM = "urn:busan:lab"
LOCAL = {concept: "B%04d" % (1010 + 10 * number) for number, concept in enumerate(
    c for c in MASS if c not in ("BP", "SBP", "DBP", "TEMP", "HR", "HEIGHT", "WEIGHT", "ECOG", *BEDSIDE))}

# category, subcategory -> (code, words); every code lies under a row of class "certain"
CM_EVENTS = {
    "INFECTION": [("PNEUMONIA", "J18.9", "Pneumonia, unspecified organism"),
                  ("URINARY", "N39.0", "Urinary tract infection, site not specified"),
                  ("RESPIRATORY_OTHER", "J06.9", "Acute upper respiratory infection, unspecified"),
                  ("HERPES", "B02.9", "Zoster without complications")],
    "GASTROINTESTINAL": [("DIARRHOEA", "R19.7", "Diarrhea, unspecified"),
                         ("CONSTIPATION", "K59.00", "Constipation, unspecified"),
                         ("NAUSEA_VOMITING", "R11.0", "Nausea")],
    "THROMBOEMBOLISM": [("VTE_PE", "I26.99", "Other pulmonary embolism without acute cor pulmonale"),
                        ("VTE_DVT", "I82.401", "Acute embolism and thrombosis of deep veins of right leg")],
    "NEUTROPENIA": [("", "D70.1", "Agranulocytosis secondary to cancer chemotherapy")],
    "THROMBOCYTOPENIA": [("", "D69.6", "Thrombocytopenia, unspecified")],
}
WHO_EVENTS = dict(CM_EVENTS, GASTROINTESTINAL=[("DIARRHOEA", "K52.9", "Noninfective gastroenteritis, unspecified"),
                                               ("CONSTIPATION", "K59.0", "Constipation"),
                                               ("NAUSEA_VOMITING", "R11", "Nausea and vomiting")],
                  THROMBOEMBOLISM=[("VTE_PE", "I26.9", "Pulmonary embolism without acute cor pulmonale"),
                                   ("VTE_DVT", "I80.2", "Thrombophlebitis of other deep vessels of leg")],
                  NEUTROPENIA=[("", "D70", "Agranulocytosis")], THROMBOCYTOPENIA=[("", "D69.5", "Secondary")])
GM_EVENTS = dict(WHO_EVENTS, GASTROINTESTINAL=[("DIARRHOEA", "K52.1", "Toxische Gastroenteritis und Kolitis"),
                                               ("CONSTIPATION", "K59.09", "Obstipation, sonstige"),
                                               ("NAUSEA_VOMITING", "R11", "Übelkeit und Erbrechen")],
                 THROMBOEMBOLISM=[("VTE_PE", "I26.9", "Lungenembolie ohne akutes Cor pulmonale"),
                                  ("VTE_DVT", "I80.28", "Thrombose sonstiger tiefer Gefäße der unteren Extremität")],
                 NEUTROPENIA=[("", "D70.10", "Arzneimittelinduzierte Agranulozytose, kritische Phase")],
                 THROMBOCYTOPENIA=[("", "D69.58", "Sonstige sekundäre Thrombozytopenie")])

# substance -> (ATC, RxNorm ingredient or None, words)
DRUGS = {"lenalidomide": ("L04AX04", "342369", "lenalidomide 25 mg capsules"),
         "dexamethasone": ("H02AB02", "3264", "dexamethasone 20 mg tablets"),
         "aspirin": ("B01AC06", "1191", "acetylsalicylic acid 100 mg tablets"),
         "allopurinol": ("M04AA01", None, "allopurinol 300 mg tablets"),
         "zoledronic acid": ("M05BA08", None, "zoledronic acid 4 mg infusion"),
         "omeprazole": ("A02BC01", None, "omeprazole 20 mg capsules"),
         "amoxicillin clavulanate": ("J01CR02", None, "amoxicillin 875 mg, clavulanic acid 125 mg tablets"),
         "ceftriaxone": ("J01DD04", "2193", "ceftriaxone 2 g infusion"),
         "meropenem": ("J01DH02", "29561", "meropenem 1 g infusion"),
         "piperacillin": ("J01CR05", None, "piperacillin 4 g, tazobactam 500 mg infusion"),
         "aciclovir": ("J05AB01", "281", "aciclovir 400 mg tablets"),
         "cotrimoxazole": ("J01EE01", "10831", "sulfamethoxazole 400 mg, trimethoprim 80 mg tablets"),
         "enoxaparin": ("B01AB05", "67108", "enoxaparin syringes"),
         "loperamide": ("A07DA03", "6468", "loperamide 2 mg capsules"),
         "bortezomib": ("L01XG01", "358258", "bortezomib 3.5 mg vials"),
         "melphalan": ("L01AA03", "6718", "melphalan 2 mg tablets"),
         "daratumumab": ("L01FC01", "1721947", "daratumumab 1800 mg injection"),
         "filgrastim": ("L03AA02", "68442", "filgrastim 300 micrograms syringes")}


class Dialect:
    def __init__(self, name, zone, contacts, prefix, **traits):
        self.name, self.zone_name, self.contacts, self.prefix = name, zone, contacts, prefix
        self.zone = Zone(zone)
        self.units = UNITS[name]
        self.base = "https://fhir.%s.example/r4" % name
        self.codes = traits.get("codes", MASS)
        self.events = traits.get("events", CM_EVENTS)
        self.condition_system = traits.get("condition_system", ICD10_CM)
        self.loinc_system = traits.get("loinc_system", LOINC)
        self.uuid_versions = traits.get("uuid_versions", False)
        self.by_mrn = traits.get("by_mrn", False)      # the roster names the patient by record number
        self.night_utc = traits.get("night_utc", False)  # some timestamps in UTC around local midnight
        self.panels = traits.get("panels", False)
        self.specimens = traits.get("specimens", False)
        self.per_type = traits.get("per_type", False)  # bulk export style: files by resource type
        self.organisation = traits["organisation"]

    @property
    def encounters(self):
        return self.contacts == "encounters"

    def version(self, resource_id, number):
        """versionId as this hospital writes it."""
        if not self.uuid_versions:
            return str(number)
        return "%08x-5c0e-4%03d-9a1b-%s" % (sum(map(ord, resource_id)) * 2654435761 % 2**32, number, resource_id[-12:])


DIALECTS = {d.name: d for d in (
    Dialect("madrid", "Europe/Madrid", "encounters", "MA", per_type=True, organisation="Hospital Universitario de Muñoz"),
    Dialect("busan", "Asia/Seoul", "inferred", "BU", condition_system=ICD10, events=WHO_EVENTS,
            organisation="부산 한빛 병원"),
    Dialect("essen", "Europe/Berlin", "encounters", "ES", codes=MOLES, condition_system=ICD10_GM, events=GM_EVENTS,
            loinc_system=LOINC_OID, night_utc=True, specimens=True, organisation="Klinikum Essen-Süd, Zentrallabor"),
    Dialect("boston", "America/New_York", "encounters", "BO", uuid_versions=True, by_mrn=True, panels=True,
            organisation="Back Bay Medical Center"),
)}

_ALIASES = {"madrid": [], "busan": [("K/uL", "10*3/uL"), ("x10E9/L", "10*9/L")],
            "essen": [("G/L", "10*9/L")], "boston": [("cells/mm3", "/mm3")]}


def ice_canonical(dialect):
    """The hospital's form for the points of the ICE score."""
    return dialect.base + "/Questionnaire/ice"


def profile(name):
    """The site profile, as mappings/sites/site.schema.json has it."""
    dialect = DIALECTS[name]
    ice = {"questionnaire": ice_canonical(dialect), "instrument": "ICE", "items": [{"link": "total", "item": 0}]}
    out = {"id": name, "zone": dialect.zone_name, "contacts": dialect.contacts, "time_without_offset": "refuse",
           "unit_aliases": [{"text": text, "code": code} for text, code in _ALIASES[name]],
           "unit_missing": [], "ranges": [], "questionnaires": [*questionnaires.profile(name), ice], "codes": []}
    if name == "busan":
        out["unit_missing"] = [{"system": LOCAL_SYSTEM, "code": LOCAL["WBC"], "unit": "10*9/L"}]
        out["ranges"] = [{"concept": concept, "sex": None, "age": [18, None], "low": RANGES[concept, "10*9/L"][0],
                          "high": RANGES[concept, "10*9/L"][1], "unit": "10*9/L"} for concept in ("LYMPH", "WBC")]
        out["codes"] = [{"resourceType": "ConceptMap", "group": [{"source": LOCAL_SYSTEM, "target": LOINC, "element": [
            {"code": code, "target": [{"code": MASS[concept][0], "equivalence": "equivalent"}]}
            for concept, code in LOCAL.items()]}]}]
    return out
