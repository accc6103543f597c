"""Laboratory values that are known to be of a grade, by concept and the unit they are written in.

The generator picks a grade and takes a value from here: it never grades. Keys: 0 normal, -1 .. -4 low (CTCAE 5.0 grades
of the LOW direction), +1 .. +4 high; None for a concept that CTCAE does not grade by value. Every value keeps clear of a
second reading: baseline-dependent tests use one normal baseline value, so that xULN and xBASE agree.
"""
from decimal import Decimal

# concept, unit -> (reference low, reference high)
RANGES = {
    ("ANC", "10*9/L"): ("1.8", "7.5"), ("ANC", "/mm3"): ("1800", "7500"),
    ("PLT", "10*9/L"): ("150", "400"), ("WBC", "10*9/L"): ("4.0", "10.0"), ("LYMPH", "10*9/L"): ("1.0", "4.0"),
    ("HGB", "g/L"): ("120", "160"), ("HGB", "g/dL"): ("12.0", "16.0"), ("HGB", "mmol/L"): ("7.5", "10.0"),
    ("CREAT", "umol/L"): ("50", "104"), ("CREAT", "mg/dL"): ("0.50", "1.20"),
    ("BILI", "umol/L"): ("2", "21"), ("BILI", "mg/dL"): ("0.1", "1.2"),
    ("ALT", "U/L"): ("5", "40"), ("AST", "U/L"): ("5", "40"), ("ALP", "U/L"): ("30", "120"), ("GGT", "U/L"): ("5", "55"),
    ("LDH", "U/L"): ("120", "250"), ("K", "mmol/L"): ("3.5", "5.1"), ("NA", "mmol/L"): ("136", "145"),
    ("ALB", "g/L"): ("35", "52"), ("ALB", "g/dL"): ("3.5", "5.2"),
    ("URATE", "umol/L"): ("150", "420"), ("URATE", "mg/dL"): ("2.4", "7.0"),
    ("TPROT", "g/L"): ("60", "83"), ("TPROT", "g/dL"): ("6.0", "8.3"), ("B2M", "mg/L"): ("0.8", "2.2"),
}

VALUES = {
    ("ANC", "10*9/L"): {0: ["2.4", "3.12", "4.05", "5.2", "2.9", "6.1"], -1: ["1.5", "1.6", "1.74"],
                        -2: ["1.0", "1.2", "1.49"], -3: ["0.5", "0.71", "0.99"], -4: ["0.499", "0.30", "0.1"]},
    ("ANC", "/mm3"): {0: ["2400", "3120", "4050", "5200", "2900", "6100"], -1: ["1500", "1600", "1740"],
                      -2: ["1000", "1200", "1490"], -3: ["500", "710", "990"], -4: ["499", "300", "100"]},
    ("PLT", "10*9/L"): {0: ["180", "222", "310", "265", "201"], -1: ["75", "104", "140"], -2: ["50", "61", "74.9"],
                        -3: ["25", "33", "49"], -4: ["24.9", "15", "8"]},
    ("WBC", "10*9/L"): {0: ["5.4", "6.1", "7.25", "8.8"], -1: ["3.0", "3.6"], -2: ["2.0", "2.7"], -3: ["1.0", "1.6"],
                        -4: ["0.8", "0.99"]},
    ("LYMPH", "10*9/L"): {0: ["1.6", "2.1", "1.25"], -1: ["0.8", "0.9"], -2: ["0.5", "0.6"], -3: ["0.2", "0.31"]},
    ("HGB", "g/L"): {0: ["135", "128", "142"], -1: ["100", "110", "118"], -2: ["80", "92"], -3: ["71", "79"]},
    ("HGB", "g/dL"): {0: ["13.5", "12.8", "14.2"], -1: ["10.0", "11.0", "11.8"], -2: ["8.0", "9.9"],
                      -3: ["7.1", "7.9"]},
    ("HGB", "mmol/L"): {0: ["8.4", "8.0", "8.8"], -1: ["6.3", "6.9", "7.3"], -2: ["5.1", "5.5"], -3: ["4.2", "4.6"]},
    ("CREAT", "umol/L"): {0: ["80"], 1: ["112", "118"], 2: ["170", "200"], 3: ["330", "400"]},
    ("CREAT", "mg/dL"): {0: ["0.90"], 1: ["1.30", "1.34"], 2: ["1.90", "2.20"], 3: ["4.10", "4.50"]},
    ("BILI", "umol/L"): {0: ["9", "11", "14"], 1: ["24", "28"], 2: ["40", "50"], 3: ["90", "120"]},
    ("BILI", "mg/dL"): {0: ["0.5", "0.6", "0.8"], 1: ["1.4", "1.6"], 2: ["2.2", "2.9"], 3: ["5.0", "7.0"]},
    ("ALT", "U/L"): {0: ["18", "25", "31"], 1: ["80", "120"], 2: ["150", "200"], 3: ["300", "700"], 4: ["900"]},
    ("AST", "U/L"): {0: ["17", "24", "33"], 1: ["70", "118"], 2: ["140", "190"], 3: ["350", "600"], 4: ["880"]},
    ("ALP", "U/L"): {0: ["62", "90", "110"], 1: ["200", "280"], 2: ["400", "550"], 3: ["900"]},
    ("GGT", "U/L"): {0: ["22", "30", "45"], 1: ["90", "120"], 2: ["200", "250"], 3: ["600"]},
    ("LDH", "U/L"): {0: ["180", "200", "231"], 1: ["320", "410"]},
    ("K", "mmol/L"): {0: ["4.1", "4.5", "3.9"], -1: ["3.0", "3.3"], -3: ["2.5", "2.8"], 1: ["5.3"], 2: ["5.8"],
                      3: ["6.4"]},
    ("NA", "mmol/L"): {0: ["138", "141", "143"], -1: ["130", "133"], -2: ["125", "128"], -3: ["120", "122"],
                       1: ["148"], 2: ["152"]},
    ("ALB", "g/L"): {0: ["38", "41", "45"], -1: ["30", "33"], -2: ["22", "27"], -3: ["18"]},
    ("ALB", "g/dL"): {0: ["3.8", "4.1", "4.5"], -1: ["3.0", "3.3"], -2: ["2.2", "2.7"], -3: ["1.8"]},
    ("URATE", "umol/L"): {0: ["260", "310", "350"], 1: ["460", "510"]},
    ("URATE", "mg/dL"): {0: ["4.4", "5.2", "5.9"], 1: ["7.7", "8.6"]},
    ("TPROT", "g/L"): {None: ["68", "74", "79"]}, ("TPROT", "g/dL"): {None: ["6.8", "7.4", "7.9"]},
    ("B2M", "mg/L"): {None: ["1.4", "1.9", "2.1"]},
    ("IGG", "g/L"): {None: ["7.2", "18.5", "31.0"]}, ("IGG", "mg/dL"): {None: ["720", "1850", "3100"]},
    ("FLC_K", "mg/L"): {None: ["12.3", "88.0", "240"]}, ("FLC_K", "mg/dL"): {None: ["1.23", "8.80", "24.0"]},
    ("FLC_L", "mg/L"): {None: ["9.8", "14.1"]}, ("FLC_L", "mg/dL"): {None: ["0.98", "1.41"]},
    ("MPROT_S", "g/L"): {None: ["4.0", "12.5", "27.0"]}, ("MPROT_S", "g/dL"): {None: ["0.40", "1.25", "2.70"]},
    ("WEIGHT", "kg"): {None: ["58.4", "71.0", "83.5"]}, ("WEIGHT", "[lb_av]"): {None: ["128.7", "156.5", "184.1"]},
    ("HEIGHT", "cm"): {None: ["158", "167", "175"]},
    ("ECOG", "{score}"): {None: ["0", "1", "2"]},
    ("TEMP", "Cel"): {None: ["36.4", "36.6", "36.9"]}, ("TEMP", "[degF]"): {None: ["97.5", "97.9", "98.4"]},
    ("HR", "/min"): {None: ["64", "72", "81"]}, ("CRP", "mg/L"): {None: ["1.2", "3.4", "4.8"]},
    ("SBP", "mm[Hg]"): {None: ["118", "126", "135"]}, ("DBP", "mm[Hg]"): {None: ["70", "76", "82"]},
}
# Units that a laboratory uses for the same numbers.
SAME_NUMBERS = {"10*3/uL": "10*9/L", "meq/L": "mmol/L"}

