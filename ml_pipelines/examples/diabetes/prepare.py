"""Clean the patients' table: one row a patient, nothing missing. `prepare.py --input DIR --output DIR`"""

import argparse
from pathlib import Path

import pandas as pd

COLUMNS = ["patient_id", "age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6", "progression"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args()

    files = sorted(args.input.rglob("*.csv"))
    patients = pd.concat([pd.read_csv(file) for file in files], ignore_index=True)[COLUMNS]
    clean = patients.dropna().drop_duplicates("patient_id").sort_values("patient_id")
    print(f"{len(patients)} patients read, {len(clean)} kept")
    clean.to_csv(args.output / "patients.csv", index=False)


if __name__ == "__main__":
    main()