# Shift of the decimal point, or an exact factor, from the written unit to the concept's canonical one.
SHIFTS = {("ANC", "/mm3"): -3, ("HGB", "g/dL"): 1, ("ALB", "g/dL"): 1, ("TPROT", "g/dL"): 1, ("MPROT_S", "g/dL"): 1,
          ("IGG", "mg/dL"): -2, ("FLC_K", "mg/dL"): 1, ("FLC_L", "mg/dL"): 1}
FACTORS = {("HGB", "mmol/L"): "16.1145", ("CREAT", "mg/dL"): "88.4", ("BILI", "mg/dL"): "17.104",
           ("URATE", "mg/dL"): "59.485", ("WEIGHT", "[lb_av]"): "0.45359237"}

# Which windows take a concept: G30+G90, the G90 grid alone, the baseline alone, or no row of its own.
GROUPS = {concept: "labs" for concept in ("ANC", "PLT", "WBC", "LYMPH", "HGB", "CREAT", "BILI", "ALT", "AST", "ALP")}
GROUPS.update({concept: "g90" for concept in (
    "GGT", "LDH", "K", "NA", "ALB", "URATE", "TPROT", "B2M", "IGG", "FLC_K", "FLC_L", "MPROT_S", "WEIGHT", "ECOG")})
GROUPS.update({"HEIGHT": "baseline", "TEMP": "evidence", "HR": "evidence", "CRP": "evidence", "BP": "evidence"})

# The order in which a panel grows with the resources wanted per subject.
PANEL = ["ANC", "PLT", "HGB", "ALT", "K", "CREAT", "WBC", "ALB", "ECOG", "AST", "BILI", "LYMPH", "NA", "WEIGHT", "ALP",
         "IGG", "FLC_K", "FLC_L", "MPROT_S", "LDH", "GGT", "URATE", "TPROT", "B2M"]
CYTOPENIAS = {"ANC": "NEUTROPENIA", "PLT": "THROMBOCYTOPENIA", "HGB": "ANAEMIA"}
CYTOPENIA_GRADES = {"ANC": (-1, -2, -3, -4), "PLT": (-1, -2, -3, -4), "HGB": (-1, -2, -3)}
STEADY = ("ALT", "AST", "ALP", "BILI", "CREAT")  # abnormal ones would be events too: here they never are


def canonical(concept, unit, text):
    """The value in the concept's canonical unit: a shifted point keeps the digits, other factors here are finite."""
    unit = SAME_NUMBERS.get(unit, unit)
    if (concept, unit) in SHIFTS:
        return format(Decimal(text).scaleb(SHIFTS[concept, unit]), "f")
    if (concept, unit) in FACTORS:
        return format(Decimal(text) * Decimal(FACTORS[concept, unit]), "f")
    return text


def known_values(concept, unit):
    return VALUES[concept, SAME_NUMBERS.get(unit, unit)]


def reference(concept, unit):
    return RANGES.get((concept, SAME_NUMBERS.get(unit, unit)))
